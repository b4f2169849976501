//! What the policies of time share: a commit's changes with their times, and event time before and behind it.

use std::sync::Arc;

use super::Timed;
use crate::data::{Change, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatefulOperator};
use crate::operators::state::event_time::{EventTimeTracker, Observed, seen};
use crate::operators::state::keyed::hash_of;
use crate::operators::window::EventTime;
use crate::plan::{Order, Table, TableProperties};

/// What becomes of rows. Equal rows are on one worker.
pub(super) trait Policy<R>: 'static {
    /// Takes a commit's changes, each with its row's time, and emits what it changes.
    fn commit(&mut self, changes: Vec<(i128, Change<R>)>, moment: Moment, emit: &mut dyn FnMut(Change<R>));
}

/// Event time around a commit.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// At the end of the commit before.
    pub(super) before: Option<i128>,
    /// At its end.
    pub(super) now: Option<i128>,
}

/// Runs a policy on the rows of one worker.
pub(super) struct Operator<R, P> {
    time: Arc<dyn Fn(&R) -> i128 + Send + Sync>,
    /// The open commit's changes.
    changes: Vec<(i128, Change<R>)>,
    now: EventTimeTracker,
    pub(super) policy: P,
}

impl<R: Schema, T: EventTime> Timed<R, T> {
    /// Adds the node of a policy.
    pub(super) fn policy<P: Policy<R>>(
        self,
        verb: &str,
        append_only: bool,
        policy: impl Fn(&Arc<str>) -> P + Send + Sync + 'static,
    ) -> Table<R> {
        let Timed { table, time, clock } = self;
        let input = table.node();
        let time: Arc<dyn Fn(&R) -> i128 + Send + Sync> = Arc::new(move |row| time(row).ticks());
        let name = table.plan().unique_name(verb);
        let shape = TableProperties { order: Order::Sorted, append_only };
        let node = table.plan().add(name, shape, |node, name| {
            move |build| {
                let changes = build.get::<R>(input);
                let operator = Operator::new(Arc::clone(&time), EventTimeTracker::new(clock.as_ref()), policy(&name));
                let kept = if build.graph.is_alone() && clock.is_none() {
                    build.graph.stateful(changes, &name, |_| 0, operator)
                } else {
                    let time = Arc::clone(&time);
                    let seen = seen(build, changes.clone(), &name, move |row| Some(time(row)), clock.as_ref());
                    let route = |change: &Change<R>| hash_of(&change.row);
                    build.graph.stateful_binary((changes, route), (seen, |seen: &Observed| seen.0), &name, operator)
                };
                build.put::<R>(node, kept);
            }
        });
        Table::new(table.plan().clone(), node)
    }
}

impl<R: Schema, P: Policy<R>> Operator<R, P> {
    pub(super) fn new(time: Arc<dyn Fn(&R) -> i128 + Send + Sync>, now: EventTimeTracker, policy: P) -> Self {
        Operator { time, changes: Vec::new(), now, policy }
    }

    fn take(&mut self, changes: &mut Vec<Change<R>>) {
        self.changes.extend(changes.drain(..).map(|change| ((self.time)(&change.row), change)));
    }

    fn commit(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let before = self.now.before();
        let moment = Moment { before, now: self.now.seal() };
        self.policy.commit(std::mem::take(&mut self.changes), moment, emit);
    }
}

/// With one worker, and without a clock.
impl<R: Schema, P: Policy<R>> StatefulOperator<Change<R>, R> for Operator<R, P> {
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        let taken = self.changes.len();
        self.take(changes);
        let comes = self.changes[taken..].iter().filter(|(_, change)| change.diff > 0);
        comes.for_each(|(time, _)| self.now.saw_row(*time));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.commit(emit);
    }
}

/// With several: the rows of this worker, and the times of all rows from all workers.
impl<R: Schema, P: Policy<R>> BinaryStatefulOperator<Change<R>, Observed, R> for Operator<R, P> {
    fn apply_left(&mut self, changes: &mut Vec<Change<R>>) {
        self.take(changes);
    }

    fn apply_right(&mut self, seen: &mut Vec<Observed>) {
        seen.drain(..).for_each(|seen| self.now.saw(seen));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        self.commit(emit);
    }
}
