//! Times as numbers: how long after the start of 1970 (UTC) they are.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::hash::Hasher;

use serde::{Deserializer, Serializer};

use crate::data::{ColumnType, DateTimeUtc, Datum, DecodeJson, EncodeJson, EncodeText, JsonText, Mismatch, TextForm};

/// A time column of a row that is a number in messages: how many units after the start of 1970 it is, with so many units in a
/// second. `#[schema(format = "unix_ms")]` and its like put it around the column.
#[derive(Clone, Copy, Debug)]
pub struct UnixTime<T, const PER_SECOND: i64>(
    /// The column.
    pub T,
);

/// A column that can be such a number: `DateTimeUtc` or `Option<DateTimeUtc>`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be Unix time",
    label = "only a `DateTimeUtc` or an `Option<DateTimeUtc>` has a `format`",
    note = "Unix time counts from a moment in UTC; a `DateTimeNaive` has no time zone"
)]
pub trait UnixTimeColumn: ColumnType + Copy {
    /// The column that has this time, or none.
    fn from_time(time: Option<DateTimeUtc>) -> Option<Self>;

    /// The column's time.
    fn time(self) -> Option<DateTimeUtc>;
}

impl UnixTimeColumn for DateTimeUtc {
    fn from_time(time: Option<DateTimeUtc>) -> Option<Self> {
        time
    }

    fn time(self) -> Option<DateTimeUtc> {
        Some(self)
    }
}

impl UnixTimeColumn for Option<DateTimeUtc> {
    fn from_time(time: Option<DateTimeUtc>) -> Option<Self> {
        Some(time)
    }

    fn time(self) -> Option<DateTimeUtc> {
        self
    }
}

/// A column that is to be written as a number.
#[inline]
pub fn unix_time<T: UnixTimeColumn, const PER_SECOND: i64>(column: &T) -> UnixTime<T, PER_SECOND> {
    UnixTime(*column)
}

const NANOSECONDS: i128 = 1_000_000_000;

impl<T: UnixTimeColumn, const PER_SECOND: i64> UnixTime<T, PER_SECOND> {
    /// The number. What is finer than its unit is cut off, towards the past.
    fn number(&self) -> Option<i64> {
        let nanoseconds = self.0.time()?.as_nanosecond();
        // In seconds to microseconds, the whole range of times fits. In nanoseconds, the years 1677 to 2262 do: times outside
        // of them are written as the nearest one.
        let number = nanoseconds.div_euclid(NANOSECONDS / i128::from(PER_SECOND));
        Some(number.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

impl<T: UnixTimeColumn, const PER_SECOND: i64> DecodeJson for UnixTime<T, PER_SECOND> {
    fn expected() -> Cow<'static, str> {
        let unit = match PER_SECOND {
            1 => "seconds",
            1_000 => "milliseconds",
            1_000_000 => "microseconds",
            _ => "nanoseconds",
        };
        format!("an integer, the {unit} since 1970 (DateTimeUtc)").into()
    }

    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        let time = || {
            let number = i64::decode_json(value).ok()?;
            DateTimeUtc::from_nanosecond(i128::from(number) * (NANOSECONDS / i128::from(PER_SECOND))).ok()
        };
        let column = match value.text {
            "null" => T::from_time(None),
            _ => time().and_then(|time| T::from_time(Some(time))),
        };
        column.map(UnixTime).ok_or_else(|| Mismatch::new(Self::expected(), value.text, value.offset))
    }

    fn decode_missing() -> Option<Self> {
        T::from_time(None).map(UnixTime)
    }
}

impl<T: UnixTimeColumn, const PER_SECOND: i64> EncodeJson for UnixTime<T, PER_SECOND> {
    fn encode_json(&self, out: &mut Vec<u8>) {
        self.number().encode_json(out);
    }
}

impl<T: UnixTimeColumn, const PER_SECOND: i64> EncodeText for UnixTime<T, PER_SECOND> {
    fn encode_text(&self, form: TextForm, out: &mut Vec<u8>) {
        self.number().encode_text(form, out);
    }

    fn is_none(&self) -> bool {
        self.0.time().is_none()
    }
}

/// The same value as the column.
impl<T: UnixTimeColumn, const PER_SECOND: i64> Datum for UnixTime<T, PER_SECOND> {
    fn clone_datum(&self) -> Self {
        *self
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.compare(&other.0)
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(UnixTime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Millis = UnixTime<DateTimeUtc, 1_000>;
    type Optional = UnixTime<Option<DateTimeUtc>, 1>;

    fn decode<T: DecodeJson>(text: &str) -> Result<T, String> {
        T::decode_json(JsonText { text, offset: 3 })
            .map_err(|mismatch| format!("{}: {}", mismatch.offset, mismatch.expected))
    }

    fn encode(value: &impl EncodeJson) -> String {
        let mut out = Vec::new();
        value.encode_json(&mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn numbers_come_back_as_they_were() {
        for text in ["0", "-1", "1700000000123", "253402207200999", "-377705023201000"] {
            assert_eq!(decode::<Millis>(text).map(|time| encode(&time)).as_deref(), Ok(text));
        }
        assert_eq!(decode::<Optional>("1700000000").map(|time| encode(&time)).as_deref(), Ok("1700000000"));
        assert_eq!(decode::<Optional>("null").map(|time| encode(&time)).as_deref(), Ok("null"));
        assert!(Optional::decode_missing().is_some_and(|time| time.0.is_none()) && Millis::decode_missing().is_none());
    }

    #[test]
    fn what_is_no_time_is_rejected() {
        let expected = Err("3: an integer, the milliseconds since 1970 (DateTimeUtc)".to_owned());
        for text in ["null", "1.5", "\"1700000000123\"", "1e3", "9223372036854775807", "253402207201000", "true", "{}"]
        {
            assert_eq!(decode::<Millis>(text).map(|time| time.0), expected, "{text}");
        }
    }

    #[test]
    fn what_is_finer_than_the_unit_is_cut_off() {
        let at = |text: &str| text.parse::<DateTimeUtc>().expect("a time");
        assert_eq!(encode(&UnixTime::<_, 1_000>(at("1970-01-01T00:00:00.0019Z"))), "1");
        assert_eq!(encode(&UnixTime::<_, 1_000>(at("1969-12-31T23:59:59.9999Z"))), "-1");
        assert_eq!(encode(&UnixTime::<_, 1_000_000_000>(at("2262-04-12T00:00:00Z"))), i64::MAX.to_string());
    }
}
