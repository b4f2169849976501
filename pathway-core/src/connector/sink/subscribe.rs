//! `subscribe`: calls a closure with a table's changes.

use std::sync::{Mutex, PoisonError};

use super::{TableWriter, write_table};
use crate::data::{Change, Commit, Schema};
use crate::plan::{NodeKind, Table, net_in_arrival_order};

/// What a [subscriber](Table::subscribe) is called with.
#[derive(Debug)]
#[non_exhaustive]
pub enum Update<'a, R> {
    /// A row was inserted or removed.
    Change {
        /// The row.
        row: &'a R,
        /// How many copies of it were inserted (positive) or removed (negative).
        diff: i64,
        /// The time of the commit, as on the wire: unix milliseconds.
        time: u64,
    },
    /// The commit has no more changes. Commits that change nothing in the table are left out.
    Committed {
        /// The time of the commit.
        time: u64,
    },
}

impl<R: Schema> Table<R> {
    /// Calls a closure with each net change of the table, in the order of a sink: commit by commit, removals before
    /// insertions, and then the end of the commit.
    ///
    /// The closure runs on the first worker, between the operators. It must be fast, because nothing else happens meanwhile:
    /// use a [`Sink`](super::Sink) for work that may take long. A panic in the closure ends the pipeline with an error.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Clone)] struct Order { price: i64 }
    /// use pathway::io::Update;
    /// use std::sync::mpsc;
    ///
    /// # let pipeline = Pipeline::new();
    /// # let orders = pipeline.rows([2, 3].map(|price| Order { price }));
    /// let (tell, told) = mpsc::channel();
    /// let mut lines = Vec::new();
    /// orders.subscribe(move |update| match update {
    ///     Update::Change { row, diff, .. } => lines.push(format!("{diff:+} {}", row.price)),
    ///     Update::Committed { .. } => drop(tell.send(std::mem::take(&mut lines))),
    ///     _ => {}
    /// });
    /// # pipeline.run()?;
    /// assert_eq!(told.recv(), Ok(vec!["+1 2".to_owned(), "+1 3".to_owned()]));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn subscribe(&self, subscriber: impl FnMut(Update<'_, R>) + Send + 'static) {
        // There is one first worker, which takes it.
        let subscriber = Mutex::new(Some(subscriber));
        write_table(self, self.plan().default_name(NodeKind::Sink, "subscribe"), move || {
            match subscriber.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(subscriber) => Subscriber(subscriber),
                None => unreachable!("a pipeline has one first worker"),
            }
        });
    }
}

struct Subscriber<F>(F);

impl<R: Schema, F: FnMut(Update<'_, R>) + 'static> TableWriter<R> for Subscriber<F> {
    fn write(&mut self, _: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        // The copies in a commit that only inserts are separate changes; here they are one.
        net_in_arrival_order(changes);
        for Change { row, diff } in changes.iter() {
            (self.0)(Update::Change { row, diff: *diff, time });
        }
        (self.0)(Update::Committed { time });
    }
}
