//! `deduplicate`: one row of each key, chosen by arrival.

mod accept;
mod by_arrival;

use std::fmt;
use std::sync::Arc;

use super::deduplicate::accept::AcceptedRows;
use super::deduplicate::by_arrival::{ByArrival, Pick};
use super::state::hash_of;
use crate::data::{Change, Datum, NoPrimaryKey, Schema};
use crate::dataflow::StatefulOperator;
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// One row of each key: the [first](Deduplicate::first) that arrived, the [last](Deduplicate::last), or the last one
    /// that was [accepted](Deduplicate::accept).
    ///
    /// Rows arrive in the order of their commits, and within a commit in the order of their messages. After a `reduce!`, a join
    /// or a `concat`, a table has no order of messages; then the rows of one commit arrive in the order of the rows themselves,
    /// column by column. Both orders are the same for any number of workers.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Login { user: i64, from: String }
    /// # let pipeline = Pipeline::new();
    /// let logins = pipeline.rows([(1, "Oslo"), (2, "Rome"), (1, "Bonn")].map(|(user, from)| Login { user, from: from.into() }));
    /// let first = logins.deduplicate(|l| l.user).first().collect();
    /// let last = logins.deduplicate(|l| l.user).last().collect();
    /// # pipeline.run()?;
    /// assert_eq!(first.rows()[0].from, "Oslo");
    /// assert_eq!(last.rows()[0].from, "Bonn");
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn deduplicate<K: Datum>(&self, key: impl Fn(&R) -> K + Send + Sync + 'static) -> Deduplicate<R, K> {
        Deduplicate { table: self.clone(), key: Arc::new(key) }
    }
}

/// A table to deduplicate by a key; see [`Table::deduplicate`].
#[must_use = "call `.first()`, `.last()` or `.accept(..)` to choose the row of each key"]
pub struct Deduplicate<R, K> {
    table: Table<R>,
    key: Key<R, K>,
}

type Key<R, K> = Arc<dyn Fn(&R) -> K + Send + Sync>;

/// Whether a new row replaces the current one.
type Accept<R> = Arc<dyn Fn(&R, &R) -> bool + Send + Sync>;

impl<R: Schema, K: Datum> Deduplicate<R, K> {
    /// The row of each key that arrived first. When it is removed, the next one replaces it.
    ///
    /// Memory: one row of each key if the table only grows. Otherwise every row, and the chosen row a second time: besides their
    /// own size, 16 bytes for a key with one row, and about 100 bytes for each row of a key with several. If a row has several
    /// copies, the copy that arrived last is removed first.
    pub fn first(self) -> Table<R> {
        if self.table.properties().append_only {
            return self.accepted(true, Arc::new(|_, _| false));
        }
        self.by_arrival(Pick::First)
    }

    /// The row of each key that arrived last. When it is removed, the previous one replaces it.
    ///
    /// Memory: the same as [`first`](Deduplicate::first).
    pub fn last(self) -> Table<R> {
        if self.table.properties().append_only {
            return self.accepted(false, Arc::new(|_, _| true));
        }
        self.by_arrival(Pick::Last)
    }

    /// The last row of each key that was accepted. For each row that arrives, `accept(new, current)` decides whether it replaces
    /// the current row of its key. The first row of a key is always accepted.
    ///
    /// It requires a table that only grows, because a row that was not accepted is not kept and could not come back: messages
    /// that are read into a table without a primary key, the results of `filter!` and `select!` on such a table, or a
    /// [`to_stream`](Table::to_stream). Rows with a primary key do not compile. For another table whose rows can be removed,
    /// [`Pipeline::run`](crate::plan::Pipeline::run) returns an error that says so. Memory: one row of each key.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Reading { sensor: i64, degrees: i64 }
    /// # let pipeline = Pipeline::new();
    /// let readings = pipeline.rows([20, 21, 25, 24].map(|degrees| Reading { sensor: 1, degrees }));
    /// // What changed by more than two degrees.
    /// let coarse = readings.deduplicate(|r| r.sensor).accept(|new, old| new.degrees.abs_diff(old.degrees) > 2).collect();
    /// # pipeline.run()?;
    /// assert_eq!(coarse.rows(), [Reading { sensor: 1, degrees: 25 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn accept(self, accept: impl Fn(&R, &R) -> bool + Send + Sync + 'static) -> Table<R>
    where
        R: NoPrimaryKey,
    {
        if self.table.properties().append_only {
            return self.accepted(false, Arc::new(accept));
        }
        let table = &self.table;
        table.fail(format!(
            "`deduplicate(..).accept(..)` of {table:?}, whose rows can be removed: it needs a table that only grows\n\
             read messages into a row without a primary key, make a stream of the table with `to_stream`, or use `.last()`"
        ));
        table.never()
    }

    fn accepted(self, append_only: bool, accept: Accept<R>) -> Table<R> {
        let order = self.table.properties().order;
        self.operator(append_only, move |key| AcceptedRows::new(key, order, Arc::clone(&accept)))
    }

    fn by_arrival(self, pick: Pick) -> Table<R> {
        let order = self.table.properties().order;
        self.operator(false, move |key| ByArrival::new(key, order, pick))
    }

    fn operator<P: StatefulOperator<Change<R>, Change<R>>>(
        self,
        append_only: bool,
        operator: impl Fn(Key<R, K>) -> P + Send + Sync + 'static,
    ) -> Table<R> {
        let Deduplicate { table, key } = self;
        let properties = TableProperties { order: Order::Sorted, append_only, ..TableProperties::default() };
        table.operator("deduplicate", properties, move |build, changes, name| {
            let operator = operator(Arc::clone(&key));
            let key = Arc::clone(&key);
            build.dataflow.stateful(changes, name, move |change| hash_of(&key(&change.row)), operator)
        })
    }
}

impl<R: Schema, K> fmt::Debug for Deduplicate<R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deduplicate").field("table", &self.table).finish_non_exhaustive()
    }
}

/// Sorts the changes of a commit into the order in which they count as arrived.
///
/// Changes from several workers do not arrive in the same order each time. Changes of equal rows become one.
fn sort_arrivals<R: Datum>(changes: &mut Vec<Change<R>>, order: Order) {
    if order.is_sequence() {
        return;
    }
    changes.sort_by(|one, two| one.row.compare(&two.row));
    changes.dedup_by(|later, first| {
        let same = later.row.compare(&first.row).is_eq();
        if same {
            first.diff += later.diff;
        }
        same
    });
}

/// Emits the change of the row of a key.
fn emit_change<R: Schema>(before: Option<R>, now: Option<&R>, emit: &mut dyn FnMut(Change<R>)) {
    if matches!((&before, now), (Some(before), Some(now)) if before.compare(now).is_eq()) {
        return;
    }
    before.map(Change::remove).into_iter().for_each(&mut *emit);
    now.map(|now| Change::insert(now.clone_datum())).into_iter().for_each(&mut *emit);
}
