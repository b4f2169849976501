//! The operator behind session windows: keeps one row for each session up to date, as sessions grow, merge and split.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::emission::{WindowOperator, WindowTime, emit_all_closed};
use super::session_changes::{CommitChanges, Pending, RowChanges};
use super::session_rows::{close_first, emit_net, row_or_report};
use super::spec::{KeyedChange, WindowSpec};
use super::time::EventTime;
use super::timeline::Timeline;
use super::windows::EmitMode;
use crate::data::{Change, Datum, DatumKey, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::operators::reducers::Reducer;
use crate::operators::state::{JumpReports, KeyedState, Observed, Slot, Stamped};
use crate::plan::TableProperties;
use crate::telemetry::{OperatorContext, OperatorReports};

/// The sessions of one worker.
pub(super) struct SessionWindows<R, T, K, A, G: Reducer<A>, O> {
    spec: Arc<WindowSpec<R, T, K, A, G, O>>,
    gap: i128,
    keys: KeyedState<K, Timeline<A, G::State, O>>,
    /// The changes of the open commit, if each commit moves event time.
    pending: CommitChanges<A>,
    /// The changes of the open commit, if each row moves event time.
    arrivals: RowChanges<A>,
    /// The sessions that will close, by the time of their last row.
    closing: BTreeSet<(i128, Slot)>,
    event_time: WindowTime,
    jumps: JumpReports,
    /// Reports late rows, and sessions whose reducers have no value.
    reports: OperatorReports,
    /// Whether a removal of a row that was forgotten is nothing to report if its session is closed.
    ignores_removals: bool,
    /// What closed sessions emit when the commit is complete: rows in the order of closing, and other changes.
    closed: Vec<(i128, O)>,
    closed_changes: Vec<Change<O>>,
}

impl<R, T, K, A, G, O> SessionWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    pub(super) fn new(
        spec: Arc<WindowSpec<R, T, K, A, G, O>>,
        gap: i128,
        input: TableProperties,
        event_time: WindowTime,
        name: &OperatorContext,
    ) -> Self {
        SessionWindows {
            spec,
            gap,
            keys: KeyedState::new(),
            pending: CommitChanges::new(),
            arrivals: RowChanges::new(),
            closing: BTreeSet::new(),
            event_time,
            jumps: JumpReports::new(name, gap),
            reports: OperatorReports::new(name),
            ignores_removals: input.forgets,
            closed: Vec::new(),
            closed_changes: Vec::new(),
        }
    }

    fn add(&mut self, (DatumKey(key), time, DatumKey(argument), diff): KeyedChange<K, A>, now: Option<i128>) {
        let pending = Pending { slot: self.slot_of(key), time, argument, diff };
        if self.event_time.is_by_row() {
            let is_open = !self.spec.session_has_closed(time, self.gap, now);
            self.arrivals.push(pending, now, is_open);
        } else {
            self.pending.push(pending);
        }
    }

    /// The slot of a key, which the open commit changes.
    fn slot_of(&mut self, key: K) -> Slot {
        // Rows of one key often follow each other. A comparison costs less than a look-up.
        match self.arrivals.last_slot() {
            Some(slot) if self.keys.key_value(slot).0.compare(&key).is_eq() => slot,
            _ => self.keys.entry(key).0,
        }
    }

    /// Applies the changes of the open commit, if each row moves event time.
    fn apply_arrivals(&mut self) {
        let (closes_at_once, at_end) = (self.spec.policy.emit == EmitMode::OnClose, self.event_time.now());
        let mut arrivals = std::mem::replace(&mut self.arrivals, RowChanges::new());
        let mut changes = arrivals.drain_by_key().peekable();
        while let Some((change, now)) = changes.next() {
            let slot = change.slot;
            self.close_before(slot, now);
            self.change(change, now);
            // While its sessions are in the cache. Otherwise they would be visited twice more, to note when they close and to
            // close them.
            if closes_at_once && now < at_end && changes.peek().is_none_or(|(next, _)| next.slot != slot) {
                self.close_before(slot, at_end);
            }
        }
        drop(changes);
        arrivals.shrink();
        self.arrivals = arrivals;
    }

    /// Applies the changes of the open commit, if each commit moves event time.
    fn apply_pending(&mut self) {
        let now = self.event_time.now();
        let mut pending = std::mem::replace(&mut self.pending, CommitChanges::new());
        pending.apply(|change| self.change(change, now));
        self.pending = pending;
    }

    /// Closes the sessions of a key that event time has passed before a row of that key arrives: the row cannot extend them.
    fn close_before(&mut self, slot: Slot, now: Option<i128>) {
        let SessionWindows { spec, gap, keys, closing, reports, closed, closed_changes, .. } = self;
        let (Some(late), Some(now)) = (spec.policy.allowed_lateness, now) else { return };
        let (key, timeline) = keys.key_value(slot);
        while let Some(end) = timeline.sessions.first().map(|(_, session)| session.end)
            && now >= end + *gap + late
        {
            let Some(session) = close_first(spec, key, timeline, reports) else { return };
            if !session.is_changed {
                closing.remove(&(end, slot));
            }
            match (spec.policy.emit, session.row) {
                (EmitMode::OnClose, Some(row)) => closed.push((end + *gap + late, row)),
                // Its earlier row is in `removed`.
                (EmitMode::Always, Some(row)) if session.is_changed => closed_changes.push(Change::insert(row)),
                (EmitMode::UntilClose, Some(row)) if !session.is_changed => closed_changes.push(Change::remove(row)),
                _ => {}
            }
        }
    }

    fn commit(&mut self, emit: &mut impl FnMut(i128, Change<O>)) {
        if self.event_time.is_by_row() {
            self.apply_arrivals()
        } else {
            self.apply_pending()
        }
        let SessionWindows { spec, gap, keys, closing, event_time, reports, closed, closed_changes, .. } = self;
        closed_changes.drain(..).for_each(|change| emit(0, change));
        let now = event_time.seal();
        let allowed_lateness = spec.policy.allowed_lateness;
        let closes = |end: i128| allowed_lateness.map(|late| end + *gap + late);
        let has_closed = |end| closes(end).is_some_and(|closes| now.is_some_and(|now| now >= closes));
        let mode = spec.policy.emit;
        keys.seal_slots(|slot, key, timeline| {
            std::mem::take(&mut timeline.ended).into_iter().for_each(|end| {
                closing.remove(&(end, slot));
            });
            let removed = std::mem::take(&mut timeline.removed);
            let mut changed = std::mem::take(&mut timeline.changed);
            changed.sort_unstable();
            changed.dedup();
            let mut inserted = Vec::new();
            for start in changed {
                let Some(session) = timeline.sessions.get_mut(start) else { continue };
                session.is_changed = false;
                if G::ORDERED {
                    session.state = spec.state_of(timeline.rows.range(start..=session.end));
                }
                spec.reducers.finish_commit(&mut session.state);
                if allowed_lateness.is_some() {
                    closing.insert((session.end, slot));
                }
                if mode != EmitMode::OnClose {
                    inserted.extend(row_or_report(spec, key, start, session, reports));
                }
            }
            if mode != EmitMode::OnClose {
                emit_net(removed, inserted, &mut |change| emit(0, change));
            }
            !timeline.sessions.is_empty()
        });
        while let Some((end, slot)) = closing.first().copied().filter(|(end, _)| has_closed(*end)) {
            closing.pop_first();
            let Some((key, timeline)) = keys.update(slot) else { continue };
            // Sessions of a key end in the order in which they begin.
            let Some(session) = close_first(spec, key, timeline, reports) else { continue };
            match (mode, session.row) {
                (EmitMode::OnClose, Some(row)) => closed.push((closes(end).unwrap_or_default(), row)),
                (EmitMode::UntilClose, Some(row)) => emit(0, Change::remove(row)),
                _ => {}
            }
            keys.remove_if(slot, |(_, timeline)| timeline.sessions.is_empty());
        }
        emit_all_closed(std::mem::take(closed), emit);
    }

    fn change(&mut self, Pending { slot, time, argument, diff }: Pending<A>, now: Option<i128>) {
        let SessionWindows { spec, gap, keys, reports, .. } = self;
        let (key, timeline) = keys.key_value(slot);
        let applied = if diff < 0 {
            // Rows that were too late are not in the session, and cannot be removed.
            diff.max(-timeline.rows.get(time).map_or(0, |rows| rows.copies(&argument)))
        } else if timeline.session_near(time, *gap).is_none() && spec.session_has_closed(time, *gap, now) {
            0
        } else {
            diff
        };
        if applied != diff && (diff > 0 || !self.ignores_removals) {
            let what = format_args!(
                "a change of a row of {} arrived too late for its session, which is closed, and is dropped; event time is {}",
                T::at(time),
                T::at(now.unwrap_or(time))
            );
            reports.late((diff - applied).unsigned_abs(), what);
        }
        match applied {
            0 => {}
            1.. => timeline.insert(spec, key, *gap, time, argument, applied),
            _ => timeline.remove(spec, key, *gap, time, argument, applied),
        }
    }
}

