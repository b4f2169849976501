//! The rows of each key in the order of their arrival, where rows can go.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Key, arrive, emit_change};
use crate::data::{Change, Datum, Held, Schema};
use crate::flow::PerCommit;
use crate::plan::Order;
use crate::table::keyed::Keyed;

/// Which row of a key stands.
#[derive(Clone, Copy)]
pub(super) enum End {
    First,
    Last,
}

/// Keeps every row, by key and by arrival.
pub(super) struct InOrder<R, K> {
    key: Key<R, K>,
    order: Order,
    end: End,
    keys: Keyed<K, Arrivals<R>>,
    /// The open commit's changes.
    waiting: Vec<Change<R>>,
    /// How many rows have arrived.
    arrived: u64,
}

/// The rows of a key.
struct Arrivals<R> {
    by_number: BTreeMap<u64, Rc<Held<R>>>,
    by_row: BTreeMap<Rc<Held<R>>, Copies>,
    /// What stood before the open commit.
    before: Option<Rc<Held<R>>>,
}

#[derive(Default)]
struct Copies {
    /// When each copy arrived, in that order.
    numbers: Vec<u64>,
    /// How many went that have not come.
    owed: i64,
}

impl<R> Default for Arrivals<R> {
    fn default() -> Self {
        Arrivals { by_number: BTreeMap::new(), by_row: BTreeMap::new(), before: None }
    }
}

impl<R: Datum> Arrivals<R> {
    /// A copy of a row arrives, or pays for one that went before it came.
    fn comes(&mut self, row: R, number: u64) {
        let row = Rc::new(Held(row));
        let copies = self.by_row.entry(Rc::clone(&row)).or_default();
        if copies.owed > 0 {
            copies.owed -= 1;
            self.forget_if_none(&row);
        } else {
            copies.numbers.push(number);
            self.by_number.insert(number, row);
        }
    }

    /// The copy of a row that arrived last goes.
    fn goes(&mut self, row: R) {
        let row = Rc::new(Held(row));
        let copies = self.by_row.entry(Rc::clone(&row)).or_default();
        match copies.numbers.pop() {
            Some(number) => drop(self.by_number.remove(&number)),
            None => copies.owed += 1,
        }
        self.forget_if_none(&row);
    }

    fn forget_if_none(&mut self, row: &Rc<Held<R>>) {
        if self.by_row.get(row).is_some_and(|copies| copies.numbers.is_empty() && copies.owed == 0) {
            self.by_row.remove(row);
        }
    }

    fn standing(&self, end: End) -> Option<&Rc<Held<R>>> {
        let entry = match end {
            End::First => self.by_number.first_key_value(),
            End::Last => self.by_number.last_key_value(),
        };
        entry.map(|(_, row)| row)
    }
}

impl<R: Datum, K: Datum> InOrder<R, K> {
    pub(super) fn new(key: Key<R, K>, order: Order, end: End) -> Self {
        InOrder { key, order, end, keys: Keyed::new(), waiting: Vec::new(), arrived: 0 }
    }

    fn take_in(&mut self, Change { row, diff }: Change<R>) {
        let (slot, _) = self.keys.touch((self.key)(&row));
        let arrivals = self.keys.value(slot);
        for _ in 0..diff {
            self.arrived += 1;
            arrivals.comes(row.duplicate(), self.arrived);
        }
        for _ in diff..0 {
            arrivals.goes(row.duplicate());
        }
    }
}

impl<R: Schema, K: Datum> PerCommit<Change<R>, R> for InOrder<R, K> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        self.waiting.append(changes);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let mut waiting = std::mem::take(&mut self.waiting);
        arrive(&mut waiting, self.order);
        waiting.into_iter().for_each(|change| self.take_in(change));
        let end = self.end;
        self.keys.seal(|_, arrivals| {
            let now = arrivals.standing(end).map(Rc::clone);
            let before = std::mem::replace(&mut arrivals.before, now.clone());
            emit_change(before.map(|row| row.0.duplicate()), now.as_ref().map(|row| &row.0), emit);
            !arrivals.by_row.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_went_leaves_nothing() {
        let mut arrivals = Arrivals::<i64>::default();
        for (number, row) in [7, 8, 7, 9].into_iter().enumerate() {
            arrivals.comes(row, number as u64);
        }
        let standing = |arrivals: &Arrivals<i64>, end| arrivals.standing(end).map(|row| row.0);
        arrivals.goes(9);
        assert_eq!((standing(&arrivals, End::First), standing(&arrivals, End::Last)), (Some(7), Some(7)));
        // The copy that arrived last goes, so that the first one is still in front.
        arrivals.goes(7);
        assert_eq!((standing(&arrivals, End::First), standing(&arrivals, End::Last)), (Some(7), Some(8)));
        // One that goes before it comes never stands.
        arrivals.goes(5);
        arrivals.comes(5, 10);
        assert_eq!(standing(&arrivals, End::Last), Some(8));
        arrivals.goes(7);
        arrivals.goes(8);
        assert!(arrivals.by_row.is_empty() && arrivals.by_number.is_empty());
    }
}
