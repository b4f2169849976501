//! Event time: how far the rows of a table have come, and how it goes on by a clock while none come.

use std::sync::Arc;

use crate::data::{Change, Error, ErrorKind, Schema};
use crate::dataflow::{Changes, Flow};
use crate::operators::window::EventTime;
use crate::plan::{Build, Plan, Table};

/// What one worker is told of a commit: the latest time of a row, or the latest time of the clock.
pub(in crate::operators) type Observed = (u64, Option<i128>, Option<i128>);

/// The event time of a table, the same on every worker: the latest time of any row up to and including the commit.
#[derive(Debug, Default)]
pub(in crate::operators) struct EventTimeTracker {
    /// At the end of the commit before the open one.
    now: Option<i128>,
    /// The latest row of the open commit.
    row: Option<i128>,
    idle: Option<Idle>,
}

/// How event time goes on while no row comes.
#[derive(Debug)]
struct Idle {
    /// How long no row must have come.
    after: i128,
    /// The latest time of the clock.
    tick: Option<i128>,
    /// The time of the clock, and the event time, when the last row came.
    heard: Option<(i128, i128)>,
}

impl EventTimeTracker {
    pub(in crate::operators) fn new(clock: Option<&Clock>) -> Self {
        let idle = clock.map(|clock| Idle { after: clock.after, tick: None, heard: None });
        EventTimeTracker { now: None, row: None, idle }
    }

    /// The open commit has a row of this time.
    pub(in crate::operators) fn saw_row(&mut self, time: i128) {
        self.row = self.row.max(Some(time));
    }

    /// The open commit has this, maybe on another worker.
    pub(in crate::operators) fn saw(&mut self, (_, row, tick): Observed) {
        self.row = self.row.max(row);
        if let Some(idle) = &mut self.idle {
            idle.tick = idle.tick.max(tick);
        }
    }

    /// At the end of the commit before the open one.
    pub(in crate::operators) fn before(&self) -> Option<i128> {
        self.now
    }

    /// Seals the commit: event time at its end.
    pub(in crate::operators) fn seal(&mut self) -> Option<i128> {
        let row = self.row.take();
        self.now = self.now.max(row);
        if let (Some(idle), Some(now)) = (&mut self.idle, self.now) {
            self.now = Some(idle.seal(now, row.is_some()));
        }
        self.now
    }
}

impl Idle {
    fn seal(&mut self, now: i128, is_heard: bool) -> i128 {
        let Some(tick) = self.tick else { return now };
        let heard = self.heard.filter(|_| !is_heard).unwrap_or((tick, now));
        self.heard = Some(heard);
        let silence = tick - heard.0;
        if silence >= self.after { now.max(heard.1 + silence) } else { now }
    }
}

/// A table whose rows say what time it is, for the event time of a table that is silent.
#[derive(Clone)]
pub(in crate::operators) struct Clock {
    /// How long the other table must be silent, in ticks.
    after: i128,
    plan: Plan,
    times: Arc<Times>,
}

/// Builds the flow of a clock's times.
type Times = dyn for<'scope> Fn(&mut Build<'scope>, &str) -> Flow<'scope, Observed> + Send + Sync;

impl Clock {
    pub(in crate::operators) fn new<C: Schema, T: EventTime>(
        after: i128,
        table: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        let (node, time) = (table.node(), Arc::new(time));
        let times = for_all(move |build, name| {
            let changes = build.get::<C>(node);
            let time = Arc::clone(&time);
            latest(build, changes, name, move |row| Some(time(row).ticks()), |time| (None, Some(time)))
        });
        Clock { after, plan: table.plan().clone(), times }
    }

    /// Whether a table is of the clock's pipeline. If not, both pipelines fail with an error that says so.
    pub(in crate::operators) fn is_of_one_pipeline_with<R: Schema>(&self, table: &Table<R>, verb: &str) -> bool {
        let same = self.plan.is(table.plan());
        if !same {
            let message = format!("`{verb}` of tables of two pipelines, {table:?} and its clock: declare both on one");
            let error = || Error::new(ErrorKind::Config, message.clone());
            self.plan.control().fail(error());
            table.plan().control().fail(error());
        }
        same
    }

