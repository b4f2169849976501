//! An ordered multiset that is small while it holds one distinct value.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::num::NonZeroI64;
use std::ops::Bound;

use crate::data::{Datum, Held};

/// Values with the number of their copies, in the order of [`Datum::compare`].
///
/// A number of copies may be negative for a while: within a commit a retraction can come before its insertion.
/// Values that compare as equal are copies of one value; the one that came first stands for all.
pub struct Multiset<A>(Form<A>);

/// Many groups hold one distinct value, if only because they hold one row. Those need no allocation:
/// with an `i64` the whole takes 16 bytes, as `Many` hides where the count would be zero.
enum Form<A> {
    One(A, NonZeroI64),
    Many(Option<Box<Copies<A>>>),
}

type Copies<A> = BTreeMap<Held<A>, NonZeroI64>;

impl<A> Default for Multiset<A> {
    fn default() -> Self {
        Multiset(Form::Many(None))
    }
}

impl<A: Datum> Multiset<A> {
    /// `diff` copies of a value come or go. Says how many there were.
    pub fn update(&mut self, value: A, diff: i64) -> i64 {
        let Some(diff) = NonZeroI64::new(diff) else { return self.copies(&value) };
        match &mut self.0 {
            Form::Many(None) => self.0 = Form::One(value, diff),
            Form::One(held, copies) if held.compare(&value) == Ordering::Equal => {
                let before = copies.get();
                match sum(*copies, diff) {
                    Some(sum) => *copies = sum,
                    None => self.0 = Form::Many(None),
                }
                return before;
            }
            Form::One(..) => self.spill(value, diff),
            Form::Many(Some(map)) => {
                let before = update_map(map, value, diff);
                if before == diff.get().wrapping_neg() && map.len() == 1 {
                    self.0 = map.pop_first().map_or(Form::Many(None), |(value, copies)| Form::One(value.0, copies));
                }
                return before;
            }
        }
        0
    }

    /// How many copies of a value there are.
    pub fn copies(&self, value: &A) -> i64 {
        match &self.0 {
            Form::One(held, copies) if held.compare(value) == Ordering::Equal => copies.get(),
            Form::One(..) | Form::Many(None) => 0,
            Form::Many(Some(map)) => map.get(&Held(value.duplicate())).map_or(0, |copies| copies.get()),
        }
    }

    /// Whether nothing is kept: no copy of any value, and none owed.
    pub fn is_empty(&self) -> bool {
        match &self.0 {
            Form::One(..) => false,
            Form::Many(map) => map.as_ref().is_none_or(|map| map.is_empty()),
        }
    }

    /// The least value that is there.
    pub fn first(&self) -> Option<&A> {
        match &self.0 {
            Form::One(value, copies) => copies.is_positive().then_some(value),
            Form::Many(map) => map.iter().flat_map(|map| map.iter()).find_map(present),
        }
    }

    /// The greatest value that is there.
    pub fn last(&self) -> Option<&A> {
        match &self.0 {
            Form::One(value, copies) => copies.is_positive().then_some(value),
            Form::Many(map) => map.iter().flat_map(|map| map.iter().rev()).find_map(present),
        }
    }

    /// The values that are there, from the least on, each with the number of its copies.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&A, i64)> {
        self.range((Bound::Unbounded, Bound::Unbounded))
    }

    /// The same for those in a range.
    pub(super) fn range(
        &self,
        range: (Bound<&Held<A>>, Bound<&Held<A>>),
    ) -> impl DoubleEndedIterator<Item = (&A, i64)> {
        let (one, many) = match &self.0 {
            Form::One(value, copies) => (Some((value, *copies)).filter(|(value, _)| is_in(range, value)), None),
            Form::Many(map) => (None, map.as_deref()),
        };
        let many = many.into_iter().flat_map(move |map| map.range::<Held<A>, _>(range));
        let many = many.map(|(value, copies)| (&value.0, *copies));
        one.into_iter()
            .chain(many)
            .filter(|(_, copies)| copies.is_positive())
            .map(|(value, copies)| (value, copies.get()))
    }

    /// Takes a second distinct value in.
    fn spill(&mut self, value: A, diff: NonZeroI64) {
        let mut map = Copies::from([(Held(value), diff)]);
        if let Form::One(value, copies) = std::mem::replace(&mut self.0, Form::Many(None)) {
            map.insert(Held(value), copies);
        }
        self.0 = Form::Many(Some(Box::new(map)));
    }
}

/// How many copies there were of the value. Those that cancel leave the map.
fn update_map<A: Datum>(map: &mut Copies<A>, value: A, diff: NonZeroI64) -> i64 {
    use std::collections::btree_map::Entry;
    match map.entry(Held(value)) {
        Entry::Vacant(entry) => {
            entry.insert(diff);
            0
        }
        Entry::Occupied(mut entry) => {
            let before = *entry.get();
            match sum(before, diff) {
                Some(sum) => drop(entry.insert(sum)),
                None => drop(entry.remove()),
            }
            before.get()
        }
    }
}

/// Whether a value lies between two bounds.
fn is_in<A: Datum>((low, high): (Bound<&Held<A>>, Bound<&Held<A>>), value: &A) -> bool {
    let above = match low {
        Bound::Unbounded => true,
        Bound::Included(low) => value.compare(&low.0).is_ge(),
        Bound::Excluded(low) => value.compare(&low.0).is_gt(),
    };
    above
        && match high {
            Bound::Unbounded => true,
            Bound::Included(high) => value.compare(&high.0).is_le(),
            Bound::Excluded(high) => value.compare(&high.0).is_lt(),
        }
}

fn present<'a, A>((value, copies): (&'a Held<A>, &NonZeroI64)) -> Option<&'a A> {
    copies.is_positive().then_some(&value.0)
}

fn sum(a: NonZeroI64, b: NonZeroI64) -> Option<NonZeroI64> {
    NonZeroI64::new(a.get().wrapping_add(b.get()))
}
