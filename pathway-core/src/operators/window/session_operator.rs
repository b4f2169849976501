//! The operator behind session windows: keeps one row for each session up to date, as sessions grow, merge and split.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::spec::WindowSpec;
use super::time::EventTime;
use super::timeline::{Session, Timeline, row_of};
use super::windows::EmitMode;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatefulOperator};
use crate::operators::reducers::Reducer;
use crate::operators::state::{EventTimeTracker, KeyedState, Observed, Slot};
use crate::telemetry::{OperatorContext, OperatorReports};

/// The sessions of one worker.
pub(super) struct SessionWindows<R, T, K, A, G: Reducer<A>, O> {
    spec: Arc<WindowSpec<R, T, K, A, G, O>>,
    gap: i128,
    keys: KeyedState<K, Timeline<A, G::State, O>>,
    /// The changes of the open commit: the slot of the key, the time, the arguments of the reducers, and the number of copies.
    pending: Vec<(Slot, i128, A, i64)>,
    /// The sessions that will close, by the time of their last row.
    closing: BTreeSet<(i128, Slot)>,
    event_time: EventTimeTracker,
    /// Reports late rows, and sessions whose reducers have no value.
    reports: OperatorReports,
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
        event_time: EventTimeTracker,
        name: &OperatorContext,
    ) -> Self {
        SessionWindows {
            spec,
            gap,
            keys: KeyedState::new(),
            pending: Vec::new(),
            closing: BTreeSet::new(),
            event_time,
            reports: OperatorReports::new(name),
        }
    }

    fn add(&mut self, Change { row, diff }: &Change<R>) {
        let (slot, _) = self.keys.entry((self.spec.key)(row));
        self.pending.push((slot, (self.spec.time)(row).ticks(), (self.spec.arguments)(row), *diff));
    }

    fn commit(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        // Net, and insertions before removals, so that no row is removed before it is inserted.
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then_with(|| a.2.compare(&b.2)));
        pending.dedup_by(|later, first| {
            let same = (later.0, later.1) == (first.0, first.1) && later.2.compare(&first.2).is_eq();
            first.3 += if same { later.3 } else { 0 };
            same
        });
        let (insertions, removals): (Vec<_>, Vec<_>) =
            pending.into_iter().filter(|change| change.3 != 0).partition(|change| change.3 > 0);
        for (slot, time, argument, diff) in insertions.into_iter().chain(removals) {
            self.change(slot, time, argument, diff);
        }
        let SessionWindows { spec, gap, keys, closing, event_time, reports, .. } = self;
        let now = event_time.seal();
        let allowed_lateness = spec.policy.allowed_lateness;
        let has_closed = |end| allowed_lateness.is_some_and(|late| now.is_some_and(|now| now >= end + *gap + late));
        let mut row = |key: &K, start, session: &Session<G::State>| {
            row_of(spec, key, start, session).unwrap_or_else(|error| {
                reports.error(format_args!("a session has no row at present: {error}"));
                None
            })
        };
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
                let Some(session) = timeline.sessions.get_mut(&start) else { continue };
                session.is_changed = false;
                if G::ORDERED {
                    session.state = spec.state_of(timeline.rows.range(start..=session.end));
                }
                spec.reducers.finish_commit(&mut session.state);
                if allowed_lateness.is_some() {
                    closing.insert((session.end, slot));
                }
                if mode != EmitMode::OnClose {
                    inserted.extend(row(key, start, session));
                }
            }
            if mode != EmitMode::OnClose {
                emit_net(removed, inserted, emit);
            }
            !timeline.sessions.is_empty()
        });
        while let Some((end, slot)) = closing.first().copied().filter(|(end, _)| has_closed(*end)) {
            closing.pop_first();
            let Some((key, timeline)) = keys.get(slot) else { continue };
            // Sessions of a key end in the order in which they begin.
            let Some((start, session)) = timeline.sessions.pop_first() else { continue };
            while let Some(entry) = timeline.rows.first_entry().filter(|entry| *entry.key() <= end) {
                entry.remove();
            }
            if let Some(change) = mode.change_on_close() {
                row(key, start, &session).map(change).into_iter().for_each(&mut *emit);
            }
            keys.remove_if(slot, |(_, timeline)| timeline.sessions.is_empty());
        }
    }

    fn change(&mut self, slot: Slot, time: i128, argument: A, diff: i64) {
        let SessionWindows { spec, gap, keys, event_time, reports, .. } = self;
        let (key, timeline) = keys.key_value(slot);
        let has_closed = |end: i128| {
            let closes = spec.policy.allowed_lateness.map(|late| end + *gap + late);
            closes.is_some_and(|closes| event_time.now().is_some_and(|now| now >= closes))
        };
        let applied = if diff < 0 {
            // Rows that were too late are not in the session, and cannot be removed.
            diff.max(-timeline.rows.get(&time).map_or(0, |rows| rows.copies(&argument)))
        } else if timeline.session_near(time, *gap).is_none() && has_closed(time) {
            0
        } else {
            diff
        };
        if applied != diff {
            let what = format_args!(
                "a change of a row of {} arrived too late for its session, which is closed, and is dropped; event time is {}",
                T::at(time),
                T::at(event_time.now().unwrap_or(time))
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

/// Emits the removed and the inserted rows, without those that are in both.
fn emit_net<O: Schema>(mut removed: Vec<O>, mut inserted: Vec<O>, emit: &mut dyn FnMut(Change<O>)) {
    removed.sort_by(O::compare);
    inserted.sort_by(O::compare);
    let mut inserted = inserted.into_iter().peekable();
    for old in removed {
        while let Some(new) = inserted.next_if(|new| new.compare(&old).is_lt()) {
            emit(Change::insert(new));
        }
        if inserted.next_if(|new| new.compare(&old).is_eq()).is_none() {
            emit(Change::remove(old));
        }
    }
    inserted.map(Change::insert).for_each(emit);
}

/// With one worker and without a clock: the rows alone.
impl<R, T, K, A, G, O> StatefulOperator<Change<R>, O> for SessionWindows<R, T, K, A, G, O>
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
                self.event_time.observe_row((self.spec.time)(&change.row).ticks());
            }
            self.add(&change);
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.commit(emit);
    }
}

