//! `to_stream`, `to_upserts` and `to_table`: turn the changes of a table into rows, and rows into changes.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::data::{Change, Datum, DatumKey, Schema};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
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
        self.stream_of_changes("to_stream", |_| {}, row)
    }

    /// One row for each key that a commit changes: its new row, or, if it has none any more, the row that was removed.
    ///
    /// Where [`to_stream`](Table::to_stream) has a removal and an insertion for an update, this has one row, as systems expect
    /// that keep the last row of each key: a compacted log, a key-value store, an `upsert` of a database. The `diff` of the
    /// change says which it is: 1 or more for the row that the key has now, -1 or less for the last row of a key without one.
    /// If several rows of a key are inserted in one commit, there is one row for each.
    ///
    /// Memory: nothing between commits. All changes pass through the first worker, as they do in a sink.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Clone)] struct Order { city: String }
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Upsert { city: String, orders: Option<i64> }
    ///
    /// # let pipeline = Pipeline::new();
    /// # let (one, two) = (Order { city: "Oslo".into() }, Order { city: "Oslo".into() });
    /// # let commits = vec![vec![Change::insert(one.clone())], vec![Change::insert(two.clone())], vec![Change::remove(one), Change::remove(two)]];
    /// # let orders = pipeline.commits(commits);
    /// let cities = reduce!(o in orders by o.city => { o.city, n: count() });
    /// let upserts = cities
    ///     .to_upserts(
    ///         |city| city.city.clone(),
    ///         |change| Upsert { city: change.row.city.clone(), orders: (change.diff > 0).then_some(change.row.n) },
    ///     )
    ///     .collect();
    /// # pipeline.run()?;
    /// let upsert = |orders| Upsert { city: "Oslo".into(), orders };
    /// assert_eq!(upserts.changes(), [(0, upsert(Some(1)), 1), (1, upsert(Some(2)), 1), (2, upsert(None), 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn to_upserts<K: Datum, O: Schema>(
        &self,
        key: impl Fn(&R) -> K + Send + Sync + 'static,
        row: impl Fn(&Change<R>) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let keep_upserts = move |changes: &mut Vec<Change<R>>| {
            let inserted = changes.iter().filter(|change| change.diff > 0);
            let replaced: BTreeSet<_> = inserted.map(|change| DatumKey(key(&change.row))).collect();
            changes.retain(|change| change.diff > 0 || !replaced.contains(&DatumKey(key(&change.row))));
        };
        self.stream_of_changes("to_upserts", keep_upserts, row)
    }

    /// A row for each net change of a commit that `keep` leaves.
    fn stream_of_changes<O: Schema>(
        &self,
        verb: &str,
        keep: impl Fn(&mut Vec<Change<R>>) + Send + Sync + 'static,
        row: impl Fn(&Change<R>) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let order = self.properties().order;
        let functions = Arc::new((keep, row));
        let properties = TableProperties { order: Order::Emission, append_only: true, ..TableProperties::default() };
        self.operator(verb, properties, move |build, changes, name| {
            let operator = ToStream { changes: Vec::new(), order, functions: Arc::clone(&functions) };
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
        let properties = TableProperties { append_only: false, forgets: false, ..self.properties() };
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
struct ToStream<R, K, F> {
    changes: Vec<Change<R>>,
    order: Order,
    /// What leaves out changes that get no row, and what makes a row of a change.
    functions: Arc<(K, F)>,
}

/// It keeps nothing.
impl<R: 'static, K: 'static, F: 'static> Stateful for ToStream<R, K, F> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

impl<R, O, K, F> StatefulOperator<Change<R>, Change<O>> for ToStream<R, K, F>
where
    R: Schema,
    O: Schema,
    K: Fn(&mut Vec<Change<R>>) + 'static,
    F: Fn(&Change<R>) -> O + 'static,
{
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        self.changes.append(changes);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let mut changes = std::mem::take(&mut self.changes);
        match self.order {
            // Copies that arrive one by one are one change here, even if nothing is removed.
            Order::Arrival | Order::Emission => net_in_arrival_order(&mut changes),
            Order::Sorted => net(&mut changes, self.order),
        }
        let (keep, row) = &*self.functions;
        keep(&mut changes);
        changes.iter().for_each(|change| emit(Change::insert(row(change))));
    }
}
