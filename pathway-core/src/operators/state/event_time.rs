//! Event time: the latest time of the rows of a table, how a clock advances it while the table is idle, and what it waits for.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::input_times::{InputTimes, input_observations};
use super::parts::TimeParts;
use super::whole::{Whole, WholeState};
use crate::data::{Change, Schema};
use crate::dataflow::{Changes, StatePart, Stream};
use crate::operators::window::EventTime;
use crate::plan::{Build, Plan, Table};

/// What a worker learns of a commit, with the number of the worker.
pub(crate) type Observed = (u64, Observation);

/// What moves the event time of a table.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) enum Observation {
    /// The latest time of a row.
    Row(i128),
    /// The latest time of the clock.
    Clock(i128),
    /// The latest time of some rows of an input of a join by time.
    Input { number: u64, time: i128, rows: u64 },
    /// No more rows of such an input arrive.
    InputEnded(u64),
}

/// The event time of a table, the same on every worker: the latest time of any row up to and including the commit.
#[derive(Default)]
pub(crate) struct EventTimeTracker {
    sealed: WholeState<SealedTime>,
    /// The latest row of the open commit.
    row: Option<i128>,
    /// If the table is made by a join by time, event time does not pass the times of its inputs.
    inputs: Option<Box<InputTimes>>,
}

/// Event time at the end of the last sealed commit.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct SealedTime {
    now: Option<i128>,
    /// What it would be without the times of inputs.
    own: Option<i128>,
    idle: Option<Idle>,
}

/// Advances event time while no row arrives.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Idle {
    /// How long no row must arrive before the table is idle.
    #[serde(skip)]
    timeout: i128,
    /// The latest time of the clock.
    clock: Option<i128>,
    /// The time of the clock, and the event time, when the last row arrived.
    last_row: Option<(i128, i128)>,
}

impl EventTimeTracker {
    pub(crate) fn new(clock: Option<&ClockInterval>, inputs: Option<InputTimes>) -> Self {
        EventTimeTracker {
            inputs: inputs.map(Box::new),
            ..EventTimeTracker::with_timeout(clock.map(|clock| clock.length))
        }
    }

    /// Event time that a clock advances after a timeout.
    fn with_timeout(timeout: Option<i128>) -> Self {
        let idle = timeout.map(|timeout| Idle { timeout, clock: None, last_row: None });
        EventTimeTracker {
            sealed: WholeState::new(SealedTime { idle, ..SealedTime::default() }),
            ..EventTimeTracker::default()
        }
    }

    /// The open commit has a row of this time.
    pub(crate) fn observe_row(&mut self, time: i128) {
        self.row = self.row.max(Some(time));
    }

    /// The open commit has these times, on this or another worker.
    pub(crate) fn observe(&mut self, (_, observation): Observed) {
        match observation {
            Observation::Row(time) => self.observe_row(time),
            Observation::Clock(time) => {
                self.sealed.idle.iter_mut().for_each(|idle| idle.clock = idle.clock.max(Some(time)));
            }
            Observation::Input { number, time, rows } => {
                self.inputs.iter_mut().for_each(|inputs| inputs.arrive(number, time, rows));
            }
            Observation::InputEnded(number) => self.inputs.iter_mut().for_each(|inputs| inputs.end(number)),
        }
    }

    /// Event time at the end of the last sealed commit.
    pub(crate) fn now(&self) -> Option<i128> {
        self.sealed.now
    }

    /// Seals the commit, and returns event time at its end.
    pub(crate) fn seal(&mut self) -> Option<i128> {
        let row = self.row.take();
        let SealedTime { now, own, idle } = &mut *self.sealed;
        *own = (*own).max(row);
        if let (Some(idle), Some(now)) = (idle.as_mut(), *own) {
            *own = Some(idle.seal(now, row.is_some()));
        }
        *now = match &mut self.inputs {
            None => *own,
            Some(inputs) => {
                let clock = idle.as_ref().and_then(|idle| Some((idle.clock?, idle.timeout)));
                (*now).max(inputs.seal(*own, clock))
            }
        };
        *now
    }

    /// What checkpoints save. All workers have the same.
    pub(crate) fn states(&mut self) -> Vec<StatePart<'_>> {
        let mut states = vec![StatePart::shared("event time", &mut self.sealed)];
        states.extend(self.inputs.iter_mut().map(|inputs| StatePart::shared("times of inputs", inputs.state())));
        states
    }

    /// The state was loaded.
    pub(crate) fn loaded(&mut self) {
        self.inputs.iter_mut().for_each(|inputs| inputs.loaded());
    }
}

