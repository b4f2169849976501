//! Primary keys: a later row with the same key replaces the row.

use std::sync::Arc;

use super::state::keyed::{Keyed, Slot, hash_of};
use crate::data::{Change, Schema};
use crate::dataflow::{Changes, DataflowBuilder, StatefulOperator};

/// Makes a table by primary key of the rows that arrive: the newest row of each key stands.
///
/// Arrival order decides, also within one commit. A row that equals the one that stands changes nothing.
pub(crate) fn upsert<'scope, R: Schema>(
    graph: &mut DataflowBuilder<'scope>,
    arrivals: Changes<'scope, R>,
    name: &Arc<str>,
) -> Changes<'scope, R> {
    let newest = Newest { rows: Keyed::<R::Key, Versions<R>>::new(), slots: Vec::new() };
    graph.stateful(arrivals, name, |arrival| hash_of(&arrival.row.primary_key()), newest)
}

struct Newest<R: Schema> {
    rows: Keyed<R::Key, Versions<R>>,
    /// Where the arrivals of one call belong.
    slots: Vec<(Slot, bool)>,
}

struct Versions<R> {
    /// The row that stands since an earlier commit.
    standing: Option<R>,
    /// The newest arrival of the open commit.
    arrived: Option<R>,
}

impl<R> Default for Versions<R> {
    fn default() -> Self {
        Versions { standing: None, arrived: None }
    }
}

impl<R: Schema> StatefulOperator<Change<R>, R> for Newest<R> {
    fn apply(&mut self, arrivals: &mut Vec<Change<R>>) {
        let mut keys = arrivals.iter().map(|arrival| arrival.row.primary_key()).collect();
        self.rows.touch_all(&mut keys, &mut self.slots);
        for (Change { row, .. }, (slot, _)) in arrivals.drain(..).zip(self.slots.drain(..)) {
            self.rows.value(slot).arrived = Some(row);
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.rows.seal(|_, versions| {
            if let Some(arrived) = versions.arrived.take() {
                let unchanged = versions.standing.as_ref().is_some_and(|standing| standing.compare(&arrived).is_eq());
                if !unchanged {
                    let standing = versions.standing.replace(arrived.clone_datum());
                    standing.map(Change::remove).into_iter().chain([Change::insert(arrived)]).for_each(&mut *emit);
                }
            }
            true
        });
    }
}
