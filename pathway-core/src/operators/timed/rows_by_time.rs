//! The rows that a policy keeps until event time has passed them.

use std::collections::BTreeSet;

use crate::data::Schema;
use crate::dataflow::SavedState;
use crate::operators::state::{KeyedState, Slot};

/// Rows with their numbers of copies, in the order of their times.
pub(super) struct RowsByTime<R> {
    /// The number of copies of each row. Within a commit it may be negative, when a removal comes before its insertion.
    rows: KeyedState<R, i64>,
    /// The times of the rows that have copies.
    times: BTreeSet<(i128, Slot)>,
    /// A buffer; empty between calls.
    passed: Vec<(R, i64)>,
}

impl<R: Schema> RowsByTime<R> {
    pub(super) fn new() -> Self {
        RowsByTime { rows: KeyedState::new(), times: BTreeSet::new(), passed: Vec::new() }
    }

    /// Inserts copies of a row of this time, or removes them if `diff` is negative.
    pub(super) fn update(&mut self, time: i128, row: R, diff: i64) {
        let (slot, _) = self.rows.entry(row);
        let copies = self.rows.value(slot);
        let before = std::mem::replace(copies, *copies + diff);
        if before == 0 && *copies != 0 {
            self.times.insert((time, slot));
        } else if before != 0 && *copies == 0 {
            self.times.remove(&(time, slot));
        }
    }

    /// Removes the rows whose times have passed, and passes them to `take` with their numbers of copies: by time, and rows of one
    /// time in their order.
    pub(super) fn take_while(&mut self, has_passed: impl Fn(i128) -> bool, mut take: impl FnMut(R, i64)) {
        while let Some((time, _)) = self.times.first().copied().filter(|(time, _)| has_passed(*time)) {
            while let Some((_, slot)) = self.times.first().copied().filter(|(first, _)| *first == time) {
                self.times.pop_first();
                self.passed.extend(self.rows.remove_if(slot, |_| true));
            }
            self.passed.sort_by(|(a, _), (b, _)| a.compare(b));
            self.passed.drain(..).for_each(|(row, copies)| take(row, copies));
        }
        // The most capacity that stays allocated after a time of many rows.
        self.passed.shrink_to(1 << 10);
    }

    /// The changes that have arrived together are complete: forgets the rows without copies.
    pub(super) fn seal(&mut self) {
        self.rows.seal(|_, copies| *copies != 0);
    }

    /// What checkpoints save.
    pub(super) fn state(&mut self) -> &mut dyn SavedState {
        &mut self.rows
    }

    /// The state was loaded. `time` is the time of a row.
    pub(super) fn loaded(&mut self, time: impl Fn(&R) -> i128) {
        self.times.clear();
        self.rows.visit_loaded(|slot, row, _| {
            self.times.insert((time(row), slot));
        });
    }
}

#[cfg(test)]
impl<R: Schema> RowsByTime<R> {
    /// The times of the rows.
    pub(super) fn times(&self) -> BTreeSet<i128> {
        assert_eq!(self.times.len(), self.rows.len());
        self.times.iter().map(|(time, _)| *time).collect()
    }
}
