//! `scan`: events from a state by key, row by row in the order of arrival.

mod emission;
mod operator;
mod spec;
mod timers;

use std::sync::Arc;

use super::Grouped;
use super::state::{InOrder, JumpReports, RowOperator, RowStep, RowTimes, WholeState, by_row, hash_of};
use super::timed::TimedGroups;
use super::window::EventTime;
use crate::data::{Change, Datum, NoPrimaryKey, Saved, Schema};
use crate::dataflow::StatePart;
use crate::plan::{Order, Table, TableProperties};
use operator::{Alone, ScanItem, ScanOperator};

pub(super) use spec::{ScanSpec, ScanTimes};
pub use timers::Timers;

impl<R: Schema, K: Datum> Grouped<R, K> {
    /// Makes events of the rows of each key, one row after the other in the order of their arrival, with a state by key.
    ///
    /// `step` is called with the state of the row's key, at first a clone of `initial`, and the row. It changes the state, and
    /// returns the rows to emit: an `Option`, an array, a `Vec`, or any other iterator. The state must be one that a pipeline can
    /// [save](Saved). Other systems call this a stateful map, a keyed process function, or a processor.
    ///
    /// The result only grows, and does not depend on where commits begin: it is a table of arrivals in the order of the rows
    /// that caused its events. It requires such a table: messages that are read into a row without a primary key, the results of
    /// `filter!`, `select!` and `concat` on them, closed windows, another `scan`, or a [`to_stream`](Table::to_stream). For any
    /// other table, [`Pipeline::run`](crate::plan::Pipeline::run) returns an error that says so.
    ///
    /// Memory: the key and its state, and about 100 bytes, for ever. To bound it, use event time:
    /// `table.timed(..).group_by(..)`, and [`expire_after`](TimedGroups::expire_after).
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Reading { sensor: i64, degrees: i64 }
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Jump { sensor: i64, from: i64, to: i64 }
    ///
    /// # let pipeline = Pipeline::new();
    /// let readings = pipeline.rows([20, 21, 25, 19].map(|degrees| Reading { sensor: 1, degrees }));
    /// let jumps = readings
    ///     .group_by(|r| r.sensor)
    ///     .scan(None, |last, r| {
    ///         let from = last.replace(r.degrees)?;
    ///         (from.abs_diff(r.degrees) > 2).then_some(Jump { sensor: r.sensor, from, to: r.degrees })
    ///     })
    ///     .collect();
    /// # pipeline.run()?;
    /// let jump = |from, to| Jump { sensor: 1, from, to };
    /// assert_eq!(jumps.changes(), [(0, jump(21, 25), 1), (0, jump(25, 19), 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn scan<S, E, O>(self, initial: S, step: impl Fn(&mut S, &R) -> E + Send + Sync + 'static) -> Table<O>
    where
        R: NoPrimaryKey,
        S: Clone + Saved + Send + Sync,
        E: IntoIterator<Item = O>,
        O: Schema,
    {
        let Grouped { table, key } = self;
        let spec = ScanSpec {
            key,
            time: Arc::new(|_| 0),
            initial,
            step: Arc::new(move |state: &mut S, row: &R, _: &mut Timers<'_, i64>, emit: &mut dyn FnMut(Change<O>)| {
                step(state, row).into_iter().map(Change::insert).for_each(emit);
            }),
            on_timer: Arc::new(|_, _, _, _| ()),
            expire_after: None,
        };
        scan(&table, "scan", None, spec)
    }
}

