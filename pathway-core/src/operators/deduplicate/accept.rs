//! The row that stands for each key of a table that only grows.

use super::{Accept, Key, arrive, emit_change};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::StatefulOperator;
use crate::operators::state::keyed::Keyed;
use crate::plan::Order;

/// Keeps one row of each key: the last that was accepted.
pub(super) struct Standing<R, K> {
    key: Key<R, K>,
    order: Order,
    accept: Accept<R>,
    rows: Keyed<K, Versions<R>>,
    /// The open commit's changes, where they have to be put in order first.
    waiting: Vec<Change<R>>,
}

struct Versions<R> {
    standing: Option<R>,
    /// What stood before the open commit, once that has changed it.
    before: Option<Option<R>>,
}

impl<R> Default for Versions<R> {
    fn default() -> Self {
        Versions { standing: None, before: None }
    }
}

impl<R: Datum, K: Datum> Standing<R, K> {
    pub(super) fn new(key: Key<R, K>, order: Order, accept: Accept<R>) -> Self {
        Standing { key, order, accept, rows: Keyed::new(), waiting: Vec::new() }
    }

    fn arrived(&mut self, Change { row, diff }: Change<R>) {
        let (slot, _) = self.rows.touch((self.key)(&row));
        let Versions { standing, before } = self.rows.value(slot);
        // Each copy is a row that arrives: to the second one, the first one may be what stands.
        for _ in 0..diff {
            if standing.as_ref().is_none_or(|standing| (self.accept)(&row, standing)) {
                let previous = standing.replace(row.clone_datum());
                before.get_or_insert(previous);
            }
        }
    }
}

impl<R: Schema, K: Datum> StatefulOperator<Change<R>, R> for Standing<R, K> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        match self.order {
            Order::Arrival => changes.drain(..).for_each(|change| self.arrived(change)),
            Order::Sorted => self.waiting.append(changes),
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let mut waiting = std::mem::take(&mut self.waiting);
        arrive(&mut waiting, self.order);
        waiting.into_iter().for_each(|change| self.arrived(change));
        self.rows.seal(|_, Versions { standing, before }| {
            if let Some(before) = before.take() {
                emit_change(before, standing.as_ref(), emit);
            }
            standing.is_some()
        });
    }
}
