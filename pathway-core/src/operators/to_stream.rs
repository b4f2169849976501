//! `to_stream` and `to_table`: turn the changes of a table into rows, and rows into changes.

use std::sync::Arc;

use crate::data::{Change, Schema};
use crate::dataflow::StatefulOperator;
use crate::plan::{Order, Table, TableProperties, net, net_in_arrival_order};

impl<R: Schema> Table<R> {
    /// One row for each net change of this table: its history, as a table that only grows.
    ///
    /// The changes of a commit become rows of the same commit, in the order in which a sink would write them: removals before
    /// insertions. Several copies of a row that are inserted or removed in one commit are one change, whose `diff` is their
    /// number. The resulting table keeps that order, also in a sink.
    ///
    /// Memory: nothing between commits. All changes pass through the first worker, as they do in a sink.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Clone)] struct Order { city: String }
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Event { city: String, orders: i64, now: bool }
    ///
    /// # let pipeline = Pipeline::new();
    /// # let order = || Order { city: "Oslo".into() };
    /// # let orders = pipeline.commits([vec![Change::insert(order())], vec![Change::insert(order())]]);
    /// let cities = reduce!(o in orders by o.city => { o.city, n: count() });
    /// let events = cities
    ///     .to_stream(|change| Event { city: change.row.city.clone(), orders: change.row.n, now: change.diff > 0 })
    ///     .collect();
    /// # pipeline.run()?;
    /// let event = |orders, now| Event { city: "Oslo".into(), orders, now };
    /// assert_eq!(events.changes(), [(0, event(1, true), 1), (1, event(1, false), 1), (1, event(2, true), 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn to_stream<O: Schema>(&self, row: impl Fn(&Change<R>) -> O + Send + Sync + 'static) -> Table<O> {
        let order = self.properties().order;
        let row = Arc::new(row);
        self.operator("to_stream", TableProperties::ARRIVALS, move |build, changes, name| {
            let row = Arc::clone(&row);
            let operator = ToStream { changes: Vec::new(), order, row: move |change: &Change<R>| row(change) };
            // All changes go to the first worker, so that there is one order.
            build.dataflow.stateful(changes, name, |_| 0, operator)
        })
    }

    /// The table that a stream of changes describes: each row says which row is inserted or removed.
    ///
    /// It is the inverse of [`to_stream`](Table::to_stream), and reads the change streams of other systems. A row must be
    /// inserted before it is removed, or in the same commit. If a stream has only the new row of a key, and not the row that it
    /// replaces, use [`deduplicate(..).last()`](Table::deduplicate), and drop the rows that mark a deleted key with `filter!`.
    ///
    /// Memory: nothing.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// #[derive(Schema)]
    /// struct Edit {
    ///     word: String,
    ///     #[schema(path = "/diff")] // `nats::write` adds it.
    ///     change: i64,
    /// }
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Word { word: String }
    ///
    /// let pipeline = Pipeline::new();
    /// let edits = [("a", 1), ("b", 1), ("a", -1)].map(|(word, change)| Edit { word: word.into(), change });
    /// let words = pipeline
    ///     .rows(edits)
    ///     .to_table(|edit| Change { row: Word { word: edit.word.clone() }, diff: edit.change })
    ///     .collect();
    /// pipeline.run()?;
    /// assert_eq!(words.rows(), [Word { word: "b".into() }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn to_table<O: Schema>(&self, change: impl Fn(&R) -> Change<O> + Send + Sync + 'static) -> Table<O> {
        let change = Arc::new(change);
        let properties = TableProperties { append_only: false, ..self.properties() };
        self.operator("to_table", properties, move |build, events, name| {
            let change = Arc::clone(&change);
            build.dataflow.each(events, name, move |events, changes| {
                changes.extend(events.drain(..).map(|event| {
                    let Change { row, diff } = change(&event.row);
                    Change { row, diff: diff * event.diff }
                }));
            })
        })
    }
}

/// Collects the changes of a commit, and makes rows of the net changes.
struct ToStream<R, F> {
    changes: Vec<Change<R>>,
    order: Order,
    row: F,
}

impl<R: Schema, O: Schema, F: Fn(&Change<R>) -> O + 'static> StatefulOperator<Change<R>, O> for ToStream<R, F> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        self.changes.append(changes);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let mut changes = std::mem::take(&mut self.changes);
        match self.order {
            // Copies that arrive one by one are one change here, even if nothing is removed.
            Order::Arrival => net_in_arrival_order(&mut changes),
            Order::Sorted => net(&mut changes, self.order),
        }
        changes.iter().for_each(|change| emit(Change::insert((self.row)(change))));
    }
}
