//! The terminal: whether there is one, how large it is, and how lines are drawn at its end.

use std::env;
use std::fmt::Write;
use std::io::{self, IsTerminal};

use console::Term;

use super::line::Line;

/// How many characters a terminal has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// Whether stderr is a terminal on which the cursor can be moved.
pub(super) fn is_there() -> bool {
    io::stderr().is_terminal()
        && env::var_os("TERM").is_none_or(|term| !term.is_empty() && term != "dumb")
        // This makes an older terminal of Windows understand escape sequences, or says that it does not.
        && (cfg!(not(windows)) || Term::stderr().features().colors_supported())
}

/// Whether colours are wanted (<https://no-color.org>).
pub(super) fn has_colours() -> bool {
    env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// How large it is now.
pub(super) fn size() -> Size {
    let (rows, columns) = Term::stderr().size();
    Size { columns: columns.into(), rows: rows.into() }
}

/// What draws lines below the one with the cursor, over those that are there, and leaves the cursor at its beginning.
pub(super) fn frame(lines: &[Line], has_colours: bool) -> String {
    // Where somebody has written a line over the status, the rest of that is taken away. And a character that is wider than
    // expected must not begin another line.
    let mut frame = "\x1b[K\x1b[?7l".to_owned();
    for line in lines {
        frame.push_str("\r\n");
        line.draw(&mut frame, has_colours);
        frame.push_str("\x1b[K");
    }
    frame.push_str("\x1b[J\r");
    if !lines.is_empty() {
        // Writing into a string does not fail.
        let _ = write!(frame, "\x1b[{}A", lines.len());
    }
    frame.push_str("\x1b[?7h");
    frame
}
