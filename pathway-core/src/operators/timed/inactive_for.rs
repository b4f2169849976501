//! `inactive_for`: finds the keys that have had no row for some time.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::Timed;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::operators::reducers::Multiset;
use crate::operators::state::{ClockInterval, KeyedState, Observed, Slot, hash_of};
use crate::operators::window::{EventTime, Length};
use crate::plan::{Table, TableProperties};

/// The rows of a table with their event time, grouped by a key; see [`Timed::group_by`].
#[must_use = "call `.inactive_for(..)` to make the table"]
pub struct TimedGroups<R, T, K> {
    timed: Timed<R, T>,
    key: Arc<dyn Fn(&R) -> K + Send + Sync>,
}

impl<R: Schema, T: EventTime, K: Datum> TimedGroups<R, T, K> {
    pub(super) fn new(timed: Timed<R, T>, key: impl Fn(&R) -> K + Send + Sync + 'static) -> Self {
        TimedGroups { timed, key: Arc::new(key) }
    }

    /// A row for each key whose last row is more than `timeout` behind the clock. `row` makes it from the key and the time of the
    /// key's last row.
    ///
    /// The row is removed as soon as a later row of the key arrives. A key without any row has none either. The clock is any
    /// table whose rows have a time of the same type, most often [`Pipeline::clock`](crate::plan::Pipeline::clock); its interval is
    /// the accuracy with which inactivity is detected. Only the clock counts: event time and
    /// [`idle_timeout`](Timed::idle_timeout) have no effect.
    ///
    /// Memory: each key, active or not, takes its own size and 92 bytes for an `i64` time (108 for a date). If rows can be
    /// removed, also the times of all rows.
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
    /// let clock = pipeline.commits([now(20), now(71), now(72)]);
    /// let inactive = readings
    ///     .timed(|r| r.at)
    ///     .group_by(|r| r.sensor)
    ///     .inactive_for(60, &clock, |now| now.second, |sensor, since| Inactive { sensor: *sensor, since })
    ///     .collect();
    /// # pipeline.run()?;
    /// let row = |sensor, since| Inactive { sensor, since };
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
        let TimedGroups { timed, key } = self;
        let timeout = timed.ticks(timeout);
        let clock = ClockInterval::new(timeout, clock, time);
        let Timed { table, time, clocks } = timed;
        if !clocks.is_empty() {
            table.fail(format!(
                "`inactive_for` of {table:?} compares with its own clock: remove `idle_timeout` and `max_ahead` before it"
            ));
        }
        if !clock.shares_pipeline(&table, "inactive_for") {
            return table.never();
        }
        let append_only = table.properties().append_only;
        let spec = InactivitySpec { key: Arc::clone(&key), time, row: Arc::new(row), timeout, append_only };
        table.operator("inactive_for", TableProperties::GROUPED, move |build, changes, name| {
            let times = clock.times(build, name);
            let key = Arc::clone(&key);
            let rows = (changes, move |change: &Change<R>| hash_of(&key(&change.row)));
            let times = (times, |observed: &Observed| observed.0);
            build.dataflow.stateful_binary(rows, times, name, InactiveKeys::new(spec.clone()))
        })
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

/// The keys of one worker.
struct InactiveKeys<R, T, K, O> {
    spec: InactivitySpec<R, T, K, O>,
    keys: KeyedState<K, KeyActivity<T>>,
    /// The active keys, by the time of their last row.
    active: BTreeSet<(i128, Slot)>,
    /// The latest time of the clock.
    clock: Option<i128>,
}

/// The rows of a key, by their times.
struct KeyActivity<T> {
    /// The times of all rows; only the last one if the table only grows.
    times: Multiset<T>,
    /// The last time at the end of the previous commit.
    last: Option<T>,
    is_inactive: bool,
}

impl<T> Default for KeyActivity<T> {
    fn default() -> Self {
        KeyActivity { times: Multiset::default(), last: None, is_inactive: false }
    }
}

impl<R: Schema, T: EventTime, K: Datum, O: Schema> InactiveKeys<R, T, K, O> {
    fn new(spec: InactivitySpec<R, T, K, O>) -> Self {
        InactiveKeys { spec, keys: KeyedState::new(), active: BTreeSet::new(), clock: None }
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
        self.clock = self.clock.max(observed.drain(..).filter_map(|(_, _, clock)| clock).max());
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let InactiveKeys { spec, keys, active, clock } = self;
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
        let is_inactive = |last: i128| clock.is_some_and(|clock| clock - last > spec.timeout);
        while let Some((_, slot)) = active.first().copied().filter(|(last, _)| is_inactive(*last)) {
            active.pop_first();
            let Some((key, activity)) = keys.get(slot) else { continue };
            activity.is_inactive = true;
            activity.last.map(|last| (spec.row)(key, last)).map(Change::insert).into_iter().for_each(&mut *emit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::test_rows::{Row, max_kept, random_commits};

    #[test]
    fn each_key_is_kept_once() {
        let row = |key: &i64, at| Row { key: *key, at, value: 0 };
        let (key, time) = (Arc::new(|row: &Row| row.key), Arc::new(|row: &Row| row.at));
        let spec = InactivitySpec { key, time, row: Arc::new(row), timeout: 10, append_only: false };
        let mut operator = InactiveKeys::new(spec);
        let mut inactive = std::collections::BTreeSet::new();
        let mut changes = 0;
        let max = max_kept(random_commits(4, 10), |mut commit, now| {
            operator.apply_left(&mut commit);
            operator.apply_right(&mut vec![(0, None, Some(now))]);
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
}
