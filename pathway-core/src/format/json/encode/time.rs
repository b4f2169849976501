//! Encodes times as JSON strings.

use jiff::tz::Offset;

use crate::data::{DateTimeNaive, DateTimeUtc, EncodeJson};

/// `"2024-01-02T03:04:05.123456789+0000"`, always with nine digits.
impl EncodeJson for DateTimeUtc {
    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        date_and_time(Offset::UTC.to_datetime(*self), Fraction::NineDigits, out);
        out.extend_from_slice(b"+0000\"");
    }

    /// `"2024-01-02T03:04:05.123Z"`, with no more digits than needed.
    fn encode_json_rfc3339(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        date_and_time(Offset::UTC.to_datetime(*self), Fraction::Shortest, out);
        out.extend_from_slice(b"Z\"");
    }
}

/// `"2024-01-02T03:04:05.123456789"`, always with nine digits.
impl EncodeJson for DateTimeNaive {
    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        date_and_time(*self, Fraction::NineDigits, out);
        out.push(b'"');
    }

    /// `"2024-01-02T03:04:05.123"`, with no more digits than needed. A time zone is not known.
    fn encode_json_rfc3339(&self, out: &mut Vec<u8>) {
        out.push(b'"');
        date_and_time(*self, Fraction::Shortest, out);
        out.push(b'"');
    }
}

/// How many digits the fraction of a second has.
#[derive(Clone, Copy)]
enum Fraction {
    NineDigits,
    /// Three, six or nine, or no fraction at all. Some readers accept no other numbers of digits.
    Shortest,
}

fn date_and_time(at: DateTimeNaive, fraction: Fraction, out: &mut Vec<u8>) {
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
    let nanoseconds = at.subsec_nanosecond().unsigned_abs();
    if nanoseconds == 0 && matches!(fraction, Fraction::Shortest) {
        return;
    }
    out.push(b'.');
    match fraction {
        Fraction::Shortest if nanoseconds.is_multiple_of(1_000_000) => digits::<3>(nanoseconds / 1_000_000, out),
        Fraction::Shortest if nanoseconds.is_multiple_of(1_000) => digits::<6>(nanoseconds / 1_000, out),
        _ => digits::<9>(nanoseconds, out),
    }
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
