//! The operator behind session windows: one row a session, which grows, merges and splits with its rows.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::groups::Rule;
use super::time::EventTime;
use super::timeline::{Session, Timeline, row_of};
use super::windows::Shows;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatefulOperator};
use crate::operators::reducers::Reducer;
use crate::operators::state::event_time::{EventTimeTracker, Observed};
use crate::operators::state::keyed::{Keyed, Slot};
use crate::telemetry::{Level, LogLimiter};

/// The sessions of one worker.
pub(super) struct Sessions<R, T, K, A, G: Reducer<A>, O> {
    rule: Arc<Rule<R, T, K, A, G, O>>,
    gap: i128,
    keys: Keyed<K, Timeline<A, G::State, O>>,
    /// The open commit's changes: where their key is, their time, and what the reducers are fed.
    pending: Vec<(Slot, i128, A, i64)>,
    /// The sessions that will close, by the time of their last row.
    closing: BTreeSet<(i128, Slot)>,
    now: EventTimeTracker,
    late: LogLimiter,
    untold: LogLimiter,
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
    pub(super) fn new(rule: Arc<Rule<R, T, K, A, G, O>>, gap: i128, now: EventTimeTracker, name: &Arc<str>) -> Self {
        Sessions {
            rule,
            gap,
            keys: Keyed::new(),
            pending: Vec::new(),
            closing: BTreeSet::new(),
            now,
            late: LogLimiter::new(name),
            untold: LogLimiter::new(name),
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
        let Sessions { rule, gap, keys, closing, now, untold, .. } = self;
        let now = now.seal();
        let allowed_lateness = rule.policy.allowed_lateness;
        let has_closed = |end| allowed_lateness.is_some_and(|late| now.is_some_and(|now| now >= end + *gap + late));
        let mut shown = |key: &K, start, session: &Session<G::State>| {
            row_of(rule, key, start, session).unwrap_or_else(|error| {
                untold.report(Level::Error, 1, format_args!("a session has no row for now: {error}"));
                None
            })
        };
        let shows = rule.policy.shows;
        keys.seal_slots(|slot, key, timeline| {
            std::mem::take(&mut timeline.ended).into_iter().for_each(|end| {
                closing.remove(&(end, slot));
            });
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
                if allowed_lateness.is_some() {
                    closing.insert((session.end, slot));
                }
                if shows != Shows::OnceClosed {
                    come.extend(shown(key, start, session));
                }
            }
            if shows != Shows::OnceClosed {
                net(gone, come, emit);
            }
            !timeline.sessions.is_empty()
        });
        while let Some((end, slot)) = closing.first().copied().filter(|(end, _)| has_closed(*end)) {
            closing.pop_first();
            let Some((key, timeline)) = keys.get(slot) else { continue };
            // Sessions of a key end in the order in which they begin.
            let Some((start, session)) = timeline.sessions.pop_first() else { continue };
            while let Some(row) = timeline.rows.first_entry().filter(|row| *row.key() <= end) {
                row.remove();
            }
            let change = match shows {
                Shows::Always => None,
                Shows::OnceClosed => Some(shown(key, start, &session).map(Change::insert)),
                Shows::WhileOpen => Some(shown(key, start, &session).map(Change::remove)),
            };
            change.flatten().into_iter().for_each(&mut *emit);
            keys.remove_if(slot, |(_, timeline)| timeline.sessions.is_empty());
        }
    }

