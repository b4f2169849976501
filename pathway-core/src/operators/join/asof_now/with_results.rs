//! `asof_now` of a left table that has no order of arrival, or whose rows can be removed.

use super::{Joined, join};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::operators::join::kind::MakeRow;
use crate::operators::join::pending::{Key, Pending};
use crate::operators::join::two_sided::Side;
use crate::operators::state::KeyedState;

/// Keeps the rows of the right side by key.
pub(super) struct AsofNow<L, R, K, O> {
    keys: KeyedState<K, RightRows<R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has changed.
    dirty_keys: u32,
    /// The results of each left row, one for each copy. Kept only if left rows can be removed.
    results: Option<KeyedState<L, Vec<Joined<O>>>>,
    row: MakeRow<L, R, O>,
}

struct RightRows<R> {
    rows: Side<R>,
    /// The number of the key among those that the open commit has changed.
    number: u32,
}

impl<R> Default for RightRows<R> {
    fn default() -> Self {
        RightRows { rows: Side::default(), number: 0 }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> AsofNow<L, R, K, O> {
    pub(super) fn new(left: Key<L, K>, right: Key<R, K>, append_only: bool, row: MakeRow<L, R, O>) -> Self {
        AsofNow {
            keys: KeyedState::new(),
            left: Pending::new(left),
            right: Pending::new(right),
            dirty_keys: 0,
            results: (!append_only).then(KeyedState::new),
            row,
        }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> Stateful for AsofNow<L, R, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> BinaryStatefulOperator<Change<L>, Change<R>, Change<O>>
    for AsofNow<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Change<L>>) {
        self.left.apply(items, &mut self.keys, &mut self.dirty_keys, |right| &mut right.number);
    }

    fn apply_right(&mut self, items: &mut Vec<Change<R>>) {
        self.right.apply(items, &mut self.keys, &mut self.dirty_keys, |right| &mut right.number);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let AsofNow { keys, left, right, dirty_keys, results, row } = self;
        *dirty_keys = 0;
        keys.seal(|_, RightRows { rows, number }| {
            right.take(*number).drain(..).for_each(|(row, diff)| rows.update(row, diff));
            for (left, diff) in left.take(*number).drain(..) {
                let join = || join(&left, rows, &**row);
                match results {
                    None => join().into_iter().for_each(|(row, copies)| emit(Change { row, diff: copies * diff })),
                    Some(results) => update_results(results, left.clone_datum(), diff, join, emit),
                }
            }
            !rows.is_empty()
        });
        left.clear();
        right.clear();
        if let Some(results) = results {
            results.seal(|_, results| !results.is_empty());
        }
    }
}

/// Joins the copies of a left row that are inserted, and takes back the newest results of those that are removed.
fn update_results<L: Datum, O: Schema>(
    results: &mut KeyedState<L, Vec<Joined<O>>>,
    left: L,
    diff: i64,
    join: impl Fn() -> Joined<O>,
    emit: &mut dyn FnMut(Change<O>),
) {
    let (slot, _) = results.entry(left);
    let results = results.value(slot);
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
