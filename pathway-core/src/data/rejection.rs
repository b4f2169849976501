//! What a dead letter says about its message.

use super::{DecodeError, EncodeError};

/// Why a message was rejected, on either end of a pipeline: what a dead letter says about its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rejection<'a> {
    /// Why, as a sentence for people.
    pub reason: &'a str,
    /// The column that is at fault, where it is known.
    pub column: Option<&'static str>,
    /// Where the error is in the payload, where it is known: bytes from its start.
    pub offset: Option<usize>,
}

impl<'a> From<&'a DecodeError> for Rejection<'a> {
    fn from(error: &'a DecodeError) -> Self {
        Rejection { reason: &error.reason, column: error.column, offset: error.offset }
    }
}

impl<'a> From<&'a EncodeError> for Rejection<'a> {
    fn from(error: &'a EncodeError) -> Self {
        Rejection { reason: &error.reason, column: error.column, offset: None }
    }
}
