//! Primary keys: a later row with the same key replaces the row.

use serde::{Deserialize, Serialize};

use super::state::{KeyedState, Slot, hash_of};
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{Changes, DataflowBuilder, StatePart, Stateful, StatefulOperator};

/// The newest row of each primary key.
///
/// Arrival order decides, also within one commit. A row that equals the current one changes nothing. A removal of the current row
/// leaves its key without a row; a removal of any other row changes nothing, because its key has a newer row or none.
pub(crate) fn upsert<R: Schema>(dataflow: &mut DataflowBuilder<'_>, arrivals: Changes<R>, name: &str) -> Changes<R> {
    let upsert = Upsert { rows: KeyedState::<R::Key, Versions<R>>::new(), slots: Vec::new() };
    dataflow.stateful(arrivals, name, |arrival| hash_of(&arrival.row.primary_key()), upsert)
}

struct Upsert<R: Schema> {
    rows: KeyedState<R::Key, Versions<R>>,
    /// The slots of the arrivals of one call; empty between calls.
    slots: Vec<(Slot, bool)>,
}

#[derive(Serialize, Deserialize)]
#[serde(bound = "R: Datum")]
struct Versions<R> {
    /// The row of the last sealed commit.
    #[serde(with = "Datum")]
    current: Option<R>,
    /// The newest arrival of the open commit: a row, or its removal.
    #[serde(skip)]
    arrived: Option<Option<R>>,
}

impl<R> Default for Versions<R> {
    fn default() -> Self {
        Versions { current: None, arrived: None }
    }
}

impl<R> Versions<R> {
    /// The row as it is after what has arrived so far.
    fn newest(&self) -> Option<&R> {
        self.arrived.as_ref().unwrap_or(&self.current).as_ref()
    }
}

impl<R: Schema> Stateful for Upsert<R> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }
}

impl<R: Schema> StatefulOperator<Change<R>, Change<R>> for Upsert<R> {
    fn apply(&mut self, arrivals: &mut Vec<Change<R>>) {
        let mut keys = arrivals.iter().map(|arrival| arrival.row.primary_key()).collect();
        self.rows.entries(&mut keys, &mut self.slots);
        for (Change { row, diff }, (slot, _)) in arrivals.drain(..).zip(self.slots.drain(..)) {
            let versions = self.rows.value(slot);
            if diff > 0 {
                versions.arrived = Some(Some(row));
            } else if versions.newest().is_some_and(|newest| newest.compare(&row).is_eq()) {
                versions.arrived = Some(None);
            }
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.rows.seal(|_, versions| {
            if let Some(arrived) = versions.arrived.take() {
                let unchanged = match (&versions.current, &arrived) {
                    (Some(current), Some(arrived)) => current.compare(arrived).is_eq(),
                    (current, arrived) => current.is_none() && arrived.is_none(),
                };
                if !unchanged {
                    let replaced = std::mem::replace(&mut versions.current, arrived.as_ref().map(R::clone_datum));
                    let (removed, inserted) = (replaced.map(Change::remove), arrived.map(Change::insert));
                    removed.into_iter().chain(inserted).for_each(&mut *emit);
                }
            }
            versions.current.is_some()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::test_restarts::{check_restarts, random_history, run_commit};
    use crate::operators::test_rows::Row;

    #[test]
    fn restarts_change_nothing() {
        let make = || Upsert::<Row> { rows: KeyedState::new(), slots: Vec::new() };
        check_restarts(3, make, random_history, |change| hash_of(&change.row.key), run_commit);
    }
}
