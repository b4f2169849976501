//! The rows that arrive too late for a session: whether a row does depends on the open sessions of its key.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::data::{Change, Datum, Schema};
use crate::dataflow::{Changes, StatePart, Stateful, StatefulOperator};
use crate::operators::reducers::Multiset;
use crate::operators::state::{
    InOrder, JumpReports, KeyedState, RowEventTime, RowTimes, Slot, Stamped, hash_of, stamped,
};
use crate::plan::Build;
use crate::telemetry::OperatorContext;

/// When sessions end and close, and which rows they have.
pub(super) struct SessionRule<R, K> {
    pub(super) key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    pub(super) time: Arc<dyn Fn(&R) -> i128 + Send + Sync>,
    /// In ticks.
    pub(super) gap: i128,
    /// In ticks.
    pub(super) allowed_lateness: i128,
    /// Rows can be removed, because they are forgotten.
    pub(super) forgets: bool,
}

impl<R, K> Clone for SessionRule<R, K> {
    fn clone(&self) -> Self {
        SessionRule { key: Arc::clone(&self.key), time: Arc::clone(&self.time), ..*self }
    }
}

impl<R, K> SessionRule<R, K> {
    /// Whether a session whose last row has this time is closed.
    fn has_closed(&self, end: i128, now: Option<i128>) -> bool {
        now.is_some_and(|now| now >= end + self.gap + self.allowed_lateness)
    }
}

/// A row with its number in the order of arrival.
type Numbered<R> = (u64, Change<R>);

/// The rows of a table of arrivals that are too late for a session, in the order of their arrival.
pub(super) fn late_for_sessions<R: Schema, K: Datum>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &OperatorContext,
    times: RowTimes<'_, R, impl Fn(&R) -> Option<i128> + 'static>,
    rule: SessionRule<R, K>,
) -> Changes<R> {
    // The numbers only matter within a commit, so that they can begin anew after a restart.
    let (next, jumps) = (Cell::new(0), JumpReports::new(name, rule.gap));
    let rows = stamped(build, changes, name, times, jumps, move |change, send| {
        send((next.replace(next.get() + 1), change));
    });
    let key = Arc::clone(&rule.key);
    let route = move |(row, worker, _): &Stamped<Numbered<R>>| match row {
        Some((_, change)) => hash_of(&key(&change.row)),
        None => *worker,
    };
    let late = build.dataflow.stateful(rows, name, route, LateRows::new(rule));
    build.dataflow.stateful(late, name, |_| 0, InOrder::new())
}

/// Keeps the open sessions of the keys of one worker.
struct LateRows<R, K> {
    rule: SessionRule<R, K>,
    keys: KeyedState<K, OpenSessions<R>>,
    /// For each key, a time at which one of its sessions has ended, or had when it was entered.
    closing: BTreeSet<(i128, Slot)>,
    /// Event time after all rows so far.
    event_time: RowEventTime,
    /// Those of the open commit.
    late: Vec<Numbered<R>>,
}

/// The open sessions of a key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "R: Datum")]
struct OpenSessions<R> {
    /// The times of their last rows, by those of their first rows.
    sessions: BTreeMap<i128, i128>,
    /// The rows of each time, if rows can be removed.
    rows: BTreeMap<i128, Multiset<R>>,
    /// The time by which the key is in `closing`.
    closing: Option<i128>,
}

impl<R> Default for OpenSessions<R> {
    fn default() -> Self {
        OpenSessions { sessions: BTreeMap::new(), rows: BTreeMap::new(), closing: None }
    }
}

impl<R: Schema, K: Datum> LateRows<R, K> {
    fn new(rule: SessionRule<R, K>) -> Self {
        LateRows {
            rule,
            keys: KeyedState::new(),
            closing: BTreeSet::new(),
            event_time: RowEventTime::default(),
            late: Vec::new(),
        }
    }

