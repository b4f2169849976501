//! Values by rank: the 95th of a hundred.

use std::fmt;
use std::ops::Bound;

use serde::{Deserialize, Serialize};

use super::multiset::Multiset;
use crate::data::{Datum, DatumKey};

/// An ordered multiset that finds the value of a rank close to the previous one.
///
/// The rank of a quantile moves by less than one for each value that is inserted or removed. Therefore a cursor is sufficient: a
/// change costs a lookup in a B-tree and a step of the cursor. A tree that stores the number of values below each node would find
/// any rank immediately, but needs half as much memory again.
#[derive(Serialize, Deserialize)]
#[serde(bound = "A: Datum")]
pub struct Ranks<A> {
    values: Multiset<A>,
    /// The number of values, counting copies.
    present: i64,
    /// Where the last search ended: a value, which may have been removed, and the number of values below it.
    cursor: Option<DatumKey<A>>,
    below: i64,
}

impl<A: Datum + fmt::Debug> fmt::Debug for Ranks<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ranks").field("values", &self.values).finish_non_exhaustive()
    }
}

impl<A> Default for Ranks<A> {
    fn default() -> Self {
        Ranks { values: Multiset::default(), present: 0, cursor: None, below: 0 }
    }
}

impl<A: Datum> Ranks<A> {
    /// Adds `diff` copies of a value, or removes them.
    pub fn update(&mut self, value: A, diff: i64) {
        let is_below = self.cursor.as_ref().is_some_and(|cursor| value.compare(&cursor.0).is_lt());
        let before = self.values.update(value, diff);
        let change = before.wrapping_add(diff).max(0).wrapping_sub(before.max(0));
        self.present = self.present.wrapping_add(change);
        if is_below {
            self.below = self.below.wrapping_add(change);
        }
        if self.values.is_empty() {
            *self = Ranks::default();
        }
    }

    /// The number of values, counting copies.
    pub fn present(&self) -> i64 {
        self.present
    }

    /// The number of missing values (`None`), which are below all others.
    pub(super) fn missing(&self) -> i64 {
        self.values.iter().next().filter(|(least, _)| least.is_missing()).map_or(0, |(_, copies)| copies)
    }

    /// The value of a rank, counted from 0 at the least value.
    pub fn at(&self, rank: i64) -> Option<&A> {
        self.seek(rank).map(|(value, _)| value)
    }

    /// Moves the cursor to a rank, so that the next search starts there.
    pub(super) fn move_cursor(&mut self, rank: i64) {
        let found = self.seek(rank).map(|(value, below)| {
            let stays = self.cursor.as_ref().is_some_and(|cursor| cursor.0.compare(value).is_eq());
            (if stays { None } else { Some(value.clone_datum()) }, below)
        });
        if let Some((moved, below)) = found {
            self.below = below;
            if let Some(value) = moved {
                self.cursor = Some(DatumKey(value));
            }
        }
    }

    /// The value of a rank, and the number of values below it.
    fn seek(&self, rank: i64) -> Option<(&A, i64)> {
        let mut below = self.below;
        if rank >= below {
            let from = self.cursor.as_ref().map_or(Bound::Unbounded, Bound::Included);
            for (value, copies) in self.values.range((from, Bound::Unbounded)) {
                if rank < below + copies {
                    return Some((value, below));
                }
                below += copies;
            }
        } else {
            let until = self.cursor.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
            for (value, copies) in self.values.range((Bound::Unbounded, until)).rev() {
                below -= copies;
                if rank >= below {
                    return Some((value, below));
                }
            }
        }
        None
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.values.is_empty() && self.present == 0 && self.below == 0 && self.cursor.is_none()
    }
}
