//! A sink in memory: what a table has emitted, for tests and documentation.

use std::sync::{Arc, Mutex, PoisonError};

use super::deliver::{Writer, deliver};
use crate::data::{Change, Commit, Datum, DatumKey, Schema};
use crate::plan::{Table, net_in_order_of_arrival};

impl<R: Schema> Table<R> {
    /// Gathers what the table emits. The handle can be read while the pipeline runs and after it.
    ///
    /// It keeps every change: it is meant for tests, documentation and small results.
    #[must_use = "what was collected is read through the handle"]
    pub fn collect(&self) -> Collected<R> {
        let collected = Collected { changes: Arc::default() };
        let handle = collected.clone();
        deliver(self, self.plan().unique_name("collect"), move || Box::new(handle.clone()));
        collected
    }
}

/// What a table has emitted so far; see [`Table::collect`]. Clones share it.
pub struct Collected<R> {
    changes: Arc<Mutex<Vec<(Commit, R, i64)>>>,
}

impl<R: Datum> Collected<R> {
    /// Every change: `(commit, row, diff)`, by commit, within it first what goes and then what comes,
    /// each in the order of the rows as it leaves a sink. Copies of one row are one change with `diff` 2 or more.
    pub fn changes(&self) -> Vec<(Commit, R, i64)> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.iter().map(|(commit, row, diff)| (*commit, row.clone_datum(), *diff)).collect()
    }

    /// The table as it stands: its rows, in their own order, each as often as it is there.
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

impl<R: Schema> Writer<R> for Collected<R> {
    fn write(&mut self, commit: Commit, _time: u64, changes: &mut Vec<Change<R>>) {
        // A commit that only inserts comes with its copies one by one, which is the quickest way to the wire.
        net_in_order_of_arrival(changes);
        let mut all = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend(changes.drain(..).map(|change| (commit, change.row, change.diff)));
    }
}
