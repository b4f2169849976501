//! Change streams: JSON rows, each with a `diff` that says whether it is inserted or removed.

use std::cell::Cell;

use super::document::document;
use super::object;
use crate::data::{Change, DecodeError, JsonText, Message, Schema, excerpt};

/// The header and the member with the `diff`.
const HEADER: &str = "pathway_diff";
const MEMBER: &str = "diff";

/// Decodes a message as a change of a row: its header `pathway_diff`, or else its member `diff`, is 1 or -1.
///
/// # Errors
/// Those of a JSON row; or there is neither the header nor the member; or it is neither 1 nor -1.
pub fn decode_change<R: Schema>(message: &Message<'_>) -> Result<Change<R>, DecodeError> {
    let document = document(message.payload)?;
    let diff = match message.headers.get(HEADER) {
        Some("1") => 1,
        Some("-1") => -1,
        Some(other) => {
            let found = excerpt(other);
            return Err(DecodeError::message(format!("the header `{HEADER}` is neither 1 nor -1, but `{found}`")));
        }
        None => diff_member(document)?,
    };
    Ok(Change { row: R::decode_row(document, message)?, diff })
}

fn diff_member(document: JsonText<'_>) -> Result<i64, DecodeError> {
    let found = Cell::new(None);
    object(document, &mut |name, value| {
        if name == MEMBER {
            found.set(Some(value));
        }
    })?;
    match found.take() {
        Some(JsonText { text: "1", .. }) => Ok(1),
        Some(JsonText { text: "-1", .. }) => Ok(-1),
        Some(JsonText { text, offset }) => {
            let found = excerpt(text);
            Err(DecodeError::payload(format!("the member `{MEMBER}` is neither 1 nor -1, but `{found}`"), offset))
        }
        None => Err(DecodeError::message(format!(
            "the message does not say whether the row is inserted or removed: it has no member `{MEMBER}` and no header `{HEADER}`"
        ))),
    }
}
