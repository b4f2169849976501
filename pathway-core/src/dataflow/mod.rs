//! The dataflow: streams of changes, and the primitives that make one stream of another.
//!
//! Two engines run it. Several workers run on timely dataflow (`timely/`), which exchanges rows between them and says
//! when a commit is complete. A single worker has nothing to exchange and nobody to wait for: there (`local.rs`), an
//! operator calls the next one. Both run the same operators. `DataflowBuilder::new` chooses the engine.

mod batch;
mod erased;
mod local;
mod progress;
mod saved_state;
mod stateful;
mod stream;
mod timely;

pub use progress::Progress;
#[cfg(test)]
pub(crate) use saved_state::copy_state;
pub use saved_state::{SavedState, StatePart, StateScope, Stateful};
pub use stateful::{BinaryStatefulOperator, StatefulOperator, StatefulStep};
pub use stream::{ActiveInput, Changes, ErasedStream, InputHandle, InputId, Item, Stream};

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use ::timely::dataflow::Scope;

use crate::data::Commit;
use crate::telemetry::{Counter, NodeMeter, Stopwatch};
use erased::{ErasedOperator, ErasedRoute, ErasedStep, ErasedWrite};
use local::LocalEngine;
use timely::TimelyEngine;

/// A dataflow under construction, on one worker.
pub struct DataflowBuilder<'scope> {
    engine: Engine<'scope>,
    worker: usize,
    workers: usize,
    /// The number and the name of the node whose operators are being added.
    node: (u32, Arc<str>),
    meter: Arc<NodeMeter>,
    stopwatch: Stopwatch,
    states: Vec<OperatorState>,
}

/// An operator with state.
pub(crate) struct OperatorState {
    /// The name of its node.
    pub(crate) node: Arc<str>,
    pub(crate) operator: Rc<RefCell<dyn Stateful>>,
    /// What its node counts.
    pub(crate) meter: Arc<NodeMeter>,
}

enum Engine<'scope> {
    Local(LocalEngine),
    Timely(TimelyEngine<'scope>),
}

impl<'scope> DataflowBuilder<'scope> {
    /// A dataflow without operators, on the engine for this number of workers.
    pub(crate) fn new(scope: Scope<'scope, Commit>) -> Self {
        let (worker, workers) = (scope.index(), scope.peers());
        let stopwatch = Stopwatch::default();
        let engine = match workers {
            1 => Engine::Local(LocalEngine::new(stopwatch.clone())),
            _ => Engine::Timely(TimelyEngine::new(scope, stopwatch.clone())),
        };
        let (node, meter) = ((0, "".into()), Arc::default());
        DataflowBuilder { engine, worker, workers, node, meter, stopwatch, states: Vec::new() }
    }

    /// The operators that follow are those of this node.
    pub(crate) fn begin_node(&mut self, number: u32, name: &str, meter: Arc<NodeMeter>) {
        self.node = (number, name.into());
        let time = self.stopwatch.node(Arc::clone(&meter));
        self.meter = meter;
        match &mut self.engine {
            Engine::Local(engine) => engine.begin_node(time),
            Engine::Timely(engine) => engine.begin_node(time),
        }
    }

    /// The node's rows are those of this stream.
    pub(crate) fn count_rows(&mut self, stream: ErasedStream) {
        let rows: Vec<Arc<Counter>> = match &self.engine {
            Engine::Local(engine) => vec![engine.items_of(stream.number)],
            Engine::Timely(engine) => engine.items_of(stream.number),
        };
        self.meter.set_rows(rows);
    }

    /// Which worker it is.
    pub fn worker(&self) -> usize {
        self.worker
    }

    /// The number of the node whose operators are being added.
    pub(crate) fn node(&self) -> u32 {
        self.node.0
    }

    /// Whether this is the worker that has the sources and the sinks.
    pub fn is_first_worker(&self) -> bool {
        self.worker == 0
    }

    /// Whether this is the only worker, so that rows need not be exchanged.
    pub fn is_only_worker(&self) -> bool {
        self.workers == 1
    }

    /// How many workers there are.
    pub fn workers(&self) -> u64 {
        self.workers as u64
    }

    /// Adds a source of items. Only the first worker sends any: the others drop the handle.
    pub fn input<D: Item>(&mut self) -> (InputHandle<D>, Stream<D>) {
        let (input, stream) = match &mut self.engine {
            Engine::Local(engine) => engine.input(),
            Engine::Timely(engine) => engine.input(),
        };
        (InputHandle::new(input), Stream::new(stream))
    }

    /// Says which input sends the items that a step gets, where the steps run on the first worker in the order of arrival.
    pub fn active_input(&self) -> ActiveInput {
        match &self.engine {
            Engine::Local(engine) => engine.active_input(),
            Engine::Timely(engine) => engine.active_input(),
        }
    }

    /// The same items, as if an input of its own sent them. The stream must be in the order of arrival.
    pub fn as_input<D: Item>(&mut self, stream: Stream<D>) -> (InputId, Stream<D>) {
        let (id, stream) = match &mut self.engine {
            Engine::Local(engine) => engine.as_input(stream.number),
            Engine::Timely(engine) => engine.as_input(stream.number),
        };
        (id, Stream::new(stream))
    }

