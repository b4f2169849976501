//! A clock: time that comes in as data.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::Notify;

use super::Tick;
use super::source::{Queue, Source, SourceLink};
use crate::data::{Change, Commit, DateTimeUtc, Error, ErrorKind, Metadata, Result};
use crate::dataflow::Inlet;
use crate::nats::client::{runtime, spawn};
use crate::plan::{CommitTrigger, Order, Pipeline, SourceOperator, Table, TableProperties};
use crate::telemetry::SourceCounters;

impl Pipeline {
    /// A table of one row, which says what time it is, and changes once in each `every`.
    ///
    /// It lets event time go on where no rows come ([`Windows::idle_timeout`](crate::operators::window::Windows::idle_timeout),
    /// [`Timed::idle_timeout`](crate::operators::Timed::idle_timeout)), and tells who is
    /// [silent](crate::operators::TimedGroups::inactive_for). Operators read no clock of their own: what they do depends on rows
    /// only, those of this table among them. A test puts a table of its own in its place, and no time has to pass:
    ///
    /// ```
    /// use pathway::time::Tick;
    /// use pathway::prelude::*;
    ///
    /// # let start = "2026-01-01T08:00:00Z".parse::<DateTimeUtc>().unwrap();
    /// let pipeline = Pipeline::new();
    /// let clock = pipeline.commits((0..3).map(|minute| vec![Change::insert(Tick { at: start + minute.minutes() })]));
    /// # let seen = clock.collect();
    /// # pipeline.run()?;
    /// # assert_eq!(seen.rows().len(), 3);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    ///
    /// Each tick seals a commit, with the rows that wait by then: it cuts a source's `commit_every` short. A clock does not keep
    /// a pipeline running: that ends when all other sources have. `every` must not be zero; else [`run`](Pipeline::run) returns
    /// an error that says so. It is one of the sources that [`Running::stats`](crate::runtime::Running::stats) counts.
    pub fn clock(&self, every: Duration) -> Table<Tick> {
        let plan = self.plan();
        if every.is_zero() {
            plan.control().fail(Error::new(ErrorKind::Config, "a clock that ticks every 0 s"));
        }
        let name = plan.unique_name("clock");
        let control = plan.control().clone();
        let queue = Arc::new(Queue::new(control.clone()));
        let link =
            SourceLink { name: Arc::clone(&name), queue, counters: Arc::default(), metadata: Metadata::NONE, control };
        let hand = Arc::new(ClockState::default());
        let counters = Arc::clone(&link.counters);
        plan.add_source(Some(Box::new(ClockSource { every, hand: Arc::clone(&hand) })), link);
        let shape = TableProperties { order: Order::Arrival, append_only: false };
        let node = plan.add(name, shape, |node, _| {
            move |build| {
                let (rows, changes) = build.graph.input();
                if build.graph.is_first() {
                    let (hand, counters) = (Arc::clone(&hand), Arc::clone(&counters));
                    build.add_source_operator(Box::new(ClockOperator { hand, counters, standing: None, rows }));
                }
                build.put::<Tick>(node, changes);
            }
        });
        Table::new(plan.clone(), node)
    }
}

/// What the clock's thread shows the worker.
#[derive(Default)]
struct ClockState {
    /// The newest tick, until the worker takes it.
    tick: Mutex<Option<DateTimeUtc>>,
    /// The worker takes no more.
    let_go: Notify,
}

impl ClockState {
    fn lock(&self) -> MutexGuard<'_, Option<DateTimeUtc>> {
        self.tick.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct ClockSource {
    every: Duration,
    hand: Arc<ClockState>,
}

impl Source for ClockSource {
    fn start(self: Box<Self>, link: SourceLink) -> Result<JoinHandle<()>> {
        spawn(&link.name.clone(), move |ready| match runtime() {
            Ok(runtime) => {
                ready.say(Ok(()));
                runtime.block_on(self.tick(&link));
                link.queue.finish();
            }
            Err(error) => ready.say(Err(error)),
        })
    }
}

impl ClockSource {
    /// ManualCommits until the pipeline stops, or has ended.
    async fn tick(&self, link: &SourceLink) {
        let mut beat = tokio::time::interval(self.every);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                _ = beat.tick() => {
                    *self.hand.lock() = Some(DateTimeUtc::now());
                    link.counters.received.add(1);
                    link.control.wake();
                }
                () = link.control.stopped() => return,
                () = self.hand.let_go.notified() => return,
            }
        }
    }
}

/// Moves ticks into the dataflow: each replaces the one before.
struct ClockOperator {
    hand: Arc<ClockState>,
    counters: Arc<SourceCounters>,
    standing: Option<Tick>,
    rows: Inlet<Change<Tick>>,
}

impl SourceOperator for ClockOperator {
    fn pace(&self) -> CommitTrigger {
        CommitTrigger::Scheduled(Duration::ZERO)
    }

    fn pump(&mut self) -> usize {
        // A system clock that goes back stands still here.
        let tick = self.hand.lock().take().map(|at| Tick { at });
        let Some(tick) = tick.filter(|tick| self.standing.is_none_or(|standing| standing < *tick)) else { return 0 };
        self.counters.rows.add(1);
        let mut changes = vec![Change::insert(tick)];
        changes.extend(self.standing.replace(tick).map(Change::remove));
        self.rows.send(&mut changes);
        1
    }

    fn advance(&mut self, next: Commit) {
        self.rows.advance(next);
    }

    /// It is never what a pipeline waits for.
    fn is_finished(&self) -> bool {
        true
    }

    fn close(&mut self) {}
}

impl Drop for ClockOperator {
    fn drop(&mut self) {
        self.hand.let_go.notify_one();
    }
}
