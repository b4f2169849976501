//! A change of a table: one row, and how many copies of it came or went.

use std::cmp::Ordering;
use std::fmt;

use super::Datum;

/// The ordinal number of a commit within one run of a pipeline: 0, 1, 2, …
///
/// All changes of one commit take effect at once.
/// It is the timestamp of the dataflow; the `time` of a message on the wire is
/// the moment at which the commit was sealed (unix milliseconds).
pub type Commit = u64;

/// One row that was inserted into a table (`diff` > 0) or removed from it (`diff` < 0).
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
    /// How many copies of the row came (positive) or went (negative).
    pub diff: i64,
}

impl<R> Change<R> {
    /// One copy of `row` comes.
    pub fn insert(row: R) -> Self {
        Change { row, diff: 1 }
    }

    /// One copy of `row` goes. It must have come, in the same commit or before.
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

/// Changes cross threads and processes in timely's exchange, which asks for serde.
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
