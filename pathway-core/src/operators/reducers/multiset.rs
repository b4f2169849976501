//! An ordered multiset that is small while it has few distinct values.

mod copies;
mod saved;

use std::cmp::Ordering;
use std::fmt;
use std::num::{NonZeroI64, NonZeroU8};
use std::ops::Bound;

use crate::data::{Datum, DatumKey};
use copies::{Copies, Entry, MAX_FEW, is_above, is_below, sum};

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
            Form::Many(_) => self.all().next().map(|(value, _)| value),
        }
    }

    /// The greatest value with a positive number of copies.
    pub fn last(&self) -> Option<&A> {
        match &self.0 {
            Form::One(value, copies) => copies.is_positive().then_some(value),
            Form::Many(_) => self.all().next_back().map(|(value, _)| value),
        }
    }

    /// The values with a positive number of copies, in ascending order, each with that number.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&A, i64)> {
        self.all()
    }

    /// Like [`iter`](Multiset::iter).
    pub(in crate::operators) fn all(&self) -> Range<'_, A> {
        self.range((Bound::Unbounded, Bound::Unbounded))
    }

    /// Like [`iter`](Multiset::iter), for the values in a range.
    pub(super) fn range(&self, range: (Bound<&DatumKey<A>>, Bound<&DatumKey<A>>)) -> Range<'_, A> {
        match &self.0 {
            Form::One(value, _) if is_below(&range.0, value) || is_above(&range.1, value) => Range::default(),
            Form::One(value, copies) => Range { one: Some((value, *copies)), ..Range::default() },
            Form::Many(Some(all)) => Range { many: Some(all.range(range)), ..Range::default() },
            Form::Many(None) => Range::default(),
        }
    }

    /// The values, in ascending order, each with the number of its copies.
    pub(in crate::operators) fn into_items(self) -> Vec<(A, i64)> {
        let mut items = Vec::new();
        match self.0 {
            Form::One(value, copies) => items.push((value, copies.get())),
            Form::Many(Some(all)) => match *all {
                Copies::Few(few) => few.into_iter().for_each(|(value, copies)| items.push((value.0, copies.get()))),
                Copies::Many(many) => {
                    many.into_items().into_iter().for_each(|(value, copies)| items.push((value.0, copies.get())));
                }
            },
            Form::Many(None) => {}
        }
        items
    }

    /// The greatest value below a value, and the least one above it, whether or not the value itself is there.
    pub(in crate::operators) fn neighbours(&self, value: &DatumKey<A>) -> (Option<&A>, Option<&A>) {
        let below = self.range((Bound::Unbounded, Bound::Excluded(value))).next_back();
        let above = self.range((Bound::Excluded(value), Bound::Unbounded)).next();
        (below.map(|(value, _)| value), above.map(|(value, _)| value))
    }

    /// Adds a second distinct value.
    fn spill(&mut self, value: A, diff: NonZeroI64) {
        let mut all = Copies::default();
        if let Form::One(stored, copies) = std::mem::replace(&mut self.0, Form::Many(None)) {
            all.update(stored, copies);
        }
        all.update(value, diff);
        self.0 = Form::Many(Some(Box::new(all)));
    }
}

/// The values in a range that have a positive number of copies, with that number.
///
/// Adapters of iterators would be ten times as much code, for each type of value.
pub(in crate::operators) struct Range<'a, A> {
    one: Option<(&'a A, NonZeroI64)>,
    many: Option<copies::Range<'a, A>>,
}

impl<A> Default for Range<'_, A> {
    fn default() -> Self {
        Range { one: None, many: None }
    }
}

impl<'a, A> Iterator for Range<'a, A> {
    type Item = (&'a A, i64);

    fn next(&mut self) -> Option<(&'a A, i64)> {
        loop {
            let (value, copies) = match self.one.take() {
                Some(one) => one,
                None => self.many.as_mut()?.next()?,
            };
            if copies.is_positive() {
                return Some((value, copies.get()));
            }
        }
    }
}

impl<A> DoubleEndedIterator for Range<'_, A> {
    fn next_back(&mut self) -> Option<Self::Item> {
        loop {
            let (value, copies) = match self.one.take() {
                Some(one) => one,
                None => self.many.as_mut()?.next_back()?,
            };
            if copies.is_positive() {
                return Some((value, copies.get()));
            }
        }
    }
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
