//! A value of a column whose type is not known here.

use std::any::Any;
use std::cmp::Ordering;
use std::hash::Hasher;

use super::{ColumnType, TextForm};

/// What can be done with the value of a column, whatever its type is.
///
/// Every column type is one. Rows show their columns as cells where one row stands in for a part of another;
/// everywhere else types are known.
pub trait DynValue: Any {
    /// Appends the value, as compact JSON.
    fn write_json(&self, out: &mut Vec<u8>);

    /// Appends the value, as plain text.
    fn write_text(&self, form: TextForm, out: &mut Vec<u8>);

    /// The total order of the column's values. Those of two types are not ordered.
    fn compare_dyn(&self, other: &dyn DynValue) -> Ordering;

    /// Feeds the value to a hasher.
    fn hash_dyn(&self, state: &mut dyn Hasher);
}

impl<T: ColumnType> DynValue for T {
    fn write_json(&self, out: &mut Vec<u8>) {
        self.encode_json(out);
    }

    fn write_text(&self, form: TextForm, out: &mut Vec<u8>) {
        self.encode_text(form, out);
    }

    fn compare_dyn(&self, other: &dyn DynValue) -> Ordering {
        let other: &dyn Any = other;
        other.downcast_ref::<T>().map_or(Ordering::Equal, |other| self.compare(other))
    }

    fn hash_dyn(&self, mut state: &mut dyn Hasher) {
        self.hash_into(&mut state);
    }
}
