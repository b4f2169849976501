//! A column's value without its type.

use std::any::Any;
use std::cmp::Ordering;
use std::hash::Hasher;

use super::{ColumnType, TextForm};

/// A column's value whose type is not known. Every column type implements it.
///
/// Rows show their columns this way where a column of a struct replaces one of a flattened row, for delimited values, and for
/// JSON with times in RFC 3339, and where rows are told apart by hashes. Everywhere else types are known.
pub trait DynValue: Any {
    /// Appends the value as compact JSON.
    fn write_json(&self, out: &mut Vec<u8>);

    /// Appends the value as compact JSON, with times in RFC 3339.
    fn write_json_rfc3339(&self, out: &mut Vec<u8>);

    /// Appends the value as plain text.
    fn write_text(&self, form: TextForm, out: &mut Vec<u8>);

    /// The total order of the column's values. Values of different types compare as equal.
    fn compare_dyn(&self, other: &dyn DynValue) -> Ordering;

    /// Hashes the value.
    fn hash_dyn(&self, state: &mut dyn Hasher);

    /// Whether the value is a missing one, such as `None` in an `Option` column.
    fn is_missing_dyn(&self) -> bool;
}

impl<T: ColumnType> DynValue for T {
    fn write_json(&self, out: &mut Vec<u8>) {
        self.encode_json(out);
    }

    fn write_json_rfc3339(&self, out: &mut Vec<u8>) {
        self.encode_json_rfc3339(out);
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

    fn is_missing_dyn(&self) -> bool {
        self.is_missing()
    }
}
