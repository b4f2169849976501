//! Why a message cannot be decoded.

use std::borrow::Cow;
use std::fmt;

use super::{Column, Schema};

/// A JSON value that the type of its column does not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mismatch {
    /// What the type accepts: `an integer (i64)`.
    pub expected: Cow<'static, str>,
    /// What was found instead, cut to [`EXCERPT_LIMIT`].
    pub found: String,
    /// Where it was found: bytes from the start of the payload.
    pub offset: usize,
}

impl Mismatch {
    /// A mismatch; `found` is cut to [`EXCERPT_LIMIT`].
    pub fn new(expected: impl Into<Cow<'static, str>>, found: &str, offset: usize) -> Self {
        Mismatch { expected: expected.into(), found: excerpt(found), offset }
    }
}

/// Why a message cannot be decoded into a row, and where the error is.
///
/// A decoder of your own returns it; see the trait `Decode`. Such a message is counted and reported, and it goes to the
/// source's dead-letter subject if there is one.
///
/// ```text
/// column `price` at byte 18: expected a number (f64), found `"cheap"`
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// Which row of the message it is, counted from 0; `None` if the message holds one row.
    pub row: Option<usize>,
    /// The column that cannot be filled; `None` if the error is not about one column.
    pub column: Option<&'static str>,
    /// Why, as a sentence for people.
    pub reason: String,
    /// Where the error is: bytes from the start of the payload; `None` if it is not in the payload.
    pub offset: Option<usize>,
}

impl DecodeError {
    /// The payload is invalid at an offset in bytes.
    pub fn payload(reason: impl Into<String>, offset: usize) -> Self {
        DecodeError { row: None, column: None, reason: reason.into(), offset: Some(offset) }
    }

    /// The message is invalid, but not at a certain place of its payload.
    pub fn message(reason: impl Into<String>) -> Self {
        DecodeError { row: None, column: None, reason: reason.into(), offset: None }
    }

    /// The same error, in one of several rows of the message: `index` counts from 0.
    pub fn in_row(self, index: usize) -> Self {
        DecodeError { row: Some(index), ..self }
    }

    /// A column cannot be filled from the message's metadata.
    pub fn metadata(column: &'static str, reason: impl Into<String>) -> Self {
        DecodeError { row: None, column: Some(column), reason: reason.into(), offset: None }
    }

    /// The member of a column has a value that the type does not accept.
    pub fn mismatch(column: &'static str, mismatch: Mismatch) -> Self {
        let Mismatch { expected, found, offset } = mismatch;
        DecodeError {
            row: None,
            column: Some(column),
            reason: format!("expected {expected}, found `{found}`"),
            offset: Some(offset),
        }
    }

    /// The member of a column is missing.
    pub fn missing(column: &Column, expected: &str) -> Self {
        let place = column.path.map(|path| format!(" at `{path}`")).unwrap_or_default();
        // The column of a key cannot be an `Option`.
        let cure = match column.primary_key {
            true => "every message needs its primary key, or give the column a default",
            false => "give the column a default, or make it an Option",
        };
        let reason = format!("expected {expected}, found nothing{place}: {cure}");
        DecodeError { row: None, column: Some(column.name), reason, offset: Some(0) }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(index) = self.row {
            write!(f, "row {index}, counted from 0: ")?;
        }
        match (self.column, self.offset) {
            (Some(column), Some(offset)) => write!(f, "column `{column}` at byte {offset}: ")?,
            (Some(column), None) => write!(f, "column `{column}`: ")?,
            (None, Some(offset)) => write!(f, "at byte {offset}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for DecodeError {}

/// The longest excerpt of a payload, a subject or a header in an error message, in bytes.
pub const EXCERPT_LIMIT: usize = 64;

/// The longest subject or row in a log line, in bytes.
const LINE_LIMIT: usize = 256;

/// Cuts a text to [`EXCERPT_LIMIT`] bytes, for an error message, and escapes control characters.
pub fn excerpt(text: &str) -> String {
    cut(text, EXCERPT_LIMIT)
}

/// A subject for a log line: cut if it is very long, and with control characters escaped. It comes from data, and could otherwise
/// begin a line of its own, or talk to the terminal.
pub(crate) fn subject_excerpt(subject: &str) -> String {
    cut(subject, LINE_LIMIT)
}

/// A row for a log line, as JSON: cut if it is very long.
pub(crate) fn row_excerpt<R: Schema>(row: &R) -> String {
    let mut columns = Vec::new();
    row.encode_columns(&mut columns);
    let columns = String::from_utf8_lossy(&columns);
    cut(&format!("{{{}}}", columns.trim_end_matches(',')), LINE_LIMIT)
}

fn cut(text: &str, limit: usize) -> String {
    let end = match text.len() <= limit {
        true => text.len(),
        false => (0..=limit).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0),
    };
    let mut shown = String::with_capacity(end);
    for c in text[..end].chars() {
        if is_unsafe(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    if end < text.len() {
        shown.push_str(&format!("… ({} bytes)", text.len()));
    }
    shown
}

/// Whether a character can begin a line, talk to a terminal, or change the direction of what follows.
fn is_unsafe(c: char) -> bool {
    let is_directional =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || is_directional || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_are_cut_and_stay_on_their_line() {
        assert_eq!(excerpt("[1,\n\t2]\u{9b}\u{7f}\u{1b}[31m å"), r"[1,\n\t2]\u{9b}\u{7f}\u{1b}[31m å");
        assert_eq!(excerpt("a\u{202e}b\u{2028}c"), r"a\u{202e}b\u{2028}c");
        assert_eq!(excerpt(&"å".repeat(100)), format!("{}… (200 bytes)", "å".repeat(32)));
        assert_eq!(subject_excerpt(&"s".repeat(300)), format!("{}… (300 bytes)", "s".repeat(256)));
    }
}
