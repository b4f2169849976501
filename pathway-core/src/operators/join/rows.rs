//! The rows of one side of a join with the same key.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::ranges::Range;
use crate::data::{Datum, DatumRef, sort_by};
use crate::operators::reducers::multiset::{self, Multiset};

/// Rows with the number of their copies, in no order.
///
/// Most tables that are joined grow, and a join only goes through the rows of a key. So rows that arrive are appended to a list,
/// which costs neither comparisons nor moves, and leaves little memory unused. Rows are counted in a multiset when one is removed
/// from a long list, when several copies of one come at once, or when many of the list are the same: a join keeps only some columns of its rows, in which they may be equal.
/// A join whose condition is a range puts many rows of a key into an index.
pub(super) struct Rows<T>(Form<T>);

enum Form<T> {
    None,
    One(T),
    /// Each copy by itself.
    List(Vec<T>),
    Counted(Box<Counted<T>>),
    /// Behind a pointer, so that joins without an index are not compiled with one.
    Indexed(Box<dyn Index<T> + Send>),
}

/// Rows that are found by their ranges.
pub(super) trait Index<T> {
    fn update(&mut self, row: T, diff: i64);

    /// How many rows there are, counting copies.
    fn count(&self) -> i64;

    /// Whether every row has zero copies.
    fn is_empty(&self) -> bool;

    /// How many copies of a row there are.
    fn copies(&self, row: &T) -> i64;

    /// The rows whose ranges overlap with this one, and some others.
    fn near(&self, range: Range) -> Box<dyn Iterator<Item = (&T, i64)> + '_>;
}

struct Counted<T> {
    rows: Multiset<T>,
    /// How many rows there are, counting copies. It may be negative within a commit, when a removal comes before its insertion.
    count: i64,
}

/// Up to so many rows of a list are searched for one that is removed.
const MOST_SEARCHED: usize = 16;

impl<T> Default for Rows<T> {
    fn default() -> Self {
        Rows(Form::None)
    }
}

impl<T: Datum> Rows<T> {
    /// Adds copies of a row, or removes them.
    pub(super) fn update(&mut self, row: T, diff: i64) {
        match (&mut self.0, diff) {
            (_, 0) => {}
            (Form::None, 1) => self.0 = Form::One(row),
            (Form::One(kept), -1) if kept.compare(&row).is_eq() => self.0 = Form::None,
            (Form::One(_), 1) => {
                if let Form::One(kept) = std::mem::replace(&mut self.0, Form::None) {
                    self.0 = Form::List(vec![kept, row]);
                }
            }
            (Form::List(list), 1) => match is_worth_counting(list) {
                true => self.counted().update(row, 1),
                false => push(list, row),
            },
            (Form::List(list), -1) if list.len() <= MOST_SEARCHED => {
                match list.iter().position(|one| one.compare(&row).is_eq()) {
                    Some(place) => self.remove_from_list(place),
                    None => self.counted().update(row, -1),
                }
            }
            (Form::Indexed(index), _) => {
                index.update(row, diff);
                if index.is_empty() {
                    self.0 = Form::None;
                }
            }
            _ => {
                let counted = self.counted();
                counted.update(row, diff);
                if counted.count == 0 && counted.rows.is_empty() {
                    self.0 = Form::None;
                }
            }
        }
    }

    /// How many rows there are, counting copies.
    pub(super) fn count(&self) -> i64 {
        match &self.0 {
            Form::None => 0,
            Form::One(_) => 1,
            Form::List(list) => list.len() as i64,
            Form::Counted(counted) => counted.count,
            Form::Indexed(index) => index.count(),
        }
    }

