//! Encodes rows as JSON objects, with the same bytes that Pathway writes.

mod container;
mod scalar;
mod time;

use crate::data::{Column, EncodeJson, Schema};

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
    end_object(out);
}

/// Appends the columns as JSON members with times in RFC 3339, each followed by a comma.
pub(super) fn encode_columns_rfc3339<R: Schema>(row: &R, out: &mut Vec<u8>) {
    row.zip_columns(row, &mut |Column { name, .. }, value, _| {
        scalar::write(name, out);
        out.push(b':');
        value.write_json_rfc3339(out);
        out.push(b',');
    });
}

/// Appends a member and a comma.
pub(super) fn encode_member(name: &str, value: &impl EncodeJson, out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    value.encode_json(out);
    out.push(b',');
}

/// Ends an object whose members, if it has any, each end with a comma.
pub(super) fn end_object(out: &mut Vec<u8>) {
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(b'}');
}
