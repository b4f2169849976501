//! The operator behind session windows: one row a session, which grows, merges and splits with its rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::groups::Rule;
use super::time::EventTime;
use super::windows::{Shows, Window};
use crate::data::{Change, Datum, Level, Schema, Throttle};
use crate::flow::{PerCommit, PerCommitOfTwo};
use crate::table::keyed::{Keyed, Slot};
use crate::table::reducer::{Multiset, ReduceError, Reducer};

/// The sessions of one worker.
pub(super) struct Sessions<R, T, K, A, G: Reducer<A>, O> {
    rule: Arc<Rule<R, T, K, A, G, O>>,
    gap: i128,
    keys: Keyed<K, Timeline<A, G::State, O>>,
    /// The open commit's changes: where their key is, their time, and what the reducers are fed.
    pending: Vec<(Slot, i128, A, i64)>,
    /// Keys with a session that may close, by the time at which it does unless it grows.
    closing: BTreeMap<i128, Vec<Slot>>,
    /// The latest time of any row of an earlier commit, and of this one.
    event_time: Option<i128>,
    next_event_time: Option<i128>,
    late: Throttle,
    untold: Throttle,
}

/// The open sessions of a key.
struct Timeline<A, S, O> {
    /// What stands at each time.
    rows: BTreeMap<i128, Multiset<A>>,
    /// By their starts. They do not meet.
    sessions: BTreeMap<i128, Session<S>>,
    /// Of the open commit: the rows of sessions that it has changed, as they were before.
    gone: Vec<O>,
    /// The starts of these as they are now; some are there no more.
    changed: Vec<i128>,
}

struct Session<S> {
    /// The time of its last row.
    end: i128,
    /// How many rows it has.
    rows: i64,
    state: S,
    /// Whether the open commit has changed it.
    is_changed: bool,
}

impl<A, S, O> Default for Timeline<A, S, O> {
    fn default() -> Self {
        Timeline { rows: BTreeMap::new(), sessions: BTreeMap::new(), gone: Vec::new(), changed: Vec::new() }
    }
}

impl<R, T, K, A, G, O> Sessions<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    pub(super) fn new(rule: Arc<Rule<R, T, K, A, G, O>>, gap: i128, name: &Arc<str>) -> Self {
        Sessions {
            rule,
            gap,
            keys: Keyed::new(),
            pending: Vec::new(),
            closing: BTreeMap::new(),
            event_time: None,
            next_event_time: None,
            late: Throttle::new(name),
            untold: Throttle::new(name),
        }
    }

    fn take(&mut self, Change { row, diff }: &Change<R>) {
        let (slot, _) = self.keys.touch((self.rule.key)(row));
        self.pending.push((slot, (self.rule.time)(row).ticks(), (self.rule.arguments)(row), *diff));
    }

    fn work_off(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        // Net, and what comes before what goes: then nothing goes that is not there.
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| a.2.compare(&b.2)));
        pending.dedup_by(|later, first| {
            let same = (later.0, later.1) == (first.0, first.1) && later.2.compare(&first.2).is_eq();
            first.3 += if same { later.3 } else { 0 };
            same
        });
        let (come, go): (Vec<_>, Vec<_>) =
            pending.into_iter().filter(|change| change.3 != 0).partition(|change| change.3 > 0);
        for (slot, time, argument, diff) in come.into_iter().chain(go) {
            self.change(slot, time, argument, diff);
        }
        self.event_time = self.next_event_time;
        let Sessions { rule, gap, keys, closing, event_time, untold, .. } = self;
        let closes = |end: i128| Some(end + *gap + rule.policy.allow_late?);
        let has_closed = |end| closes(end).is_some_and(|closes| event_time.is_some_and(|now| now >= closes));
        let mut shown = |key: &K, start, session: &Session<G::State>| {
            row_of(rule, key, start, session).unwrap_or_else(|error| {
                untold.report(Level::Error, format_args!("a session has no row for now: {error}"));
                None
            })
        };
        let shows = rule.policy.shows;
        keys.seal(|key, timeline| {
            let gone = std::mem::take(&mut timeline.gone);
            let mut changed = std::mem::take(&mut timeline.changed);
            changed.sort_unstable();
            changed.dedup();
            let mut come = Vec::new();
            for start in changed {
                let Some(session) = timeline.sessions.get_mut(&start) else { continue };
                session.is_changed = false;
                if G::ORDERED {
                    session.state = rule.state_of(timeline.rows.range(start..=session.end));
                }
                rule.reducers.settle(&mut session.state);
                if shows != Shows::OnceClosed {
                    come.extend(shown(key, start, session));
                }
            }
            if shows != Shows::OnceClosed {
                net(gone, come, emit);
            }
            !timeline.sessions.is_empty()
        });
        while let Some(entry) = closing.first_entry().filter(|entry| event_time.is_some_and(|now| now >= *entry.key()))
        {
            for slot in entry.remove() {
                let Some((key, timeline)) = keys.get(slot) else { continue };
                while let Some(first) = timeline.sessions.first_entry().filter(|first| has_closed(first.get().end)) {
                    let (start, session) = first.remove_entry();
                    timeline.rows = timeline.rows.split_off(&(session.end + 1));
                    let change = match shows {
                        Shows::Always => continue,
                        Shows::OnceClosed => Change::insert,
                        Shows::WhileOpen => Change::remove,
                    };
                    shown(key, start, &session).map(change).into_iter().for_each(&mut *emit);
                }
                keys.remove_if(slot, |(_, timeline)| timeline.sessions.is_empty());
            }
        }
    }

    fn change(&mut self, slot: Slot, time: i128, argument: A, diff: i64) {
        let Sessions { rule, gap, keys, event_time, late, closing, .. } = self;
        let (key, timeline) = keys.entry(slot);
        let allow_late = rule.policy.allow_late;
        // What came too late was never taken in, and can't go.
        let is_there = diff > 0 || timeline.rows.get(&time).is_some_and(|rows| rows.copies(&argument) >= -diff);
        let joins = timeline.touching(time, *gap);
        let has_closed =
            |end: i128| allow_late.is_some_and(|late| event_time.is_some_and(|now| now >= end + *gap + late));
        if !is_there || (joins.is_none() && has_closed(time)) {
            let what = format_args!(
                "a row of {} came too late for its session, which has closed, and is ignored",
                T::at(time)
            );
            late.report(Level::Warn, what);
            return;
        }
        let end = if diff > 0 {
            timeline.insert(rule, key, *gap, time, argument, diff)
        } else {
            timeline.remove(rule, key, *gap, time, argument, diff)
        };
        if let (Some(late), Some(end)) = (allow_late, end) {
            closing.entry(end + *gap + late).or_default().push(slot);
        }
    }
}

