//! Encodes rows as JSON objects, with the same bytes that Pathway writes.

mod container;
mod scalar;
mod time;

use crate::data::{EncodeJson, Schema};

/// Appends one change as a JSON object: the columns in order, then `diff`, then `time`.
///
/// It is compact, without spaces: `{"city":"Oslo","total":3,"diff":1,"time":1700000000000}`.
pub fn encode<R: Schema>(row: &R, diff: i64, time: u64, out: &mut Vec<u8>) {
    out.push(b'{');
    row.encode_columns(out);
    out.extend_from_slice(b"\"diff\":");
    diff.encode_json(out);
    out.extend_from_slice(b",\"time\":");
    time.encode_json(out);
    out.push(b'}');
}

/// Appends a row as a JSON object of its columns, without `diff` and `time`: `{"city":"Oslo","total":3}`.
pub fn encode_row<R: Schema>(row: &R, out: &mut Vec<u8>) {
    out.push(b'{');
    row.encode_columns(out);
    // Each column ends with a comma.
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(b'}');
}
