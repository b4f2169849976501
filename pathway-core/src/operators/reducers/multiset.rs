//! An ordered multiset that is small while it has few distinct values.

mod saved;

use std::cmp::Ordering;
use std::fmt;
use std::num::{NonZeroI64, NonZeroU8};
use std::ops::Bound;

use smallvec::SmallVec;

use crate::data::{Datum, DatumKey};
use crate::operators::sorted_chunks::{self, SortedChunks};

/// Values with the number of their copies, in the order of [`Datum::compare`].
///
/// The number of copies may be negative within a commit, when a removal comes before its insertion.
/// Values that compare as equal are copies of one value; the first one represents all of them.
pub struct Multiset<A>(Form<A>);

/// Many groups have one distinct value, often because they have one row. They need no allocation: a multiset of `i64` takes 16
/// bytes, because `Many` is encoded as the impossible count zero.
enum Form<A> {
    One(A, NonZeroI64),
    Many(Option<Box<Copies<A>>>),
}

/// Several distinct values. Few values are in a sorted array, where a lookup waits for memory once.
enum Copies<A> {
    Few(SmallVec<[Entry<A>; INLINE]>),
    Many(SortedChunks<Entry<A>>),
}

/// A value, and the number of its copies.
type Entry<A> = (DatumKey<A>, NonZeroI64);

/// How many values need no allocation besides the one for [`Copies`].
const INLINE: usize = 4;
/// How many values are in an array at most.
const MAX_FEW: usize = 32;

impl<A: Datum + fmt::Debug> fmt::Debug for Multiset<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<A> Default for Multiset<A> {
    fn default() -> Self {
        Multiset(Form::Many(None))
    }
}

impl<A: Datum> Multiset<A> {
    /// Adds `diff` copies of a value, or removes them. Returns the previous number of copies.
    pub fn update(&mut self, value: A, diff: i64) -> i64 {
        let Some(diff) = NonZeroI64::new(diff) else { return self.copies(&value) };
        match &mut self.0 {
            Form::Many(None) => self.0 = Form::One(value, diff),
            Form::One(stored, copies) if stored.compare(&value) == Ordering::Equal => {
                let before = copies.get();
                match sum(*copies, diff) {
                    Some(sum) => *copies = sum,
                    None => self.0 = Form::Many(None),
                }
                return before;
            }
            Form::One(..) => self.spill(value, diff),
            Form::Many(Some(all)) => {
                let before = all.update(value, diff);
                if before == diff.get().wrapping_neg()
                    && let Some((value, copies)) = all.take_single()
                {
                    self.0 = Form::One(value, copies);
                }
                return before;
            }
        }
        0
    }

    /// Keeps a value if it is below the one that is kept, which is all that there is: for the least of values that are never
    /// removed.
    #[inline]
    pub(super) fn keep_least(&mut self, value: A) {
        if self.first().is_none_or(|kept| value.compare(kept).is_lt()) {
            self.0 = Form::One(value, NonZeroI64::from(NonZeroU8::MIN));
        }
    }

    /// Keeps a value if it is above the one that is kept: for the greatest of values that are never removed.
    #[inline]
    pub(super) fn keep_greatest(&mut self, value: A) {
        if self.last().is_none_or(|kept| value.compare(kept).is_gt()) {
            self.0 = Form::One(value, NonZeroI64::from(NonZeroU8::MIN));
        }
    }

    /// How many copies of a value there are.
    pub fn copies(&self, value: &A) -> i64 {
        match &self.0 {
            Form::One(stored, copies) if stored.compare(value) == Ordering::Equal => copies.get(),
            Form::One(..) | Form::Many(None) => 0,
            Form::Many(Some(all)) => all.get(value).map_or(0, NonZeroI64::get),
        }
    }

