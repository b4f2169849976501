//! Values in an order in which a missing one is the greatest, for reducers that skip it unless there is no other.

use std::cmp::Ordering;
use std::hash::Hasher;

use serde::{Deserializer, Serializer};

use crate::data::Datum;

/// A value in its own order, but for a missing one (`None`), which is greater than every other.
#[derive(Debug)]
pub struct MissingLast<A>(pub(super) A);

impl<A: Datum> Datum for MissingLast<A> {
    #[inline]
    fn clone_datum(&self) -> Self {
        MissingLast(self.0.clone_datum())
    }

    #[inline]
    fn compare(&self, other: &Self) -> Ordering {
        self.0.is_missing().cmp(&other.0.is_missing()).then_with(|| self.0.compare(&other.0))
    }

    #[inline]
    fn is_missing(&self) -> bool {
        self.0.is_missing()
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        A::deserialize(deserializer).map(MissingLast)
    }
}
