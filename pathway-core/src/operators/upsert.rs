//! Primary keys: a later row with the same key replaces the row.

use super::state::{KeyedState, Slot, hash_of};
use crate::data::{Change, Schema};
use crate::dataflow::{Changes, DataflowBuilder, StatefulOperator};

/// The newest row of each primary key.
///
/// Arrival order decides, also within one commit. A row that equals the current one changes nothing.
pub(crate) fn upsert<R: Schema>(dataflow: &mut DataflowBuilder<'_>, arrivals: Changes<R>, name: &str) -> Changes<R> {
    let upsert = Upsert { rows: KeyedState::<R::Key, Versions<R>>::new(), slots: Vec::new() };
    dataflow.stateful(arrivals, name, |arrival| hash_of(&arrival.row.primary_key()), upsert)
}

struct Upsert<R: Schema> {
    rows: KeyedState<R::Key, Versions<R>>,
    /// The slots of the arrivals of one call; empty between calls.
    slots: Vec<(Slot, bool)>,
}

struct Versions<R> {
    /// The row of the last sealed commit.
    current: Option<R>,
    /// The newest arrival of the open commit.
    arrived: Option<R>,
}

impl<R> Default for Versions<R> {
    fn default() -> Self {
        Versions { current: None, arrived: None }
    }
}

impl<R: Schema> StatefulOperator<Change<R>, R> for Upsert<R> {
    fn apply(&mut self, arrivals: &mut Vec<Change<R>>) {
        let mut keys = arrivals.iter().map(|arrival| arrival.row.primary_key()).collect();
        self.rows.entries(&mut keys, &mut self.slots);
        for (Change { row, .. }, (slot, _)) in arrivals.drain(..).zip(self.slots.drain(..)) {
            self.rows.value(slot).arrived = Some(row);
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.rows.seal(|_, versions| {
            if let Some(arrived) = versions.arrived.take() {
                let unchanged = versions.current.as_ref().is_some_and(|current| current.compare(&arrived).is_eq());
                if !unchanged {
                    let replaced = versions.current.replace(arrived.clone_datum());
                    replaced.map(Change::remove).into_iter().chain([Change::insert(arrived)]).for_each(&mut *emit);
                }
            }
            true
        });
    }
}
