//! The open sessions of a key: they grow, merge and split as rows are inserted and removed.

use serde::{Deserialize, Serialize};

use super::spec::WindowSpec;
use super::time::EventTime;
use super::windows::Window;
use crate::data::{Datum, Schema};
use crate::operators::reducers::{Multiset, ReduceError, Reducer};
use crate::operators::state::TimeMap;

/// The open sessions of a key.
#[derive(Serialize, Deserialize)]
#[serde(bound(serialize = "A: Datum, S: Serialize", deserialize = "A: Datum, S: Deserialize<'de>"))]
pub(super) struct Timeline<A, S, O> {
    /// The rows of each time.
    pub(super) rows: TimeMap<Multiset<A>>,
    /// The sessions by their starts. They do not overlap.
    pub(super) sessions: TimeMap<Session<S>>,
    /// The rows before the open commit of the sessions that it has changed.
    #[serde(skip)]
    pub(super) removed: Vec<O>,
    /// The ends before the open commit of these sessions.
    #[serde(skip)]
    pub(super) ended: Vec<i128>,
    /// Their current starts. Some of these sessions may no longer exist.
    #[serde(skip)]
    pub(super) changed: Vec<i128>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Session<S> {
    /// The time of its last row.
    pub(super) end: i128,
    /// How many rows it has.
    pub(super) rows: i64,
    pub(super) state: S,
    /// Whether the open commit has changed it.
    #[serde(skip)]
    pub(super) is_changed: bool,
}

impl<A, S, O> Default for Timeline<A, S, O> {
    fn default() -> Self {
        Timeline {
            rows: TimeMap::default(),
            sessions: TimeMap::default(),
            removed: Vec::new(),
            ended: Vec::new(),
            changed: Vec::new(),
        }
    }
}

impl<A: Datum, S: Default, O: Schema> Timeline<A, S, O> {
    /// The start of the first session that contains a time, or is within `gap` of it.
    pub(super) fn session_near(&self, time: i128, gap: i128) -> Option<i128> {
        let before = self.sessions.range(..=time).next_back().filter(|(_, session)| time <= session.end + gap);
        before
            .or_else(|| self.sessions.range(time..).next().filter(|(start, _)| *start <= time + gap))
            .map(|(start, _)| start)
    }

    /// Marks a session as changed by the open commit.
    fn change<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        spec: &WindowSpec<R, T, K, A, G, O>,
        key: &K,
        start: i128,
    ) -> Option<&mut Session<S>> {
        let session = self.sessions.get_mut(start)?;
        if !session.is_changed {
            session.is_changed = true;
            self.ended.push(session.end);
            self.removed.extend(row_of(spec, key, start, session).unwrap_or_default());
            self.changed.push(start);
        }
        Some(session)
    }

