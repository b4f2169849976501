//! The engine for several workers: timely dataflow exchanges their items, and says when a commit is complete.
//!
//! The first worker has all sources. What is done before items are exchanged for the first time, it does as a single
//! worker does (`../local.rs`): each step calls the next one, in the order in which the rows arrive, whichever source they
//! come from. Timely would keep that order only within one stream.

mod edges;
mod erased_batch;
mod operators;
mod progress;
mod typed;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use ::timely::dataflow::Scope;

use super::local::LocalEngine;
use super::{
    ActiveInput, BinaryStatefulOperator, ErasedStream, InputHandle, InputId, Item, Progress, StatefulOperator, Stream,
};
use crate::data::Commit;
use crate::telemetry::{Counter, NodeTime, Stopwatch};
use edges::Edges;
use operators::BatchStream;
use progress::Frontiers;
use typed::{Binary, Unary};

/// The part of one worker in a dataflow on timely.
pub(super) struct TimelyEngine<'scope> {
    scope: Scope<'scope, Commit>,
    /// What the first worker does before items are exchanged. The other workers have the same steps, and no items.
    arrivals: LocalEngine,
    /// By the number of a [`Stream`].
    streams: Vec<Origin<'scope>>,
    edges: Edges,
    frontiers: Frontiers,
    /// The time of the node whose operators are being added.
    time: NodeTime,
}