/// With several workers or with a clock: the rows of this worker's keys, and the times of all rows from all workers.
impl<R, T, K, A, G, O> BinaryStatefulOperator<Change<R>, Observed, O> for SessionWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn apply_left(&mut self, changes: &mut Vec<Change<R>>) {
        changes.drain(..).for_each(|change| self.add(&change));
    }

    fn apply_right(&mut self, observed: &mut Vec<Observed>) {
        observed.drain(..).for_each(|observed| self.event_time.observe(observed));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.commit(emit);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::operators::reducers::{Count, ReduceError};
    use crate::operators::test_rows::{Row, max_kept, random_commits};
    use crate::operators::window::windows::{ClosePolicy, Window};

    fn spec<R: Reducer<(), Output = i64>>(
        reducer: R,
        allowed_lateness: i128,
    ) -> Arc<WindowSpec<Row, i64, i64, (), R, Row>> {
        Arc::new(WindowSpec {
            time: Arc::new(|row: &Row| row.at),
            key: Arc::new(|row: &Row| row.key),
            arguments: Arc::new(|_: &Row| ()),
            reducers: Arc::new(reducer),
            output: Arc::new(|key: &i64, window: Window<i64>, n| Row { key: *key, at: window.start, value: n }),
            policy: ClosePolicy { allowed_lateness: Some(allowed_lateness), emit: EmitMode::Always },
        })
    }

    /// However often a session grows, it is in `closing` once.
    #[test]
    fn closed_sessions_leave_no_state() {
        let mut operator = SessionWindows::new(spec(Count, 7), 3, EventTimeTracker::default(), &"test".into());
        max_kept(random_commits(8, 30), |mut commit, now| {
            operator.apply(&mut commit);
            operator.commit(&mut |_| {});
            let slots: Vec<_> = operator.closing.iter().map(|(_, slot)| *slot).collect();
            let kept = slots.into_iter().map(|slot| {
                let (_, timeline) = operator.keys.get(slot).unwrap();
                assert!(timeline.rows.keys().all(|time| *time >= *timeline.sessions.keys().next().unwrap()));
                (slot, timeline.sessions.len())
            });
            let kept: BTreeMap<_, _> = kept.collect();
            assert_eq!(kept.values().sum::<usize>(), operator.closing.len());
            assert_eq!(kept.len(), operator.keys.len());
            assert!(operator.closing.iter().all(|(end, _)| end + 3 + 7 > now), "at {now}");
            operator.keys.len()
        });
    }

    /// Counts the calls of `update`.
    struct Calls(Arc<std::sync::atomic::AtomicUsize>);

    impl Reducer<()> for Calls {
        type State = i64;
        type Output = i64;

        fn update(&self, state: &mut i64, (): (), diff: i64) {
            self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            *state += diff;
        }

        fn output(&self, state: &i64) -> Result<i64, ReduceError> {
            Ok(*state)
        }
    }

    /// Wherever sessions merge and split, only the rows of the smaller part move.
    #[test]
    fn sessions_merge_and_split_without_scanning_the_larger_part() {
        let calls = Arc::default();
        let mut operator =
            SessionWindows::new(spec(Calls(Arc::clone(&calls)), 0), 1, EventTimeTracker::default(), &"test".into());
        operator.spec = {
            let mut spec = spec(Calls(Arc::clone(&calls)), 0);
            Arc::get_mut(&mut spec).unwrap().policy.allowed_lateness = None;
            spec
        };
        let row = |at| Row { key: 0, at, value: 0 };
        let mut commit = |mut changes: Vec<Change<Row>>| {
            operator.apply(&mut changes);
            operator.commit(&mut |_| {});
            operator.keys.seal(|_, timeline| !timeline.sessions.is_empty());
        };
        const ROWS: i64 = 1_000;
        commit((0..ROWS).map(|n| Change::insert(row(2 * n))).collect());
        // From right to left, so that each merge is with the large session.
        (1..ROWS).rev().for_each(|n| commit(vec![Change::insert(row(2 * n - 1))]));
        // Then split again, one row at a time.
        (1..ROWS).for_each(|n| commit(vec![Change::remove(row(2 * n - 1))]));
        let calls = calls.load(std::sync::atomic::Ordering::Relaxed);
        assert!(calls < 10 * ROWS as usize, "{calls} calls for {ROWS} rows");
    }
}
