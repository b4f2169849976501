//! `inactive_for`: finds the keys that have had no row for some event time.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Timed;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::operators::reducers::Multiset;
use crate::operators::scan::{ScanSpec, ScanTimes, Timers, scan_into};
use crate::operators::state::{
    ClockInterval, Clocks, EventTimeTracker, InputTimes, KeyedState, Observed, Slot, hash_of, observations,
};
use crate::operators::window::{EventTime, Length};
use crate::plan::{Table, TableProperties};

/// The rows of a table with their event time, grouped by a key; see [`Timed::group_by`].
#[must_use = "call `.inactive_for(..)` to make the table"]
pub struct TimedGroups<R, T, K> {
    pub(in crate::operators) timed: Timed<R, T>,
    pub(in crate::operators) key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    /// How long after its last row the state of a key is removed, in ticks.
    pub(in crate::operators) expire_after: Option<i128>,
}

impl<R: Schema, T: EventTime, K: Datum> TimedGroups<R, T, K> {
    pub(super) fn new(timed: Timed<R, T>, key: impl Fn(&R) -> K + Send + Sync + 'static) -> Self {
        TimedGroups { timed, key: Arc::new(key), expire_after: None }
    }

    /// Bounds the state of a [`scan`](TimedGroups::scan): a key's state is removed once event time has moved by more than `length`
    /// since the key's last row arrived, unless it has a timer. Its next row begins with a new state. Default: never.
    pub fn expire_after(mut self, length: impl Length<T>) -> Self {
        self.expire_after = Some(self.timed.ticks(length));
        self
    }

    /// A row for each key whose last row is more than `timeout` behind event time. `row` makes it from the key and the time of the
    /// key's last row.
    ///
    /// The row is removed as soon as a later row of the key arrives. A key without any row has none either.
    ///
    /// Event time is that of the whole table, and a clock moves it on while no row arrives: by as much as the clock has advanced
    /// since its first tick after the last row. Old rows that are read in bulk therefore make a key inactive where it was, and
    /// not because the clock is far ahead of all of them. The clock is any table whose rows have a time of the same type, most
    /// often [`Pipeline::clock`](crate::plan::Pipeline::clock); its interval is the accuracy with which inactivity is detected.
    ///
    /// If one key's wrong time must not make all others inactive, use [`max_ahead`](Timed::max_ahead). Where each period of
    /// inactivity is an event, not a row of a table, use [`scan_with_timers`](TimedGroups::scan_with_timers).
    ///
    /// Memory: each key, active or not: its own size and about 210 bytes; of a table that changes, 92 bytes for an `i64` time (108
    /// for a date) and, if rows can be removed, the times of all rows.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Reading { sensor: i64, at: i64 }
    /// # #[derive(Schema)] struct Now { second: i64 }
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Inactive { sensor: i64, since: i64 }
    ///
    /// # let pipeline = Pipeline::new();
    /// # let reading = |sensor, at| Change::insert(Reading { sensor, at });
    /// # let now = |second| vec![Change::insert(Now { second })];
    /// let readings = pipeline.commits([vec![reading(1, 10), reading(2, 11)], vec![], vec![reading(1, 72)]]);
    /// let clock = pipeline.commits([now(500), now(560), now(562)]);
    /// let inactive = readings
    ///     .timed(|r| r.at)
    ///     .group_by(|r| r.sensor)
    ///     .inactive_for(60, &clock, |now| now.second, |sensor, since| Inactive { sensor: *sensor, since })
    ///     .collect();
    /// # pipeline.run()?;
    /// let row = |sensor, since| Inactive { sensor, since };
    /// // The clock has advanced by 60 seconds: event time is 71. Then a row moves it to 72.
    /// assert_eq!(inactive.changes(), [(1, row(1, 10), 1), (2, row(1, 10), -1), (2, row(2, 11), 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn inactive_for<C: Schema, O: Schema>(
        self,
        timeout: impl Length<T>,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
        row: impl Fn(&K, T) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let TimedGroups { timed, key, expire_after } = self;
        let timeout = timed.ticks(timeout);
        let clock = ClockInterval::new(0, clock, time);
        let Timed { table, time, clocks, parts } = timed;
        if clocks.idle.is_some() {
            table.fail(format!("`inactive_for` of {table:?} has a clock of its own: remove `idle_timeout` before it"));
        }
        if expire_after.is_some() {
            table.fail(format!("`inactive_for` of {table:?} remembers every key: remove `expire_after` before it"));
        }
        if !clock.shares_pipeline(&table, "inactive_for") {
            return table.never();
        }
        let input = table.properties();
        let spec = InactivitySpec { key, time, row: Arc::new(row), timeout, append_only: input.append_only };
        if input.append_only && input.is_sequence() {
            let clocks = Clocks { idle: Some(clock), ahead: clocks.ahead };
            return scan_into(
                &table,
                "inactive_for",
                TableProperties::GROUPED,
                Some(ScanTimes { clocks, parts }),
                spec.by_row(),
            );
        }
        let inactive = table.operator("inactive_for", TableProperties::GROUPED, move |build, changes, name| {
            let (key, time) = (Arc::clone(&spec.key), Arc::clone(&spec.time));
            let event_time = EventTimeTracker::new(Some(&clock), InputTimes::new(build, &parts, name));
            let times = observations(build, changes, name, move |row| Some(time(row).ticks()), Some(&clock), &parts);
            let rows = (changes, move |change: &Change<R>| hash_of(&key(&change.row)));
            let times = (times, |observed: &Observed| observed.0);
            build.dataflow.stateful_binary(rows, times, name, InactiveKeys::new(spec.clone(), event_time))
        });
        inactive.with_event_time::<T>()
    }
}

