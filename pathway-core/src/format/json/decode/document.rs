//! A whole payload becomes a row.

use crate::data::{DecodeError, JsonText, Message, Schema};

/// Reads a payload as a JSON document of the schema `R`.
///
/// The payload must be UTF-8. White space around the document is left out (all that Unicode calls white
/// space), and offsets in a [`DecodeError`] still count from the start of the payload.
///
/// # Errors
/// The payload is empty, is not UTF-8, begins with a byte order mark or is not JSON, or a column can't be
/// filled from it.
///
/// ```
/// use pathway_core::data::Schema;
/// use pathway_core::format::json::decode::decode;
///
/// fn value<R: Schema>(payload: &[u8]) -> Option<R> {
///     decode(payload).inspect_err(|reject| eprintln!("{reject}")).ok()
/// }
/// ```
pub fn decode<R: Schema>(payload: &[u8]) -> Result<R, DecodeError> {
    decode_message(&Message::new("", payload))
}

/// The same for a message, which can have more for the row than its payload.
///
/// # Errors
/// Those of [`decode`], or what stands beside the payload does not fill its columns.
pub fn decode_message<R: Schema>(message: &Message<'_>) -> Result<R, DecodeError> {
    R::decode_row(document(message.payload)?, message)
}

/// The document that a payload is, without the white space around it.
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
