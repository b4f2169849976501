//! Measures how large the state of one worker's operators is, and where their event time is: when somebody asks, and never while
//! they run.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use super::worker_state::saves;
use crate::dataflow::{OperatorState, Stateful};
use crate::plan::Control;
use crate::telemetry::NodeMeter;

/// Says in the meters of the nodes how large their states are.
pub(super) struct StateMeter {
    worker: usize,
    control: Control,
    /// The operators with state of each node, in the order of the nodes.
    nodes: Vec<(Arc<NodeMeter>, Vec<SharedState>)>,
    /// The last request that was answered.
    answered: u64,
}

/// An operator with state, which the dataflow has, too.
type SharedState = Rc<RefCell<dyn Stateful>>;

impl StateMeter {
    pub(super) fn new(states: &[OperatorState], control: Control, worker: usize) -> Self {
        let nodes = states.chunk_by(|one, next| Arc::ptr_eq(&one.meter, &next.meter));
        let nodes = nodes.map(|states| {
            let operators = states.iter().map(|state| Rc::clone(&state.operator)).collect();
            (Arc::clone(&states[0].meter), operators)
        });
        let meter = StateMeter { worker, control, nodes: nodes.collect(), answered: 0 };
        meter.measure();
        meter.control.state_requests().answer(worker, Some(meter.answered));
        meter
    }

    /// No operator runs at the moment: measures the state if somebody has asked for that.
    #[inline]
    pub(super) fn answer(&mut self) {
        let request = self.control.state_requests().last();
        if request != self.answered {
            self.measure();
            self.answered = request;
            self.control.state_requests().answer(self.worker, Some(request));
        }
    }

    /// Measures the state as it is now.
    pub(super) fn measure(&self) {
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

/// The worker has ended, or has panicked.
impl Drop for StateMeter {
    fn drop(&mut self) {
        self.control.state_requests().answer(self.worker, None);
    }
}