impl<A: Datum, S: Default, O: Schema> Timeline<A, S, O> {
    /// The start of the first session that a time is in or within `gap` of.
    fn touching(&self, time: i128, gap: i128) -> Option<i128> {
        let before = self.sessions.range(..=time).next_back().filter(|(_, session)| time <= session.end + gap);
        before
            .or_else(|| self.sessions.range(time..).next().filter(|(start, _)| **start <= time + gap))
            .map(|(start, _)| *start)
    }

    /// Notes that the open commit changes a session.
    fn changes<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        rule: &Rule<R, T, K, A, G, O>,
        key: &K,
        start: i128,
    ) -> Option<&mut Session<S>> {
        let session = self.sessions.get_mut(&start)?;
        if !session.is_changed {
            session.is_changed = true;
            self.gone.extend(row_of(rule, key, start, session).unwrap_or_default());
            self.changed.push(start);
        }
        Some(session)
    }

    /// Takes a row in, and says where its session ends.
    fn insert<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        rule: &Rule<R, T, K, A, G, O>,
        key: &K,
        gap: i128,
        time: i128,
        argument: A,
        diff: i64,
    ) -> Option<i128> {
        self.rows.entry(time).or_default().update(argument.duplicate(), diff);
        let left = self.touching(time, gap);
        let Some(left) = left else {
            let mut session = Session { end: time, rows: diff, state: S::default(), is_changed: true };
            rule.reducers.update(&mut session.state, argument, diff);
            self.sessions.insert(time, session);
            self.changed.push(time);
            return Some(time);
        };
        let session = self.changes(rule, key, left)?;
        session.rows += diff;
        session.end = session.end.max(time);
        rule.reducers.update(&mut session.state, argument, diff);
        let mut end = session.end;
        let mut start = left;
        if time < left {
            start = time;
            let session = self.sessions.remove(&left)?;
            self.sessions.insert(start, session);
            self.changed.push(start);
        }
        // It may now meet the next one.
        let next =
            self.sessions.range(start + 1..).next().filter(|(next, _)| **next <= end + gap).map(|(next, _)| *next);
        if let Some(next) = next {
            self.changes(rule, key, next);
            let joined = self.sessions.remove(&next)?;
            let Timeline { rows, sessions, .. } = self;
            let session = sessions.get_mut(&start)?;
            for (_, rows) in rows.range(next..=joined.end) {
                for (argument, copies) in rows.iter() {
                    rule.reducers.update(&mut session.state, argument.duplicate(), copies);
                }
            }
            session.rows += joined.rows;
            session.end = joined.end;
            end = joined.end;
        }
        Some(end)
    }

    /// Takes a row out, and says where its session ends if there is one left.
    fn remove<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        rule: &Rule<R, T, K, A, G, O>,
        key: &K,
        gap: i128,
        time: i128,
        argument: A,
        diff: i64,
    ) -> Option<i128> {
        let start = self.sessions.range(..=time).next_back().map(|(start, _)| *start)?;
        let session = self.changes(rule, key, start)?;
        session.rows += diff;
        rule.reducers.update(&mut session.state, argument.duplicate(), diff);
        let end = session.end;
        let rows = self.rows.get_mut(&time)?;
        rows.update(argument, diff);
        if !rows.is_empty() {
            return Some(end);
        }
        self.rows.remove(&time);
        let before = self.rows.range(start..time).next_back().map(|(time, _)| *time);
        let after = self.rows.range(time..=end).next().map(|(time, _)| *time);
        match (before, after) {
            (None, None) => {
                self.sessions.remove(&start);
                None
            }
            (None, Some(after)) => {
                let session = self.sessions.remove(&start)?;
                self.sessions.insert(after, session);
                self.changed.push(after);
                Some(end)
            }
            (Some(before), None) => {
                self.sessions.get_mut(&start)?.end = before;
                Some(before)
            }
            (Some(before), Some(after)) if after - before > gap => {
                let mut second = Session { end, rows: 0, state: S::default(), is_changed: true };
                let Timeline { rows, sessions, .. } = self;
                let first = sessions.get_mut(&start)?;
                for (_, rows) in rows.range(after..=end) {
                    for (argument, copies) in rows.iter() {
                        rule.reducers.update(&mut first.state, argument.duplicate(), -copies);
                        rule.reducers.update(&mut second.state, argument.duplicate(), copies);
                        second.rows += copies;
                    }
                }
                first.rows -= second.rows;
                first.end = before;
                sessions.insert(after, second);
                self.changed.push(after);
                // Both may close; the second one does so last.
                Some(before)
            }
            (Some(_), Some(_)) => Some(end),
        }
    }
}