impl<R: 'static, T: EventTime, K: Datum, A: Datum, G: Reducer<A>, O: 'static> Stateful
    for SessionWindows<R, T, K, A, G, O>
{
    fn states(&mut self) -> Vec<StatePart<'_>> {
        let mut states = self.event_time.states();
        states.push(StatePart::partitioned("sessions", &mut self.keys).of_ordered_rows());
        states
    }

    fn loaded(&mut self) {
        let SessionWindows { spec, keys, closing, event_time, .. } = self;
        event_time.loaded();
        closing.clear();
        if spec.policy.allowed_lateness.is_some() {
            keys.visit_loaded(|slot, _, timeline| {
                closing.extend(timeline.sessions.range(..).map(|(_, session)| (session.end, slot)));
            });
        }
    }
}

/// With one worker and without a clock: the rows alone.
impl<R, T, K, A, G, O> WindowOperator<Change<R>, O> for SessionWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn receive(&mut self, changes: &mut Vec<Change<R>>) {
        for change in changes.drain(..) {
            let time = self.spec.event_time(&change.row);
            let now = time.and_then(|time| self.event_time.arrive(time, &change, &mut self.jumps));
            self.add(self.spec.keyed(&change), now);
        }
    }

    fn commit(&mut self, emit: &mut impl FnMut(i128, Change<O>)) {
        self.commit(emit);
    }
}

