//! Why a message did not become a row.

use std::borrow::Cow;
use std::fmt;

/// A JSON value that is not what its column takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// What the column takes: `an integer (i64)`.
    pub expected: Cow<'static, str>,
    /// What stood there instead, cut to a readable length.
    pub found: String,
    /// Where it stood: bytes from the start of the payload.
    pub offset: usize,
}

impl Mismatch {
    /// `found` is cut to [`EXCERPT_LIMIT`].
    pub fn new(expected: impl Into<Cow<'static, str>>, found: &str, offset: usize) -> Self {
        Mismatch { expected: expected.into(), found: excerpt(found), offset }
    }
}

/// Why a message did not become a row, and where the trouble is.
///
/// ```text
/// column `price` at byte 18: expected a number (f64), found `"cheap"`
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// The column that could not be filled; `None` where the payload as a whole is at fault.
    pub column: Option<&'static str>,
    /// What is wrong, in words.
    pub reason: String,
    /// Where: bytes from the start of the payload; `None` where it is not the payload that is at fault.
    pub offset: Option<usize>,
}

impl DecodeError {
    /// The payload as a whole cannot be read.
    pub fn payload(reason: impl Into<String>, offset: usize) -> Self {
        DecodeError { column: None, reason: reason.into(), offset: Some(offset) }
    }

    /// The message is at fault, and not what its payload says at some place.
    pub fn message(reason: impl Into<String>) -> Self {
        DecodeError { column: None, reason: reason.into(), offset: None }
    }

    /// What stands beside the payload does not fill a column.
    pub fn metadata(column: &'static str, reason: impl Into<String>) -> Self {
        DecodeError { column: Some(column), reason: reason.into(), offset: None }
    }

    /// The field of a column has the wrong value.
    pub fn mismatch(column: &'static str, mismatch: Mismatch) -> Self {
        let Mismatch { expected, found, offset } = mismatch;
        DecodeError {
            column: Some(column),
            reason: format!("expected {expected}, found `{found}`"),
            offset: Some(offset),
        }
    }

    /// The field of a column is not there. `path` is the JSON pointer of a column that has one.
    pub fn missing(column: &'static str, path: Option<&'static str>, expected: &str) -> Self {
        let place = path.map(|path| format!(" at `{path}`")).unwrap_or_default();
        let reason =
            format!("expected {expected}, found nothing{place}: give the column a default, or make it an Option");
        DecodeError { column: Some(column), reason, offset: Some(0) }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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

/// Cuts a text to [`EXCERPT_LIMIT`] bytes, for an error message.
pub fn excerpt(text: &str) -> String {
    if text.len() <= EXCERPT_LIMIT {
        return text.to_owned();
    }
    let end = (0..=EXCERPT_LIMIT).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    format!("{}… ({} bytes)", &text[..end], text.len())
}
