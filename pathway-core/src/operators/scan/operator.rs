//! The operator behind `scan`: the state and the timers of the keys of one worker.

use serde::{Deserialize, Serialize};

use super::emission::Position;
use super::spec::ScanSpec;
use super::timers::{Due, DueKind, KeyId, Schedule, Timers};
use crate::data::{Change, Datum, Saved, Schema};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
use crate::operators::state::{KeyedState, Slot};
use crate::operators::window::EventTime;
use crate::telemetry::{OperatorContext, OperatorReports};

/// What a worker receives: a change with its number in the sequence and event time after it, or, with the number of a worker,
/// event time after all that has arrived so far.
pub(super) type ScanItem<R> = (Option<Change<R>>, u64, Option<i128>);

/// Runs the user's closures for each row, in the order of arrival, and for each timer that is due.
pub(super) struct ScanOperator<R, T, K, S, O> {
    spec: ScanSpec<R, T, K, S, O>,
    keys: KeyedState<K, KeyState<S>>,
    schedule: Schedule,
    reports: OperatorReports,
    /// What was emitted in the open commit.
    emitted: Vec<(Position, Change<O>)>,
}

/// The state of a key.
#[derive(Serialize, Deserialize)]
struct KeyState<S> {
    /// `None` only until the key's first row has been handled.
    state: Option<S>,
    /// The number of the row that created the state.
    created: u64,
    /// The times of its timers, ascending.
    timers: Vec<i128>,
    /// When the state expires, unless a row arrives or it has a timer.
    expiry: i128,
    /// When the schedule next looks whether it has expired: at that time or before. Rows do not change the schedule each time.
    /// Like the schedule it is not saved.
    #[serde(skip)]
    check: i128,
}

impl<S> KeyState<S> {
    /// A state with a timer does not expire.
    fn expiry(&self) -> i128 {
        self.timers.last().map_or(self.expiry, |timer| self.expiry.max(*timer))
    }

    /// Looks earlier if the state now expires earlier, because a timer was removed.
    fn check_in_time(&mut self, key: KeyId, schedule: &mut Schedule) {
        let expiry = self.expiry();
        if expiry < self.check {
            schedule.remove(&key.due(self.check, DueKind::Expiry));
            self.check = expiry;
            schedule.insert(key.due(expiry, DueKind::Expiry), key.slot);
        }
    }
}

impl<S> Default for KeyState<S> {
    fn default() -> Self {
        KeyState { state: None, created: 0, timers: Vec::new(), expiry: i128::MAX, check: i128::MAX }
    }
}

impl<R: Schema, T: EventTime, K: Datum, S: Clone, O: Schema> ScanOperator<R, T, K, S, O> {
    pub(super) fn new(spec: ScanSpec<R, T, K, S, O>, name: &OperatorContext) -> Self {
        let reports = OperatorReports::new(name);
        ScanOperator { spec, keys: KeyedState::new(), schedule: Schedule::new(), reports, emitted: Vec::new() }
    }

    pub(super) fn receive(&mut self, items: &mut Vec<ScanItem<R>>) {
        for (change, number, now) in items.drain(..) {
            self.run_due(now);
            if let Some(Change { row, diff }) = change {
                // Each copy of a row arrives by itself.
                (0..diff).for_each(|_| self.arrive(&row, number, now));
            }
        }
    }

    fn arrive(&mut self, row: &R, number: u64, now: Option<i128>) {
        let ScanOperator { spec, keys, schedule, emitted, .. } = self;
        let (slot, _) = keys.entry((spec.key)(row));
        let value = keys.value(slot);
        if value.state.is_none() {
            value.created = number;
        }
        // Event time has no value only while all rows are too far ahead of a clock.
        let now_or_row = now.unwrap_or_else(|| (spec.time)(row));
        value.expiry = spec.expire_after.map_or(i128::MAX, |after| now_or_row.saturating_add(after));
        let (key, position) = (KeyId { slot, created: value.created }, Position::of_row(now, number));
        let state = value.state.get_or_insert_with(|| spec.initial.clone());
        let mut timers = Timers::of_row(now_or_row, key, &mut value.timers, schedule);
        (spec.step)(state, row, &mut timers, &mut |output| emitted.push((position, output)));
        value.check_in_time(key, schedule);
    }

