//! Decoding and encoding of a row.

use pathway::__private::JsonText;
use pathway::Schema;
use pathway::format::Message;

/// Decodes a document into a row, or returns the error message.
pub(crate) fn decode<R: Schema>(document: &str) -> Result<R, String> {
    R::decode_row(JsonText { text: document, offset: 0 }, &Message::new("", document.as_bytes()))
        .map_err(|reject| reject.to_string())
}

/// Encodes the columns of a row as a sink does.
pub(crate) fn encode(row: &impl Schema) -> String {
    let mut out = Vec::new();
    row.encode_columns(&mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}
