//! Rows become JSON objects, byte for byte as Pathway writes them.

mod container;
mod scalar;
mod time;

use crate::data::{EncodeError, EncodeJson, Schema};
use crate::format::{ChangeInfo, Encode};

/// Appends one change as a JSON object: the columns in order, then `diff`, then `time`.
///
/// Compact, without blanks: `{"city":"Oslo","total":3,"diff":1,"time":1700000000000}`.
///
/// ```
/// use pathway_core::data::Schema;
/// use pathway_core::format::json::encode::encode;
///
/// fn insertion<R: Schema>(row: &R, time: u64) -> Vec<u8> {
///     let mut payload = Vec::new();
///     encode(row, 1, time, &mut payload);
///     payload
/// }
/// ```
pub fn encode<R: Schema>(row: &R, diff: i64, time: u64, out: &mut Vec<u8>) {
    out.push(b'{');
    row.encode_columns(out);
    out.extend_from_slice(b"\"diff\":");
    diff.encode_json(out);
    out.extend_from_slice(b",\"time\":");
    time.encode_json(out);
    out.push(b'}');
}

/// Appends a row as a JSON object of its columns and nothing else: `{"city":"Oslo","total":3}`.
pub fn encode_row<R: Schema>(row: &R, out: &mut Vec<u8>) {
    out.push(b'{');
    row.encode_columns(out);
    // Each column ends with a comma.
    if out.last() == Some(&b',') {
        out.pop();
    }
    out.push(b'}');
}

/// The format as an encoder.
pub(crate) struct JsonEncoder;

impl<R: Schema> Encode<R> for JsonEncoder {
    fn encode(&self, row: &R, stamp: ChangeInfo, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode(row, stamp.diff, stamp.time, payload);
        Ok(())
    }

    fn encode_value(&self, row: &R, payload: &mut Vec<u8>) -> Result<(), EncodeError> {
        encode_row(row, payload);
        Ok(())
    }
}
