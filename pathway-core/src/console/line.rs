//! A line of the status: pieces of text, each with a tone.

use console::measure_text_width;

/// How a piece of text stands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    Strong,
    /// What is there to be found, and not to be read.
    Soft,
    Good,
    /// It needs attention.
    Warn,
    /// Data is lost, or nothing moves.
    Bad,
}

impl Tone {
    /// The parameter of the escape sequence that begins it.
    fn code(self) -> &'static str {
        match self {
            Tone::Plain => "0",
            Tone::Strong => "1",
            Tone::Soft => "2",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
        }
    }
}

/// A line, whose pieces follow each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Line(Vec<(Tone, String)>);

impl Line {
    pub(super) fn of(tone: Tone, text: impl AsRef<str>) -> Self {
        Line::default().add(tone, text)
    }

    /// Adds a piece. Names and reasons may come from elsewhere: what would move the cursor is replaced.
    pub(super) fn add(mut self, tone: Tone, text: impl AsRef<str>) -> Self {
        let text: String =
            text.as_ref().chars().map(|char| if is_harmless(char) { char } else { '\u{fffd}' }).collect();
        if !text.is_empty() {
            self.0.push((tone, text));
        }
        self
    }

    /// Adds the pieces of another line.
    pub(super) fn join(mut self, other: Line) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds spaces up to this width.
    pub(super) fn pad(self, width: usize) -> Self {
        let missing = width.saturating_sub(self.width());
        self.add(Tone::Plain, " ".repeat(missing))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many columns it takes.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| measure_text_width(text)).sum()
    }

    /// The line, shortened at its end if it is wider than this.
    pub(super) fn cut(self, width: usize) -> Self {
        if self.width() <= width {
            return self;
        }
        let (mut cut, mut left) = (Line::default(), width);
        for (tone, text) in self.0 {
            let is_whole = measure_text_width(&text) < left;
            if !is_whole {
                return cut
                    .add(tone, begin_of(&text, left.saturating_sub(1)))
                    .add(tone, if width > 0 { "…" } else { "" });
            }
            left -= measure_text_width(&text);
            cut = cut.add(tone, text);
        }
        cut
    }

    /// Writes it, with escape sequences if there are colours.
    pub(super) fn draw(&self, out: &mut String, has_colours: bool) {
        for (tone, text) in &self.0 {
            if has_colours && *tone != Tone::Plain {
                out.extend(["\x1b[", tone.code(), "m", text, "\x1b[0m"]);
            } else {
                out.push_str(text);
            }
        }
    }

    /// The pieces of a tone, for tests.
    #[cfg(test)]
    pub(super) fn toned(&self, wanted: Tone) -> String {
        self.0.iter().filter(|(tone, _)| *tone == wanted).map(|(_, text)| text.as_str()).collect()
    }
}

/// Whether it takes its place on the line, and does nothing else.
fn is_harmless(char: char) -> bool {
    let changes_direction = matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    !char.is_control() && !changes_direction && !matches!(char, '\u{2028}' | '\u{2029}')
}

/// A name in at most this many columns. The middle is left out: names differ at their ends.
pub(super) fn shorten(name: &str, width: usize) -> String {
    if measure_text_width(name) <= width {
        return name.to_owned();
    }
    let Some(left) = width.checked_sub(1) else { return String::new() };
    let begin = begin_of(name, left.div_ceil(2));
    let end: String = name.chars().rev().scan(left / 2, fits).collect();
    begin + "…" + &end.chars().rev().collect::<String>()
}

/// As much of the beginning of a text as fits.
fn begin_of(text: &str, width: usize) -> String {
    text.chars().scan(width, fits).collect()
}

/// The character, if it fits into the columns that are left.
fn fits(left: &mut usize, char: char) -> Option<char> {
    *left = left.checked_sub(measure_text_width(char.encode_utf8(&mut [0; 4])))?;
    Some(char)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(line: &Line) -> String {
        let mut text = String::new();
        line.draw(&mut text, false);
        text
    }

    #[test]
    fn lines_are_cut_by_the_columns_that_they_take() {
        let line = Line::of(Tone::Strong, "abc").add(Tone::Plain, "").add(Tone::Bad, "日本");
        assert_eq!(line.width(), 7);
        let cut = [7, 6, 5, 3, 1, 0].map(|width| text(&line.clone().cut(width)));
        assert_eq!(cut, ["abc日本", "abc日…", "abc…", "ab…", "…", ""]);
        assert_eq!(line.toned(Tone::Bad), "日本");
        assert_eq!(text(&line.pad(9)), "abc日本  ");
    }

    #[test]
    fn names_keep_their_ends() {
        assert_eq!(shorten("orders.europe.north", 30), "orders.europe.north");
        assert_eq!([10, 2, 1, 0].map(|width| shorten("orders.europe.north", width)), ["order…orth", "o…", "…", ""]);
        // Each of the characters takes two columns.
        assert_eq!(shorten("注文データ", 8), "注文…タ");
    }

    #[test]
    fn what_would_move_the_cursor_is_replaced() {
        let line = Line::of(Tone::Plain, "a\x1b[2J\n\u{202e}b");
        assert_eq!(text(&line), "a\u{fffd}[2J\u{fffd}\u{fffd}b");
        let mut drawn = String::new();
        Line::of(Tone::Bad, "x").add(Tone::Plain, "y").draw(&mut drawn, true);
        assert_eq!(drawn, "\x1b[31mx\x1b[0my");
    }
}
