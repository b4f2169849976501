//! `distinct`: each row once, however often it is there.

use super::state::keyed::{Keyed, hash_of};
use crate::data::{Change, Schema};
use crate::dataflow::StatefulOperator;
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// Each row once, as long as it is there at all.
    ///
    /// It keeps every different row in memory.
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
        let input = self.node();
        let name = self.plan().unique_name("distinct");
        let shape = TableProperties { order: Order::Sorted, ..self.shape() };
        let node = self.plan().add(name, shape, |node, name| {
            move |build| {
                let changes = build.get::<R>(input);
                let rows = Distinct { rows: Keyed::<R, Copies>::new() };
                let rows = build.graph.stateful(changes, &name, |change| hash_of(&change.row), rows);
                build.put::<R>(node, rows);
            }
        });
        Table::new(self.plan().clone(), node)
    }
}

struct Distinct<R> {
    rows: Keyed<R, Copies>,
}

/// How often a row is there.
#[derive(Default)]
struct Copies {
    now: i64,
    /// At the end of the commit before.
    before: i64,
}

impl<R: Schema> StatefulOperator<Change<R>, R> for Distinct<R> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.rows.touch(row);
            self.rows.value(slot).now += diff;
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.rows.seal(|row, copies| {
            let diff = i64::from(copies.now > 0) - i64::from(copies.before > 0);
            if diff != 0 {
                emit(Change { row: row.clone_datum(), diff });
            }
            copies.before = copies.now;
            copies.now != 0
        });
    }
}
