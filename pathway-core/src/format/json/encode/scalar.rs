//! Encodes booleans, numbers, durations, text, bytes and values of any kind as JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use jiff::SignedDuration;
use serde::Serialize;

use crate::data::{EncodeJson, Json};

/// As serde_json writes them: floats with the fewest digits, with `.0` or an exponent, and `null` for NaN and infinities;
/// strings with only the escapes that JSON requires.
macro_rules! plain {
    ($($type:ty),+) => {$(
        impl EncodeJson for $type {
            #[inline]
            fn encode_json(&self, out: &mut Vec<u8>) {
                write(self, out);
            }
        }
    )+};
}

plain!(bool, i8, i16, i32, i64, u8, u16, u32, u64, String);

/// As serde_json writes them, but -0.0 as 0.0: the two are equal, and equal values are written alike.
macro_rules! float {
    ($($type:ty),+) => {$(
        impl EncodeJson for $type {
            #[inline]
            fn encode_json(&self, out: &mut Vec<u8>) {
                // The sum of -0.0 and 0.0 is 0.0.
                write(&(self + 0.0), out);
            }
        }
    )+};
}

float!(f32, f64);

/// As compact text, with the keys of objects in their order.
impl EncodeJson for Json {
    fn encode_json(&self, out: &mut Vec<u8>) {
        write(&self.0, out);
    }
}

/// As a string of standard base64, with its padding.
impl EncodeJson for Bytes {
    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(STANDARD.encode(self).as_bytes());
        out.push(b'"');
    }
}

/// As an integer: nanoseconds.
impl EncodeJson for SignedDuration {
    fn encode_json(&self, out: &mut Vec<u8>) {
        write(&self.as_nanos(), out);
    }
}

#[inline]
pub(super) fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    // Writing to a vector does not fail, and JSON can represent every value of these types.
    let written = serde_json::to_writer(out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}
