//! `inactive_for`: the keys of which nothing has been heard.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Timed;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::operators::reducers::Multiset;
use crate::operators::state::event_time::{Clock, Observed};
use crate::operators::state::keyed::{Keyed, Slot, hash_of};
use crate::operators::window::{EventTime, Length};
use crate::plan::{Table, TableProperties};

/// The rows of a table with their event time, in groups of one key each; see [`Timed::group_by`].
#[must_use = "say what is wanted of the groups: `.inactive_for(..)`"]
pub struct TimedGroups<R, T, K> {
    timed: Timed<R, T>,
    key: Arc<dyn Fn(&R) -> K + Send + Sync>,
}

impl<R: Schema, T: EventTime, K: Datum> TimedGroups<R, T, K> {
    pub(super) fn new(timed: Timed<R, T>, key: impl Fn(&R) -> K + Send + Sync + 'static) -> Self {
        TimedGroups { timed, key: Arc::new(key) }
    }

    /// A row of each key whose last row is more than `silence` behind the clock; `row` makes it of the key and that row's time.
    ///
    /// The row goes when the key speaks again: when a later row of it comes. A key that never spoke is not there, and one
    /// whose rows have all gone is there no longer. The clock is any table whose rows have a time of the same kind, most
    /// often [`Pipeline::clock`](crate::plan::Pipeline::clock); how fine it ticks is how soon silence is noticed. Event time is of
    /// no interest here, nor is [`idle_timeout`](Timed::idle_timeout): only the clock is.
    ///
    /// It keeps each key, silent or not: its own size and 92 bytes, if its time is an `i64` (a date: 108); where rows can go
    /// also the times of those that are there.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Reading { sensor: i64, at: i64 }
    /// # #[derive(Schema)] struct EventTimeTracker { second: i64 }
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Silent { sensor: i64, since: i64 }
    ///
    /// # let pipeline = Pipeline::new();
    /// # let reading = |sensor, at| Change::insert(Reading { sensor, at });
    /// # let now = |second| vec![Change::insert(EventTimeTracker { second })];
    /// let readings = pipeline.commits([vec![reading(1, 10), reading(2, 11)], vec![], vec![reading(1, 72)]]);
    /// let clock = pipeline.commits([now(20), now(71), now(72)]);
    /// let silent = readings
    ///     .timed(|r| r.at)
    ///     .group_by(|r| r.sensor)
    ///     .inactive_for(60, &clock, |now| now.second, |sensor, since| Silent { sensor: *sensor, since })
    ///     .collect();
    /// # pipeline.run()?;
    /// let silence = |sensor, since| Silent { sensor, since };
    /// assert_eq!(silent.changes(), [(1, silence(1, 10), 1), (2, silence(1, 10), -1), (2, silence(2, 11), 1)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn inactive_for<C: Schema, O: Schema>(
        self,
        silence: impl Length<T>,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
        row: impl Fn(&K, T) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let TimedGroups { timed, key } = self;
        let silence = timed.ticks(silence);
        let clock = Clock::new(silence, clock, time);
        let Timed { table, time, .. } = timed;
        if !clock.is_of_one_pipeline_with(&table, "inactive_for") {
            return table.never();
        }
        let (input, append_only) = (table.node(), table.shape().append_only);
        let rule = Rule { key: Arc::clone(&key), time, row: Arc::new(row), silence, append_only };
        let name = table.plan().unique_name("inactive_for");
        let node = table.plan().add(name, TableProperties::GATHERED, |node, name| {
            move |build| {
                let changes = build.get::<R>(input);
                let ticks = clock.times(build, &name);
                let key = Arc::clone(&key);
                let rows = (changes, move |change: &Change<R>| hash_of(&key(&change.row)));
                let ticks = (ticks, |seen: &Observed| seen.0);
                let silent = build.graph.stateful_binary(rows, ticks, &name, Silence::new(rule.clone()));
                build.put::<O>(node, silent);
            }
        });
        Table::new(table.plan().clone(), node)
    }
}

/// Makes a key's row of the time of its last one.
type MakeRow<K, T, O> = Arc<dyn Fn(&K, T) -> O + Send + Sync>;

/// What all workers share.
struct Rule<R, T, K, O> {
    key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    row: MakeRow<K, T, O>,
    silence: i128,
    /// Rows never go: of a key only the last is of interest.
    append_only: bool,
}

impl<R, T, K, O> Clone for Rule<R, T, K, O> {
    fn clone(&self) -> Self {
        let Rule { key, time, row, silence, append_only } = self;
        let (key, time, row) = (Arc::clone(key), Arc::clone(time), Arc::clone(row));
        Rule { key, time, row, silence: *silence, append_only: *append_only }
    }
}

