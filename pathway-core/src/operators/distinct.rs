//! `distinct`: removes duplicate rows.

use serde::{Deserialize, Serialize};

use super::state::{KeyedState, hash_of};
use crate::data::{Change, Schema};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// Each row once, however many copies of it this table has. Of a table of arrivals, the result is one, too.
    ///
    /// Memory: every different row.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct City { name: String }
    /// # let pipeline = Pipeline::new();
    /// let visits = pipeline.rows(["Oslo", "Rome", "Oslo"].map(|name| City { name: name.into() }));
    /// let cities = visits.distinct().collect();
    /// # pipeline.run()?;
    /// assert_eq!(cities.rows(), [City { name: "Oslo".into() }, City { name: "Rome".into() }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn distinct(&self) -> Table<R> {
        let input = self.properties();
        if input.append_only && input.is_sequence() {
            return self.deduplicate(R::clone_datum).first_events("distinct");
        }
        let properties = TableProperties { order: Order::Sorted, ..input };
        self.operator("distinct", properties, |build, changes, name| {
            let distinct = Distinct { rows: KeyedState::<R, Copies>::new() };
            build.dataflow.stateful(changes, name, |change| hash_of(&change.row), distinct)
        })
    }
}

struct Distinct<R> {
    rows: KeyedState<R, Copies>,
}

/// How many copies of a row there are.
#[derive(Default, Serialize, Deserialize)]
struct Copies {
    /// At the end of the previous commit.
    before: i64,
    /// How many the open commit has inserted, less how many it has removed.
    #[serde(skip)]
    added: i64,
}

impl<R: Schema> Stateful for Distinct<R> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }
}

impl<R: Schema> StatefulOperator<Change<R>, Change<R>> for Distinct<R> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.rows.entry(row);
            self.rows.value(slot).added += diff;
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.rows.seal(|row, copies| {
            let now = copies.before + std::mem::take(&mut copies.added);
            let diff = i64::from(now > 0) - i64::from(copies.before > 0);
            if diff != 0 {
                emit(Change { row: row.clone_datum(), diff });
            }
            copies.before = now;
            now != 0
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
        let make = || Distinct::<Row> { rows: KeyedState::new() };
        check_restarts(3, make, random_history, |change| hash_of(&change.row), run_commit);
    }
}
