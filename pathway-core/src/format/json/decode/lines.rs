//! Decodes messages that hold many rows: JSON Lines, and arrays.

use super::array;
use super::document::document;
use crate::data::{DecodeError, JsonText, Message, Schema};
use crate::format::DecodedRows;

/// Decodes a payload with one JSON object a line, or with an array of objects. Each is a row, or is rejected by itself.
///
/// # Errors
/// The payload is not UTF-8 or empty, or it begins like an array and is not JSON: there is no telling its rows apart.
pub fn decode_lines<R: Schema>(message: &Message<'_>, rows: &mut DecodedRows<R>) -> Result<(), DecodeError> {
    let document = document(message.payload)?;
    if document.text.starts_with('[') {
        // All elements first: nothing is decoded of an array that is not JSON.
        let mut elements = Vec::new();
        array(document, &mut |_, element| elements.push(element))?;
        elements.into_iter().enumerate().for_each(|(index, element)| decode_row(index, element, message, rows));
    } else {
        lines(document).enumerate().for_each(|(index, line)| decode_row(index, line, message, rows));
    }
    Ok(())
}

fn decode_row<R: Schema>(index: usize, text: JsonText<'_>, message: &Message<'_>, rows: &mut DecodedRows<R>) {
    match R::decode_row(text, message) {
        Ok(row) => rows.insert(row),
        Err(error) => rows.reject(error.in_row(index), text.offset..text.offset + text.text.len()),
    }
}

/// The lines that are not blank, without the white space around them.
fn lines(document: JsonText<'_>) -> impl Iterator<Item = JsonText<'_>> {
    let mut offset = document.offset;
    document.text.split_inclusive('\n').filter_map(move |line| {
        let start = offset;
        offset += line.len();
        let text = line.trim_start();
        let text = JsonText { text: text.trim_end(), offset: start + line.len() - text.len() };
        (!text.text.is_empty()).then_some(text)
    })
}
