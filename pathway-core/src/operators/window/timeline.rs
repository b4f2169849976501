//! The open sessions of a key, as they grow, merge and split with its rows.

use std::collections::BTreeMap;

use super::groups::Rule;
use super::time::EventTime;
use super::windows::Window;
use crate::data::{Datum, Schema};
use crate::operators::reducers::{Multiset, ReduceError, Reducer};

/// The open sessions of a key.
pub(super) struct Timeline<A, S, O> {
    /// What stands at each time.
    pub(super) rows: BTreeMap<i128, Multiset<A>>,
    /// By their starts. They do not meet.
    pub(super) sessions: BTreeMap<i128, Session<S>>,
    /// Of the open commit: the rows of sessions that it has changed, as they were before.
    pub(super) gone: Vec<O>,
    /// The times of their last rows, as they were before.
    pub(super) ended: Vec<i128>,
    /// The starts of these as they are now; some are there no more.
    pub(super) changed: Vec<i128>,
}

pub(super) struct Session<S> {
    /// The time of its last row.
    pub(super) end: i128,
    /// How many rows it has.
    pub(super) rows: i64,
    pub(super) state: S,
    /// Whether the open commit has changed it.
    pub(super) is_changed: bool,
}

impl<A, S, O> Default for Timeline<A, S, O> {
    fn default() -> Self {
        Timeline {
            rows: BTreeMap::new(),
            sessions: BTreeMap::new(),
            gone: Vec::new(),
            ended: Vec::new(),
            changed: Vec::new(),
        }
    }
}

impl<A: Datum, S: Default, O: Schema> Timeline<A, S, O> {
    /// The start of the first session that a time is in or within `gap` of.
    pub(super) fn touching(&self, time: i128, gap: i128) -> Option<i128> {
        let before = self.sessions.range(..=time).next_back().filter(|(_, session)| time <= session.end + gap);
        before
            .or_else(|| self.sessions.range(time..).next().filter(|(start, _)| **start <= time + gap))
            .map(|(start, _)| *start)
    }