    /// A change arrives. Event time before it is `now`.
    fn arrive(&mut self, number: u64, change: Change<R>, now: Option<i128>) {
        let LateRows { rule, keys, late, .. } = self;
        let time = (rule.time)(&change.row);
        let (slot, _) = keys.entry((rule.key)(&change.row));
        let open = keys.value(slot);
        open.close(rule, now);
        if change.diff < 0 {
            open.remove(rule.gap, time, change);
            return;
        }
        let near = open.session_near(time, rule.gap);
        if near.is_none() && rule.has_closed(time, now) {
            late.push((number, change));
            return;
        }
        open.insert(rule.gap, time, near);
        if rule.forgets {
            open.rows.entry(time).or_default().update(change.row, change.diff);
        }
    }
}

impl<R: Schema, K: Datum> Stateful for LateRows<R, K> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![self.event_time.told(), StatePart::partitioned("sessions", &mut self.keys).of_rows()]
    }

    fn loaded(&mut self) {
        let LateRows { keys, closing, event_time, .. } = self;
        event_time.loaded();
        closing.clear();
        keys.visit_loaded(|slot, _, open| closing.extend(open.closing.map(|end| (end, slot))));
    }
}

impl<R: Schema, K: Datum> StatefulOperator<Stamped<Numbered<R>>, Numbered<R>> for LateRows<R, K> {
    fn apply(&mut self, items: &mut Vec<Stamped<Numbered<R>>>) {
        for (row, _, time) in items.drain(..) {
            match row {
                Some((number, change)) => self.arrive(number, change, time),
                None => self.event_time.advance_to(time),
            }
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Numbered<R>)) {
        let LateRows { rule, keys, closing, event_time, late } = self;
        let now = event_time.now();
        late.drain(..).for_each(emit);
        // The most capacity that stays allocated after a large commit.
        late.shrink_to(1 << 10);
        keys.seal_slots(|slot, _, open| {
            match (open.sessions.first_key_value(), open.closing) {
                (Some((_, end)), None) => {
                    open.closing = Some(*end);
                    closing.insert((*end, slot));
                }
                (None, Some(end)) => drop(closing.remove(&(end, slot))),
                _ => {}
            }
            !open.sessions.is_empty()
        });
        while let Some((_, slot)) = closing.first().copied().filter(|(end, _)| rule.has_closed(*end, now)) {
            closing.pop_first();
            let Some((_, open)) = keys.update(slot) else { continue };
            open.close(rule, now);
            open.closing = open.sessions.first_key_value().map(|(_, end)| *end);
            match open.closing {
                Some(end) => drop(closing.insert((end, slot))),
                None => drop(keys.remove_if(slot, |_| true)),
            }
        }
    }
}

impl<R: Schema> OpenSessions<R> {
    /// Forgets the sessions that event time has passed.
    fn close<K>(&mut self, rule: &SessionRule<R, K>, now: Option<i128>) {
        while let Some(session) = self.sessions.first_entry().filter(|entry| rule.has_closed(*entry.get(), now)) {
            let end = session.remove();
            while let Some(rows) = self.rows.first_entry().filter(|entry| *entry.key() <= end) {
                rows.remove();
            }
        }
    }

    /// The start of the first session that contains a time, or is within `gap` of it.
    fn session_near(&self, time: i128, gap: i128) -> Option<i128> {
        let before = self.sessions.range(..=time).next_back().filter(|(_, end)| time <= **end + gap);
        let near = before.or_else(|| self.sessions.range(time..).next().filter(|(start, _)| **start <= time + gap));
        near.map(|(start, _)| *start)
    }

    /// Inserts a row of a time into the session that is near it, or into a new one.
    fn insert(&mut self, gap: i128, time: i128, near: Option<i128>) {
        let (mut start, mut end) = (time, time);
        if let Some((near, last)) = near.and_then(|near| self.sessions.remove_entry(&near)) {
            (start, end) = (near.min(time), last.max(time));
        }
        // It may now be within the gap of the next one.
        let next = self.sessions.range(start..).next().map(|(next, _)| *next).filter(|next| *next <= end + gap);
        if let Some(last) = next.and_then(|next| self.sessions.remove(&next)) {
            end = last;
        }
        self.sessions.insert(start, end);
    }

