//! A change of a table: a row, and how many copies of it were inserted or removed.

use std::cmp::Ordering;
use std::fmt;

use super::Datum;

/// The number of a commit within one run of a pipeline: 0, 1, 2, …
///
/// All changes of a commit take effect together. The number is the timestamp of the dataflow; the `time` of a message on
/// the wire is the time at which the commit was sealed, in unix milliseconds.
pub type Commit = u64;

/// A row that was inserted into a table (`diff` > 0) or removed from it (`diff` < 0).
///
/// ```
/// use pathway::Change;
///
/// #[derive(pathway::Schema)]
/// struct Order { id: i64 }
///
/// let change = Change::remove(Order { id: 7 });
/// assert_eq!(change.diff, -1);
/// ```
pub struct Change<R> {
    /// The row.
    pub row: R,
    /// How many copies of the row were inserted (positive) or removed (negative).
    pub diff: i64,
}

impl<R> Change<R> {
    /// Inserts one copy of `row`.
    pub fn insert(row: R) -> Self {
        Change { row, diff: 1 }
    }

    /// Removes one copy of `row`, which must have been inserted in the same commit or an earlier one.
    pub fn remove(row: R) -> Self {
        Change { row, diff: -1 }
    }
}

impl<R: Datum> Clone for Change<R> {
    fn clone(&self) -> Self {
        Change { row: self.row.clone_datum(), diff: self.diff }
    }
}

impl<R: Datum> PartialEq for Change<R> {
    fn eq(&self, other: &Self) -> bool {
        self.diff == other.diff && self.row.compare(&other.row) == Ordering::Equal
    }
}

impl<R: Datum> Eq for Change<R> {}

impl<R: fmt::Debug> fmt::Debug for Change<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+} {:?}", self.diff, self.row)
    }
}

/// Timely's exchange moves changes between threads and processes, and requires serde.
impl<R: Datum> serde::Serialize for Change<R> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&super::DatumRef(&self.row))?;
        tuple.serialize_element(&self.diff)?;
        tuple.end()
    }
}

impl<'de, R: Datum> serde::Deserialize<'de> for Change<R> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (row, diff) = serde::Deserialize::deserialize(deserializer)?;
        let row: super::DatumKey<R> = row;
        Ok(Change { row: row.0, diff })
    }
}