    /// Whether every row has zero copies.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self.0, Form::None)
    }

    /// The rows, each with a number of copies. The same row may come more than once.
    pub(super) fn iter(&self) -> Iter<'_, T> {
        self.near(Range::ALL)
    }

    /// The rows whose ranges overlap with this one, and others: all of them if there is no index.
    pub(super) fn near(&self, range: Range) -> Iter<'_, T> {
        match &self.0 {
            Form::None => Iter::Listed([].iter()),
            Form::One(row) => Iter::Listed(std::slice::from_ref(row).iter()),
            Form::List(list) => Iter::Listed(list.iter()),
            Form::Counted(counted) => Iter::Counted(counted.rows.all()),
            Form::Indexed(index) => Iter::Indexed(index.near(range)),
        }
    }

    /// Puts the rows into an index, which they are in from now on.
    pub(super) fn index_with(&mut self, index: impl FnOnce() -> Box<dyn Index<T> + Send>) {
        if matches!(self.0, Form::Indexed(_)) {
            return;
        }
        let mut index = index();
        match std::mem::replace(&mut self.0, Form::None) {
            Form::None | Form::Indexed(_) => return,
            Form::One(row) => index.update(row, 1),
            Form::List(list) => list.into_iter().for_each(|row| index.update(row, 1)),
            Form::Counted(counted) => {
                counted.rows.into_items().into_iter().for_each(|(row, copies)| index.update(row, copies))
            }
        }
        self.0 = Form::Indexed(index);
    }

    /// How many copies of a row there are.
    pub(super) fn copies(&self, row: &T) -> i64 {
        match &self.0 {
            Form::Counted(counted) => counted.rows.copies(row),
            Form::Indexed(index) => index.copies(row),
            _ => self.iter().filter(|(one, _)| one.compare(row).is_eq()).map(|(_, copies)| copies).sum(),
        }
    }

    /// The rows as a multiset, which they are from now on.
    fn counted(&mut self) -> &mut Counted<T> {
        if !matches!(self.0, Form::Counted(_)) {
            let mut counted = Box::new(Counted { rows: Multiset::default(), count: 0 });
            match std::mem::replace(&mut self.0, Form::None) {
                Form::One(row) => counted.update(row, 1),
                Form::List(list) => list.into_iter().for_each(|row| counted.update(row, 1)),
                Form::None | Form::Counted(_) | Form::Indexed(_) => {}
            }
            self.0 = Form::Counted(counted);
        }
        match &mut self.0 {
            Form::Counted(counted) => counted,
            _ => unreachable!("the rows are a multiset now"),
        }
    }

    fn remove_from_list(&mut self, place: usize) {
        let Form::List(list) = &mut self.0 else { return };
        list.swap_remove(place);
        if list.len() <= list.capacity() / 4 {
            list.shrink_to(list.len() * 2);
        }
        if list.len() == 1
            && let Some(row) = list.pop()
        {
            self.0 = Form::One(row);
        }
    }
}

/// Rows, each with a number of copies.
pub(super) enum Iter<'a, T> {
    Listed(std::slice::Iter<'a, T>),
    Counted(multiset::Range<'a, T>),
    Indexed(Box<dyn Iterator<Item = (&'a T, i64)> + 'a>),
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = (&'a T, i64);

    fn next(&mut self) -> Option<(&'a T, i64)> {
        match self {
            Iter::Listed(rows) => rows.next().map(|row| (row, 1)),
            Iter::Counted(rows) => rows.next(),
            Iter::Indexed(rows) => rows.next(),
        }
    }
}

impl<T: Datum> Counted<T> {
    fn update(&mut self, row: T, diff: i64) {
        self.rows.update(row, diff);
        self.count += diff;
    }
}

/// Appends a row. A list has less spare room than one of the standard library.
fn push<T>(list: &mut Vec<T>, row: T) {
    if list.len() == list.capacity() {
        list.reserve_exact((list.len() / 2).max(1));
    }
    list.push(row);
}

/// Whether many rows of a list are the same. It is looked at when the list has 32 rows, 1 024, 32 768 and so on.
fn is_worth_counting<T: Datum>(list: &[T]) -> bool {
    const STEPS: u32 = 5;
    if !list.len().is_power_of_two() || list.len() == 1 || !list.len().trailing_zeros().is_multiple_of(STEPS) {
        return false;
    }
    let mut rows: Vec<&T> = list.iter().collect();
    sort_by(&mut rows, |one, other| one.compare(other));
    let repeated = rows.windows(2).filter(|pair| pair[0].compare(pair[1]).is_eq()).count();
    repeated > list.len() / 4
}

/// As a multiset and the number of rows, whatever form they have.
impl<T: Datum> Serialize for Rows<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Counted(counted) => (&counted.rows, counted.count).serialize(serializer),
            Form::None => (Listed::<T>(&[]), 0_i64).serialize(serializer),
            Form::One(row) => (Listed(std::slice::from_ref(row)), 1_i64).serialize(serializer),
            Form::List(list) => (Listed(list), list.len() as i64).serialize(serializer),
            Form::Indexed(index) => (Copies(self), index.count()).serialize(serializer),
        }
    }
}

