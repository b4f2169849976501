//! The operator behind `forget`, `buffer` and `ignore_late`: applies a policy to each row or commit, with event time before and after it.

use std::sync::Arc;

use super::Timed;
use crate::data::{Change, Schema};
use crate::dataflow::{BinaryStatefulOperator, SavedState, StatePart, Stateful, StatefulOperator};
use crate::operators::state::{
    EventTimeTracker, InputTimes, JumpReports, Observed, RowOperator, RowStep, RowTimes, by_row, hash_of, observations,
};
use crate::operators::window::{EventTime, length_text};
use crate::plan::{Order, Table, TableProperties};
use crate::telemetry::OperatorContext;
#[cfg(test)]
use {
    crate::dataflow::StatefulStep,
    crate::operators::state::{Observation, row_step},
    crate::operators::test_rows::{Row, by_worker, check_copies, random_commits},
};

/// Decides by event time what happens to rows. Equal rows are on one worker.
pub(super) trait TimePolicy<R>: 'static {
    /// Applies changes, each with the time of its row, and emits the resulting changes. It empties the vector.
    fn apply(&mut self, changes: &mut Vec<(i128, Change<R>)>, times: Times, emit: &mut dyn FnMut(Change<R>));

    /// The changes that have arrived together are complete.
    fn seal(&mut self);

    /// The rows that it keeps, by their own hashes.
    fn state(&mut self) -> &mut dyn SavedState;
}

/// The label of the rows that a policy keeps.
const ROWS: &str = "rows";

/// Event time around some changes: around each one if the table is in the order of arrival, else around all of a commit.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) before: Option<i128>,
    pub(super) after: Option<i128>,
}

/// Applies a policy to the rows of a table of arrivals, one by one. They are all on the first worker.
struct PolicyStep<R, P> {
    /// A buffer; empty between calls.
    arrived: Vec<(i128, Change<R>)>,
    policy: P,
}

impl<R: Schema, P: TimePolicy<R>> RowOperator<R, Change<R>> for PolicyStep<R, P> {
    fn step(&mut self, step: RowStep<R>, changes: &mut Vec<Change<R>>) {
        match step {
            RowStep::Next { change, time, before, after } => {
                self.arrived.extend(time.zip(change));
                self.policy.apply(&mut self.arrived, Times { before, after }, &mut |change| changes.push(change));
            }
            RowStep::End { .. } => self.policy.seal(),
        }
    }

    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::first(ROWS, self.policy.state()).of_rows()]
    }
}

/// Applies a policy to the rows of one worker.
pub(super) struct PolicyOperator<R, P> {
    time: Arc<dyn Fn(&R) -> i128 + Send + Sync>,
    /// The changes of the open commit.
    changes: Vec<(i128, Change<R>)>,
    event_time: EventTimeTracker,
    pub(super) policy: P,
}

impl<R: Schema, T: EventTime> Timed<R, T> {
    /// Declares the table of a policy, which removes old rows if it `forgets`. `length` is its parameter.
    pub(super) fn policy<P: TimePolicy<R>>(
        self,
        verb: &str,
        length: i128,
        forgets: bool,
        policy: impl Fn(&OperatorContext) -> P + Send + Sync + 'static,
    ) -> Table<R> {
        let Timed { table, time, clocks, parts } = self;
        let detail = length_text::<T>(length);
        let time: Arc<dyn Fn(&R) -> i128 + Send + Sync> = Arc::new(move |row| time(row).ticks());
        let input = table.properties();
        let properties = match forgets {
            true => TableProperties { append_only: false, forgets: input.append_only || input.forgets, ..input },
            false => input,
        };
        if input.is_sequence() {
            let result = table.operator(verb, properties, move |build, changes, name| {
                let step = PolicyStep { arrived: Vec::new(), policy: policy(name) };
                let (time, reports) = (Arc::clone(&time), JumpReports::new(name, length));
                let times = RowTimes { time: move |row: &R| Some(time(row)), clocks: &clocks, parts: parts.clone() };
                by_row(build, changes, name, times, reports, step)
            });
            return result.with_event_time::<T>().with_details([detail]);
        }
        let properties = TableProperties { order: Order::Sorted, ..properties };
        let result = table.operator(verb, properties, move |build, changes, name| {
            let event_time = EventTimeTracker::new(clocks.idle.as_ref(), InputTimes::new(build, &parts, name));
            let operator = PolicyOperator::new(Arc::clone(&time), event_time, policy(name));
            if build.dataflow.is_only_worker() && clocks.is_empty() && parts.is_whole() {
                return build.dataflow.stateful(changes, name, |_| 0, operator);
            }
            let time = Arc::clone(&time);
            let idle = clocks.idle.as_ref();
            let observed = observations(build, changes, name, move |row| Some(time(row)), idle, &parts);
            let route = |change: &Change<R>| hash_of(&change.row);
            let worker = |observed: &Observed| observed.0;
            build.dataflow.stateful_binary((changes, route), (observed, worker), name, operator)
        });
        result.with_event_time::<T>().with_details([detail]).with_time_inputs_of(&table)
    }
}

