//! What a terminal shows: enough of one for the escape sequences that the status is drawn with.

/// A terminal of a size, with all lines that have scrolled off it.
#[derive(Clone, Debug)]
pub(super) struct Screen {
    columns: usize,
    rows: usize,
    lines: Vec<Vec<char>>,
    line: usize,
    column: usize,
    wraps: bool,
    /// What was written and is not complete: a part of a character, or of an escape sequence.
    rest: Vec<u8>,
    /// The colours that were switched on.
    colours: Vec<String>,
    /// How often the cursor was moved up.
    ups: usize,
}

/// What a program has drawn on its terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// It has only written lines.
    Nothing,
    Plain,
    Coloured,
}

impl Screen {
    pub(super) fn new(columns: usize, rows: usize) -> Self {
        let lines = vec![Vec::new()];
        let (rest, colours) = Default::default();
        Screen { columns, rows, lines, line: 0, column: 0, wraps: true, rest, colours, ups: 0 }
    }

    pub(super) fn resize(&mut self, columns: usize) {
        self.columns = columns;
    }

    /// All lines, without spaces at their ends.
    pub(super) fn text(&self) -> String {
        let lines = self.lines.iter().map(|line| line.iter().collect::<String>().trim_end().to_owned());
        lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
    }

    pub(super) fn drawn(&self) -> Drawn {
        match (self.ups, self.colours.is_empty()) {
            (0, _) => Drawn::Nothing,
            (_, true) => Drawn::Plain,
            (_, false) => Drawn::Coloured,
        }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) {
        self.rest.extend(bytes);
        let rest = std::mem::take(&mut self.rest);
        let valid = match std::str::from_utf8(&rest) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&rest[..error.valid_up_to()]).expect("it is valid up to there"),
        };
        let mut done = valid;
        while let Some(char) = done.chars().next() {
            let len = match char {
                '\x1b' => match self.escape(done) {
                    Some(len) => len,
                    None => break,
                },
                _ => {
                    self.put(char);
                    char.len_utf8()
                }
            };
            done = &done[len..];
        }
        self.rest = rest[valid.len() - done.len()..].to_vec();
    }

    fn put(&mut self, char: char) {
        match char {
            '\r' => self.column = 0,
            '\n' => {
                self.line += 1;
                if self.line == self.lines.len() {
                    self.lines.push(Vec::new());
                }
            }
            '\x07' => {}
            _ => {
                if self.column >= self.columns {
                    if self.wraps {
                        self.put('\r');
                        self.put('\n');
                    } else {
                        self.column = self.columns - 1;
                    }
                }
                let (column, line) = (self.column, &mut self.lines[self.line]);
                if line.len() <= column {
                    line.resize(column + 1, ' ');
                }
                line[column] = char;
                self.column += 1;
            }
        }
    }

    /// Does what an escape sequence says, and returns its length; `None`: it is not complete.
    fn escape(&mut self, text: &str) -> Option<usize> {
        let body = text.strip_prefix("\x1b[").or((text == "\x1b").then_some(""))?;
        let end = body.find(|char: char| char.is_ascii_alphabetic())?;
        let number = body[..end].parse().unwrap_or(0_usize);
        match &body[..=end] {
            "J" => {
                self.lines.truncate(self.line + 1);
                self.lines[self.line].truncate(self.column);
            }
            "K" => self.lines[self.line].truncate(self.column),
            "?7l" => self.wraps = false,
            "?7h" => self.wraps = true,
            code if code.ends_with('m') => self.colours.extend((number > 0).then(|| number.to_string())),
            code if code.ends_with('A') => {
                // Not above what can be seen.
                self.ups += 1;
                let top = self.lines.len().saturating_sub(self.rows);
                self.line = self.line.saturating_sub(number).max(top);
            }
            code => panic!("the escape sequence {code:?}"),
        }
        Some(2 + end + 1)
    }
}

#[test]
fn a_screen_shows_what_was_written() {
    let mut screen = Screen::new(5, 3);
    screen.write(b"one\r\ntwo\x1b[3");
    screen.write(b"1m!\x1b[0m\r\n\xc3");
    screen.write(b"\xa4\r\nfour\x1b[9A\rT\x1b[K");
    assert_eq!((screen.text().as_str(), &screen.colours[..]), ("one\nT\nä\nfour", &["31".to_owned()][..]));
    assert_eq!((screen.drawn(), Screen::new(5, 3).drawn()), (Drawn::Coloured, Drawn::Nothing));
    screen.write(b"\x1b[Jlonger\x1b[?7l and longer");
    // It is written over the last column from then on.
    assert_eq!(screen.text(), "one\nTlong\ner ar");
}
