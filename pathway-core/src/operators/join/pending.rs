//! The changes of an open commit on one side of a join, by key.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::data::{Change, Datum, DatumKey, bring_first, sort_by};
use crate::operators::state::{KeyedState, Slot};

/// Computes the key of a row.
pub(super) type Key<T, K> = Arc<dyn Fn(&T) -> K + Send + Sync>;

/// A change of what a join keeps of a row, with the key of the row.
pub(super) type Keyed<K, T> = (DatumKey<K>, Change<T>);

/// The changes of the open commit on one side.
///
/// The operator numbers the keys that the commit changes on either side.
pub(super) struct Pending<T, K> {
    changes: Vec<Link<T>>,
    /// The newest change of each dirty key, by the number of the key.
    newest: Vec<Option<u32>>,
    /// Buffers for looking keys up together; empty between calls.
    keys: Vec<K>,
    slots: Vec<(Slot, bool)>,
    /// The net changes of one key.
    net: Vec<(T, i64)>,
}

/// A change of a key, and the previous change of the same key.
struct Link<T> {
    change: Option<(T, i64)>,
    previous: Option<u32>,
}

impl<T: Datum, K: Datum> Pending<T, K> {
    pub(super) fn new() -> Self {
        Pending { changes: Vec::new(), newest: Vec::new(), keys: Vec::new(), slots: Vec::new(), net: Vec::new() }
    }

    /// Adds changes. A key that the open commit changes for the first time gets the next number, in `number` of its value.
    pub(super) fn apply<V: Default>(
        &mut self,
        items: &mut Vec<Keyed<K, T>>,
        keys: &mut KeyedState<K, V>,
        dirty_keys: &mut u32,
        number: impl Fn(&mut V) -> &mut u32,
    ) {
        let begin = self.changes.len();
        for (DatumKey(key), Change { row, diff }) in items.drain(..) {
            self.keys.push(key);
            self.changes.push(Link { change: Some((row, diff)), previous: None });
        }
        keys.entries(&mut self.keys, &mut self.slots);
        for ((place, link), (slot, first)) in (begin..).zip(&mut self.changes[begin..]).zip(self.slots.drain(..)) {
            let number = number(keys.value(slot));
            if first {
                *number = *dirty_keys;
                *dirty_keys += 1;
            }
            let at = *number as usize;
            if at >= self.newest.len() {
                self.newest.resize(at + 1, None);
            }
            link.previous = self.newest[at].replace(place as u32);
        }
    }

    /// Takes the net changes of the key with this number. They are in the order of their rows if that is wanted, or if a row is
    /// removed; rows that only arrive need no comparison.
    pub(super) fn take(&mut self, number: u32, in_order: bool) -> &mut Vec<(T, i64)> {
        let net = &mut self.net;
        net.clear();
        let mut next = self.newest.get_mut(number as usize).and_then(Option::take);
        while let Some(Link { change, previous }) = next.and_then(|at| self.changes.get_mut(at as usize)) {
            net.extend(change.take());
            next = *previous;
        }
        if net.len() > 1 && (in_order || net.iter().any(|(_, diff)| *diff < 0)) {
            sort_by(net, |(a, _), (b, _)| a.compare(b));
            net.dedup_by(|(row, diff), (first, sum)| {
                let same = row.compare(first) == Ordering::Equal;
                *sum += if same { *diff } else { 0 };
                same
            });
        }
        net.retain(|(_, diff)| *diff != 0);
        net
    }

    /// Ends the commit, all of whose changes were taken.
    pub(super) fn clear(&mut self) {
        // The most capacity that stays allocated after a large commit.
        const KEEP: usize = 64 << 10;
        self.changes.clear();
        self.changes.shrink_to(KEEP);
        self.newest.clear();
        self.newest.shrink_to(KEEP);
        self.net.clear();
        self.net.shrink_to(KEEP);
    }
}

/// Sorts removals before insertions, and returns the number of removals.
pub(super) fn removals_first<C>(changes: &mut Vec<C>, diff: impl Fn(&C) -> i64) -> usize {
    bring_first(changes, |change| diff(change) < 0);
    changes.partition_point(|change| diff(change) < 0)
}
