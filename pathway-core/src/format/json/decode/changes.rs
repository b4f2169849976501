//! A change stream: JSON rows of which each says whether it comes or goes.

use std::cell::Cell;

use super::document::document;
use super::object;
use crate::data::{Change, DecodeError, JsonText, Message, Schema, excerpt};

/// The header and the field that say it.
const HEADER: &str = "pathway_diff";
const FIELD: &str = "diff";

/// Reads a message as a change of a row: its header `pathway_diff`, or else its field `diff`, is 1 or -1.
///
/// # Errors
/// Those of a row as JSON; or nothing says whether it comes or goes, or what says it is neither 1 nor -1.
pub fn decode_change<R: Schema>(message: &Message<'_>) -> Result<Change<R>, DecodeError> {
    let document = document(message.payload)?;
    let diff = match message.headers.get(HEADER) {
        Some("1") => 1,
        Some("-1") => -1,
        Some(other) => {
            let found = excerpt(other);
            return Err(DecodeError::message(format!("the header `{HEADER}` is neither 1 nor -1, but `{found}`")));
        }
        None => diff_field(document)?,
    };
    Ok(Change { row: R::decode_row(document, message)?, diff })
}

fn diff_field(document: JsonText<'_>) -> Result<i64, DecodeError> {
    let found = Cell::new(None);
    object(document, &mut |name, value| {
        if name == FIELD {
            found.set(Some(value));
        }
    })?;
    match found.take() {
        Some(JsonText { text: "1", .. }) => Ok(1),
        Some(JsonText { text: "-1", .. }) => Ok(-1),
        Some(JsonText { text, offset }) => {
            let found = excerpt(text);
            Err(DecodeError::payload(format!("the field `{FIELD}` is neither 1 nor -1, but `{found}`"), offset))
        }
        None => Err(DecodeError::message(format!(
            "nothing says whether the row comes or goes: there is no field `{FIELD}` and no header `{HEADER}`"
        ))),
    }
}
