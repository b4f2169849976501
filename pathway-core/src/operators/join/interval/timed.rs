//! A row with its time.

use std::cmp::Ordering;
use std::hash::Hasher;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::data::{Datum, DatumKey, DatumRef};

/// A row with its event time, in ticks.
pub(super) struct Timed<T> {
    pub(super) time: i128,
    pub(super) row: T,
}

/// Rows are told apart by their times first.
impl<T: Datum> Datum for Timed<T> {
    fn clone_datum(&self) -> Self {
        Timed { time: self.time, row: self.row.clone_datum() }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time).then_with(|| self.row.compare(&other.row))
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        state.write_i128(self.time);
        self.row.hash_into(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.time, DatumRef(&self.row)).serialize(serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (time, row): (i128, DatumKey<T>) = Deserialize::deserialize(deserializer)?;
        Ok(Timed { time, row: row.0 })
    }
}