impl Whole for SealedTime {
    type Saved = SealedTime;

    fn to_saved(&self) -> SealedTime {
        *self
    }

    fn load(&mut self, saved: SealedTime) {
        let timeout = self.idle.map(|idle| idle.timeout);
        let idle = saved.idle.zip(timeout).map(|(idle, timeout)| Idle { timeout, ..idle });
        *self = SealedTime { idle: idle.or(self.idle), ..saved };
    }

    fn event_time(&self) -> Option<i128> {
        self.now
    }
}

impl Idle {
    fn seal(&mut self, now: i128, has_row: bool) -> i128 {
        let Some(clock) = self.clock else { return now };
        let last_row = self.last_row.filter(|_| !has_row).unwrap_or((clock, now));
        self.last_row = Some(last_row);
        let inactive = clock - last_row.0;
        if inactive >= self.timeout { now.max(last_row.1 + inactive) } else { now }
    }
}

/// A table whose rows are the time of a clock, and an interval of that time.
#[derive(Clone)]
pub(crate) struct ClockInterval {
    /// In ticks.
    length: i128,
    plan: Plan,
    times: Arc<Times>,
}

/// The clocks that event time depends on.
#[derive(Clone, Default)]
pub(crate) struct Clocks {
    /// The clock counts when no row has arrived for this long.
    pub(crate) idle: Option<ClockInterval>,
    /// Rows that are further ahead of the clock do not count.
    pub(crate) ahead: Option<ClockInterval>,
}

impl Clocks {
    pub(crate) fn is_empty(&self) -> bool {
        self.idle.is_none() && self.ahead.is_none()
    }

    /// Fails the pipeline if a clock is of another one, or if it needs a table of arrivals and `table` is none.
    pub(crate) fn check<R: Schema>(&self, table: &Table<R>) {
        if let Some(idle) = &self.idle {
            idle.shares_pipeline(table, "idle_timeout");
        }
        if let Some(ahead) = &self.ahead
            && ahead.shares_pipeline(table, "max_ahead")
            && !table.properties().is_sequence()
        {
            table.fail(format!(
                "`max_ahead` of {table:?}, whose rows change: it needs a table of arrivals\n\
                 remove the rows that are ahead with `filter!` instead, or read messages into a row without a primary key"
            ));
        }
    }
}

/// Builds the stream of the clock's times.
type Times = dyn Fn(&mut Build<'_>, &str) -> Stream<Observed> + Send + Sync;

impl ClockInterval {
    pub(crate) fn new<C: Schema, T: EventTime>(
        length: i128,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        let (node, time) = (clock.node(), Arc::new(time));
        let times = move |build: &mut Build<'_>, name: &str| {
            let changes = build.get::<C>(node);
            let time = Arc::clone(&time);
            latest(build, changes, name, move |row| Some(time(row).ticks()), Observation::Clock)
        };
        ClockInterval { length, plan: clock.plan().clone(), times: Arc::new(times) }
    }

    /// In ticks.
    pub(super) fn length(&self) -> i128 {
        self.length
    }

    /// Whether messages that servers have stored are still to be processed. The clock then does not show that no row arrives.
    pub(super) fn is_catching_up(&self) -> bool {
        self.plan.control().is_catching_up()
    }

    /// Whether a table belongs to the clock's pipeline. If not, both pipelines fail with an error that says so.
    pub(crate) fn shares_pipeline<R: Schema>(&self, table: &Table<R>, verb: &str) -> bool {
        let same = self.plan.is(table.plan());
        if !same {
            let message = format!("`{verb}` of tables of two pipelines, {table:?} and its clock: declare both on one");
            self.plan.fail_with(table.plan(), &message);
        }
        same
    }

    /// The times of the clock, for each worker.
    pub(crate) fn times(&self, build: &mut Build<'_>, name: &str) -> Stream<Observed> {
        (self.times)(build, name)
    }
}

/// What advances the event time of a table, for each worker.
pub(crate) fn observations<R: Schema>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &str,
    time: impl Fn(&R) -> Option<i128> + 'static,
    clock: Option<&ClockInterval>,
    parts: &TimeParts<R>,
) -> Stream<Observed> {
    let mut all = latest(build, changes, name, time, Observation::Row);
    if let Some(clock) = clock {
        let times = clock.times(build, name);
        let clock = clock.clone();
        let times = build.dataflow.each(times, name, move |times: &mut Vec<Observed>, ticks: &mut Vec<Observed>| {
            if clock.is_catching_up() {
                times.clear();
            }
            ticks.append(times);
        });
        all = build.dataflow.concat(all, times);
    }
    if let TimeParts::ByInput(inputs) = parts {
        let times = input_observations(build, inputs, name);
        all = build.dataflow.concat(all, times);
    }
    all
}

