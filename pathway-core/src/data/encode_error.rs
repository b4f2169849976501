//! Why a row cannot be written as a message.

use std::fmt;

/// Why a row cannot be written as a message, or why that message cannot be published.
///
/// An encoder of your own returns it; see the trait `Encode`. The pipeline returns it for messages with an
/// invalid subject, header or key, and for messages that are larger than the server accepts. Such a message is counted
/// and reported, and it goes to the sink's dead-letter subject if there is one.
///
/// ```
/// use pathway::format::EncodeError;
///
/// assert_eq!(EncodeError::new("not a number").to_string(), "not a number");
/// assert_eq!(EncodeError::column("price", "not a number").to_string(), "column `price`: not a number");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeError {
    /// The column that cannot be written, where it is known.
    pub column: Option<&'static str>,
    /// Why, as a sentence for people.
    pub reason: String,
}

impl EncodeError {
    /// The row as a whole cannot be written.
    pub fn new(reason: impl Into<String>) -> Self {
        EncodeError { column: None, reason: reason.into() }
    }

    /// A column cannot be written.
    pub fn column(column: &'static str, reason: impl Into<String>) -> Self {
        EncodeError { column: Some(column), reason: reason.into() }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = self.column {
            write!(f, "column `{column}`: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for EncodeError {}
