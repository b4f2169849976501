//! [`Datum`] for booleans, integers, floats and the empty tuple.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Datum;

/// For types whose standard traits have the meaning that [`Datum`] requires.
macro_rules! standard {
    ($($type:ty),+) => {$(
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
                Serialize::serialize(self, serializer)
            }

            fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Deserialize::deserialize(deserializer)
            }
        }
    )+};
}

standard!((), bool, i8, i16, i32, i64, u8, u16, u32, u64);

macro_rules! float {
    ($($type:ty),+) => {$(
        /// Ordered by value: -0.0 equals 0.0, and NaN equals itself and is greater than everything else.
        impl Datum for $type {
            #[inline]
            fn clone_datum(&self) -> Self {
                *self
            }

            #[inline]
            fn compare(&self, other: &Self) -> Ordering {
                self.partial_cmp(other).unwrap_or_else(|| self.is_nan().cmp(&other.is_nan()))
            }

            #[inline]
            fn hash_into<H: Hasher>(&self, state: &mut H) {
                // Equal values have equal bits, except for the two zeros and the many NaNs.
                let canonical = if self.is_nan() {
                    <$type>::NAN
                } else if *self == 0.0 {
                    0.0
                } else {
                    *self
                };
                canonical.to_bits().hash(state);
            }

            /// With the exact bits of the value: a zero keeps its sign.
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Serialize::serialize(self, serializer)
            }

            fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Deserialize::deserialize(deserializer)
            }
        }
    )+};
}

float!(f32, f64);