    /// Removes a row, unless it was too late, or its session is closed.
    fn remove(&mut self, gap: i128, time: i128, Change { row, diff }: Change<R>) {
        let Some(rows) = self.rows.get_mut(&time) else { return };
        let copies = rows.copies(&row);
        rows.update(row, diff.max(-copies));
        if !rows.is_empty() {
            return;
        }
        self.rows.remove(&time);
        let session = self.sessions.range(..=time).next_back().map(|(start, end)| (*start, *end));
        let Some((start, end)) = session else { return };
        self.sessions.remove(&start);
        let before = self.rows.range(start..time).next_back().map(|(before, _)| *before);
        let after = self.rows.range(time..=end).next().map(|(after, _)| *after);
        match (before, after) {
            (Some(before), Some(after)) if after - before > gap => {
                self.sessions.extend([(start, before), (after, end)]);
            }
            (before, after) => {
                let rest = before.map(|before| after.map_or((start, before), |_| (start, end)));
                self.sessions.extend(rest.or(after.map(|after| (after, end))));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::state::stamped_step;
    use crate::operators::test_rows::{Row, Worker, check_copies, exchange, insertions, max_kept, random_commits};

    #[test]
    fn closed_sessions_leave_no_state() {
        let key = Arc::new(|row: &Row| row.key);
        let rule = SessionRule { key, time: Row::ticks(), gap: 3, allowed_lateness: 7, forgets: true };
        let mut operator = LateRows::new(rule);
        max_kept(random_commits(8, 30), |commit, now| {
            let before = operator.event_time.now();
            operator.apply(&mut commit.into_iter().map(|change| (Some((0, change)), 0, before)).collect());
            operator.apply(&mut vec![(None, 0, Some(now))]);
            operator.seal(&mut |_| {});
            assert_eq!(operator.closing.len(), operator.keys.len(), "at {now}");
            for (end, slot) in &operator.closing {
                assert!(end + 3 + 7 > now, "at {now}");
                let (_, open) = operator.keys.get(*slot).unwrap();
                assert_eq!(open.closing, Some(*end));
                let in_session = |time: &i128| open.sessions.iter().any(|(start, end)| start <= time && time <= end);
                assert!(open.rows.keys().all(in_session), "at {now}");
            }
            operator.keys.len()
        });
    }

    /// The sizes that the documentation states; an entry of `KeyedState` takes another 20 bytes.
    #[test]
    fn sizes() {
        assert_eq!((size_of::<OpenSessions<Row>>(), size_of::<(i128, Slot)>()), (80, 32));
    }

    #[test]
    fn the_same_rows_are_late_after_a_restart() {
        for forgets in [false, true] {
            let new = |workers: usize| {
                let step = || stamped_step(workers, |row: &Row| row.at.into(), |change, send| send((0, change)));
                let rule = || SessionRule {
                    key: Arc::new(|row: &Row| row.key),
                    time: Row::ticks(),
                    gap: 3,
                    allowed_lateness: 7,
                    forgets,
                };
                (0..workers).map(|_| Worker { step: step(), operator: LateRows::new(rule()) }).collect()
            };
            let commits = |seed| match forgets {
                true => random_commits(seed, 30),
                false => insertions(random_commits(seed, 30)),
            };
            let route = |(row, worker, _): &Stamped<Numbered<Row>>| match row {
                Some((_, change)) => hash_of(&change.row.key),
                None => *worker,
            };
            check_copies(commits, new, |workers: &mut [Worker<_, LateRows<Row, i64>>], commit: Vec<Change<Row>>| {
                let mut emitted = Vec::new();
                for (rows, mut items) in exchange(workers, commit, route) {
                    rows.apply(&mut items);
                    rows.seal(&mut |(_, change)| emitted.push((change.row, change.diff)));
                }
                emitted
            });
        }
    }
}
