//! Decodes a whole payload into a row.

use crate::data::{DecodeError, JsonText, Message, Schema};

/// Decodes a payload as a JSON document of the schema `R`.
///
/// The payload must be UTF-8. White space around the document, as Unicode defines it, is ignored; offsets in a
/// [`DecodeError`] still count from the start of the payload.
///
/// # Errors
/// The payload is empty, is not UTF-8, begins with a byte order mark or is not JSON, or a column cannot be filled from it.
pub fn decode<R: Schema>(payload: &[u8]) -> Result<R, DecodeError> {
    decode_message(&Message::new("", payload))
}

/// Decodes a message, whose metadata can fill columns, too.
///
/// # Errors
/// Those of [`decode`], or a column cannot be filled from the metadata.
pub fn decode_message<R: Schema>(message: &Message<'_>) -> Result<R, DecodeError> {
    R::decode_row(document(message.payload)?, message)
}

/// The document in a payload, without the white space around it.
pub(super) fn document(payload: &[u8]) -> Result<JsonText<'_>, DecodeError> {
    let text = match std::str::from_utf8(payload) {
        Ok(text) => text,
        Err(error) => return Err(DecodeError::payload("the payload is not UTF-8", error.valid_up_to())),
    };
    let document = text.trim_start();
    let offset = text.len() - document.len();
    let document = document.trim_end();
    if document.is_empty() {
        return Err(DecodeError::payload("the payload is empty", 0));
    }
    if document.starts_with('\u{feff}') {
        return Err(DecodeError::payload(
            "the payload begins with a byte order mark, which JSON does not allow",
            offset,
        ));
    }
    Ok(JsonText { text: document, offset })
}