impl<R: Schema, T, K> fmt::Debug for TimedGroups<R, T, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TimedGroups").field("timed", &self.timed).finish_non_exhaustive()
    }
}

/// Makes the row of an inactive key from the key and the time of its last row.
type MakeRow<K, T, O> = Arc<dyn Fn(&K, T) -> O + Send + Sync>;

/// The closures and parameters of an operator, shared by all workers.
struct InactivitySpec<R, T, K, O> {
    key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    row: MakeRow<K, T, O>,
    /// In ticks.
    timeout: i128,
    /// Rows are never removed: only the last row of a key matters.
    append_only: bool,
}

impl<R, T, K, O> Clone for InactivitySpec<R, T, K, O> {
    fn clone(&self) -> Self {
        let InactivitySpec { key, time, row, timeout, append_only } = self;
        let (key, time, row) = (Arc::clone(key), Arc::clone(time), Arc::clone(row));
        InactivitySpec { key, time, row, timeout: *timeout, append_only: *append_only }
    }
}

/// A key of a table of arrivals.
#[derive(Clone, Serialize, Deserialize)]
#[serde(bound = "T: Datum")]
struct LastRow<T> {
    /// The latest time of its rows.
    #[serde(with = "Datum")]
    at: Option<T>,
    is_inactive: bool,
}

