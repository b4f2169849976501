//! Decodes times from JSON strings.

use std::borrow::Cow;

use jiff::tz::Offset;

use super::scalar::mismatch;
use super::text::unquote;
use crate::data::{DateTimeNaive, DateTimeUtc, DecodeJson, JsonText, Mismatch};

/// A time as RFC 3339 has it, with `Z` or an offset: `2024-01-02T03:04:05.123Z`. See `date_and_time` and
/// `offset_seconds` for what else is accepted.
///
/// The range of the type ends at 9999-12-30T22:00Z. Later times of the year 9999, which often stand for "never", are read as
/// the end of the range.
impl DecodeJson for DateTimeUtc {
    fn expected() -> Cow<'static, str> {
        "a time with an offset like 2024-01-02T03:04:05Z (DateTimeUtc)".into()
    }

    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        unquote(value).and_then(|text| timestamp(&text)).ok_or_else(|| mismatch::<Self>(value))
    }
}

/// The same without an offset.
impl DecodeJson for DateTimeNaive {
    fn expected() -> Cow<'static, str> {
        "a time without an offset like 2024-01-02T03:04:05 (DateTimeNaive)".into()
    }

    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        unquote(value).and_then(|text| civil_time(&text)).ok_or_else(|| mismatch::<Self>(value))
    }
}

fn timestamp(text: &str) -> Option<DateTimeUtc> {
    let (at, rest) = date_and_time(text.as_bytes())?;
    let offset = Offset::from_seconds(offset_seconds(rest)?).ok()?;
    // Only the last 26 hours of the year 9999 are out of range.
    Some(offset.to_timestamp(at).unwrap_or(DateTimeUtc::MAX))
}

fn civil_time(text: &str) -> Option<DateTimeNaive> {
    let (at, rest) = date_and_time(text.as_bytes())?;
    rest.is_empty().then_some(at)
}

/// Reads `2024-01-02T03:04:05` with or without a fraction, and returns the rest. Every number must have all of its digits.
///
/// As RFC 3339 allows, `t` or a space may stand for the `T`. The seconds may be missing: java.time leaves them out when they
/// are zero.
fn date_and_time(text: &[u8]) -> Option<(DateTimeNaive, &[u8])> {
    let (&[y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T' | b't' | b' ', h1, h2, b':', m1, m2], rest) =
        text.split_first_chunk::<16>()?
    else {
        return None;
    };
    let year = i16::from(two_digits(y1, y2)?) * 100 + i16::from(two_digits(y3, y4)?);
    let (month, day) = (two_digits(o1, o2)?, two_digits(d1, d2)?);
    let (hour, minute) = (two_digits(h1, h2)?, two_digits(m1, m2)?);
    let (second, nanosecond, rest) = match rest {
        [b':', s1, s2, rest @ ..] => {
            let (nanosecond, rest) = fraction(rest)?;
            (two_digits(*s1, *s2)?, nanosecond, rest)
        }
        _ => (0, 0, rest),
    };
    let at = DateTimeNaive::new(year, month, day, hour, minute, second, nanosecond).ok()?;
    Some((at, rest))
}

/// Reads an optional `.123` as nanoseconds; digits after the ninth are ignored.
fn fraction(text: &[u8]) -> Option<(i32, &[u8])> {
    let Some(digits) = text.strip_prefix(b".") else { return Some((0, text)) };
    let length = digits.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(digits.len());
    if length == 0 {
        return None;
    }
    let (digits, rest) = digits.split_at(length);
    let padded = digits.iter().chain(std::iter::repeat(&b'0')).take(9);
    let nanosecond = padded.fold(0, |number, digit| number * 10 + i32::from(digit - b'0'));
    Some((nanosecond, rest))
}

/// Reads `Z`, `z`, `+01:00`, `+0100` or `+01`, the last three also after a space: seconds east of UTC.
fn offset_seconds(text: &[u8]) -> Option<i32> {
    if let b"Z" | b"z" = text {
        return Some(0);
    }
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (&sign, digits) = text.split_first()?;
    let (hours, minutes) = match *digits {
        [h1, h2] => (two_digits(h1, h2)?, 0),
        [h1, h2, m1, m2] | [h1, h2, b':', m1, m2] => (two_digits(h1, h2)?, two_digits(m1, m2)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = i32::from(hours) * 3600 + i32::from(minutes) * 60;
    match sign {
        b'+' => Some(seconds),
        b'-' => Some(-seconds),
        _ => None,
    }
}

/// 0 to 99.
fn two_digits(tens: u8, ones: u8) -> Option<i8> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    if tens > 9 || ones > 9 {
        return None;
    }
    i8::try_from(tens * 10 + ones).ok()
}
