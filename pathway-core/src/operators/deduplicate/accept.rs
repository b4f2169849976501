//! The accepted row of each key, of a table that only grows.

use serde::{Deserialize, Serialize};

use super::{Accept, Key, emit_change, sort_arrivals};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
use crate::operators::state::KeyedState;
use crate::plan::Order;

/// Keeps one row of each key: the last one that was accepted.
pub(super) struct AcceptedRows<R, K> {
    key: Key<R, K>,
    order: Order,
    accept: Accept<R>,
    rows: KeyedState<K, Versions<R>>,
    /// The changes of the open commit, if they must be sorted first.
    pending: Vec<Change<R>>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "R: Datum")]
struct Versions<R> {
    #[serde(with = "Datum")]
    current: Option<R>,
    /// The row before the open commit; `None` if the commit has not changed it.
    #[serde(skip)]
    before: Option<Option<R>>,
}

impl<R> Default for Versions<R> {
    fn default() -> Self {
        Versions { current: None, before: None }
    }
}

impl<R: Datum, K: Datum> AcceptedRows<R, K> {
    pub(super) fn new(key: Key<R, K>, order: Order, accept: Accept<R>) -> Self {
        AcceptedRows { key, order, accept, rows: KeyedState::new(), pending: Vec::new() }
    }

    fn arrive(&mut self, Change { row, diff }: Change<R>) {
        let (slot, _) = self.rows.entry((self.key)(&row));
        let Versions { current, before } = self.rows.value(slot);
        // Each copy arrives by itself: when the second one arrives, the first one may be the current row.
        for _ in 0..diff {
            if current.as_ref().is_none_or(|current| (self.accept)(&row, current)) {
                let previous = current.replace(row.clone_datum());
                before.get_or_insert(previous);
            }
        }
    }
}

impl<R: Schema, K: Datum> Stateful for AcceptedRows<R, K> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }
}

impl<R: Schema, K: Datum> StatefulOperator<Change<R>, Change<R>> for AcceptedRows<R, K> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        match self.order {
            Order::Arrival | Order::Emission => changes.drain(..).for_each(|change| self.arrive(change)),
            Order::Sorted => self.pending.append(changes),
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let mut pending = std::mem::take(&mut self.pending);
        sort_arrivals(&mut pending, self.order);
        pending.into_iter().for_each(|change| self.arrive(change));
        self.rows.seal(|_, Versions { current, before }| {
            if let Some(before) = before.take() {
                emit_change(before, current.as_ref(), emit);
            }
            current.is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::operators::state::hash_of;
    use crate::operators::test_restarts::{check_restarts, random_insertions, run_commit};
    use crate::operators::test_rows::Row;

    #[test]
    fn restarts_change_nothing() {
        for order in [Order::Arrival, Order::Sorted] {
            let accept: Accept<Row> = Arc::new(|new, current| new.value != current.value && new.at > current.at);
            let make = || AcceptedRows::new(Arc::new(|row: &Row| row.key), order, Arc::clone(&accept));
            check_restarts(3, make, random_insertions, |change| hash_of(&change.row.key), run_commit);
        }
    }
}
