//! A sink in memory: the changes of a table, for tests and documentation.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{TableWriter, write_table};
use crate::data::{Change, Commit, Datum, DatumKey, Schema};
use crate::plan::{NodeKind, Table, net_in_arrival_order};

impl<R: Schema> Table<R> {
    /// Collects the table's changes. Read them through the handle, while the pipeline runs or after it.
    ///
    /// It keeps every change: use it for tests, documentation and small results.
    #[must_use = "read what was collected through the handle"]
    pub fn collect(&self) -> Collected<R> {
        let collected = Collected { changes: Arc::default() };
        let handle = collected.clone();
        write_table(self, self.plan().default_name(NodeKind::Sink, "collect"), move || handle.clone());
        collected
    }
}

/// The changes of a table so far; see [`Table::collect`]. Clones share them.
pub struct Collected<R> {
    changes: Arc<Mutex<Vec<(Commit, R, i64)>>>,
}

impl<R: Datum> Collected<R> {
    /// Every change: `(commit, row, diff)`, by commit, and within it removals before insertions, each in the order in which
    /// a sink receives them. Copies of one row are one change with `diff` 2 or more.
    pub fn changes(&self) -> Vec<(Commit, R, i64)> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.iter().map(|(commit, row, diff)| (*commit, row.clone_datum(), *diff)).collect()
    }

    /// The current rows of the table, sorted, with duplicates.
    pub fn rows(&self) -> Vec<R> {
        let mut counts = std::collections::BTreeMap::<DatumKey<R>, i64>::new();
        for (_, row, diff) in self.changes() {
            *counts.entry(DatumKey(row)).or_default() += diff;
        }
        let copies = |(row, count): (DatumKey<R>, i64)| (0..count).map(move |_| row.0.clone_datum());
        counts.into_iter().flat_map(copies).collect()
    }
}

impl<R> Clone for Collected<R> {
    fn clone(&self) -> Self {
        Collected { changes: Arc::clone(&self.changes) }
    }
}

impl<R: fmt::Debug> fmt::Debug for Collected<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("Collected").field("changes", &*changes).finish()
    }
}

impl<R: Schema> TableWriter<R> for Collected<R> {
    fn write(&mut self, commit: Commit, _time: u64, changes: &mut Vec<Change<R>>) {
        // The copies in a commit that only inserts are separate changes, which is the fastest way to the wire.
        net_in_arrival_order(changes);
        let mut all = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(changes.drain(..).map(|change| (commit, change.row, change.diff)));
    }
}
