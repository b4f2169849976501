//! [`Datum`] for times and durations.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use jiff::SignedDuration;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{DateTimeNaive, DateTimeUtc, Datum};

/// The standard traits of jiff's types have the meaning that [`Datum`] requires; they are serialized as numbers.
macro_rules! time {
    ($type:ty, $to:expr, $from:expr) => {
        impl Datum for $type {
            #[inline]
            fn clone_datum(&self) -> Self {
                *self
            }

            #[inline]
            fn compare(&self, other: &Self) -> Ordering {
                self.cmp(other)
            }

            #[inline]
            fn hash_into<H: Hasher>(&self, state: &mut H) {
                self.hash(state);
            }

            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Serialize::serialize(&$to(*self), serializer)
            }

            fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let parts = Deserialize::deserialize(deserializer)?;
                $from(parts).ok_or_else(|| D::Error::custom(concat!("out of range for ", stringify!($type))))
            }
        }
    };
}

time!(DateTimeUtc, DateTimeUtc::as_nanosecond, |nanoseconds: i128| DateTimeUtc::from_nanosecond(nanoseconds).ok());
time!(DateTimeNaive, civil_parts, from_civil_parts);
time!(SignedDuration, |duration: SignedDuration| duration.as_nanos(), SignedDuration::try_from_nanos_i128);

/// Year, month, day, hour, minute, second, nanosecond.
type CivilParts = (i16, i8, i8, i8, i8, i8, i32);

fn civil_parts(at: DateTimeNaive) -> CivilParts {
    (at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second(), at.subsec_nanosecond())
}

fn from_civil_parts((year, month, day, hour, minute, second, nanosecond): CivilParts) -> Option<DateTimeNaive> {
    DateTimeNaive::new(year, month, day, hour, minute, second, nanosecond).ok()
}