    /// Whether every value has zero copies.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Form::One(..) => false,
            Form::Many(all) => all.is_none(),
        }
    }

    /// The least value with a positive number of copies.
    pub fn first(&self) -> Option<&A> {
        match &self.0 {
            Form::One(value, copies) => copies.is_positive().then_some(value),
            Form::Many(all) => {
                all.iter().flat_map(|all| all.range((Bound::Unbounded, Bound::Unbounded))).find_map(present)
            }
        }
    }

    /// The greatest value with a positive number of copies.
    pub fn last(&self) -> Option<&A> {
        match &self.0 {
            Form::One(value, copies) => copies.is_positive().then_some(value),
            Form::Many(all) => {
                all.iter().flat_map(|all| all.range((Bound::Unbounded, Bound::Unbounded)).rev()).find_map(present)
            }
        }
    }

    /// The values with a positive number of copies, in ascending order, each with that number.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&A, i64)> {
        self.range((Bound::Unbounded, Bound::Unbounded))
    }

    /// Like [`iter`](Multiset::iter), for the values in a range.
    pub(super) fn range(
        &self,
        range: (Bound<&DatumKey<A>>, Bound<&DatumKey<A>>),
    ) -> impl DoubleEndedIterator<Item = (&A, i64)> {
        let (one, many) = match &self.0 {
            Form::One(value, copies) => (
                Some((value, *copies)).filter(|(value, _)| !is_below(&range.0, value) && !is_above(&range.1, value)),
                None,
            ),
            Form::Many(all) => (None, all.as_deref()),
        };
        let many = many.into_iter().flat_map(move |all| all.range(range));
        one.into_iter()
            .chain(many)
            .filter(|(_, copies)| copies.is_positive())
            .map(|(value, copies)| (value, copies.get()))
    }

    /// The values, in ascending order, without the numbers of their copies.
    pub(in crate::operators) fn into_values(self) -> impl Iterator<Item = A> {
        let (one, many) = match self.0 {
            Form::One(value, _) => (Some(value), None),
            Form::Many(all) => (None, all),
        };
        let (few, many) = match many.map(|all| *all) {
            Some(Copies::Few(few)) => (Some(few), None),
            Some(Copies::Many(many)) => (None, Some(many)),
            None => (None, None),
        };
        let many = few.into_iter().flatten().chain(many.into_iter().flat_map(SortedChunks::into_items));
        one.into_iter().chain(many.map(|(DatumKey(value), _)| value))
    }

    /// The greatest value below a value, and the least one above it, whether or not the value itself is there.
    pub(in crate::operators) fn neighbours(&self, value: &DatumKey<A>) -> (Option<&A>, Option<&A>) {
        let below = self.range((Bound::Unbounded, Bound::Excluded(value))).next_back();
        let above = self.range((Bound::Excluded(value), Bound::Unbounded)).next();
        (below.map(|(value, _)| value), above.map(|(value, _)| value))
    }

    /// Adds a second distinct value.
    fn spill(&mut self, value: A, diff: NonZeroI64) {
        let mut few = SmallVec::new();
        if let Form::One(stored, copies) = std::mem::replace(&mut self.0, Form::Many(None)) {
            few.push((DatumKey(stored), copies));
        }
        let mut all = Copies::Few(few);
        all.update(value, diff);
        self.0 = Form::Many(Some(Box::new(all)));
    }
}

impl<A: Datum> Copies<A> {
    /// How many distinct values there are.
    fn len(&self) -> usize {
        match self {
            Copies::Few(few) => few.len(),
            Copies::Many(many) => many.len(),
        }
    }