impl<R: Schema, T: EventTime, K: Datum, O: Schema> InactivitySpec<R, T, K, O> {
    /// Row by row: each key has a timer.
    fn by_row(self) -> ScanSpec<R, T, K, LastRow<T>, O> {
        let InactivitySpec { key, time, row, timeout, .. } = self;
        let (key_of, time_of, row_of) = (Arc::clone(&key), Arc::clone(&time), Arc::clone(&row));
        let step =
            move |last: &mut LastRow<T>, row: &R, timers: &mut Timers<'_, T>, emit: &mut dyn FnMut(Change<O>)| {
                let (key, at) = (key_of(row), time_of(row));
                if last.at.is_some_and(|last| at.ticks() <= last.ticks()) {
                    return;
                }
                if let Some(before) = last.at.replace(at).filter(|_| last.is_inactive) {
                    emit(Change::remove(row_of(&key, before)));
                }
                // A row can be so late that its key is inactive in spite of it.
                last.is_inactive = timers.now().ticks() - at.ticks() > timeout;
                if last.is_inactive {
                    timers.clear();
                    emit(Change::insert(row_of(&key, at)));
                } else {
                    timers.replace(T::at(at.ticks() + timeout));
                }
            };
        let on_timer = move |key: &K, last: &mut LastRow<T>, _: &mut Timers<'_, T>, emit: &mut dyn FnMut(Change<O>)| {
            last.is_inactive = true;
            last.at.map(|at| Change::insert(row(key, at))).into_iter().for_each(emit);
        };
        ScanSpec {
            key,
            time: Arc::new(move |row: &R| time(row).ticks()),
            initial: LastRow { at: None, is_inactive: false },
            step: Arc::new(step),
            on_timer: Arc::new(on_timer),
            expire_after: None,
        }
    }
}

/// The keys of one worker, of a table that changes.
struct InactiveKeys<R, T, K, O> {
    spec: InactivitySpec<R, T, K, O>,
    keys: KeyedState<K, KeyActivity<T>>,
    /// The active keys, by the time of their last row.
    active: BTreeSet<(i128, Slot)>,
    event_time: EventTimeTracker,
}

/// The rows of a key, by their times.
#[derive(Serialize, Deserialize)]
#[serde(bound = "T: Datum")]
struct KeyActivity<T> {
    /// The times of all rows; only the last one if the table only grows.
    times: Multiset<T>,
    /// The last time at the end of the previous commit.
    #[serde(with = "Datum")]
    last: Option<T>,
    is_inactive: bool,
}

impl<T> Default for KeyActivity<T> {
    fn default() -> Self {
        KeyActivity { times: Multiset::default(), last: None, is_inactive: false }
    }
}

impl<R: Schema, T: EventTime, K: Datum, O: Schema> InactiveKeys<R, T, K, O> {
    fn new(spec: InactivitySpec<R, T, K, O>, event_time: EventTimeTracker) -> Self {
        InactiveKeys { spec, keys: KeyedState::new(), active: BTreeSet::new(), event_time }
    }
}

impl<R: Schema, T: EventTime, K: Datum, O: Schema> Stateful for InactiveKeys<R, T, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        let mut states = self.event_time.states();
        states.push(StatePart::partitioned("keys", &mut self.keys).of_rows());
        states
    }

    fn loaded(&mut self) {
        let InactiveKeys { keys, active, event_time, .. } = self;
        event_time.loaded();
        active.clear();
        keys.visit_loaded(|slot, _, activity| {
            let last = activity.last.filter(|_| !activity.is_inactive);
            active.extend(last.map(|last| (last.ticks(), slot)));
        });
    }
}

