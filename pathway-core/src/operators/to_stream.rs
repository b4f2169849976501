//! `to_stream` and `to_table`: a table's changes as rows that stay, and back.

use std::sync::Arc;

use crate::data::{Change, Schema};
use crate::dataflow::StatefulOperator;
use crate::plan::{Order, Table, TableProperties, net, net_in_order_of_arrival};

impl<R: Schema> Table<R> {
    /// A row of each net change: what happened, as a table that only grows.
    ///
    /// Each commit's changes become rows of the same commit, in the order in which they would leave through a sink: what
    /// goes before what comes. Several copies of a row that come or go at once are one change, whose `diff` says how
    /// many. The table that comes of it keeps that order, also in a sink.
    ///
    /// It keeps nothing from one commit to the next. All changes pass the first worker, as they do in a sink.
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
        let (input, order) = (self.node(), self.shape().order);
        let row = Arc::new(row);
        let name = self.plan().unique_name("to_stream");
        let node = self.plan().add(name, TableProperties::ARRIVALS, |node, name| {
            move |build| {
                let changes = build.get::<R>(input);
                let row = Arc::clone(&row);
                let stream = Stream { changes: Vec::new(), order, row: move |change: &Change<R>| row(change) };
                // All to the first worker, so that there is one order.
                let stream = build.graph.stateful(changes, &name, |_| 0, stream);
                build.put::<O>(node, stream);
            }
        });
        Table::new(self.plan().clone(), node)
    }

    /// The table that a stream of changes tells of: each row says what comes or goes.
    ///
    /// The way back of [`to_stream`](Table::to_stream), and a way to read change streams of others. What goes must have
    /// come, in the same commit or before. Where a stream tells of a key's new row alone, without what it replaces, take
    /// [`deduplicate(..).last()`](Table::deduplicate), and `filter!` away what says that a key was deleted.
    ///
    /// It keeps nothing.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// #[derive(Schema)]
    /// struct Edit {
    ///     word: String,
    ///     #[schema(path = "/diff")] // What `nats::write` adds, to be read back.
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
        let input = self.node();
        let change = Arc::new(change);
        let name = self.plan().unique_name("to_table");
        let shape = TableProperties { append_only: false, ..self.shape() };
        let node = self.plan().add(name, shape, |node, name| {
            move |build| {
                let change = Arc::clone(&change);
                let events = build.get::<R>(input);
                let changes = build.graph.each(events, &name, move |events, changes| {
                    changes.extend(events.drain(..).map(|event| {
                        let Change { row, diff } = change(&event.row);
                        Change { row, diff: diff * event.diff }
                    }));
                });
                build.put::<O>(node, changes);
            }
        });
        Table::new(self.plan().clone(), node)
    }
}

/// Gathers a commit's changes, and makes rows of what they come to.
struct Stream<R, F> {
    changes: Vec<Change<R>>,
    order: Order,
    row: F,
}

impl<R: Schema, O: Schema, F: Fn(&Change<R>) -> O + 'static> StatefulOperator<Change<R>, O> for Stream<R, F> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        self.changes.append(changes);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let mut changes = std::mem::take(&mut self.changes);
        match self.order {
            // Copies that arrive one by one are one change here, also where nothing goes.
            Order::Arrival => net_in_order_of_arrival(&mut changes),
            Order::Sorted => net(&mut changes, self.order),
        }
        changes.iter().for_each(|change| emit(Change::insert((self.row)(change))));
    }
}
