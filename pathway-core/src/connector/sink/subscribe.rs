//! `subscribe`: a table's changes for a closure.

use std::sync::{Mutex, PoisonError};

use super::deliver::{Writer, deliver};
use crate::data::{Change, Commit, Schema};
use crate::plan::Table;

/// What a [subscriber](Table::subscribe) is told.
#[derive(Debug)]
pub enum Update<'a, R> {
    /// A row came or went.
    Change {
        /// The row.
        row: &'a R,
        /// How many copies of it came (positive) or went (negative).
        diff: i64,
        /// The time of the commit, as on the wire: unix milliseconds.
        time: u64,
    },
    /// That was all of a commit. Commits that change nothing in the table are not told.
    Committed {
        /// The time of the commit.
        time: u64,
    },
}

impl<R: Schema> Table<R> {
    /// Calls a closure with each net change of the table, in the order of a sink: commit by commit, in each what goes
    /// before what comes; and with the end of each commit.
    ///
    /// The closure runs on the first worker, between the operators: it must be quick, since nothing else happens while it
    /// runs, and a closure that waits holds everything up. What may take its time is a [`Sink`](crate::connector::custom::Sink). A panic
    /// in it ends the pipeline with an error.
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
    /// });
    /// # pipeline.run()?;
    /// assert_eq!(told.recv(), Ok(vec!["+1 2".to_owned(), "+1 3".to_owned()]));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn subscribe(&self, subscriber: impl FnMut(Update<'_, R>) + Send + 'static) {
        // There is one first worker, which takes it.
        let subscriber = Mutex::new(Some(subscriber));
        deliver(self, self.plan().unique_name("subscribe"), move || {
            match subscriber.lock().unwrap_or_else(PoisonError::into_inner).take() {
                Some(subscriber) => Box::new(Subscriber(subscriber)),
                None => unreachable!("a pipeline has one first worker"),
            }
        });
    }
}

struct Subscriber<F>(F);

impl<R: Schema, F: FnMut(Update<'_, R>) + 'static> Writer<R> for Subscriber<F> {
    fn write(&mut self, _: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        // Of a table that only grew copies come one by one; here, as everywhere in the crate, they are one change.
        crate::plan::net_in_order_of_arrival(changes);
        for Change { row, diff } in changes.iter() {
            (self.0)(Update::Change { row, diff: *diff, time });
        }
        (self.0)(Update::Committed { time });
    }
}