/// The latest times of inserted rows, for each worker.
fn latest<R: Schema>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &str,
    time: impl Fn(&R) -> Option<i128> + 'static,
    observed: impl Fn(i128) -> Observation + 'static,
) -> Stream<Observed> {
    let workers = build.dataflow.workers();
    build.dataflow.each(changes, name, move |changes: &mut Vec<Change<R>>, all| {
        let inserted = changes.drain(..).filter(|change| change.diff > 0);
        if let Some(latest) = inserted.filter_map(|change| time(&change.row)).max() {
            all.extend((0..workers).map(|worker| (worker, observed(latest))));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataflow::Stateful;
    use crate::operators::test_rows::check_copies;

    fn with_clock(timeout: i128) -> EventTimeTracker {
        EventTimeTracker::with_timeout(Some(timeout))
    }

    /// Each commit has the latest row, the latest time of the clock, and the expected event time at its end.
    fn check(mut tracker: EventTimeTracker, commits: &[(Option<i128>, Option<i128>, Option<i128>)]) {
        for (commit, (row, clock, expected)) in commits.iter().enumerate() {
            let observed = row.map(Observation::Row).into_iter().chain(clock.map(Observation::Clock));
            observed.for_each(|observation| tracker.observe((0, observation)));
            assert_eq!(tracker.seal(), *expected, "commit {commit}");
            assert_eq!(tracker.now(), *expected);
        }
    }

    #[test]
    fn rows_advance_event_time_only_forwards() {
        let commits =
            [(None, None, None), (Some(-5), None, Some(-5)), (Some(3), None, Some(3)), (Some(1), Some(99), Some(3))];
        check(EventTimeTracker::default(), &commits);
    }

    #[test]
    fn a_clock_advances_it_after_the_timeout() {
        check(
            with_clock(10),
            &[
                (None, Some(1_000), None),
                (Some(50), None, Some(50)),
                (None, Some(1_009), Some(50)),
                (None, Some(1_010), Some(60)),
                (None, Some(1_011), Some(61)),
                // A clock that is set back has no effect.
                (None, Some(900), Some(61)),
                // A late row also restarts the timeout, from the current event time.
                (Some(20), None, Some(61)),
                (None, Some(1_020), Some(61)),
                (None, Some(1_021), Some(71)),
                (Some(80), Some(1_100), Some(80)),
                (None, Some(1_109), Some(80)),
            ],
        );
    }

    #[test]
    fn a_clock_that_starts_late_counts_from_its_first_time() {
        check(with_clock(10), &[(Some(5), None, Some(5)), (None, Some(700), Some(5)), (None, Some(710), Some(15))]);
    }

    #[test]
    fn it_is_the_same_after_a_restart() {
        let new = |workers: usize| {
            let inputs = || Some(Box::new(InputTimes::of([1, 2])));
            let tracker = || Tracker(EventTimeTracker { inputs: inputs(), ..with_clock(10) });
            (0..workers).map(|_| tracker()).collect()
        };
        let commits = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut commit = |clock: i128| {
                let mut observed = vec![Observation::Clock(clock)];
                observed.extend(random.bool().then(|| Observation::Row(clock + random.i128(-9..9))));
                for number in [1, 2] {
                    let time = clock + random.i128(-30..5);
                    observed.extend((random.u8(0..8) == 0).then_some(Observation::Input { number, time, rows: 1 }));
                }
                observed.extend((clock == 1_500).then_some(Observation::InputEnded(2)));
                observed
            };
            (0..2_000).map(&mut commit).collect()
        };
        check_copies(commits, new, |trackers: &mut [Tracker], commit: Vec<Observation>| {
            let mut times = Vec::new();
            for Tracker(tracker) in trackers {
                commit.iter().for_each(|observation| tracker.observe((0, *observation)));
                times.push(tracker.seal());
            }
            times.dedup();
            times
        });
    }

    struct Tracker(EventTimeTracker);

    impl Stateful for Tracker {
        fn states(&mut self) -> Vec<StatePart<'_>> {
            self.0.states()
        }

        fn loaded(&mut self) {
            self.0.loaded();
        }
    }
}