impl<R: Schema, T: EventTime, K: Datum> TimedGroups<R, T, K> {
    /// As [`Grouped::scan`], with event time and a state that can [expire](TimedGroups::expire_after).
    ///
    /// `step` also gets event time: the latest time of this row and of all rows of the table before it, or, with several sources,
    /// the least of their times. It is later than the time of a row that comes late. While a source has had no row, it is the
    /// time of the row.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Login { user: i64, at: i64 }
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Session { user: i64, number: i64, at: i64 }
    ///
    /// # let pipeline = Pipeline::new();
    /// let logins = pipeline.rows([(1, 0), (2, 5), (1, 8), (1, 70)].map(|(user, at)| Login { user, at }));
    /// let numbered = logins
    ///     .timed(|l| l.at)
    ///     .group_by(|l| l.user)
    ///     .expire_after(60)
    ///     .scan(0, |number, l, _now| {
    ///         *number += 1;
    ///         Some(Session { user: l.user, number: *number, at: l.at })
    ///     })
    ///     .collect();
    /// # pipeline.run()?;
    /// let numbers: Vec<_> = numbered.changes().iter().map(|(_, row, _)| (row.user, row.number)).collect();
    /// // The state of user 1 expired after the row at 8.
    /// assert_eq!(numbers, [(1, 1), (2, 1), (1, 2), (1, 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn scan<S, E, O>(self, initial: S, step: impl Fn(&mut S, &R, T) -> E + Send + Sync + 'static) -> Table<O>
    where
        R: NoPrimaryKey,
        S: Clone + Saved + Send + Sync,
        E: IntoIterator<Item = O>,
        O: Schema,
    {
        let step = move |state: &mut S, row: &R, timers: &mut Timers<'_, T>| step(state, row, timers.now());
        self.scan_with_timers(initial, step, |_, _, _| None)
    }