/// The keys of one worker.
struct Silence<R, T, K, O> {
    rule: Rule<R, T, K, O>,
    keys: Keyed<K, KeyActivity<T>>,
    /// The keys that are not silent, by the time of their last row.
    speaking: BTreeSet<(i128, Slot)>,
    /// The latest time of the clock.
    tick: Option<i128>,
}

/// What is known of a key.
struct KeyActivity<T> {
    /// The times of its rows; of a table that only grows, the last one.
    times: Multiset<T>,
    /// The last of them at the end of the commit before.
    last: Option<T>,
    is_silent: bool,
}

impl<T> Default for KeyActivity<T> {
    fn default() -> Self {
        KeyActivity { times: Multiset::default(), last: None, is_silent: false }
    }
}

impl<R: Schema, T: EventTime, K: Datum, O: Schema> Silence<R, T, K, O> {
    fn new(rule: Rule<R, T, K, O>) -> Self {
        Silence { rule, keys: Keyed::new(), speaking: BTreeSet::new(), tick: None }
    }
}

impl<R: Schema, T: EventTime, K: Datum, O: Schema> BinaryStatefulOperator<Change<R>, Observed, O>
    for Silence<R, T, K, O>
{
    fn apply_left(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.keys.touch((self.rule.key)(&row));
            let (times, time) = (&mut self.keys.value(slot).times, (self.rule.time)(&row));
            if !self.rule.append_only {
                times.update(time, diff);
            } else if diff > 0 && times.last().is_none_or(|last| last.compare(&time).is_lt()) {
                *times = Multiset::default();
                times.update(time, 1);
            }
        }
    }

    fn apply_right(&mut self, seen: &mut Vec<Observed>) {
        self.tick = self.tick.max(seen.drain(..).filter_map(|(_, _, tick)| tick).max());
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let Silence { rule, keys, speaking, tick } = self;
        keys.seal_slots(|slot, key, voice| {
            let last = voice.times.last().copied();
            if last.map(T::ticks) != voice.last.map(T::ticks) {
                match std::mem::replace(&mut voice.last, last) {
                    Some(before) if voice.is_silent => emit(Change::remove((rule.row)(key, before))),
                    Some(before) => drop(speaking.remove(&(before.ticks(), slot))),
                    None => {}
                }
                voice.is_silent = false;
                speaking.extend(last.map(|last| (last.ticks(), slot)));
            }
            !voice.times.is_empty()
        });
        let is_silent = |last: i128| tick.is_some_and(|tick| tick - last > rule.silence);
        while let Some((_, slot)) = speaking.first().copied().filter(|(last, _)| is_silent(*last)) {
            speaking.pop_first();
            let Some((key, voice)) = keys.get(slot) else { continue };
            voice.is_silent = true;
            voice.last.map(|last| (rule.row)(key, last)).map(Change::insert).into_iter().for_each(&mut *emit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::support::{Row, most_kept, stream};

    #[test]
    fn each_key_is_kept_once() {
        let row = |key: &i64, at| Row { key: *key, at, value: 0 };
        let (key, time) = (Arc::new(|row: &Row| row.key), Arc::new(|row: &Row| row.at));
        let rule = Rule { key, time, row: Arc::new(row), silence: 10, append_only: false };
        let mut operator = Silence::new(rule);
        let mut silent = std::collections::BTreeSet::new();
        let mut changes = 0;
        let most = most_kept(stream(4, 10), |mut commit, now| {
            operator.apply_left(&mut commit);
            operator.apply_right(&mut vec![(0, None, Some(now))]);
            operator.seal(&mut |Change { row, diff }| {
                changes += 1;
                assert!(if diff > 0 { silent.insert(row) } else { silent.remove(&row) }, "{diff} {row:?}");
            });
            assert!(operator.speaking.iter().all(|(last, _)| now - last <= 10), "at {now}");
            assert_eq!(operator.speaking.len() + silent.len(), operator.keys.len());
            operator.keys.len()
        });
        assert_eq!((most, silent.len()), (7, 0));
        assert!(changes > 100, "{changes}");
    }

    /// What the documentation says of memory: a place among the keys takes 20 bytes.
    #[test]
    fn sizes() {
        let entry = size_of::<(i128, Slot)>();
        assert_eq!((size_of::<KeyActivity<i64>>(), entry), (40, 32));
        assert_eq!(size_of::<KeyActivity<crate::data::DateTimeUtc>>(), 56);
    }
}