/// Where the items of a stream are.
enum Origin<'scope> {
    /// In the local engine, as this stream there; and in timely, once an operator there reads them.
    Arrivals { local: usize, exchanged: Option<BatchStream<'scope>> },
    /// In timely; and what counts its items there.
    Exchanged(BatchStream<'scope>, Vec<Arc<Counter>>),
}

impl<'scope> TimelyEngine<'scope> {
    pub(super) fn new(scope: Scope<'scope, Commit>, stopwatch: Stopwatch) -> Self {
        let arrivals = LocalEngine::new(stopwatch);
        let edges = Edges::new(scope.index() == 0);
        let (frontiers, time) = Default::default();
        TimelyEngine { scope, arrivals, streams: Vec::new(), edges, frontiers, time }
    }

    /// The operators that follow are those of this node.
    pub(super) fn begin_node(&mut self, time: NodeTime) {
        self.arrivals.begin_node(time.clone());
        self.time = time;
    }

    /// What counts the items of a stream.
    pub(super) fn items_of(&self, stream: usize) -> Vec<Arc<Counter>> {
        match &self.streams[stream] {
            Origin::Arrivals { local, .. } => vec![self.arrivals.items_of(*local)],
            Origin::Exchanged(_, items) => items.clone(),
        }
    }

    pub(super) fn input<D: Item>(&mut self) -> (InputHandle<D>, Stream<D>) {
        let (handle, stream) = self.arrivals.input();
        (handle, self.add_arrivals(stream))
    }

    pub(super) fn active_input(&self) -> ActiveInput {
        self.arrivals.active_input()
    }

    pub(super) fn as_input<D: Item>(&mut self, stream: Stream<D>) -> (InputId, Stream<D>) {
        let Some(arrivals) = self.arrivals_of(stream) else {
            unreachable!("stream {} is not in the order of arrival", stream.number)
        };
        let (id, output) = self.arrivals.as_input(arrivals);
        (id, self.add_arrivals(output))
    }

    pub(super) fn each<D: Item, O: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
    ) -> Stream<O> {
        if let Some(arrivals) = self.arrivals_of(input) {
            let output = self.arrivals.each(arrivals, step);
            return self.add_arrivals(output);
        }
        let items = Arc::default();
        let step = typed::step(step, self.time.clone(), Arc::clone(&items));
        let output = operators::each(self.exchanged(input), name, step);
        self.add(output, vec![items])
    }

    pub(super) fn concat<D: Item>(&mut self, first: Stream<D>, second: Stream<D>) -> Stream<D> {
        if let (Some(first), Some(second)) = (self.arrivals_of(first), self.arrivals_of(second)) {
            let output = self.arrivals.concat(first, second);
            return self.add_arrivals(output);
        }
        let items = [self.items_of(first.number), self.items_of(second.number)].concat();
        let (first, second) = (self.exchanged(first), self.exchanged(second));
        let output = operators::concat(first, second);
        self.add(output, items)
    }

    pub(super) fn stateful<D: Item, O: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        route: impl Fn(&D) -> u64 + 'static,
        operator: Rc<RefCell<impl StatefulOperator<D, O>>>,
    ) -> Stream<O> {
        let routed = self.routed(input, name, route);
        let items = Arc::default();
        let operator = Unary::new(operator, self.time.clone(), Arc::clone(&items));
        let output = operators::stateful(routed, name, operator);
        self.add(output, vec![items])
    }

    pub(super) fn stateful_binary<L: Item, R: Item, O: Item>(
        &mut self,
        (left, route_left): (Stream<L>, impl Fn(&L) -> u64 + 'static),
        (right, route_right): (Stream<R>, impl Fn(&R) -> u64 + 'static),
        name: &str,
        operator: Rc<RefCell<impl BinaryStatefulOperator<L, R, O>>>,
    ) -> Stream<O> {
        let (left, right) = (self.routed(left, name, route_left), self.routed(right, name, route_right));
        let items = Arc::default();
        let operator = Binary::new(operator, self.time.clone(), Arc::clone(&items));
        let output = operators::stateful_binary(left, right, name, operator);
        self.add(output, vec![items])
    }

    pub(super) fn sink<D: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        write: Option<impl FnMut(Commit, &mut Vec<D>) + 'static>,
    ) {
        // All batches go to worker 0: that is what operators leave in them.
        let (input, time) = (self.exchanged(input), self.time.clone());
        operators::sink(input, name, typed::write(write, time), self.frontiers.add_sink());
    }

    /// An unread stream in the local engine is complete at once.
    pub(super) fn track_unread(&mut self, stream: ErasedStream) {
        if let Origin::Exchanged(stream, _) = &self.streams[stream.number] {
            operators::probe(stream.clone(), self.frontiers.unread());
        }
    }

    pub(super) fn finish(self) -> Box<dyn Progress> {
        Box::new(TimelyProgress { edges: self.edges, frontiers: self.frontiers })
    }

    /// The same items in batches by the worker that they are for.
    fn routed<D: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        route: impl Fn(&D) -> u64 + 'static,
    ) -> BatchStream<'scope> {
        let route = typed::route(route, self.scope.peers(), self.time.clone());
        operators::each(self.exchanged(input), name, route)
    }

    fn add<D: Item>(&mut self, stream: BatchStream<'scope>, items: Vec<Arc<Counter>>) -> Stream<D> {
        self.streams.push(Origin::Exchanged(stream, items));
        Stream::new(self.streams.len() - 1)
    }

    fn add_arrivals<D: Item>(&mut self, stream: Stream<D>) -> Stream<D> {
        self.streams.push(Origin::Arrivals { local: stream.number, exchanged: None });
        Stream::new(self.streams.len() - 1)
    }

    /// The stream in the local engine, if it is there.
    fn arrivals_of<D: Item>(&self, stream: Stream<D>) -> Option<Stream<D>> {
        match &self.streams[stream.number] {
            Origin::Arrivals { local, .. } => Some(Stream::new(*local)),
            Origin::Exchanged(..) => None,
        }
    }

    /// The stream in timely. A stream in the local engine gets there once, however many operators read it.
    fn exchanged<D: Item>(&mut self, stream: Stream<D>) -> BatchStream<'scope> {
        match &mut self.streams[stream.number] {
            Origin::Exchanged(exchanged, _) | Origin::Arrivals { exchanged: Some(exchanged), .. } => exchanged.clone(),
            Origin::Arrivals { local, exchanged } => {
                let (handle, stream) = operators::input(self.scope);
                self.edges.connect::<D>(&mut self.arrivals, Stream::new(*local), handle);
                exchanged.insert(stream).clone()
            }
        }
    }
}

/// The progress of both engines.
struct TimelyProgress {
    edges: Edges,
    frontiers: Frontiers,
}

impl Progress for TimelyProgress {
    fn start_at(&mut self, first: Commit) {
        self.edges.advance(first);
    }

    fn seal(&mut self, commit: Commit) {
        self.edges.advance(commit + 1);
    }

    fn is_complete_before(&self, next: Commit) -> bool {
        self.frontiers.are_complete_before(next)
    }
}

/// The first commit that a sink has not completed.
type SinkFrontier = Rc<Cell<Commit>>;
