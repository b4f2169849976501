//! `asof_now` of a left table that has no order of arrival, or whose rows can be removed.

use serde::{Deserialize, Serialize};

use super::{Joined, join};
use crate::data::{Change, Datum};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::operators::join::asof_now::side::Side;
use crate::operators::join::keep::Keep;
use crate::operators::join::kind::MakeRow;
use crate::operators::join::pending::{Key, Keyed, Pending};
use crate::operators::state::{KeyedState, RoutedState, hash_of};

/// Keeps the rows of the right side by key.
pub(super) struct AsofNow<L, R, K, A, O> {
    keys: KeyedState<K, RightRows<R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has changed.
    dirty_keys: u32,
    /// Kept only if left rows can be removed.
    results: Option<Results<L, O>>,
    /// What the results need of a left row.
    keep: Keep<L, A>,
    row: MakeRow<A, R, O>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "R: Datum")]
struct RightRows<R> {
    rows: Side<R>,
    /// The number of the key among those that the open commit has changed.
    #[serde(skip)]
    number: u32,
}

/// The results of each left row, which belongs to the worker of its key.
type Results<L, O> = RoutedState<L, Copies<O>>;

/// The results of a left row, one for each copy.
#[derive(Serialize, Deserialize)]
#[serde(bound = "O: Datum")]
struct Copies<O>(#[serde(with = "Datum")] Vec<Joined<O>>);

impl<O> Default for Copies<O> {
    fn default() -> Self {
        Copies(Vec::new())
    }
}

impl<R> Default for RightRows<R> {
    fn default() -> Self {
        RightRows { rows: Side::default(), number: 0 }
    }
}

impl<L: Datum, R: Datum, K: Datum, A, O> AsofNow<L, R, K, A, O> {
    /// `key` computes the key of a left row, and `keep` what its results need of it.
    pub(super) fn new(key: Key<L, K>, keep: Keep<L, A>, append_only: bool, row: MakeRow<A, R, O>) -> Self {
        let results = (!append_only).then(|| RoutedState::new(move |left| hash_of(&key(left))));
        AsofNow {
            keys: KeyedState::new(),
            left: Pending::new(),
            right: Pending::new(),
            dirty_keys: 0,
            results,
            keep,
            row,
        }
    }
}

impl<L: Datum, R: Datum, K: Datum, A: 'static, O: Datum> Stateful for AsofNow<L, R, K, A, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        let mut states = vec![StatePart::partitioned("rows", &mut self.keys).of_rows()];
        states.extend(self.results.as_mut().map(|results| StatePart::partitioned("results", results).of_rows()));
        states
    }
}

impl<L: Datum, R: Datum, K: Datum, A: 'static, O: Datum> BinaryStatefulOperator<Keyed<K, L>, Keyed<K, R>, Change<O>>
    for AsofNow<L, R, K, A, O>
{
    fn apply_left(&mut self, items: &mut Vec<Keyed<K, L>>) {
        self.left.apply(items, &mut self.keys, &mut self.dirty_keys, |right| &mut right.number);
    }

    fn apply_right(&mut self, items: &mut Vec<Keyed<K, R>>) {
        self.right.apply(items, &mut self.keys, &mut self.dirty_keys, |right| &mut right.number);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let AsofNow { keys, left, right, dirty_keys, results, keep, row } = self;
        *dirty_keys = 0;
        keys.seal(|_, RightRows { rows, number }| {
            right.take(*number, true).drain(..).for_each(|(row, diff)| rows.update(row, diff));
            for (left, diff) in left.take(*number, true).drain(..) {
                let Some(results) = results else {
                    let joined = join(&keep.take(left), rows, &**row);
                    joined.into_iter().for_each(|(row, copies)| emit(Change { row, diff: copies * diff }));
                    continue;
                };
                let join = || keep.lend(&left, |left| join(left, rows, &**row));
                update(results, left.clone_datum(), diff, join, emit);
            }
            !rows.is_empty()
        });
        left.clear();
        right.clear();
        if let Some(results) = results {
            results.seal(|_, Copies(results)| !results.is_empty());
        }
    }
}

/// Joins the copies of a left row that are inserted, and takes back the newest results of those that are removed.
fn update<L: Datum, O: Datum>(
    results: &mut Results<L, O>,
    left: L,
    diff: i64,
    join: impl Fn() -> Joined<O>,
    emit: &mut dyn FnMut(Change<O>),
) {
    let (slot, _) = results.entry(left);
    let Copies(results) = results.value(slot);
    for _ in 0..diff {
        let joined = join();
        joined.iter().for_each(|(row, copies)| emit(Change { row: row.clone_datum(), diff: *copies }));
        results.push(joined);
    }
    for _ in diff..0 {
        let removed = results.pop().unwrap_or_default();
        removed.into_iter().for_each(|(row, copies)| emit(Change { row, diff: -copies }));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::operators::test_restarts::{
        check_restarts, joined, random_history, random_insertions, run_commit_of_two,
    };
    use crate::operators::test_rows::Row;

    #[test]
    fn restarts_change_nothing() {
        let key: Key<Row, i64> = Arc::new(|row: &Row| row.key);
        for append_only in [false, true] {
            let commits = if append_only { random_insertions } else { random_history };
            let make = || {
                let row: MakeRow<Row, Row, Row> = Arc::new(|left, right| Some(joined(left, right)));
                AsofNow::new(Arc::clone(&key), Keep::whole(), append_only, row)
            };
            check_restarts(3, make, commits, |change| hash_of(&change.row.key), run_commit_of_two(|row| *row));
        }
    }
}