    /// Adds a step without state. Each call gets the items that arrived together: it empties the first vector and fills
    /// the second.
    pub fn each<D: Item, O: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
    ) -> Stream<O> {
        Stream::new(self.erased_each(input.number, name, erased::step(step)))
    }

    fn erased_each(&mut self, input: usize, name: &str, step: Box<dyn ErasedStep>) -> usize {
        match &mut self.engine {
            Engine::Local(engine) => engine.each(input, step),
            Engine::Timely(engine) => engine.each(input, name, step),
        }
    }

    /// Adds a step with state, which does not wait for the end of a commit: otherwise like [`each`](DataflowBuilder::each).
    pub fn step<D: Item, O: Item>(&mut self, input: Stream<D>, name: &str, step: impl StatefulStep<D, O>) -> Stream<O> {
        let step = self.add_state(step);
        self.each(input, name, move |items, results| step.borrow_mut().run(items, results))
    }

    /// The items of both streams.
    pub fn concat<D: Item>(&mut self, first: Stream<D>, second: Stream<D>) -> Stream<D> {
        Stream::new(match &mut self.engine {
            Engine::Local(engine) => engine.concat(first.number, second.number),
            Engine::Timely(engine) => engine.concat(first.number, second.number),
        })
    }

    /// Adds an operator with state. Items for which `route` returns the same number go to the same worker.
    pub fn stateful<D: Item, O: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        route: impl Fn(&D) -> u64 + 'static,
        operator: impl StatefulOperator<D, O>,
    ) -> Stream<O> {
        let operator = erased::unary(self.add_state(operator));
        Stream::new(self.erased_stateful((input.number, erased::route(route)), name, operator))
    }

    fn erased_stateful(
        &mut self,
        input: (usize, Box<dyn ErasedRoute>),
        name: &str,
        operator: Box<dyn ErasedOperator>,
    ) -> usize {
        match &mut self.engine {
            Engine::Local(engine) => engine.stateful(input.0, operator),
            Engine::Timely(engine) => engine.stateful(input, name, operator),
        }
    }

    /// Adds an operator with state and two inputs. Items of either input with the same number go to the same worker.
    pub fn stateful_binary<L: Item, R: Item, O: Item>(
        &mut self,
        (left, route_left): (Stream<L>, impl Fn(&L) -> u64 + 'static),
        (right, route_right): (Stream<R>, impl Fn(&R) -> u64 + 'static),
        name: &str,
        operator: impl BinaryStatefulOperator<L, R, O>,
    ) -> Stream<O> {
        let operator = erased::binary(self.add_state(operator));
        let left = (left.number, erased::route(route_left));
        let right = (right.number, erased::route(route_right));
        Stream::new(self.erased_binary(left, right, name, operator))
    }

    fn erased_binary(
        &mut self,
        left: (usize, Box<dyn ErasedRoute>),
        right: (usize, Box<dyn ErasedRoute>),
        name: &str,
        operator: Box<dyn ErasedOperator>,
    ) -> usize {
        match &mut self.engine {
            Engine::Local(engine) => engine.stateful_binary(left.0, right.0, operator),
            Engine::Timely(engine) => engine.stateful_binary(left, right, name, operator),
        }
    }

    /// Ends a stream: collects its items on the first worker, and passes each commit whole to `write`. The other workers
    /// have no `write`.
    pub fn sink<D: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        write: Option<impl FnMut(Commit, &mut Vec<D>) + 'static>,
    ) {
        self.erased_sink(input.number, name, write.map(erased::write));
    }

    fn erased_sink(&mut self, input: usize, name: &str, write: Option<Box<dyn ErasedWrite>>) {
        match (&mut self.engine, write) {
            (Engine::Local(engine), Some(write)) => engine.sink(input, write),
            (Engine::Local(_), None) => {}
            (Engine::Timely(engine), write) => engine.sink(input, name, write),
        }
    }

    /// Makes a commit wait for a stream that no operator reads.
    pub fn track_unread(&mut self, stream: ErasedStream) {
        match &mut self.engine {
            Engine::Local(_) => {}
            Engine::Timely(engine) => engine.track_unread(stream.number),
        }
    }

    /// Keeps an operator where checkpoints find its state.
    pub(crate) fn add_state<P: Stateful>(&mut self, operator: P) -> Rc<RefCell<P>> {
        let operator = Rc::new(RefCell::new(operator));
        self.add_operator_state(Rc::clone(&operator) as Rc<RefCell<dyn Stateful>>);
        operator
    }

    fn add_operator_state(&mut self, operator: Rc<RefCell<dyn Stateful>>) {
        let (node, meter) = (Arc::clone(&self.node.1), Arc::clone(&self.meter));
        self.states.push(OperatorState { node, operator, meter });
    }

    /// Ends the construction. Returns what seals commits, and the operators with state.
    pub(crate) fn finish(self) -> (Box<dyn Progress>, Vec<OperatorState>) {
        let progress = match self.engine {
            Engine::Local(engine) => engine.finish(),
            Engine::Timely(engine) => engine.finish(),
        };
        (progress, self.states)
    }
}

impl fmt::Debug for DataflowBuilder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataflowBuilder")
            .field("worker", &self.worker)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}
