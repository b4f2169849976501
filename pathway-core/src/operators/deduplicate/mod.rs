//! `deduplicate`: one row of each key, chosen by arrival.

mod accept;
mod by_arrival;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::deduplicate::accept::AcceptedRows;
use super::deduplicate::by_arrival::{ByArrival, Pick};
use super::scan::{ScanSpec, ScanTimes, Timers, scan};
use super::state::hash_of;
use super::window::{EventTime, Length};
use crate::data::{Change, Datum, NoPrimaryKey, Saved, Schema, sort_by};
use crate::dataflow::StatefulOperator;
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// One row of each key: the [first](Deduplicate::first) that arrived, the [last](Deduplicate::last), or the last one
    /// that was [accepted](Deduplicate::accept). Or events: [each row that was accepted](Deduplicate::accept_each), and the
    /// [first row in some time](Deduplicate::first_within).
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

/// The time of a row.
type Ticks<R> = Arc<dyn Fn(&R) -> i128 + Send + Sync>;

/// The row of a key that was accepted last.
#[derive(Serialize, Deserialize)]
#[serde(bound = "R: Datum")]
struct Accepted<R>(#[serde(with = "Datum")] Option<R>);

impl<R> Default for Accepted<R> {
    fn default() -> Self {
        Accepted(None)
    }
}

impl<R: Datum> Clone for Accepted<R> {
    fn clone(&self) -> Self {
        Accepted(self.0.as_ref().map(R::clone_datum))
    }
}

/// Whether a new row replaces the current one.
type Accept<R> = Arc<dyn Fn(&R, &R) -> bool + Send + Sync>;

impl<R: Schema, K: Datum> Deduplicate<R, K> {
    /// The row of each key that arrived first. When it is removed, the next one replaces it.
    ///
    /// Of a table of arrivals, the result is a table of arrivals, too.
    ///
    /// Memory: each key if the table is one of arrivals; one row of each key if the table only grows. Otherwise every row, and the chosen row a second time: besides their
    /// own size, 16 bytes for a key with one row, and about 100 bytes for each row of a key with several. If a row has several
    /// copies, the copy that arrived last is removed first.
    pub fn first(self) -> Table<R> {
        let properties = self.table.properties();
        if properties.append_only && properties.is_sequence() {
            return self.first_events("deduplicate");
        }
        if properties.append_only {
            return self.accepted(true, "first", Arc::new(|_, _| false));
        }
        self.by_arrival(Pick::First)
    }

    /// The row of each key that arrived last. When it is removed, the previous one replaces it.
    ///
    /// Memory: the same as [`first`](Deduplicate::first).
    pub fn last(self) -> Table<R> {
        if self.table.properties().append_only {
            return self.accepted(false, "last", Arc::new(|_, _| true));
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
            return self.accepted(false, "accept", Arc::new(accept));
        }
        let table = &self.table;
        table.fail(format!(
            "`deduplicate(..).accept(..)` of {table:?}, whose rows can be removed: it needs a table that only grows\n\
             read messages into a row without a primary key, make a stream of the table with `to_stream`, or use `.last()`"
        ));
        table.never()
    }

    /// Each row that was accepted, as an event: the rows of [`accept`](Deduplicate::accept), but a row is not removed when the
    /// next one is accepted.
    ///
    /// The result is a table of arrivals: it only grows, and does not depend on where commits begin. It requires a table of
    /// arrivals, as [`scan`](super::Grouped::scan) does. Memory: one row of each key.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Reading { sensor: i64, degrees: i64 }
    /// # let pipeline = Pipeline::new();
    /// let readings = pipeline.rows([20, 21, 25, 24].map(|degrees| Reading { sensor: 1, degrees }));
    /// let jumps = readings.deduplicate(|r| r.sensor).accept_each(|new, old| new.degrees.abs_diff(old.degrees) > 2).collect();
    /// # pipeline.run()?;
    /// assert_eq!(jumps.rows(), [20, 25].map(|degrees| Reading { sensor: 1, degrees }));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn accept_each(self, accept: impl Fn(&R, &R) -> bool + Send + Sync + 'static) -> Table<R>
    where
        R: NoPrimaryKey,
    {
        self.events("accept_each", None, None, move |current: &mut Accepted<R>, row, _| {
            let is_accepted = current.0.as_ref().is_none_or(|current| accept(row, current));
            is_accepted.then(|| {
                current.0 = Some(row.clone_datum());
                row.clone_datum()
            })
        })
    }

    /// The first row of each key in some event time, as an event: a row is dropped if its time is at most `length` before or
    /// after that of the last row of its key that was not.
    ///
    /// It drops messages that are delivered twice, with bounded memory, and bounds how often an alarm is raised:
    /// `first_within(|alarm| alarm.at, 10.minutes())`. Duplicates that arrive more than `length` of event time later are not
    /// recognised. The result is a table of arrivals: it only grows, and does not depend on where commits begin. It requires
    /// a table of arrivals, as [`scan`](super::Grouped::scan) does.
    ///
    /// Memory: each key that had a row in the last `length` of event time, its own size and about 200 bytes.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Alarm { device: i64, at: i64 }
    /// # let pipeline = Pipeline::new();
    /// let alarms = pipeline.rows([(1, 0), (1, 7), (2, 8), (1, 10), (1, 11)].map(|(device, at)| Alarm { device, at }));
    /// let rare = alarms.deduplicate(|a| a.device).first_within(|a| a.at, 10).collect();
    /// # pipeline.run()?;
    /// let mut times: Vec<_> = rare.changes().iter().map(|(_, row, _)| (row.device, row.at)).collect();
    /// assert_eq!(times, [(1, 0), (2, 8), (1, 11)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn first_within<T: EventTime>(
        self,
        time: impl Fn(&R) -> T + Send + Sync + 'static,
        length: impl Length<T>,
    ) -> Table<R>
    where
        R: NoPrimaryKey,
    {
        let timed = self.table.timed(time);
        let length = timed.ticks(length);
        let time = timed.time;
        let time: Ticks<R> = Arc::new(move |row: &R| time(row).ticks());
        self.events("first_within", Some(time), Some(length), move |last: &mut Option<i128>, row, at| {
            let is_first = last.is_none_or(|last| (at - last).abs() > length);
            is_first.then(|| {
                *last = Some(at);
                row.clone_datum()
            })
        })
    }

    /// The first row of each key of a table of arrivals.
    pub(super) fn first_events(self, verb: &str) -> Table<R> {
        self.events(verb, None, None, |has_row: &mut bool, row, _| {
            (!std::mem::replace(has_row, true)).then(|| row.clone_datum())
        })
    }

    /// Emits, for each row, what `event` makes of it, its time and the state of its key.
    fn events<S: Clone + Default + Saved + Send + Sync>(
        self,
        verb: &str,
        time: Option<Ticks<R>>,
        expire_after: Option<i128>,
        event: impl Fn(&mut S, &R, i128) -> Option<R> + Send + Sync + 'static,
    ) -> Table<R> {
        let Deduplicate { table, key } = self;
        let times = time.is_some().then(ScanTimes::default);
        let time = time.unwrap_or_else(|| Arc::new(|_| 0));
        let of = Arc::clone(&time);
        let spec = ScanSpec {
            key,
            time,
            initial: S::default(),
            step: Arc::new(move |state: &mut S, row: &R, _: &mut Timers<'_, i64>, emit: &mut dyn FnMut(Change<R>)| {
                event(state, row, of(row)).into_iter().map(Change::insert).for_each(emit);
            }),
            on_timer: Arc::new(|_, _, _, _| ()),
            expire_after,
        };
        scan(&table, verb, times, spec)
    }

    /// `kept` says which row is kept of each key.
    fn accepted(self, append_only: bool, kept: &str, accept: Accept<R>) -> Table<R> {
        let order = self.table.properties().order;
        let table = self.operator(append_only, move |key| AcceptedRows::new(key, order, Arc::clone(&accept)));
        table.with_parameter(kept)
    }

    fn by_arrival(self, pick: Pick) -> Table<R> {
        let order = self.table.properties().order;
        let kept = match pick {
            Pick::First => "first of rows that can be removed",
            Pick::Last => "last of rows that can be removed",
        };
        self.operator(false, move |key| ByArrival::new(key, order, pick)).with_parameter(kept)
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
    sort_by(changes, |one, two| one.row.compare(&two.row));
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
