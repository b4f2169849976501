//! Tables from memory: rows and commits that are there at the start, and inputs that a program changes by hand.

use std::fmt;
use std::sync::Arc;

use super::source::{InputQueue, RowBatch, attach_memory_rows};
use crate::data::{Change, Schema};
use crate::plan::{CommitTrigger, ManualCommits, Pipeline, Table};

impl Pipeline {
    /// A table of these rows, all inserted in the first commit. For tests, documentation and static data.
    ///
    /// Static tables are complete before anything else happens: no message is read before.
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
    /// The first commits of several such tables are one commit of the pipeline, and so on.
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
        let commits: Vec<_> = commits.into_iter().collect();
        let append_only = commits.iter().flatten().all(|change| change.diff > 0);
        let (table, queue) = attach_memory_rows(self.plan(), "rows", append_only, CommitTrigger::Preloaded);
        for commit in commits {
            queue.add_to_open(|open: &mut RowBatch<R>| *open = commit.into());
            queue.seal();
        }
        queue.finish();
        table
    }

    /// A table that the program changes while the pipeline runs, through the [`Feed`] that is returned with it.
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
        let commits = Arc::new(ManualCommits::new());
        let trigger = CommitTrigger::Manual(Arc::clone(&commits));
        let (table, queue) = attach_memory_rows(self.plan(), "input", false, trigger);
        (Feed { queue, commits }, table)
    }
}

/// Changes an [input](Pipeline::input) table. Dropping it ends the table's source.
///
/// What is given before the pipeline runs waits in memory, without a bound.
pub struct Feed<R: Schema> {
    queue: Arc<InputQueue<RowBatch<R>>>,
    commits: Arc<ManualCommits>,
}

impl<R: Schema> Feed<R> {
    /// Inserts a row with the next commit.
    pub fn insert(&self, row: R) {
        self.queue.add_to_open(|open| open.changes.push(Change::insert(row)));
    }

    /// Removes a row with the next commit. It must have been inserted by then.
    pub fn remove(&self, row: R) {
        self.queue.add_to_open(|open| open.changes.push(Change::remove(row)));
    }

    /// Commits the changes so far: all of them take effect at once.
    ///
    /// While the pipeline runs, it returns when the commit is done: its effects can be seen.
    pub fn commit(&self) {
        self.commits.seal(|| self.queue.seal());
    }
}

impl<R: Schema> Drop for Feed<R> {
    fn drop(&mut self) {
        self.queue.finish();
    }
}

impl<R: Schema> fmt::Debug for Feed<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").field("row", &R::NAME).finish_non_exhaustive()
    }
}
