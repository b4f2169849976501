//! `deduplicate`: one row of each key, chosen by when it arrived.

mod accept;
mod arrivals;

use std::sync::Arc;

use super::deduplicate::accept::Standing;
use super::deduplicate::arrivals::{End, InOrder};

use super::state::keyed::hash_of;
use crate::data::{Change, Datum, Error, ErrorKind, Schema};
use crate::dataflow::StatefulOperator;
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// One row of each key: the [first](Deduplicate::first) that arrived, the [last](Deduplicate::last), or the last
    /// that was [accepted](Deduplicate::accept).
    ///
    /// Rows arrive in the order of their commits, and within a commit in that of their messages. Where the table has no
    /// order of messages any more (behind a `reduce!`, a join, a `concat`), rows of one commit arrive in their own
    /// order, column by column. Neither depends on the number of workers.
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

/// A table of which one row of each key is wanted; see [`Table::deduplicate`].
#[must_use = "say which row of each key: `.first()`, `.last()` or `.accept(..)`"]
pub struct Deduplicate<R, K> {
    table: Table<R>,
    key: Key<R, K>,
}

type Key<R, K> = Arc<dyn Fn(&R) -> K + Send + Sync>;

/// Whether a row takes the place of the one that stands.
type Accept<R> = Arc<dyn Fn(&R, &R) -> bool + Send + Sync>;

impl<R: Schema, K: Datum> Deduplicate<R, K> {
    /// The row of each key that arrived first, of those that are there. When it goes, the next one stands.
    ///
    /// It keeps one row of each key where the table only grows; else every row, and the one that stands once more: beside
    /// their own size 16 bytes while a key has one row, about 100 bytes for each where it has several. A row of which several
    /// copies are there loses the one that arrived last.
    pub fn first(self) -> Table<R> {
        let append_only = self.table.shape().append_only;
        if append_only {
            return self.standing(true, Arc::new(|_, _| false));
        }
        self.in_order(End::First)
    }

    /// The row of each key that arrived last, of those that are there. When it goes, the one before it stands again.
    ///
    /// It keeps what [`first`](Deduplicate::first) keeps.
    pub fn last(self) -> Table<R> {
        if self.table.shape().append_only {
            return self.standing(false, Arc::new(|_, _| true));
        }
        self.in_order(End::Last)
    }

    /// The last row of each key that was accepted: `accept` is asked with each row that arrives and the row that stands,
    /// and says whether the new one takes its place. The first row of a key stands without being asked for.
    ///
    /// It needs a table that only grows, since a row that was refused is not kept and could not come back: messages that
    /// are read into a table without a primary key, what `filter!` and `select!` make of it, or a
    /// [`to_stream`](Table::to_stream). Of another table, [`Pipeline::run`](crate::plan::Pipeline::run) returns an error
    /// that says so. It keeps one row of each key.
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
    pub fn accept(self, accept: impl Fn(&R, &R) -> bool + Send + Sync + 'static) -> Table<R> {
        if self.table.shape().append_only {
            return self.standing(false, Arc::new(accept));
        }
        let table = &self.table;
        let message = format!(
            "`deduplicate(..).accept(..)` of {table:?}, whose rows can go: it needs a table that only grows\n\
             read messages into a row without a primary key, make a stream of the table by `to_stream`, or take `.last()`"
        );
        table.plan().control().fail(Error::new(ErrorKind::Config, message));
        table.never()
    }

    fn standing(self, append_only: bool, accept: Accept<R>) -> Table<R> {
        let order = self.table.shape().order;
        self.operator(append_only, move |key| Standing::new(key, order, Arc::clone(&accept)))
    }

    fn in_order(self, end: End) -> Table<R> {
        let order = self.table.shape().order;
        self.operator(false, move |key| InOrder::new(key, order, end))
    }

    fn operator<P: StatefulOperator<Change<R>, R>>(
        self,
        append_only: bool,
        operator: impl Fn(Key<R, K>) -> P + Send + Sync + 'static,
    ) -> Table<R> {
        let Deduplicate { table, key } = self;
        let input = table.node();
        let name = table.plan().unique_name("deduplicate");
        let shape = TableProperties { order: Order::Sorted, append_only };
        let node = table.plan().add(name, shape, |node, name| {
            move |build| {
                let changes = build.get::<R>(input);
                let operator = operator(Arc::clone(&key));
                let key = Arc::clone(&key);
                let rows = build.graph.stateful(changes, &name, move |change| hash_of(&key(&change.row)), operator);
                build.put::<R>(node, rows);
            }
        });
        Table::new(table.plan().clone(), node)
    }
}

/// Puts a commit's changes into the order in which they count as arrived.
///
/// Where they came from several workers, that in which they came is not the same each time. Of changes of one row, which
/// stand in any order then, only their sum counts.
fn arrive<R: Datum>(changes: &mut Vec<Change<R>>, order: Order) {
    if order == Order::Arrival {
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

/// Emits what became of the row that stood for a key.
fn emit_change<R: Schema>(before: Option<R>, now: Option<&R>, emit: &mut dyn FnMut(Change<R>)) {
    if matches!((&before, now), (Some(before), Some(now)) if before.compare(now).is_eq()) {
        return;
    }
    before.map(Change::remove).into_iter().for_each(&mut *emit);
    now.map(|now| Change::insert(now.clone_datum())).into_iter().for_each(&mut *emit);
}