    /// As [`scan`](TimedGroups::scan), with timers in event time.
    ///
    /// `step` gets the [`Timers`] of the row's key instead of event time. Once event time is after a timer, `on_timer` is called
    /// with the key, its state and its timers, and returns rows to emit, too. That is before `step` gets the row that has moved
    /// event time there, so that a key which falls silent is noticed before its next row.
    ///
    /// Memory: for each key, as for [`Grouped::scan`]; besides, 48 bytes if it can expire, and 64 for each timer, in nodes of up to
    /// eleven entries.
    ///
    /// Event time only moves with rows. If the source may become idle, use [`Timed::idle_timeout`](super::Timed::idle_timeout),
    /// so that a clock then moves it.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Reading { sensor: i64, at: i64 }
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Silent { sensor: i64, since: i64 }
    ///
    /// # let pipeline = Pipeline::new();
    /// let readings = pipeline.rows([(1, 0), (2, 10), (2, 65), (1, 66)].map(|(sensor, at)| Reading { sensor, at }));
    /// let silent = readings
    ///     .timed(|r| r.at)
    ///     .group_by(|r| r.sensor)
    ///     .expire_after(3_600)
    ///     .scan_with_timers(
    ///         0,
    ///         |last, r, timers| {
    ///             *last = r.at;
    ///             timers.replace(timers.now() + 60);
    ///             None
    ///         },
    ///         |sensor, last, _| Some(Silent { sensor: *sensor, since: *last }),
    ///     )
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(silent.rows(), [Silent { sensor: 1, since: 0 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn scan_with_timers<S, E, F, O>(
        self,
        initial: S,
        step: impl Fn(&mut S, &R, &mut Timers<'_, T>) -> E + Send + Sync + 'static,
        on_timer: impl Fn(&K, &mut S, &mut Timers<'_, T>) -> F + Send + Sync + 'static,
    ) -> Table<O>
    where
        R: NoPrimaryKey,
        S: Clone + Saved + Send + Sync,
        E: IntoIterator<Item = O>,
        F: IntoIterator<Item = O>,
        O: Schema,
    {
        let TimedGroups { timed, key, expire_after } = self;
        let time = Arc::clone(&timed.time);
        let spec = ScanSpec {
            key,
            time: Arc::new(move |row: &R| time(row).ticks()),
            initial,
            step: Arc::new(
                move |state: &mut S, row: &R, timers: &mut Timers<'_, T>, emit: &mut dyn FnMut(Change<O>)| {
                    step(state, row, timers).into_iter().map(Change::insert).for_each(emit);
                },
            ),
            on_timer: Arc::new(
                move |key: &K, state: &mut S, timers: &mut Timers<'_, T>, emit: &mut dyn FnMut(Change<O>)| {
                    on_timer(key, state, timers).into_iter().map(Change::insert).for_each(emit);
                },
            ),
            expire_after,
        };
        let times = ScanTimes { clocks: timed.clocks, parts: timed.parts };
        scan(&timed.table, "scan", Some(times), spec)
    }
}

/// Declares the table of a `scan`. `times` says how event time moves, if the table has any.
pub(super) fn scan<R: Schema, T: EventTime, K: Datum, S: Clone + Saved + Send + Sync, O: Schema>(
    table: &Table<R>,
    verb: &str,
    times: Option<ScanTimes<R>>,
    spec: ScanSpec<R, T, K, S, O>,
) -> Table<O> {
    let input = table.properties();
    if !(input.append_only && input.is_sequence()) {
        table.fail(format!(
            "`{verb}` of {table:?}, whose rows can be removed or have no order: it needs a table of arrivals\n\
             read messages into a row without a primary key, or make a stream of the table with `to_stream`"
        ));
        return table.never();
    }
    let events = TableProperties { order: Order::Emission, append_only: true, ..TableProperties::default() };
    scan_into(table, verb, events, times, spec)
}

/// As [`scan`], of a table of arrivals. `properties` are those of the result.
pub(super) fn scan_into<R: Schema, T: EventTime, K: Datum, S: Clone + Saved + Send + Sync, O: Schema>(
    table: &Table<R>,
    verb: &str,
    properties: TableProperties,
    times: Option<ScanTimes<R>>,
    spec: ScanSpec<R, T, K, S, O>,
) -> Table<O> {
    let scanned = table.operator(verb, properties, move |build, changes, name| {
        let (has_time, time) = (times.is_some(), Arc::clone(&spec.time));
        let ScanTimes { clocks, parts } = times.clone().unwrap_or_default();
        let jumps = JumpReports::new(name, spec.expire_after.unwrap_or(i128::MAX));
        let step = ScanStep::new(build.dataflow.workers());
        let times = RowTimes { time: move |row: &R| has_time.then(|| time(row)), clocks: &clocks, parts };
        let items = by_row(build, changes, name, times, jumps, step);
        let operator = ScanOperator::new(spec.clone(), name);
        let key = Arc::clone(&spec.key);
        let route = move |(change, worker, _): &ScanItem<R>| match change {
            Some(change) => hash_of(&key(&change.row)),
            None => *worker,
        };
        if build.dataflow.is_only_worker() {
            return build.dataflow.stateful(items, name, route, Alone(operator));
        }
        let emitted = build.dataflow.stateful(items, name, route, operator);
        build.dataflow.stateful(emitted, name, |_| 0, InOrder::new())
    });
    scanned.with_event_time::<T>()
}

/// Numbers the rows, and says event time to all workers.
struct ScanStep {
    /// That of the next row.
    number: WholeState<u64>,
    /// Event time that all workers know. After a restart it is announced again, which changes nothing.
    announced: Option<i128>,
    workers: u64,
}

impl ScanStep {
    fn new(workers: u64) -> Self {
        ScanStep { number: WholeState::new(0), announced: None, workers }
    }
}

impl<R: Schema> RowOperator<R, ScanItem<R>> for ScanStep {
    fn step(&mut self, step: RowStep<R>, items: &mut Vec<ScanItem<R>>) {
        match step {
            RowStep::Next { change: Some(change), after, .. } => {
                items.push((Some(change), *self.number, after));
                *self.number += 1;
            }
            RowStep::Next { change: None, .. } => {}
            RowStep::End { now } if now > self.announced => {
                self.announced = now;
                items.extend((0..self.workers).map(|worker| (None, worker, now)));
            }
            RowStep::End { .. } => {}
        }
    }

    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::first("rows", &mut self.number)]
    }
}
