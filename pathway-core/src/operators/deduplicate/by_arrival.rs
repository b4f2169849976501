//! The first or last row of each key, of a table whose rows can be removed.

use serde::{Deserialize, Serialize};

use super::{Key, emit_change, sort_arrivals};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
use crate::operators::reducers::Arrivals;
use crate::operators::state::KeyedState;
use crate::plan::Order;

/// Which row of a key is in the result.
#[derive(Clone, Copy)]
pub(super) enum Pick {
    /// The one that arrived first.
    First,
    /// The one that arrived last.
    Last,
}

/// Keeps all rows of each key: when the row in the result is removed, another one replaces it.
pub(super) struct ByArrival<R, K> {
    key: Key<R, K>,
    /// The order in which the rows of a commit count as arrived.
    order: Order,
    pick: Pick,
    keys: KeyedState<K, Rows<R>>,
    /// The changes of the open commit, until it is sealed.
    pending: Vec<Change<R>>,
}

/// The rows of a key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "R: Datum")]
struct Rows<R> {
    arrivals: Arrivals<R>,
    /// The row in the result at the end of the previous commit.
    #[serde(with = "Datum")]
    before: Option<R>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Rows { arrivals: Arrivals::default(), before: None }
    }
}

impl<R: Datum, K: Datum> ByArrival<R, K> {
    pub(super) fn new(key: Key<R, K>, order: Order, pick: Pick) -> Self {
        ByArrival { key, order, pick, keys: KeyedState::new(), pending: Vec::new() }
    }
}

impl<R: Schema, K: Datum> Stateful for ByArrival<R, K> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.keys).of_rows()]
    }

    fn loaded(&mut self) {
        self.keys.visit_loaded(|_, _, rows| rows.arrivals.rehash());
    }
}

impl<R: Schema, K: Datum> StatefulOperator<Change<R>, Change<R>> for ByArrival<R, K> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        self.pending.append(changes);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let mut pending = std::mem::take(&mut self.pending);
        sort_arrivals(&mut pending, self.order);
        for Change { row, diff } in pending {
            let (slot, _) = self.keys.entry((self.key)(&row));
            // The whole row is the value, so it needs no other identity.
            self.keys.value(slot).arrivals.update(0, row, diff);
        }
        let pick = self.pick;
        self.keys.seal(|_, Rows { arrivals, before }| {
            let now = match pick {
                Pick::First => arrivals.first(),
                Pick::Last => arrivals.last(),
            };
            let before = std::mem::replace(before, now.map(R::clone_datum));
            emit_change(before, now, emit);
            !arrivals.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::operators::state::hash_of;
    use crate::operators::test_restarts::{check_restarts, random_history, run_commit};
    use crate::operators::test_rows::{Row, max_kept, random_commits};

    #[test]
    fn restarts_change_nothing() {
        for (order, pick) in [(Order::Arrival, Pick::First), (Order::Arrival, Pick::Last), (Order::Sorted, Pick::First)]
        {
            let make = || ByArrival::new(Arc::new(|row: &Row| row.key), order, pick);
            check_restarts(3, make, random_history, |change| hash_of(&change.row.key), run_commit);
        }
    }

    #[test]
    fn removed_rows_leave_no_state() {
        for (order, pick) in [(Order::Arrival, Pick::First), (Order::Arrival, Pick::Last), (Order::Sorted, Pick::Last)]
        {
            let key: Key<Row, i64> = Arc::new(|row: &Row| row.key);
            let mut operator = ByArrival::new(key, order, pick);
            let most = max_kept(random_commits(8, 10), |mut commit, _| {
                operator.apply(&mut commit);
                operator.seal(&mut |_| {});
                operator.keys.len()
            });
            assert_eq!(most, 7);
        }
    }
}
