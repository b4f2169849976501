//! Encodes times as JSON strings.

use jiff::tz::Offset;

use crate::data::{DateTimeNaive, DateTimeUtc, EncodeJson};

/// `"2024-01-02T03:04:05.123456789+0000"`, always with nine digits.
impl EncodeJson for DateTimeUtc {
    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        date_and_time(Offset::UTC.to_datetime(*self), out);
        out.extend_from_slice(b"+0000\"");
    }
}

/// `"2024-01-02T03:04:05.123456789"`, always with nine digits.
impl EncodeJson for DateTimeNaive {
    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        date_and_time(*self, out);
        out.push(b'"');
    }
}

fn date_and_time(at: DateTimeNaive, out: &mut Vec<u8>) {
    if at.year() < 0 {
        out.push(b'-');
    }
    digits::<4>(at.year().unsigned_abs().into(), out);
    out.push(b'-');
    digits::<2>(at.month().unsigned_abs().into(), out);
    out.push(b'-');
    digits::<2>(at.day().unsigned_abs().into(), out);
    out.push(b'T');
    digits::<2>(at.hour().unsigned_abs().into(), out);
    out.push(b':');
    digits::<2>(at.minute().unsigned_abs().into(), out);
    out.push(b':');
    digits::<2>(at.second().unsigned_abs().into(), out);
    out.push(b'.');
    digits::<9>(at.subsec_nanosecond().unsigned_abs(), out);
}

/// Appends a number with leading zeros.
fn digits<const WIDTH: usize>(mut number: u32, out: &mut Vec<u8>) {
    let mut text = [b'0'; WIDTH];
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&text);
}