fn row_of<R, T: EventTime, K, A, G: Reducer<A>, O>(
    rule: &Rule<R, T, K, A, G, O>,
    key: &K,
    start: i128,
    session: &Session<G::State>,
) -> Result<Option<O>, ReduceError> {
    if session.rows <= 0 {
        return Ok(None);
    }
    let window = Window { start: T::at(start), end: T::at(session.end) };
    rule.reducers.output(&session.state).map(|reduced| Some((rule.output)(key, window, reduced)))
}

/// Emits what has gone and what has come, but not what is the same.
fn net<O: Schema>(mut gone: Vec<O>, mut come: Vec<O>, emit: &mut dyn FnMut(Change<O>)) {
    gone.sort_by(O::compare);
    come.sort_by(O::compare);
    let mut come = come.into_iter().peekable();
    for gone in gone {
        while let Some(new) = come.next_if(|new| new.compare(&gone).is_lt()) {
            emit(Change::insert(new));
        }
        if come.next_if(|new| new.compare(&gone).is_eq()).is_none() {
            emit(Change::remove(gone));
        }
    }
    come.map(Change::insert).for_each(emit);
}

/// With one worker.
impl<R, T, K, A, G, O> PerCommit<Change<R>, O> for Sessions<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        for change in changes.drain(..) {
            if change.diff > 0 {
                self.next_event_time = self.next_event_time.max(Some((self.rule.time)(&change.row).ticks()));
            }
            self.take(&change);
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.work_off(emit);
    }
}

/// With several: the rows of this worker's keys, and the times of all rows from all workers.
impl<R, T, K, A, G, O> PerCommitOfTwo<Change<R>, (u64, i128), O> for Sessions<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn apply_left(&mut self, changes: &mut Vec<Change<R>>) {
        changes.drain(..).for_each(|change| self.take(&change));
    }

    fn apply_right(&mut self, times: &mut Vec<(u64, i128)>) {
        self.next_event_time = self.next_event_time.max(times.drain(..).map(|(_, time)| time).max());
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.work_off(emit);
    }
}