    /// Handles what is due before event time `now`.
    fn run_due(&mut self, now: Option<i128>) {
        let Some(now) = now else { return };
        while let Some(entry) = self.schedule.first_entry().filter(|entry| entry.key().at < now) {
            let (due, slot) = entry.remove_entry();
            match due.kind {
                DueKind::Timer => self.fire(due, slot),
                DueKind::Expiry => self.expire(due, slot),
            }
        }
    }

    fn fire(&mut self, Due { at, created, .. }: Due, slot: Slot) {
        let ScanOperator { spec, keys, schedule, emitted, reports } = self;
        // The state can only be saved with the commit if its key is marked as changed: the closure may change it.
        let (key, value) = keys.change(slot);
        let Some(state) = &mut value.state else { return };
        value.timers.retain(|pending| *pending != at);
        let (id, position) = (KeyId { slot, created }, Position::of_timer(at, created));
        let mut timers = Timers::of_timer(at, id, &mut value.timers, schedule);
        (spec.on_timer)(key, state, &mut timers, &mut |output| emitted.push((position, output)));
        for _ in 0..timers.ignored() {
            let at = T::at(at);
            reports.error(format_args!("a timer for {at} sets another one that is not later, which is ignored"));
        }
        value.check_in_time(id, schedule);
    }

    /// Removes a state, unless rows have arrived in the meantime, or it has timers.
    fn expire(&mut self, expired: Due, slot: Slot) {
        let value = self.keys.value(slot);
        let expiry = value.expiry();
        if expiry > expired.at {
            value.check = expiry;
            self.schedule.insert(Due { at: expiry, ..expired }, slot);
        } else {
            self.keys.remove_if(slot, |_| true);
        }
    }

    pub(super) fn commit(&mut self, mut emit: impl FnMut(Position, Change<O>)) {
        self.keys.seal(|_, _| true);
        self.emitted.drain(..).for_each(|(position, change)| emit(position, change));
        // The most capacity that stays allocated after a large commit.
        self.emitted.shrink_to(1 << 10);
    }
}

/// The only worker: what is emitted is in order.
pub(super) struct Alone<P>(pub(super) P);

impl<P: Stateful> Stateful for Alone<P> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.0.states()
    }

    fn loaded(&mut self) {
        self.0.loaded();
    }
}

impl<R: Schema, T: EventTime, K: Datum, S: Clone + Saved, O: Schema> StatefulOperator<ScanItem<R>, Change<O>>
    for Alone<ScanOperator<R, T, K, S, O>>
{
    fn apply(&mut self, items: &mut Vec<ScanItem<R>>) {
        self.0.receive(items);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.0.commit(|_, change| emit(change));
    }
}

impl<R: Schema, T: EventTime, K: Datum, S: Clone + Saved, O: Schema> Stateful for ScanOperator<R, T, K, S, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("keys", &mut self.keys).of_rows()]
    }

    fn loaded(&mut self) {
        let ScanOperator { keys, schedule, .. } = self;
        schedule.clear();
        keys.visit_loaded(|slot, _, value| {
            let key = KeyId { slot, created: value.created };
            schedule.extend(value.timers.iter().map(|at| (key.due(*at, DueKind::Timer), slot)));
            value.check = i128::MAX;
            value.check_in_time(key, schedule);
        });
    }
}