/// With several workers or with a clock, and rows in the order of arrival: each with event time before it.
impl<R, T, K, A, G, O> WindowOperator<Stamped<KeyedChange<K, A>>, O> for SessionWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn receive(&mut self, items: &mut Vec<Stamped<KeyedChange<K, A>>>) {
        for (change, _, time) in items.drain(..) {
            match change {
                Some(change) => self.add(change, time),
                None => self.event_time.advance_to(time),
            }
        }
    }

    fn commit(&mut self, emit: &mut impl FnMut(i128, Change<O>)) {
        self.commit(emit);
    }
}

/// With several workers or with a clock, and rows in another order: the rows of this worker's keys, and the times of all rows
/// from all workers.
impl<R, T, K, A, G, O> BinaryStatefulOperator<KeyedChange<K, A>, Observed, Change<O>>
    for SessionWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn apply_left(&mut self, changes: &mut Vec<KeyedChange<K, A>>) {
        let now = self.event_time.now();
        changes.drain(..).for_each(|change| self.add(change, now));
    }

    fn apply_right(&mut self, observed: &mut Vec<Observed>) {
        observed.drain(..).for_each(|observed| self.event_time.observe(observed));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.commit(&mut |_, change| emit(change));
    }
}

#[cfg(test)]
mod tests;
