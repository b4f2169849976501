//! Decodes payloads as text.

use crate::data::{DecodeError, Message, OnePayload};

/// Decodes a payload as UTF-8 text. White space at its ends is kept.
///
/// # Errors
/// The payload is not UTF-8, or a column cannot be filled from the message's metadata.
pub(crate) fn decode<R: OnePayload<String>>(message: &Message<'_>) -> Result<R, DecodeError> {
    match std::str::from_utf8(message.payload) {
        Ok(text) => R::from_payload(text.to_owned(), message),
        Err(error) => Err(DecodeError::payload("the payload is not UTF-8", error.valid_up_to())),
    }
}
