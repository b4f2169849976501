//! Several distinct values with the number of their copies.

use std::num::NonZeroI64;
use std::ops::Bound;

use smallvec::SmallVec;

use crate::data::{Datum, DatumKey};
use crate::operators::sorted_chunks::{self, SortedChunks, binary_search_by, partition_point};

/// Several distinct values. Few values are in a sorted array, where a lookup waits for memory once.
pub(super) enum Copies<A> {
    Few(SmallVec<[Entry<A>; INLINE]>),
    Many(SortedChunks<Entry<A>>),
}

/// A value, and the number of its copies.
pub(super) type Entry<A> = (DatumKey<A>, NonZeroI64);

/// How many values need no allocation besides the one for [`Copies`].
const INLINE: usize = 4;
/// How many values are in an array at most.
pub(super) const MAX_FEW: usize = 32;

impl<A> Default for Copies<A> {
    fn default() -> Self {
        Copies::Few(SmallVec::new())
    }
}

impl<A: Datum> Copies<A> {
    /// How many distinct values there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Copies::Few(few) => few.len(),
            Copies::Many(many) => many.len(),
        }
    }

    /// Returns the previous number of copies. A value with zero copies is removed.
    pub(super) fn update(&mut self, value: A, diff: NonZeroI64) -> i64 {
        let few = match self {
            Copies::Few(few) => few,
            Copies::Many(many) => return update_many(many, value, diff),
        };
        match binary_search_by(few, |(stored, _)| stored.0.compare(&value)) {
            Ok(at) => {
                let before = few[at].1;
                match sum(before, diff) {
                    Some(sum) => few[at].1 = sum,
                    None => drop(few.remove(at)),
                }
                before.get()
            }
            Err(at) => {
                few.insert(at, (DatumKey(value), diff));
                if few.len() > MAX_FEW {
                    *self = Copies::Many(SortedChunks::from_sorted(few.drain(..)));
                }
                0
            }
        }
    }

    pub(super) fn get(&self, value: &A) -> Option<NonZeroI64> {
        let entry = match self {
            Copies::Few(few) => {
                binary_search_by(few, |(stored, _)| stored.0.compare(value)).ok().and_then(|at| few.get(at))
            }
            Copies::Many(many) => {
                many.search(|(stored, _)| stored.0.compare(value)).ok().and_then(|place| many.get(place))
            }
        };
        entry.map(|(_, copies)| *copies)
    }

    /// The only value, if there is only one.
    pub(super) fn take_single(&mut self) -> Option<(A, NonZeroI64)> {
        let (value, copies) = match self {
            Copies::Few(few) if few.len() == 1 => few.pop()?,
            Copies::Many(many) if many.len() == 1 => many.remove(many.start())?,
            _ => return None,
        };
        Some((value.0, copies))
    }

    /// The values in a range, in order.
    pub(super) fn range<'a>(&'a self, range: (Bound<&DatumKey<A>>, Bound<&DatumKey<A>>)) -> Range<'a, A> {
        match self {
            Copies::Few(few) => {
                let start = partition_point(few, |(value, _)| is_below(&range.0, &value.0));
                let end = partition_point(few, |(value, _)| !is_above(&range.1, &value.0));
                Range::Few(few.get(start..end).unwrap_or_default().iter())
            }
            Copies::Many(many) => {
                let (low, high) = range;
                let start = match low {
                    Bound::Unbounded => many.start(),
                    low => many.partition_point(|(value, _)| is_below(&low, &value.0)),
                };
                let end = match high {
                    Bound::Unbounded => many.end(),
                    high => many.partition_point(|(value, _)| !is_above(&high, &value.0)),
                };
                Range::Many(many.range(start, end))
            }
        }
    }
}

/// Values in a range.
pub(in crate::operators) enum Range<'a, A> {
    Few(std::slice::Iter<'a, Entry<A>>),
    Many(sorted_chunks::Range<'a, Entry<A>>),
}

impl<'a, A> Iterator for Range<'a, A> {
    type Item = (&'a A, NonZeroI64);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = match self {
            Range::Few(few) => few.next(),
            Range::Many(many) => many.next(),
        };
        entry.map(|(value, copies)| (&value.0, *copies))
    }
}

impl<A> DoubleEndedIterator for Range<'_, A> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let entry = match self {
            Range::Few(few) => few.next_back(),
            Range::Many(many) => many.next_back(),
        };
        entry.map(|(value, copies)| (&value.0, *copies))
    }
}

/// Returns the previous number of copies. A value with zero copies is removed.
fn update_many<A: Datum>(many: &mut SortedChunks<Entry<A>>, value: A, diff: NonZeroI64) -> i64 {
    match many.search(|(stored, _)| stored.0.compare(&value)) {
        Err(place) => {
            many.insert(place, (DatumKey(value), diff));
            0
        }
        Ok(place) => {
            let Some((_, copies)) = many.get_mut(place) else { return 0 };
            let before = *copies;
            match sum(before, diff) {
                Some(sum) => *copies = sum,
                None => drop(many.remove(place)),
            }
            before.get()
        }
    }
}

/// Whether a value is below a lower bound.
pub(super) fn is_below<A: Datum>(low: &Bound<&DatumKey<A>>, value: &A) -> bool {
    match low {
        Bound::Unbounded => false,
        Bound::Included(low) => value.compare(&low.0).is_lt(),
        Bound::Excluded(low) => value.compare(&low.0).is_le(),
    }
}

/// Whether a value is above an upper bound.
pub(super) fn is_above<A: Datum>(high: &Bound<&DatumKey<A>>, value: &A) -> bool {
    match high {
        Bound::Unbounded => false,
        Bound::Included(high) => value.compare(&high.0).is_gt(),
        Bound::Excluded(high) => value.compare(&high.0).is_ge(),
    }
}

pub(super) fn sum(a: NonZeroI64, b: NonZeroI64) -> Option<NonZeroI64> {
    NonZeroI64::new(a.get().wrapping_add(b.get()))
}
