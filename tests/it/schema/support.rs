//! From text to a row, and back.

use pathway::__private::JsonText;
use pathway::Schema;
use pathway::format::Message;

/// The row that a document holds, or the complaint.
pub(crate) fn decode<R: Schema>(document: &str) -> Result<R, String> {
    R::decode_row(JsonText { text: document, offset: 0 }, &Message::new("", document.as_bytes()))
        .map_err(|reject| reject.to_string())
}

/// The columns of a row, as a sink writes them.
pub(crate) fn encode(row: &impl Schema) -> String {
    let mut out = Vec::new();
    row.encode_columns(&mut out);
    String::from_utf8(out).expect("JSON is UTF-8")
}
