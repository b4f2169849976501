//! Measures from time to time how large the state of one worker's operators is, and where their event time is: never while they
//! run.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::worker_state::saves;
use crate::dataflow::{OperatorState, Stateful};
use crate::telemetry::{NodeMeter, Stopwatch};

/// How often it is measured at most: it takes less than a microsecond for most pipelines, and a commit of one row not much more.
const EVERY: Duration = Duration::from_millis(100);

/// Says in the meters of the nodes how large their states are.
pub(super) struct StateMeter {
    worker: usize,
    /// The operators with state of each node, in the order of the nodes.
    nodes: Vec<NodeOperators>,
    stopwatch: Stopwatch,
    /// How many turns the stopwatch had counted when it was measured.
    turns: u64,
    measured: Instant,
}

/// The meter of a node, and its operators.
type NodeOperators = (Arc<NodeMeter>, Vec<Rc<RefCell<dyn Stateful>>>);

impl StateMeter {
    pub(super) fn new(states: &[OperatorState], stopwatch: Stopwatch, worker: usize) -> Self {
        let nodes = states.chunk_by(|one, next| Arc::ptr_eq(&one.meter, &next.meter));
        let nodes = nodes.map(|states| {
            let operators = states.iter().map(|state| Rc::clone(&state.operator)).collect();
            (Arc::clone(&states[0].meter), operators)
        });
        let mut meter = StateMeter { worker, nodes: nodes.collect(), stopwatch, turns: 0, measured: Instant::now() };
        meter.measure();
        meter
    }

    /// The operators were done with a commit at this moment.
    pub(super) fn sealed(&mut self, now: Instant) {
        if now.saturating_duration_since(self.measured) >= EVERY {
            self.measure();
        }
    }

    /// The worker goes on, or waits. Returns after what time this should be called again, even if nothing happens.
    pub(super) fn due(&mut self) -> Option<Duration> {
        if !self.is_stale() {
            return None;
        }
        let left = EVERY.saturating_sub(self.measured.elapsed());
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
        (self.turns, self.measured) = (self.stopwatch.turns(), Instant::now());
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
    }
}