/// Saved as a multiset of these rows.
struct Listed<'a, T>(&'a [T]);

impl<T: Datum> Serialize for Listed<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|row| (DatumRef(row), 1_i64)))
    }
}

/// Saved as a multiset of the rows.
struct Copies<'a, T>(&'a Rows<T>);

impl<T: Datum> Serialize for Copies<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let rows: Vec<_> = self.0.iter().map(|(row, copies)| (DatumRef(row), copies)).collect();
        serializer.collect_seq(rows)
    }
}

impl<'de, T: Datum> Deserialize<'de> for Rows<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (rows, count) = <(Multiset<T>, i64)>::deserialize(deserializer)?;
        if rows.iter().any(|(_, copies)| copies != 1) {
            return Ok(Rows(Form::Counted(Box::new(Counted { rows, count }))));
        }
        let mut list: Vec<T> = rows.into_items().into_iter().map(|(row, _)| row).collect();
        Ok(Rows(match list.len() {
            0 => Form::None,
            1 => list.pop().map_or(Form::None, Form::One),
            _ => Form::List(list),
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn sums(rows: &Rows<i64>) -> BTreeMap<i64, i64> {
        let mut sums = BTreeMap::new();
        rows.iter().for_each(|(row, copies)| *sums.entry(*row).or_default() += copies);
        sums
    }

    fn form(rows: &Rows<i64>) -> &'static str {
        match &rows.0 {
            Form::None => "none",
            Form::One(_) => "one",
            Form::List(_) => "list",
            Form::Counted(_) => "counted",
            Form::Indexed(_) => "indexed",
        }
    }

    #[test]
    fn it_agrees_with_a_map() {
        let mut forms = BTreeMap::<_, usize>::new();
        for seed in 0..300 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut rows, mut model) = (Rows::default(), BTreeMap::<i64, i64>::new());
            let values = [2, 10, 1_000_000][seed as usize % 3];
            for step in 0..300 {
                let removes = model.keys().next().is_some() && random.u32(..10) < (step / 100) * 3;
                let (row, diff) = match removes {
                    true => model.iter().nth(random.usize(..model.len())).map_or((0, 1), |(row, _)| (*row, -1)),
                    false => (random.i64(..values), if random.u32(..200) == 0 { random.i64(-1..3) } else { 1 }),
                };
                // Within a commit, a removal may come before its insertion.
                let before_its_insertion = diff < 0 && !model.contains_key(&row);
                rows.update(row, diff);
                *model.entry(row).or_default() += diff;
                if before_its_insertion {
                    rows.update(row, -diff);
                    *model.entry(row).or_default() -= diff;
                }
                model.retain(|_, copies| *copies != 0);
                *forms.entry(form(&rows)).or_default() += 1;
                assert_eq!(sums(&rows), model, "seed {seed}, step {step}");
                assert_eq!(rows.count(), model.values().sum::<i64>());
                assert_eq!(rows.is_empty(), model.is_empty());
                assert_eq!(rows.copies(&row), model.get(&row).copied().unwrap_or(0));
            }
            let bytes = postcard::to_stdvec(&rows).expect("bytes");
            let loaded: Rows<i64> = postcard::from_bytes(&bytes).expect("rows");
            assert_eq!((sums(&loaded), loaded.count()), (model, rows.count()), "seed {seed}");
        }
        assert_eq!(forms.len(), 4, "{forms:?}");
    }

    #[test]
    fn rows_that_are_the_same_are_counted() {
        let mut rows = Rows::default();
        for row in 0..10_000 {
            rows.update(row % 20, 1);
        }
        assert_eq!((form(&rows), rows.iter().count(), rows.count()), ("counted", 20, 10_000));
        let mut rows = Rows::default();
        for row in 0..10_000 {
            rows.update(row % 9_000, 1);
        }
        assert_eq!((form(&rows), rows.iter().count()), ("list", 10_000));
        rows.update(5, -1);
        assert_eq!((form(&rows), rows.iter().count(), rows.copies(&5)), ("counted", 9_000, 1));
    }

    #[test]
    fn sizes() {
        assert_eq!((size_of::<Rows<i64>>(), size_of::<Rows<(i64, String)>>()), (24, 40));
        // In an index, with the start of its range.
        assert_eq!(size_of::<(i128, Rows<i64>)>(), 8 + 40);
    }
}