impl<R: Schema, T: EventTime, K: Datum, O: Schema> BinaryStatefulOperator<Change<R>, Observed, Change<O>>
    for InactiveKeys<R, T, K, O>
{
    fn apply_left(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.keys.entry((self.spec.key)(&row));
            let (times, time) = (&mut self.keys.value(slot).times, (self.spec.time)(&row));
            if !self.spec.append_only {
                times.update(time, diff);
            } else if diff > 0 && times.last().is_none_or(|last| last.compare(&time).is_lt()) {
                *times = Multiset::default();
                times.update(time, 1);
            }
        }
    }

    fn apply_right(&mut self, observed: &mut Vec<Observed>) {
        observed.drain(..).for_each(|observed| self.event_time.observe(observed));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let InactiveKeys { spec, keys, active, event_time } = self;
        let now = event_time.seal();
        keys.seal_slots(|slot, key, activity| {
            let last = activity.times.last().copied();
            if last.map(T::ticks) != activity.last.map(T::ticks) {
                match std::mem::replace(&mut activity.last, last) {
                    Some(before) if activity.is_inactive => emit(Change::remove((spec.row)(key, before))),
                    Some(before) => drop(active.remove(&(before.ticks(), slot))),
                    None => {}
                }
                activity.is_inactive = false;
                active.extend(last.map(|last| (last.ticks(), slot)));
            }
            !activity.times.is_empty()
        });
        let is_inactive = |last: i128| now.is_some_and(|now| now - last > spec.timeout);
        while let Some((_, slot)) = active.first().copied().filter(|(last, _)| is_inactive(*last)) {
            active.pop_first();
            let Some((key, activity)) = keys.update(slot) else { continue };
            activity.is_inactive = true;
            activity.last.map(|last| (spec.row)(key, last)).map(Change::insert).into_iter().for_each(&mut *emit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::state::Observation;
    use crate::operators::test_rows::{Row, by_worker, check_copies, insertions, max_kept, random_commits};

    #[test]
    fn each_key_is_kept_once() {
        let row = |key: &i64, at| Row { key: *key, at, value: 0 };
        let (key, time) = (Arc::new(|row: &Row| row.key), Arc::new(|row: &Row| row.at));
        let spec = InactivitySpec { key, time, row: Arc::new(row), timeout: 10, append_only: false };
        let mut operator = InactiveKeys::new(spec, EventTimeTracker::default());
        let mut inactive = std::collections::BTreeSet::new();
        let mut changes = 0;
        let max = max_kept(random_commits(4, 10), |mut commit, now| {
            operator.apply_left(&mut commit);
            operator.apply_right(&mut vec![(0, Observation::Row(now))]);
            operator.seal(&mut |Change { row, diff }| {
                changes += 1;
                assert!(if diff > 0 { inactive.insert(row) } else { inactive.remove(&row) }, "{diff} {row:?}");
            });
            assert!(operator.active.iter().all(|(last, _)| now - last <= 10), "at {now}");
            assert_eq!(operator.active.len() + inactive.len(), operator.keys.len());
            operator.keys.len()
        });
        assert_eq!((max, inactive.len()), (7, 0));
        assert!(changes > 100, "{changes}");
    }

    /// The sizes that the documentation states; an entry of `KeyedState` takes another 20 bytes.
    #[test]
    fn sizes() {
        let entry = size_of::<(i128, Slot)>();
        assert_eq!((size_of::<KeyActivity<i64>>(), entry), (40, 32));
        assert_eq!(size_of::<KeyActivity<crate::data::DateTimeUtc>>(), 56);
    }

    #[test]
    fn the_same_keys_are_inactive_after_a_restart() {
        for append_only in [false, true] {
            let new = |workers: usize| {
                let row = |key: &i64, at| Row { key: *key, at, value: 0 };
                let (key, time) = (Arc::new(|row: &Row| row.key), Arc::new(|row: &Row| row.at));
                let spec = InactivitySpec { key, time, row: Arc::new(row), timeout: 10, append_only };
                (0..workers).map(|_| InactiveKeys::new(spec.clone(), EventTimeTracker::default())).collect()
            };
            let commits = |seed| match append_only {
                true => insertions(random_commits(seed, 10)),
                false => random_commits(seed, 10),
            };
            check_copies(commits, new, |operators: &mut [InactiveKeys<_, _, _, Row>], commit: Vec<Change<Row>>| {
                let inserted = commit.iter().filter(|change| change.diff > 0);
                let latest = inserted.map(|change| change.row.at).max();
                let (workers, mut emitted) = (operators.len(), Vec::new());
                let rows = by_worker(commit, workers, |change| hash_of(&change.row.key));
                for (operator, mut rows) in operators.iter_mut().zip(rows) {
                    operator.apply_left(&mut rows);
                    operator.apply_right(&mut latest.map(|at| (0, Observation::Row(at.into()))).into_iter().collect());
                    operator.seal(&mut |change| emitted.push((change.row, change.diff)));
                }
                emitted
            });
        }
    }
}
