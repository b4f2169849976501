//! The engine for several workers: timely dataflow exchanges their items, and says when a commit is complete.

mod erased_batch;
mod operators;
mod progress;
mod typed;

use std::cell::Cell;
use std::rc::Rc;

use ::timely::dataflow::Scope;

use super::stream::Input;
use super::{BinaryStatefulOperator, Changes, ErasedStream, InputHandle, Item, Progress, StatefulOperator, Stream};
use crate::data::{Commit, Schema};
use erased_batch::ErasedBatch;
use operators::BatchStream;
use progress::Frontiers;
use typed::{Binary, Unary};

/// The part of one worker in a dataflow on timely.
pub(super) struct TimelyEngine<'scope> {
    scope: Scope<'scope, Commit>,
    /// The timely stream of each [`Stream`], by its number.
    streams: Vec<BatchStream<'scope>>,
    frontiers: Frontiers,
}

impl<'scope> TimelyEngine<'scope> {
    pub(super) fn new(scope: Scope<'scope, Commit>) -> Self {
        TimelyEngine { scope, streams: Vec::new(), frontiers: Frontiers::default() }
    }

    pub(super) fn input<D: Item>(&mut self) -> (InputHandle<D>, Stream<D>) {
        let (handle, stream) = operators::input(self.scope);
        (InputHandle(Box::new(handle)), self.add(stream))
    }

    pub(super) fn each<D: Item, O: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
    ) -> Stream<O> {
        let output = operators::each(self.stream(input.number), name, typed::step(step));
        self.add(output)
    }

    pub(super) fn concat<D: Item>(&mut self, first: Stream<D>, second: Stream<D>) -> Stream<D> {
        let output = operators::concat(self.stream(first.number), self.stream(second.number));
        self.add(output)
    }

    pub(super) fn stateful<D: Item, O: Schema>(
        &mut self,
        input: Stream<D>,
        name: &str,
        route: impl Fn(&D) -> u64 + 'static,
        operator: impl StatefulOperator<D, O>,
    ) -> Changes<O> {
        let routed = self.routed(input, name, route);
        let output = operators::stateful(routed, name, Unary::new(operator));
        self.add(output)
    }

    pub(super) fn stateful_binary<L: Item, R: Item, O: Schema>(
        &mut self,
        (left, route_left): (Stream<L>, impl Fn(&L) -> u64 + 'static),
        (right, route_right): (Stream<R>, impl Fn(&R) -> u64 + 'static),
        name: &str,
        operator: impl BinaryStatefulOperator<L, R, O>,
    ) -> Changes<O> {
        let (left, right) = (self.routed(left, name, route_left), self.routed(right, name, route_right));
        let output = operators::stateful_binary(left, right, name, Binary::new(operator));
        self.add(output)
    }

    pub(super) fn sink<D: Item>(
        &mut self,
        input: Stream<D>,
        name: &str,
        write: Option<impl FnMut(Commit, &mut Vec<D>) + 'static>,
    ) {
        // All batches go to worker 0: that is what operators leave in them.
        operators::sink(self.stream(input.number), name, typed::write(write), self.frontiers.add_sink());
    }

    pub(super) fn track_unread(&mut self, stream: ErasedStream) {
        operators::probe(self.stream(stream.number), self.frontiers.unread());
    }

    pub(super) fn finish(self) -> Box<dyn Progress> {
        Box::new(self.frontiers)
    }

    /// The same items in batches by the worker that they are for.
    fn routed<D: Item>(
        &self,
        input: Stream<D>,
        name: &str,
        route: impl Fn(&D) -> u64 + 'static,
    ) -> BatchStream<'scope> {
        operators::each(self.stream(input.number), name, typed::route(route, self.scope.peers()))
    }

    fn add<D: Item>(&mut self, stream: BatchStream<'scope>) -> Stream<D> {
        self.streams.push(stream);
        Stream::new(self.streams.len() - 1)
    }

    fn stream(&self, number: usize) -> BatchStream<'scope> {
        self.streams[number].clone()
    }
}

impl<D: Item> Input<D> for operators::Handle {
    fn send(&mut self, items: &mut Vec<D>) {
        if !items.is_empty() {
            operators::Handle::send(self, ErasedBatch::new(0, std::mem::take(items)));
        }
    }

    fn advance(&mut self, next: Commit) {
        self.advance_to(next);
    }
}

/// The first commit that a sink has not completed.
type SinkFrontier = Rc<Cell<Commit>>;
