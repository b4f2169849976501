//! The changes of the open commit, as sessions apply them: those of a key together, and equal rows as one.

use std::vec::Drain;

use crate::data::{Datum, sort_by};
use crate::operators::state::Slot;

/// A change of the open commit.
pub(super) struct Pending<A> {
    /// The slot of the key.
    pub(super) slot: Slot,
    pub(super) time: i128,
    /// The arguments of the reducers.
    pub(super) argument: A,
    pub(super) diff: i64,
}

/// The most capacity that stays allocated after a large commit.
const KEEP: usize = 1 << 10;

/// The changes of a commit that moves event time as a whole. They are sorted, so they have nothing that is the same for all of
/// them.
pub(super) struct CommitChanges<A>(Vec<Pending<A>>);

impl<A: Datum> CommitChanges<A> {
    pub(super) fn new() -> Self {
        CommitChanges(Vec::new())
    }

    pub(super) fn push(&mut self, change: Pending<A>) {
        self.0.push(change);
    }

    /// Applies the net changes: insertions before removals, so that no row is removed before it is inserted.
    pub(super) fn apply(&mut self, mut apply: impl FnMut(Pending<A>)) {
        let CommitChanges(changes) = self;
        let order = |a: &Pending<A>, b: &Pending<A>| {
            (a.slot, a.time).cmp(&(b.slot, b.time)).then_with(|| a.argument.compare(&b.argument))
        };
        sort_by(changes, order);
        changes.dedup_by(|later, first| {
            let same = order(later, first).is_eq();
            first.diff += if same { later.diff } else { 0 };
            same
        });
        changes.extract_if(.., |change| change.diff > 0).for_each(&mut apply);
        changes.drain(..).filter(|change| change.diff < 0).for_each(apply);
        changes.shrink_to(KEEP);
    }
}

/// The changes of a commit each of which moves event time, with event time before each.
pub(super) struct RowChanges<A>(Vec<(Pending<A>, Option<i128>)>);

impl<A: Datum> RowChanges<A> {
    pub(super) fn new() -> Self {
        RowChanges(Vec::new())
    }

    /// Adds a change. `is_open` says that a session that ends with this row would not be closed at this event time.
    pub(super) fn push(&mut self, change: Pending<A>, now: Option<i128>, is_open: bool) {
        if !is_open || change.diff <= 0 || !self.is_added_to_equal(&change) {
            self.0.push((change, now));
        }
    }

    /// Adds a row to an equal one that has arrived shortly before it, if there is one. The result is the same: the earlier row was
    /// not late either, its session is still open, and the later one changes nothing but how many rows that session has.
    fn is_added_to_equal(&mut self, row: &Pending<A>) -> bool {
        // Rows of few keys repeat soon, those of many keys do not.
        const NEAR: usize = 4;
        let begin = self.0.len().saturating_sub(NEAR);
        // All of them are looked at, because which one is equal is hard to predict.
        let mut equal = None;
        for (earlier, _) in &mut self.0[begin..] {
            let (is_of_key, is_at_time) = (earlier.slot == row.slot, earlier.time == row.time);
            // A removal between the two may split the session.
            equal = if is_of_key & (is_at_time | (earlier.diff <= 0)) { Some(earlier) } else { equal };
        }
        let is_equal = |earlier: &&mut Pending<A>| earlier.diff > 0 && earlier.argument.compare(&row.argument).is_eq();
        let Some(equal) = equal.filter(is_equal) else { return false };
        let Some(copies) = equal.diff.checked_add(row.diff) else { return false };
        equal.diff = copies;
        true
    }

    /// The slot of the key of the last change.
    pub(super) fn last_slot(&self) -> Option<Slot> {
        self.0.last().map(|(change, _)| change.slot)
    }

    /// By key, because that is the order of memory; the changes of a key stay in their order.
    pub(super) fn drain_by_key(&mut self) -> Drain<'_, (Pending<A>, Option<i128>)> {
        sort_by(&mut self.0, |(a, _), (b, _)| a.slot.cmp(&b.slot));
        self.0.drain(..)
    }

    /// The changes are applied.
    pub(super) fn shrink(&mut self) {
        self.0.shrink_to(KEEP);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::state::KeyedState;

    /// Each change has its key, its time and its diff.
    fn applied(changes: &[(usize, i128, i64)], is_open: impl Fn(i128) -> bool) -> Vec<(i128, i64)> {
        let mut keys = KeyedState::<i64, ()>::new();
        let slots: Vec<_> = (0..2).map(|key| keys.entry(key).0).collect();
        let mut all = RowChanges::new();
        for (key, time, diff) in changes.iter().copied() {
            all.push(Pending { slot: slots[key], time, argument: (), diff }, None, is_open(time));
        }
        all.drain_by_key().map(|(change, _)| (change.time, change.diff)).collect()
    }

    #[test]
    fn equal_rows_become_one() {
        let rows = [(0, 5, 1), (0, 6, 1), (1, 5, 1), (0, 5, 2), (0, 6, 1)];
        assert_eq!(applied(&rows, |_| true), [(5, 3), (6, 2), (5, 1)]);
        assert_eq!(applied(&[(0, 5, i64::MAX), (0, 5, 1)], |_| true), [(5, i64::MAX), (5, 1)]);
    }

    #[test]
    fn rows_whose_session_may_be_closed_stay_apart() {
        assert_eq!(applied(&[(0, 5, 1), (0, 6, 1), (0, 5, 1), (0, 6, 1)], |time| time > 5), [(5, 1), (6, 2), (5, 1)]);
    }

    #[test]
    fn rows_stay_apart_if_one_is_removed_between_them() {
        assert_eq!(applied(&[(0, 5, 1), (0, 5, -1), (0, 5, 1)], |_| true), [(5, 1), (5, -1), (5, 1)]);
        // The removal of a row of another key does not matter.
        assert_eq!(applied(&[(0, 5, 1), (1, 5, -1), (0, 5, 1)], |_| true), [(5, 2), (5, -1)]);
    }
}
