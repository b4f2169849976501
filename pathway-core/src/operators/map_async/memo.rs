//! The results of asynchronous calls: which rows need a call, and what the results of earlier calls are.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::data::{Change, Datum};
use crate::dataflow::{StatePart, Stateful};
use crate::operators::state::{KeyedState, Slot};

/// Keeps the result of each row, so that exactly this result is removed with the row.
pub(super) struct AsyncMemo<R, O> {
    rows: KeyedState<R, Entry<O>>,
    /// The rows that the open commit has changed.
    changed: Vec<Slot>,
    /// Those of them that need a call.
    called: Vec<Slot>,
    /// Rows are never removed: their results need not be kept.
    append_only: bool,
    cache: Cache,
}

/// The result of a call.
#[derive(Serialize, Deserialize)]
#[serde(bound = "O: Datum")]
pub(super) struct CallResult<O> {
    /// The row that the call made, if any.
    #[serde(with = "Datum")]
    pub(super) row: Option<O>,
    /// Whether the result can be used for an equal row later.
    pub(super) reusable: bool,
}

/// What is known of a row.
#[derive(Serialize, Deserialize)]
#[serde(bound = "O: Datum")]
struct Entry<O> {
    /// How many copies of the row there were at the end of the previous commit.
    before: i64,
    /// How many the open commit has inserted, less how many it has removed.
    #[serde(skip)]
    added: i64,
    result: Option<CallResult<O>>,
    /// For a removed row whose result is cached: the number of its removal.
    removal: u64,
}

/// The results of removed rows.
struct Cache {
    capacity: usize,
    /// In the order of removal. An entry is stale if its row has been inserted since.
    removed: VecDeque<(Slot, u64)>,
    /// How many removals there have been.
    removals: u64,
    /// How many entries are not stale.
    len: usize,
}

impl<O> Default for Entry<O> {
    fn default() -> Self {
        Entry { before: 0, added: 0, result: None, removal: 0 }
    }
}

impl<R: Datum, O: Datum> AsyncMemo<R, O> {
    pub(super) fn new(append_only: bool, cache: usize) -> Self {
        let cache = Cache { capacity: cache, removed: VecDeque::new(), removals: 0, len: 0 };
        AsyncMemo { rows: KeyedState::new(), changed: Vec::new(), called: Vec::new(), append_only, cache }
    }

    pub(super) fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, first) = self.rows.entry(row);
            let entry = self.rows.value(slot);
            if first {
                self.changed.push(slot);
                if std::mem::take(&mut entry.removal) != 0 {
                    self.cache.len -= 1;
                }
            }
            entry.added += diff;
        }
    }

    /// The rows that the open commit has inserted and that have no result, each once.
    pub(super) fn rows_to_call(&mut self) -> Vec<R> {
        let mut rows = Vec::new();
        for slot in self.changed.drain(..) {
            let (row, entry) = self.rows.key_value(slot);
            if entry.before + entry.added > 0 && entry.result.is_none() {
                rows.push(row.clone_datum());
                self.called.push(slot);
            }
        }
        rows
    }

    /// Seals the commit, with the results of the [`AsyncMemo::rows_to_call`] in the same order.
    pub(super) fn seal(&mut self, results: Vec<CallResult<O>>, emit: &mut dyn FnMut(Change<O>)) {
        for (slot, result) in self.called.drain(..).zip(results) {
            self.rows.value(slot).result = Some(result);
        }
        let AsyncMemo { rows, cache, append_only, .. } = self;
        rows.seal_slots(|slot, _, entry| {
            let now = entry.before + std::mem::take(&mut entry.added);
            let diff = now.max(0) - entry.before.max(0);
            let row = entry.result.as_ref().and_then(|result| result.row.as_ref());
            if let Some(row) = row.filter(|_| diff != 0) {
                emit(Change { row: row.clone_datum(), diff });
            }
            entry.before = if *append_only { 0 } else { now };
            if entry.before <= 0 {
                // The call of a row that failed is repeated if the row is inserted again.
                entry.result.take_if(|result| !result.reusable);
            }
            entry.before != 0 || cache.add(slot, entry)
        });
        self.evict();
    }

    /// Evicts the oldest results that exceed the capacity of the cache.
    fn evict(&mut self) {
        while let Some((slot, removal)) = self.cache.removed.front().copied() {
            let is_current = self.rows.get(slot).is_some_and(|(_, entry)| entry.removal == removal);
            if is_current && self.cache.len <= self.cache.capacity {
                break;
            }
            self.cache.removed.pop_front();
            if is_current {
                self.cache.len -= 1;
                self.rows.remove_if(slot, |_| true);
            }
        }
    }
}

