//! Measures from time to time how large the state of one worker's operators is, and where their event time is: never while they
//! run.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::worker_state::saves;
use crate::dataflow::{OperatorState, Stateful};
use crate::telemetry::{NodeMeter, Stopwatch};

/// How often it is measured while the worker always has something to do.
const EVERY: Duration = Duration::from_millis(100);
/// How much longer than a measurement the pause behind it is: measuring takes at most 2 % of the time.
const PAUSE: u32 = 50;

/// Says in the meters of the nodes how large their states are.
pub(super) struct StateMeter {
    worker: usize,
    /// The operators with state of each node, in the order of the nodes.
    nodes: Vec<(Arc<NodeMeter>, Vec<SharedState>)>,
    stopwatch: Stopwatch,
    /// How many turns the stopwatch had counted when it was measured.
    turns: u64,
    /// When that was done, and how long it took.
    measured: Instant,
    cost: Duration,
}

/// An operator with state, which the dataflow has, too.
type SharedState = Rc<RefCell<dyn Stateful>>;

impl StateMeter {
    pub(super) fn new(states: &[OperatorState], stopwatch: Stopwatch, worker: usize) -> Self {
        let nodes = states.chunk_by(|one, next| Arc::ptr_eq(&one.meter, &next.meter));
        let nodes = nodes.map(|states| {
            let operators = states.iter().map(|state| Rc::clone(&state.operator)).collect();
            (Arc::clone(&states[0].meter), operators)
        });
        let (turns, measured, cost) = (0, Instant::now(), Duration::ZERO);
        let mut meter = StateMeter { worker, nodes: nodes.collect(), stopwatch, turns, measured, cost };
        meter.measure();
        meter
    }

    /// The operators were done with a commit at this moment.
    pub(super) fn sealed(&mut self, now: Instant) {
        if now.saturating_duration_since(self.measured) >= EVERY {
            self.measure();
        }
    }

    /// The worker is about to wait. Returns after what time this should be called again, even if nothing happens.
    ///
    /// In most pipelines, it is measured at once: a wait with a time limit would delay the next commit by more than that takes.
    pub(super) fn idle(&mut self) -> Option<Duration> {
        if !self.is_stale() {
            return None;
        }
        let pause = (self.cost * PAUSE).min(EVERY);
        let left = pause.saturating_sub(self.measured.elapsed());
        if left.is_zero() {
            self.measure();
            return None;
        }
        Some(left)
    }

    /// The worker has ended.
    pub(super) fn end(&mut self) {
        if self.is_stale() {
            self.measure();
        }
    }

    /// Whether operators have run since it was measured.
    fn is_stale(&self) -> bool {
        self.stopwatch.turns() != self.turns
    }

    /// Measures the state as it is now.
    pub(super) fn measure(&mut self) {
        let begin = Instant::now();
        self.turns = self.stopwatch.turns();
        for (meter, operators) in &self.nodes {
            let (mut keys, mut bytes, mut time) = (0, 0, None);
            for operator in operators {
                let mut operator = operator.borrow_mut();
                for part in operator.states().into_iter().filter(|part| saves(self.worker, part.scope)) {
                    keys += part.state.keys() as u64;
                    bytes += part.state.bytes() as u64;
                    time = time.max(part.state.event_time());
                }
            }
            time.into_iter().for_each(|time| meter.set_event_time(time));
            meter.set_state(keys, bytes);
        }
        self.measured = Instant::now();
        self.cost = self.measured - begin;
    }
}
