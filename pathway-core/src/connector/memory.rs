//! Tables from memory: rows and commits that are given, and a feed that is told.

use std::sync::Arc;

use super::source::CommitBuffer;
use crate::data::{Change, Commit, Datum, Schema};
use crate::dataflow::Inlet;
use crate::plan::ManualCommits;
use crate::plan::{CommitTrigger, Order, Pipeline, Plan, SourceOperator, Table, TableProperties};

impl Pipeline {
    /// A table of these rows, all inserted in the first commit. For tests, documentation and static data.
    ///
    /// Tables that are given come before anything else: no message is read before they are complete.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Order { city: String, price: f64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let orders = pipeline.rows(vec![
    ///     Order { city: "Oslo".into(), price: 2.5 },
    ///     Order { city: "Rome".into(), price: 1.5 },
    /// ]);
    /// let seen = orders.collect();
    /// pipeline.run()?;
    /// assert_eq!(seen.rows().len(), 2);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn rows<R: Schema>(&self, rows: impl IntoIterator<Item = R>) -> Table<R> {
        self.commits([rows.into_iter().map(Change::insert).collect()])
    }

    /// A table that changes by these commits, one inner `Vec` each.
    ///
    /// Where several tables are given, their first commits are one commit of the pipeline, and so on.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Order { id: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let edits = pipeline.commits(vec![
    ///     vec![Change::insert(Order { id: 1 })],
    ///     vec![Change::remove(Order { id: 1 }), Change::insert(Order { id: 2 })],
    /// ]);
    /// let seen = edits.collect();
    /// pipeline.run()?;
    /// assert_eq!(seen.changes(), [(0, Order { id: 1 }, 1), (1, Order { id: 1 }, -1), (1, Order { id: 2 }, 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn commits<R: Schema>(&self, commits: impl IntoIterator<Item = Vec<Change<R>>>) -> Table<R> {
        let mailbox = CommitBuffer::new();
        let mut append_only = true;
        for commit in commits {
            append_only &= commit.iter().all(|change| change.diff > 0);
            mailbox.add(|open| *open = commit);
            mailbox.seal();
        }
        mailbox.end();
        memory_table(self.plan(), "rows", append_only, Arc::new(mailbox), CommitTrigger::Preloaded)
    }

    /// A table that is changed by hand while the pipeline runs, through the [`Feed`] that comes with it.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Order { id: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let (feed, orders) = pipeline.input::<Order>();
    /// let seen = orders.collect();
    /// let running = pipeline.start()?;
    /// feed.insert(Order { id: 1 });
    /// feed.commit();
    /// assert_eq!(seen.rows(), [Order { id: 1 }]);
    /// drop(feed);
    /// running.join()?;
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn input<R: Schema>(&self) -> (Feed<R>, Table<R>) {
        let mailbox = Arc::new(CommitBuffer::new());
        let ticks = Arc::new(ManualCommits::new());
        let pace = CommitTrigger::Manual(Arc::clone(&ticks));
        let table = memory_table(self.plan(), "input", false, Arc::clone(&mailbox), pace);
        (Feed { mailbox, ticks }, table)
    }
}

/// Changes an [input](Pipeline::input) table by hand. Dropping it ends the table's source.
pub struct Feed<R: Schema> {
    mailbox: Arc<CommitBuffer<Vec<Change<R>>>>,
    ticks: Arc<ManualCommits>,
}

impl<R: Schema> Feed<R> {
    /// A row comes, with the next commit.
    pub fn insert(&self, row: R) {
        self.mailbox.add(|open| open.push(Change::insert(row)));
    }

    /// A row goes, with the next commit. It must be there by then: a row can't go before it has come.
    pub fn remove(&self, row: R) {
        self.mailbox.add(|open| open.push(Change::remove(row)));
    }

    /// Makes the changes so far take effect, all at once.
    ///
    /// While the pipeline runs it returns when the commit is through: what it causes can be seen.
    pub fn commit(&self) {
        self.ticks.seal(|| self.mailbox.seal());
    }
}

impl<R: Schema> Drop for Feed<R> {
    fn drop(&mut self) {
        self.mailbox.end();
        self.ticks.wake();
    }
}

/// Adds a table to a plan whose changes lie in a mailbox.
fn memory_table<R: Schema>(
    plan: &Plan,
    kind: &str,
    append_only: bool,
    mailbox: Arc<CommitBuffer<Vec<Change<R>>>>,
    pace: CommitTrigger,
) -> Table<R> {
    let name = plan.unique_name(kind);
    let node = plan.add(name, TableProperties { order: Order::Arrival, append_only }, |node, _| {
        move |build| {
            let (rows, changes) = build.graph.input();
            if build.graph.is_first() {
                build.add_source_operator(Box::new(MemorySource {
                    mailbox: Arc::clone(&mailbox),
                    pace: pace.clone(),
                    rows,
                }));
            }
            build.put::<R>(node, changes);
        }
    });
    Table::new(plan.clone(), node)
}

/// Moves the commits of a mailbox into the dataflow.
struct MemorySource<R: Datum> {
    mailbox: Arc<CommitBuffer<Vec<Change<R>>>>,
    pace: CommitTrigger,
    rows: Inlet<Change<R>>,
}

impl<R: Schema> SourceOperator for MemorySource<R> {
    fn pace(&self) -> CommitTrigger {
        self.pace.clone()
    }

    fn pump(&mut self) -> usize {
        let mut changes = self.mailbox.take().unwrap_or_default();
        let taken = changes.len();
        self.rows.send(&mut changes);
        taken
    }

    fn advance(&mut self, next: Commit) {
        self.rows.advance(next);
    }

    fn is_finished(&self) -> bool {
        self.mailbox.is_finished()
    }

    fn close(&mut self) {
        self.mailbox.end();
    }
}