    fn change(&mut self, slot: Slot, time: i128, argument: A, diff: i64) {
        let Sessions { rule, gap, keys, now, late, .. } = self;
        let (key, timeline) = keys.entry(slot);
        let has_closed = |end: i128| {
            let closes = rule.policy.allowed_lateness.map(|late| end + *gap + late);
            closes.is_some_and(|closes| now.before().is_some_and(|now| now >= closes))
        };
        let taken = if diff < 0 {
            // What came too late was never taken in, and can't go.
            diff.max(-timeline.rows.get(&time).map_or(0, |rows| rows.copies(&argument)))
        } else if timeline.touching(time, *gap).is_none() && has_closed(time) {
            0
        } else {
            diff
        };
        if taken != diff {
            let what = format_args!(
                "a change of a row of {} came too late for its session, which has closed, and is ignored",
                T::at(time)
            );
            late.report(Level::Warn, 1, what);
        }
        match taken {
            0 => {}
            1.. => timeline.insert(rule, key, *gap, time, argument, taken),
            _ => timeline.remove(rule, key, *gap, time, argument, taken),
        }
    }
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
impl<R, T, K, A, G, O> StatefulOperator<Change<R>, O> for Sessions<R, T, K, A, G, O>
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
                self.now.saw_row((self.rule.time)(&change.row).ticks());
            }
            self.take(&change);
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.work_off(emit);
    }
}

/// With several, or with a clock: the rows of this worker's keys, and the times of all rows from all workers.
impl<R, T, K, A, G, O> BinaryStatefulOperator<Change<R>, Observed, O> for Sessions<R, T, K, A, G, O>
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

    fn apply_right(&mut self, seen: &mut Vec<Observed>) {
        seen.drain(..).for_each(|seen| self.now.saw(seen));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.work_off(emit);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::operators::reducers::{Count, ReduceError};
    use crate::operators::support::{Row, most_kept, stream};
    use crate::operators::window::windows::{Policy, Window};

    fn rule<R: Reducer<(), Output = i64>>(reducer: R, allowed_lateness: i128) -> Arc<Rule<Row, i64, i64, (), R, Row>> {
        Arc::new(Rule {
            time: Arc::new(|row: &Row| row.at),
            key: Arc::new(|row: &Row| row.key),
            arguments: Arc::new(|_: &Row| ()),
            reducers: Arc::new(reducer),
            output: Arc::new(|key: &i64, window: Window<i64>, n| Row { key: *key, at: window.start, value: n }),
            policy: Policy { allowed_lateness: Some(allowed_lateness), shows: Shows::Always },
        })
    }

    /// However often a session grows, it has one place among those that will close.
    #[test]
    fn what_closes_is_forgotten() {
        let mut operator = Sessions::new(rule(Count, 7), 3, EventTimeTracker::default(), &"test".into());
        most_kept(stream(8, 30), |mut commit, now| {
            operator.apply(&mut commit);
            operator.work_off(&mut |_| {});
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

    /// Counts how often it is called.
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

    /// Wherever the gaps close and open, the rows of the smaller part are those that move.
    #[test]
    fn sessions_merge_and_split_without_scanning_the_larger_part() {
        let calls = Arc::default();
        let mut operator =
            Sessions::new(rule(Calls(Arc::clone(&calls)), 0), 1, EventTimeTracker::default(), &"test".into());
        operator.rule = {
            let mut rule = rule(Calls(Arc::clone(&calls)), 0);
            Arc::get_mut(&mut rule).unwrap().policy.allowed_lateness = None;
            rule
        };
        let row = |at| Row { key: 0, at, value: 0 };
        let mut commit = |mut changes: Vec<Change<Row>>| {
            operator.apply(&mut changes);
            operator.work_off(&mut |_| {});
            operator.keys.seal(|_, timeline| !timeline.sessions.is_empty());
        };
        const ROWS: i64 = 1_000;
        commit((0..ROWS).map(|n| Change::insert(row(2 * n))).collect());
        // From the right to the left: the session that each gap's end is merged into is the large one.
        (1..ROWS).rev().for_each(|n| commit(vec![Change::insert(row(2 * n - 1))]));
        // And apart again, a row at each end.
        (1..ROWS).for_each(|n| commit(vec![Change::remove(row(2 * n - 1))]));
        let calls = calls.load(std::sync::atomic::Ordering::Relaxed);
        assert!(calls < 10 * ROWS as usize, "{calls} calls for {ROWS} rows");
    }
}