    /// The times of the clock, for each worker.
    pub(in crate::operators) fn times<'scope>(&self, build: &mut Build<'scope>, name: &str) -> Flow<'scope, Observed> {
        (self.times)(build, name)
    }
}

/// A closure is one for all lifetimes only where it is written as an argument that has to be.
fn for_all<F>(times: F) -> Arc<Times>
where
    F: for<'scope> Fn(&mut Build<'scope>, &str) -> Flow<'scope, Observed> + Send + Sync + 'static,
{
    Arc::new(times)
}

/// What moves the event time of a table, for each worker.
pub(in crate::operators) fn seen<'scope, R: Schema>(
    build: &mut Build<'scope>,
    changes: Changes<'scope, R>,
    name: &str,
    time: impl Fn(&R) -> Option<i128> + 'static,
    clock: Option<&Clock>,
) -> Flow<'scope, Observed> {
    let rows = latest(build, changes, name, time, |time| (Some(time), None));
    match clock {
        Some(clock) => {
            let ticks = clock.times(build, name);
            build.graph.concat(rows, ticks)
        }
        None => rows,
    }
}

/// The latest times of the rows that come, for each worker.
fn latest<'scope, R: Schema>(
    build: &Build<'scope>,
    changes: Changes<'scope, R>,
    name: &str,
    time: impl Fn(&R) -> Option<i128> + 'static,
    seen: impl Fn(i128) -> (Option<i128>, Option<i128>) + 'static,
) -> Flow<'scope, Observed> {
    let workers = build.graph.workers();
    build.graph.each(changes, name, move |changes: &mut Vec<Change<R>>, all| {
        let comes = changes.drain(..).filter(|change| change.diff > 0);
        if let Some(latest) = comes.filter_map(|change| time(&change.row)).max() {
            let (row, tick) = seen(latest);
            all.extend((0..workers).map(|worker| (worker, row, tick)));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(after: i128) -> EventTimeTracker {
        EventTimeTracker { idle: Some(Idle { after, tick: None, heard: None }), ..EventTimeTracker::default() }
    }

    /// What each commit sees, and the event time at its end.
    fn play(mut now: EventTimeTracker, commits: &[(Option<i128>, Option<i128>, Option<i128>)]) {
        for (commit, (row, tick, expected)) in commits.iter().enumerate() {
            now.saw((0, *row, None));
            now.saw((0, None, *tick));
            assert_eq!(now.seal(), *expected, "commit {commit}");
            assert_eq!(now.before(), *expected);
        }
    }

    #[test]
    fn rows_move_event_time_forwards_only() {
        let commits =
            [(None, None, None), (Some(-5), None, Some(-5)), (Some(3), None, Some(3)), (Some(1), Some(99), Some(3))];
        play(EventTimeTracker::default(), &commits);
    }

    #[test]
    fn a_clock_moves_it_on_once_no_row_has_come_for_so_long() {
        play(
            now(10),
            &[
                (None, Some(1_000), None),
                (Some(50), None, Some(50)),
                (None, Some(1_009), Some(50)),
                (None, Some(1_010), Some(60)),
                (None, Some(1_011), Some(61)),
                // A clock that goes back stands still.
                (None, Some(900), Some(61)),
                // A late row is a sign of life, too: the silence begins again, from where event time is.
                (Some(20), None, Some(61)),
                (None, Some(1_020), Some(61)),
                (None, Some(1_021), Some(71)),
                (Some(80), Some(1_100), Some(80)),
                (None, Some(1_109), Some(80)),
            ],
        );
    }

    #[test]
    fn a_clock_that_starts_late_counts_from_its_first_tick() {
        play(now(10), &[(Some(5), None, Some(5)), (None, Some(700), Some(5)), (None, Some(710), Some(15))]);
    }
}