impl<R: Datum, O: Datum> Stateful for AsyncMemo<R, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }

    fn loaded(&mut self) {
        let removals = self.rows.iter().map(|(slot, _, entry)| (entry.removal, slot));
        let mut removals: Vec<_> = removals.filter(|(removal, _)| *removal != 0).collect();
        // If the rows were those of other workers, rows of two of them can have the same number.
        removals.sort_unstable();
        self.cache.removals = removals.last().map_or(0, |(removal, _)| *removal);
        self.cache.len = removals.len();
        self.cache.removed = removals.into_iter().map(|(removal, slot)| (slot, removal)).collect();
    }
}

impl Cache {
    /// Adds the result of a removed row, if there is one. Returns whether it was added.
    fn add<O>(&mut self, slot: Slot, entry: &mut Entry<O>) -> bool {
        let added = self.capacity > 0 && entry.result.is_some();
        if added {
            self.removals += 1;
            self.len += 1;
            entry.removal = self.removals;
            self.removed.push_back((slot, self.removals));
        }
        added
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::state::hash_of;
    use crate::operators::test_restarts::{check_restarts, random_history, random_insertions};
    use crate::operators::test_rows::Row;

    /// Runs a commit in which each call returns ten times its row. Returns the rows that were called, and the emitted changes.
    fn commit(memo: &mut AsyncMemo<i64, i64>, changes: &[(i64, i64)]) -> (Vec<i64>, Vec<(i64, i64)>) {
        memo.apply(&mut changes.iter().map(|(row, diff)| Change { row: *row, diff: *diff }).collect());
        let called = memo.rows_to_call();
        let results = called.iter().map(|row| CallResult { row: Some(10 * row), reusable: true }).collect();
        let mut emitted = Vec::new();
        memo.seal(results, &mut |change| emitted.push((change.row, change.diff)));
        (called, emitted)
    }

    #[test]
    fn removed_rows_leave_no_state() {
        for append_only in [false, true] {
            let mut memo = AsyncMemo::new(append_only, 0);
            assert_eq!(commit(&mut memo, &[(1, 2), (2, 1)]), (vec![1, 2], vec![(10, 2), (20, 1)]));
            if !append_only {
                assert_eq!(memo.rows.len(), 2);
                assert_eq!(commit(&mut memo, &[(1, -2), (2, -1)]), (vec![], vec![(10, -2), (20, -1)]));
            }
            assert_eq!(memo.rows.len(), 0);
        }
    }

    #[test]
    fn the_cache_is_bounded_and_evicts_the_oldest_results() {
        let mut memo = AsyncMemo::new(false, 2);
        for row in 1..=5 {
            commit(&mut memo, &[(row, 1)]);
            commit(&mut memo, &[(row, -1)]);
        }
        assert_eq!((memo.rows.len(), memo.cache.len), (2, 2));
        assert_eq!(commit(&mut memo, &[(4, 1), (1, 1)]), (vec![1], vec![(40, 1), (10, 1)]));
        // A row that was inserted again is not in the cache.
        assert_eq!((memo.rows.len(), memo.cache.len), (3, 1));
        commit(&mut memo, &[(4, -1), (1, -1)]);
        assert_eq!((memo.rows.len(), memo.cache.len), (2, 2));
        assert_eq!(commit(&mut memo, &[(4, 1), (1, 1), (5, 1)]).0, [5]);
        assert!(memo.cache.removed.len() <= 3, "{:?}", memo.cache.removed);
    }

    /// Some calls fail, with and without a row instead.
    fn call(row: &Row) -> CallResult<Row> {
        CallResult { row: (row.value > 0).then_some(*row), reusable: row.key % 3 > 0 }
    }

    fn run(memo: &mut AsyncMemo<Row, Row>, mut changes: Vec<Change<Row>>) -> (Vec<Row>, Vec<(Row, i64)>) {
        memo.apply(&mut changes);
        let called = memo.rows_to_call();
        let mut emitted = Vec::new();
        memo.seal(called.iter().map(call).collect(), &mut |change| emitted.push((change.row, change.diff)));
        (called, emitted)
    }

    #[test]
    fn restarts_change_nothing() {
        for (append_only, cache) in [(false, 0), (false, 20), (true, 0), (true, 20)] {
            let commits = if append_only { random_insertions } else { random_history };
            let make = || AsyncMemo::<Row, Row>::new(append_only, cache);
            check_restarts(3, make, commits, |change| hash_of(&change.row), |memo, changes| run(memo, changes).1);
        }
    }

    /// With a cache on each worker, other rows are called with another number of workers.
    #[test]
    fn a_restart_of_one_worker_makes_no_other_calls() {
        let make = || AsyncMemo::<Row, Row>::new(false, 20);
        check_restarts(
            1,
            make,
            random_history,
            |_| 0,
            |memo, changes| run(memo, changes).0.into_iter().map(|row| (row, 1)).collect(),
        );
    }
}