    /// Returns the previous number of copies. A value with zero copies is removed.
    fn update(&mut self, value: A, diff: NonZeroI64) -> i64 {
        let few = match self {
            Copies::Few(few) => few,
            Copies::Many(many) => return update_many(many, value, diff),
        };
        match few.binary_search_by(|(stored, _)| stored.0.compare(&value)) {
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

    fn get(&self, value: &A) -> Option<NonZeroI64> {
        let entry = match self {
            Copies::Few(few) => {
                few.binary_search_by(|(stored, _)| stored.0.compare(value)).ok().and_then(|at| few.get(at))
            }
            Copies::Many(many) => {
                many.search(|(stored, _)| stored.0.compare(value)).ok().and_then(|place| many.get(place))
            }
        };
        entry.map(|(_, copies)| *copies)
    }

    /// The only value, if there is only one.
    fn take_single(&mut self) -> Option<(A, NonZeroI64)> {
        let (value, copies) = match self {
            Copies::Few(few) if few.len() == 1 => few.pop()?,
            Copies::Many(many) if many.len() == 1 => many.remove(many.start())?,
            _ => return None,
        };
        Some((value.0, copies))
    }

    /// The values in a range, in order.
    fn range<'a>(&'a self, range: (Bound<&DatumKey<A>>, Bound<&DatumKey<A>>)) -> Range<'a, A> {
        match self {
            Copies::Few(few) => {
                let start = few.partition_point(|(value, _)| is_below(&range.0, &value.0));
                let end = few.partition_point(|(value, _)| !is_above(&range.1, &value.0));
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
enum Range<'a, A> {
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
fn is_below<A: Datum>(low: &Bound<&DatumKey<A>>, value: &A) -> bool {
    match low {
        Bound::Unbounded => false,
        Bound::Included(low) => value.compare(&low.0).is_lt(),
        Bound::Excluded(low) => value.compare(&low.0).is_le(),
    }
}

/// Whether a value is above an upper bound.
fn is_above<A: Datum>(high: &Bound<&DatumKey<A>>, value: &A) -> bool {
    match high {
        Bound::Unbounded => false,
        Bound::Included(high) => value.compare(&high.0).is_gt(),
        Bound::Excluded(high) => value.compare(&high.0).is_ge(),
    }
}

fn present<A>((value, copies): (&A, NonZeroI64)) -> Option<&A> {
    copies.is_positive().then_some(value)
}

fn sum(a: NonZeroI64, b: NonZeroI64) -> Option<NonZeroI64> {
    NonZeroI64::new(a.get().wrapping_add(b.get()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn few_values_take_little_memory() {
        assert!(size_of::<Multiset<i64>>() == 16 && size_of::<Copies<i64>>() <= 88, "{}", size_of::<Copies<i64>>());
    }

    /// Goes through all forms and back: few values, many, one, none.
    #[test]
    fn it_agrees_with_a_map() {
        let mut random = 7_u64;
        let mut next = |limit: i64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) as i64 % limit
        };
        let (mut values, mut model) = (Multiset::<i64>::default(), BTreeMap::<i64, i64>::new());
        let mut largest = 0;
        for round in 0..60_000 {
            let many = (round / 1000) % 2 == 0;
            let limit = [3, 6, 100][(round / 2000) as usize % 3];
            let value = next(limit);
            let there = model.get(&value).copied().unwrap_or(0);
            let diff = if many || there == 0 { next(4) - 1 } else { -there };
            assert_eq!(values.update(value, diff), there, "round {round}");
            match there + diff {
                0 => drop(model.remove(&value)),
                copies => drop(model.insert(value, copies)),
            }
            largest = largest.max(model.len());
            let present: Vec<(i64, i64)> = model.iter().map(|(v, n)| (*v, *n)).filter(|(_, n)| *n > 0).collect();
            assert_eq!(values.iter().map(|(v, n)| (*v, n)).collect::<Vec<_>>(), present);
            assert_eq!(values.first(), present.first().map(|(v, _)| v));
            assert_eq!(values.last(), present.last().map(|(v, _)| v));
            assert_eq!((values.is_empty(), values.copies(&3)), (model.is_empty(), model.get(&3).copied().unwrap_or(0)));
            let (low, high) = (DatumKey(next(limit)), DatumKey(next(limit)));
            if low.0 < high.0 {
                let inside = present.iter().filter(|(v, _)| low.0 < *v && *v <= high.0).map(|(v, _)| *v);
                let found = values.range((Bound::Excluded(&low), Bound::Included(&high))).rev().map(|(v, _)| *v);
                assert!(found.eq(inside.rev()), "round {round}");
            }
            let beside = values.neighbours(&low);
            let below = present.iter().rev().map(|(v, _)| v).find(|v| **v < low.0);
            assert_eq!(beside, (below, present.iter().map(|(v, _)| v).find(|v| **v > low.0)), "round {round}");
            if next(50) == 0 {
                for (value, copies) in std::mem::take(&mut model) {
                    values.update(value, -copies);
                }
            }
        }
        assert!(largest > MAX_FEW, "{largest}");
    }
}