impl<R: Schema, P: TimePolicy<R>> PolicyOperator<R, P> {
    pub(super) fn new(time: Arc<dyn Fn(&R) -> i128 + Send + Sync>, event_time: EventTimeTracker, policy: P) -> Self {
        PolicyOperator { time, changes: Vec::new(), event_time, policy }
    }

    fn add(&mut self, changes: &mut Vec<Change<R>>) {
        self.changes.extend(changes.drain(..).map(|change| ((self.time)(&change.row), change)));
    }

    fn commit(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let before = self.event_time.now();
        let times = Times { before, after: self.event_time.seal() };
        self.policy.apply(&mut self.changes, times, emit);
        self.policy.seal();
        // The most capacity that stays allocated after a large commit.
        self.changes.shrink_to(1 << 10);
    }
}

impl<R: Schema, P: TimePolicy<R>> Stateful for PolicyOperator<R, P> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        let mut states = self.event_time.states();
        states.push(StatePart::partitioned(ROWS, self.policy.state()).of_rows());
        states
    }

    fn loaded(&mut self) {
        self.event_time.loaded();
    }
}

/// With one worker and without a clock: the rows alone.
impl<R: Schema, P: TimePolicy<R>> StatefulOperator<Change<R>, Change<R>> for PolicyOperator<R, P> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        let added = self.changes.len();
        self.add(changes);
        let inserted = self.changes[added..].iter().filter(|(_, change)| change.diff > 0);
        inserted.for_each(|(time, _)| self.event_time.observe_row(*time));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.commit(emit);
    }
}

/// With several workers or with a clock: the rows of this worker, and the times of all rows from all workers.
impl<R: Schema, P: TimePolicy<R>> BinaryStatefulOperator<Change<R>, Observed, Change<R>> for PolicyOperator<R, P> {
    fn apply_left(&mut self, changes: &mut Vec<Change<R>>) {
        self.add(changes);
    }

    fn apply_right(&mut self, observed: &mut Vec<Observed>) {
        observed.drain(..).for_each(|observed| self.event_time.observe(observed));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.commit(emit);
    }
}

/// Checks that a policy is the same after restarts: of a table that changes, on several workers, and of a table of arrivals.
#[cfg(test)]
pub(super) fn check_policy<P: TimePolicy<Row>>(late: u64, policy: impl Fn() -> P) {
    let new = |workers: usize| {
        let operator = || PolicyOperator::new(Row::ticks(), EventTimeTracker::default(), policy());
        (0..workers).map(|_| operator()).collect()
    };
    let commits = |seed| random_commits(seed, late);
    check_copies(commits, new, |operators: &mut [PolicyOperator<Row, P>], commit: Vec<Change<Row>>| {
        let inserted = commit.iter().filter(|change| change.diff > 0);
        let latest = inserted.map(|change| change.row.at).max();
        let (workers, mut emitted) = (operators.len(), Vec::new());
        let rows = by_worker(commit, workers, |change| hash_of(&change.row));
        for (operator, mut rows) in operators.iter_mut().zip(rows) {
            operator.apply_left(&mut rows);
            operator.apply_right(&mut latest.map(|at| (0, Observation::Row(at.into()))).into_iter().collect());
            BinaryStatefulOperator::seal(operator, &mut |change| emitted.push((change.row, change.diff)));
        }
        emitted
    });
    let new = |_| {
        let step = PolicyStep { arrived: Vec::new(), policy: policy() };
        vec![row_step(|row: &Row| row.at.into(), step)]
    };
    check_copies(commits, new, |steps, mut commit: Vec<Change<Row>>| {
        let mut emitted = Vec::new();
        steps[0].run(&mut commit, &mut emitted);
        // In this order.
        emitted.into_iter().enumerate().map(|(number, change)| (number, change.row, change.diff)).collect()
    });
}
