//! The engine for several workers: timely dataflow exchanges their items, and says when a commit is complete.
//!
//! The first worker has all sources. What is done before items are exchanged for the first time, it does as a single
//! worker does (`../local.rs`): each step calls the next one, in the order in which the rows arrive, whichever source they
//! come from. Timely would keep that order only within one stream.

mod batches;
mod edges;
mod erased_batch;
mod operators;
mod progress;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use ::timely::dataflow::Scope;

use super::erased::{ErasedOperator, ErasedRoute, ErasedStep, ErasedWrite};
use super::local::{Input, LocalEngine};
use super::{ActiveInput, InputId, Progress};
use crate::data::Commit;
use crate::telemetry::{Counter, NodeTime, Stopwatch};
use edges::Edges;
use operators::{BatchStream, Measured};
use progress::Frontiers;

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

    pub(super) fn input(&mut self) -> (Input, usize) {
        let (input, local) = self.arrivals.input();
        (input, self.add_arrivals(local))
    }

    pub(super) fn active_input(&self) -> ActiveInput {
        self.arrivals.active_input()
    }

    pub(super) fn as_input(&mut self, stream: usize) -> (InputId, usize) {
        let Some(arrivals) = self.arrivals_of(stream) else {
            unreachable!("stream {stream} is not in the order of arrival")
        };
        let (id, output) = self.arrivals.as_input(arrivals);
        (id, self.add_arrivals(output))
    }

    pub(super) fn each(&mut self, input: usize, name: &str, step: Box<dyn ErasedStep>) -> usize {
        if let Some(arrivals) = self.arrivals_of(input) {
            let output = self.arrivals.each(arrivals, step);
            return self.add_arrivals(output);
        }
        let items = Arc::default();
        let step = operators::step(step, self.time.clone(), Arc::clone(&items));
        let output = operators::each(self.exchanged(input), name, step);
        self.add(output, vec![items])
    }

    pub(super) fn concat(&mut self, first: usize, second: usize) -> usize {
        if let (Some(first), Some(second)) = (self.arrivals_of(first), self.arrivals_of(second)) {
            let output = self.arrivals.concat(first, second);
            return self.add_arrivals(output);
        }
        let items = [self.items_of(first), self.items_of(second)].concat();
        let (first, second) = (self.exchanged(first), self.exchanged(second));
        let output = operators::concat(first, second);
        self.add(output, items)
    }

    pub(super) fn stateful(
        &mut self,
        (input, route): (usize, Box<dyn ErasedRoute>),
        name: &str,
        operator: Box<dyn ErasedOperator>,
    ) -> usize {
        let routed = self.routed(input, name, route);
        let items = Arc::default();
        let operator = Measured { operator, time: self.time.clone(), items: Arc::clone(&items) };
        let output = operators::stateful(routed, name, operator);
        self.add(output, vec![items])
    }

    pub(super) fn stateful_binary(
        &mut self,
        (left, route_left): (usize, Box<dyn ErasedRoute>),
        (right, route_right): (usize, Box<dyn ErasedRoute>),
        name: &str,
        operator: Box<dyn ErasedOperator>,
    ) -> usize {
        let (left, right) = (self.routed(left, name, route_left), self.routed(right, name, route_right));
        let items = Arc::default();
        let operator = Measured { operator, time: self.time.clone(), items: Arc::clone(&items) };
        let output = operators::stateful_binary(left, right, name, operator);
        self.add(output, vec![items])
    }

    pub(super) fn sink(&mut self, input: usize, name: &str, write: Option<Box<dyn ErasedWrite>>) {
        // All batches go to worker 0: that is what operators leave in them.
        let (input, time) = (self.exchanged(input), self.time.clone());
        operators::sink(input, name, write, time, self.frontiers.add_sink());
    }

    /// An unread stream in the local engine is complete at once.
    pub(super) fn track_unread(&mut self, stream: usize) {
        if let Origin::Exchanged(stream, _) = &self.streams[stream] {
            operators::probe(stream.clone(), self.frontiers.unread());
        }
    }

    pub(super) fn finish(self) -> Box<dyn Progress> {
        Box::new(TimelyProgress { edges: self.edges, frontiers: self.frontiers })
    }

    /// The same items in batches by the worker that they are for.
    fn routed(&mut self, input: usize, name: &str, route: Box<dyn ErasedRoute>) -> BatchStream<'scope> {
        let route = operators::route(route, self.scope.peers(), self.time.clone());
        operators::each(self.exchanged(input), name, route)
    }

    fn add(&mut self, stream: BatchStream<'scope>, items: Vec<Arc<Counter>>) -> usize {
        self.streams.push(Origin::Exchanged(stream, items));
        self.streams.len() - 1
    }

    fn add_arrivals(&mut self, local: usize) -> usize {
        self.streams.push(Origin::Arrivals { local, exchanged: None });
        self.streams.len() - 1
    }

    /// The stream in the local engine, if it is there.
    fn arrivals_of(&self, stream: usize) -> Option<usize> {
        match &self.streams[stream] {
            Origin::Arrivals { local, .. } => Some(*local),
            Origin::Exchanged(..) => None,
        }
    }

    /// The stream in timely. A stream in the local engine gets there once, however many operators read it.
    fn exchanged(&mut self, stream: usize) -> BatchStream<'scope> {
        match &mut self.streams[stream] {
            Origin::Exchanged(exchanged, _) | Origin::Arrivals { exchanged: Some(exchanged), .. } => exchanged.clone(),
            Origin::Arrivals { local, exchanged } => {
                let (handle, stream) = operators::input(self.scope);
                self.edges.connect(&mut self.arrivals, *local, handle);
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