    /// Inserts a row.
    pub(super) fn insert<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        spec: &WindowSpec<R, T, K, A, G, O>,
        key: &K,
        gap: i128,
        time: i128,
        argument: A,
        diff: i64,
    ) {
        self.rows.get_or_insert_with(time, Multiset::default).update(argument.clone_datum(), diff);
        let Some(left) = self.session_near(time, gap) else {
            let mut session = Session { end: time, rows: diff, state: S::default(), is_changed: true };
            spec.reducers.update(&mut session.state, argument, diff);
            self.sessions.insert(time, session);
            self.changed.push(time);
            return;
        };
        let Some(session) = self.change(spec, key, left) else { return };
        session.rows += diff;
        session.end = session.end.max(time);
        spec.reducers.update(&mut session.state, argument, diff);
        let (start, end) = (left.min(time), session.end);
        if start < left
            && let Some(session) = self.sessions.remove(left)
        {
            self.sessions.insert(start, session);
            self.changed.push(start);
        }
        // It may now be within the gap of the next one.
        let next = self.sessions.range(start + 1..).next().map(|(next, _)| next).filter(|next| *next <= end + gap);
        if let Some(next) = next {
            self.change(spec, key, next);
            self.merge(spec, start, next);
        }
    }

    /// Merges two sessions.
    fn merge<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        spec: &WindowSpec<R, T, K, A, G, O>,
        first: i128,
        second: i128,
    ) {
        let Timeline { rows, sessions, .. } = self;
        let (Some(mut joined), Some(session)) = (sessions.remove(second), sessions.get_mut(first)) else { return };
        // The rows of the smaller session move: in whatever order a session grows, a row moves rarely.
        let moved = if joined.rows > session.rows {
            std::mem::swap(&mut joined.state, &mut session.state);
            rows.range(first..=session.end)
        } else {
            rows.range(second..=joined.end)
        };
        for (_, rows) in moved {
            for (argument, copies) in rows.iter() {
                spec.reducers.update(&mut session.state, argument.clone_datum(), copies);
            }
        }
        session.rows += joined.rows;
        session.end = joined.end;
    }

    /// Removes a row.
    pub(super) fn remove<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        spec: &WindowSpec<R, T, K, A, G, O>,
        key: &K,
        gap: i128,
        time: i128,
        argument: A,
        diff: i64,
    ) {
        let Some(start) = self.sessions.range(..=time).next_back().map(|(start, _)| start) else { return };
        let Some(session) = self.change(spec, key, start) else { return };
        session.rows += diff;
        spec.reducers.update(&mut session.state, argument.clone_datum(), diff);
        let end = session.end;
        let Some(rows) = self.rows.get_mut(time) else { return };
        rows.update(argument, diff);
        if !rows.is_empty() {
            return;
        }
        self.rows.remove(time);
        let before = self.rows.range(start..time).next_back().map(|(time, _)| time);
        let after = self.rows.range(time..=end).next().map(|(time, _)| time);
        match (before, after) {
            (None, None) => {
                self.sessions.remove(start);
            }
            (None, Some(after)) => {
                if let Some(session) = self.sessions.remove(start) {
                    self.sessions.insert(after, session);
                    self.changed.push(after);
                }
            }
            (Some(before), None) => {
                if let Some(session) = self.sessions.get_mut(start) {
                    session.end = before;
                }
            }
            (Some(before), Some(after)) if after - before > gap => self.split(spec, start, before, after),
            (Some(_), Some(_)) => {}
        }
    }

    /// Splits a session: `before` is the time of the last row of the first part, `after` that of the first row of the second.
    fn split<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        spec: &WindowSpec<R, T, K, A, G, O>,
        start: i128,
        before: i128,
        after: i128,
    ) {
        let Timeline { rows, sessions, .. } = self;
        let Some(mut larger) = sessions.remove(start) else { return };
        let end = larger.end;
        // The rows of the smaller part move, as when sessions merge. The part whose iteration ends first is the smaller one.
        let (lower, upper) = (rows.range(start..=before), rows.range(after..=end));
        let (mut low, mut up) = (lower.clone(), upper.clone());
        let (moved, is_first) = loop {
            match (low.next(), up.next()) {
                (_, None) => break (upper, false),
                (None, _) => break (lower, true),
                (Some(_), Some(_)) => {}
            }
        };
        let mut smaller = Session { end, rows: 0, state: S::default(), is_changed: true };
        for (_, rows) in moved {
            for (argument, copies) in rows.iter() {
                spec.reducers.update(&mut larger.state, argument.clone_datum(), -copies);
                spec.reducers.update(&mut smaller.state, argument.clone_datum(), copies);
                smaller.rows += copies;
            }
        }
        larger.rows -= smaller.rows;
        let (mut first, second) = if is_first { (smaller, larger) } else { (larger, smaller) };
        first.end = before;
        sessions.insert(start, first);
        sessions.insert(after, second);
        self.changed.push(after);
    }
}

/// The current row of a session: `None` if it is empty, an error if its reducers have no value.
pub(super) fn row_of<R, T: EventTime, K, A, G: Reducer<A>, O>(
    spec: &WindowSpec<R, T, K, A, G, O>,
    key: &K,
    start: i128,
    session: &Session<G::State>,
) -> Result<Option<O>, ReduceError> {
    if session.rows <= 0 {
        return Ok(None);
    }
    let window = Window { start: T::at(start), end: T::at(session.end) };
    spec.reducers.output(&session.state).map(|reduced| Some((spec.output)(key, window, reduced)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes that the documentation states.
    #[test]
    fn sizes() {
        assert_eq!(size_of::<Timeline<i64, i64, i64>>(), 120);
        assert_eq!(size_of::<(i128, Session<i64>)>(), 64);
        assert_eq!(size_of::<(i128, Multiset<i64>)>(), 32);
    }
}