/// One of several workers.
impl<R: Schema, T: EventTime, K: Datum, S: Clone + Saved, O: Schema>
    StatefulOperator<ScanItem<R>, (Position, Change<O>)> for ScanOperator<R, T, K, S, O>
{
    fn apply(&mut self, items: &mut Vec<ScanItem<R>>) {
        self.receive(items);
    }

    fn seal(&mut self, emit: &mut dyn FnMut((Position, Change<O>))) {
        self.commit(|position, change| emit((position, change)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::operators::scan::ScanStep;
    use crate::operators::state::{hash_of, row_step};
    use crate::operators::test_rows::{Row, Worker, check_copies, exchange, insertions, random_commits};

    type Scan = ScanOperator<Row, i64, i64, i64, Row>;

    /// Each row replaces the timer of its key, and each timer emits a row. It may set another one, so much later.
    fn scan(expire_after: i128, later: Option<i64>) -> Scan {
        let spec = ScanSpec {
            key: Arc::new(|row: &Row| row.key),
            time: Arc::new(|row: &Row| row.at.into()),
            initial: 0,
            step: Arc::new(
                |state: &mut i64, row: &Row, timers: &mut Timers<'_, i64>, _: &mut dyn FnMut(Change<Row>)| {
                    *state += 1;
                    timers.replace(row.at + 3);
                },
            ),
            on_timer: Arc::new(move |key: &i64, state: &mut i64, timers: &mut Timers<'_, i64>, emit| {
                later.into_iter().for_each(|later| timers.set(timers.now() + later));
                emit(Change::insert(Row { key: *key, at: timers.now(), value: *state }));
            }),
            expire_after: Some(expire_after),
        };
        ScanOperator::new(spec, &"scan".into())
    }

    #[test]
    fn expired_keys_leave_no_state() {
        let (mut scan, mut most, mut fired) = (scan(5, None), 0, 0);
        for at in 0..300 {
            // Each commit has keys of its own.
            let rows = (0..4).map(|key| Change::insert(Row { key: 4 * at + key, at, value: 0 }));
            let items = rows.map(|change| (Some(change.clone()), change.row.key as u64, Some(at.into())));
            scan.receive(&mut items.collect());
            scan.commit(|_, _| fired += 1);
            assert!(scan.schedule.len() <= 2 * scan.keys.len());
            most = most.max(scan.keys.len());
        }
        assert_eq!((most, fired), (4 * 6, 4 * 296));
        scan.receive(&mut vec![(None, 0, Some(1_000))]);
        assert_eq!((scan.keys.len(), scan.schedule.len()), (0, 0));
    }

    #[test]
    fn a_timer_that_sets_itself_again_is_an_error() {
        let operator = OperatorContext::from("scan");
        let mut scan = ScanOperator { reports: OperatorReports::new(&operator), ..scan(5, Some(0)) };
        let row = Change::insert(Row { key: 1, at: 0, value: 0 });
        scan.receive(&mut vec![(Some(row), 0, Some(0)), (None, 0, Some(100))]);
        let mut emitted = Vec::new();
        scan.commit(|_, change| emitted.push(change.row));
        assert_eq!((emitted, operator.stats().errors), (vec![Row { key: 1, at: 3, value: 1 }], 1));
    }

    /// The sizes that the documentation states; an entry of `KeyedState` takes another 20 bytes.
    #[test]
    fn sizes() {
        assert_eq!((size_of::<KeyState<()>>(), size_of::<(Due, Slot)>()), (80, 48));
    }

    #[test]
    fn it_is_the_same_after_a_restart() {
        for (expire_after, later) in [(2, None), (5, None), (5, Some(4))] {
            let new = |workers: usize| {
                let step = || row_step(|row: &Row| row.at.into(), ScanStep::new(3));
                (0..workers).map(|_| Worker { step: step(), operator: scan(expire_after, later) }).collect()
            };
            let route = |(change, worker, _): &ScanItem<Row>| match change {
                Some(change) => hash_of(&change.row.key),
                None => *worker,
            };
            let commits = |seed| insertions(random_commits(seed, 12));
            check_copies(commits, new, |workers: &mut [Worker<_, Scan>], commit: Vec<Change<Row>>| {
                let mut emitted = Vec::new();
                for (scan, mut items) in exchange(workers, commit, route) {
                    scan.receive(&mut items);
                    scan.commit(|position, change| emitted.push((position, change.row, change.diff)));
                }
                emitted
            });
        }
    }
}