    /// MetadataColumns that the open commit changes a session.
    fn changes<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        rule: &Rule<R, T, K, A, G, O>,
        key: &K,
        start: i128,
    ) -> Option<&mut Session<S>> {
        let session = self.sessions.get_mut(&start)?;
        if !session.is_changed {
            session.is_changed = true;
            self.ended.push(session.end);
            self.gone.extend(row_of(rule, key, start, session).unwrap_or_default());
            self.changed.push(start);
        }
        Some(session)
    }

    /// Takes a row in.
    pub(super) fn insert<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        rule: &Rule<R, T, K, A, G, O>,
        key: &K,
        gap: i128,
        time: i128,
        argument: A,
        diff: i64,
    ) {
        self.rows.entry(time).or_default().update(argument.clone_datum(), diff);
        let Some(left) = self.touching(time, gap) else {
            let mut session = Session { end: time, rows: diff, state: S::default(), is_changed: true };
            rule.reducers.update(&mut session.state, argument, diff);
            self.sessions.insert(time, session);
            self.changed.push(time);
            return;
        };
        let Some(session) = self.changes(rule, key, left) else { return };
        session.rows += diff;
        session.end = session.end.max(time);
        rule.reducers.update(&mut session.state, argument, diff);
        let (start, end) = (left.min(time), session.end);
        if start < left
            && let Some(session) = self.sessions.remove(&left)
        {
            self.sessions.insert(start, session);
            self.changed.push(start);
        }
        // It may now meet the next one.
        let next = self.sessions.range(start + 1..).next().map(|(next, _)| *next).filter(|next| *next <= end + gap);
        if let Some(next) = next {
            self.changes(rule, key, next);
            self.merge(rule, start, next);
        }
    }

    /// Makes one session of two.
    fn merge<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        rule: &Rule<R, T, K, A, G, O>,
        first: i128,
        second: i128,
    ) {
        let Timeline { rows, sessions, .. } = self;
        let (Some(mut joined), Some(session)) = (sessions.remove(&second), sessions.get_mut(&first)) else { return };
        // The rows of the smaller one move: whatever the order in which a session comes together, a row moves seldom.
        let moved = if joined.rows > session.rows {
            std::mem::swap(&mut joined.state, &mut session.state);
            rows.range(first..=session.end)
        } else {
            rows.range(second..=joined.end)
        };
        for (_, rows) in moved {
            for (argument, copies) in rows.iter() {
                rule.reducers.update(&mut session.state, argument.clone_datum(), copies);
            }
        }
        session.rows += joined.rows;
        session.end = joined.end;
    }

    /// Takes a row out.
    pub(super) fn remove<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        rule: &Rule<R, T, K, A, G, O>,
        key: &K,
        gap: i128,
        time: i128,
        argument: A,
        diff: i64,
    ) {
        let Some(start) = self.sessions.range(..=time).next_back().map(|(start, _)| *start) else { return };
        let Some(session) = self.changes(rule, key, start) else { return };
        session.rows += diff;
        rule.reducers.update(&mut session.state, argument.clone_datum(), diff);
        let end = session.end;
        let Some(rows) = self.rows.get_mut(&time) else { return };
        rows.update(argument, diff);
        if !rows.is_empty() {
            return;
        }
        self.rows.remove(&time);
        let before = self.rows.range(start..time).next_back().map(|(time, _)| *time);
        let after = self.rows.range(time..=end).next().map(|(time, _)| *time);
        match (before, after) {
            (None, None) => {
                self.sessions.remove(&start);
            }
            (None, Some(after)) => {
                if let Some(session) = self.sessions.remove(&start) {
                    self.sessions.insert(after, session);
                    self.changed.push(after);
                }
            }
            (Some(before), None) => {
                if let Some(session) = self.sessions.get_mut(&start) {
                    session.end = before;
                }
            }
            (Some(before), Some(after)) if after - before > gap => self.split(rule, start, before, after),
            (Some(_), Some(_)) => {}
        }
    }

    /// Makes two sessions of one: `before` is the last row of the first, `after` the first one of the second.
    fn split<R, T: EventTime, K, G: Reducer<A, State = S>>(
        &mut self,
        rule: &Rule<R, T, K, A, G, O>,
        start: i128,
        before: i128,
        after: i128,
    ) {
        let Timeline { rows, sessions, .. } = self;
        let Some(mut most) = sessions.remove(&start) else { return };
        let end = most.end;
        // The rows of the smaller part move, as when sessions merge. Which it is, shows when the first of them ends.
        let (lower, upper) = (rows.range(start..=before), rows.range(after..=end));
        let (mut low, mut up) = (lower.clone(), upper.clone());
        let (moved, is_first) = loop {
            match (low.next(), up.next()) {
                (_, None) => break (upper, false),
                (None, _) => break (lower, true),
                (Some(_), Some(_)) => {}
            }
        };
        let mut part = Session { end, rows: 0, state: S::default(), is_changed: true };
        for (argument, copies) in moved.flat_map(|(_, rows)| rows.iter()) {
            rule.reducers.update(&mut most.state, argument.clone_datum(), -copies);
            rule.reducers.update(&mut part.state, argument.clone_datum(), copies);
            part.rows += copies;
        }
        most.rows -= part.rows;
        let (mut first, second) = if is_first { (part, most) } else { (most, part) };
        first.end = before;
        sessions.insert(start, first);
        sessions.insert(after, second);
        self.changed.push(after);
    }
}

pub(super) fn row_of<R, T: EventTime, K, A, G: Reducer<A>, O>(
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What the documentation says of memory.
    #[test]
    fn sizes() {
        assert_eq!(size_of::<Timeline<i64, i64, i64>>(), 120);
        assert_eq!(size_of::<(i128, Session<i64>)>(), 64);
        assert_eq!(size_of::<(i128, Multiset<i64>)>(), 32);
    }
}
