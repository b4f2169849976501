//! Timely's operators over batches without a type: compiled once, with this crate.

use std::collections::BTreeMap;
use std::sync::Arc;

use ::timely::container::{CapacityContainerBuilder, DrainContainer};
use ::timely::dataflow::channels::pact::{ExchangeCore, Pipeline};
use ::timely::dataflow::operators::generic::operator::Operator;
use ::timely::dataflow::operators::probe::{Handle as Probe, Probe as _};
use ::timely::dataflow::operators::{Capability, Concat, Input};
use ::timely::dataflow::{InputHandle, Scope, Stream};

use super::SinkFrontier;
use super::batches::Batches;
use super::erased_batch::ErasedBatch;
use crate::data::Commit;
use crate::dataflow::batch::Batch;
use crate::dataflow::erased::{ErasedOperator, ErasedRoute, ErasedStep, ErasedWrite};
use crate::telemetry::{Counter, NodeTime};

/// Where a source puts its items.
pub(super) type Handle = InputHandle<Commit, Builder>;

/// A timely stream of batches.
pub(super) type BatchStream<'scope> = Stream<'scope, Commit, Batches>;

type Builder = CapacityContainerBuilder<Batches>;

/// Emits a batch that an operator has made.
type Give<'a> = &'a mut dyn FnMut(ErasedBatch);

/// A step without state over batches.
type Step = Box<dyn FnMut(ErasedBatch, Give<'_>)>;

/// An operator with state, its time, and what counts its items.
pub(super) struct Measured {
    pub(super) operator: Box<dyn ErasedOperator>,
    pub(super) time: NodeTime,
    pub(super) items: Arc<Counter>,
}

impl Measured {
    fn apply_left(&mut self, batch: ErasedBatch) {
        let _turn = self.time.start();
        let (decode, _) = self.operator.decodes();
        self.operator.apply_left(&mut *batch.into_items(decode));
    }

    fn apply_right(&mut self, batch: ErasedBatch) {
        let _turn = self.time.start();
        let (_, decode) = self.operator.decodes();
        self.operator.apply_right(&mut *batch.into_items(decode));
    }

    fn seal(&mut self, give: Give<'_>) {
        let _turn = self.time.start();
        let items = &self.items;
        self.operator.seal(&mut |batch| give_counted(batch, items, give));
    }
}

/// Emits what an operator has made, if it is anything.
fn give_counted(batch: &mut dyn Batch, items: &Counter, give: Give<'_>) {
    let len = batch.len();
    if len > 0 {
        items.add(len as u64);
        give(ErasedBatch::new(0, batch.take()));
    }
}

/// A step whose results are counted.
pub(super) fn step(mut step: Box<dyn ErasedStep>, time: NodeTime, items: Arc<Counter>) -> Step {
    Box::new(move |batch, give| {
        let _turn = time.start();
        step.run(&mut *batch.into_local(), &mut |results| give_counted(results, &items, give));
    })
}

/// A step that sorts items by the worker that they are for.
pub(super) fn route(route: Box<dyn ErasedRoute>, workers: usize, time: NodeTime) -> Step {
    let mut routes = Vec::new();
    Box::new(move |batch, give| {
        let _turn = time.start();
        let mut batch = batch.into_local();
        route.numbers(&mut *batch, &mut routes);
        routes.iter_mut().for_each(|number| *number %= workers as u64);
        for (worker, items) in batch.split_by_worker(&routes, workers) {
            give(ErasedBatch::new(worker, items));
        }
        routes.clear();
    })
}

pub(super) fn input(scope: Scope<'_, Commit>) -> (Handle, BatchStream<'_>) {
    scope.new_input()
}

/// Runs a step without state.
pub(super) fn each<'scope>(input: BatchStream<'scope>, name: &str, mut step: Step) -> BatchStream<'scope> {
    input.unary::<Builder, _, _, _>(Pipeline, name, move |_, _| {
        move |input, output| {
            input.for_each(|token, batches| {
                let mut session = output.session(&token);
                batches.drain().for_each(|batch| step(batch, &mut |result| session.give(result)));
            });
        }
    })
}

pub(super) fn concat<'scope>(first: BatchStream<'scope>, second: BatchStream<'scope>) -> BatchStream<'scope> {
    first.concat(second)
}

/// Runs an operator with state on the batches that are for this worker.
pub(super) fn stateful<'scope>(input: BatchStream<'scope>, name: &str, mut operator: Measured) -> BatchStream<'scope> {
    input.unary_frontier::<Builder, _, _, _>(by_worker(), name, move |_, _| {
        // The commit whose items are in the operator's state, and which is not sealed yet.
        let mut open: Option<Capability<Commit>> = None;
        // Items of commits after the open one. The first worker starts no commit before the previous one is complete, so this
        // stays empty; the operator is correct without that guarantee.
        let mut later = BTreeMap::<Commit, (Capability<Commit>, Vec<ErasedBatch>)>::new();
        move |(input, frontier), output| {
            input.for_each(|token, batches| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                match &open {
                    Some(current) if *current.time() == commit => {
                        batches.drain().for_each(|batch| operator.apply_left(batch));
                    }
                    None if later.is_empty() => {
                        open = Some(capability);
                        batches.drain().for_each(|batch| operator.apply_left(batch));
                    }
                    _ => later.entry(commit).or_insert_with(|| (capability, Vec::new())).1.extend(batches.drain()),
                }
            });
            while let Some(capability) = open.take_if(|open| !frontier.less_equal(open.time())) {
                let mut session = output.session(&capability);
                operator.seal(&mut |batch| session.give(batch));
                drop(session);
                if let Some((_, (capability, batches))) = later.pop_first() {
                    open = Some(capability);
                    batches.into_iter().for_each(|batch| operator.apply_left(batch));
                }
            }
        }
    })
}

/// The same with two inputs.
pub(super) fn stateful_binary<'scope>(
    left: BatchStream<'scope>,
    right: BatchStream<'scope>,
    name: &str,
    mut operator: Measured,
) -> BatchStream<'scope> {
    left.binary_frontier::<_, Builder, _, _, _, _>(right, by_worker(), by_worker(), name, move |_, _| {
        // The commits that are not complete; usually one.
        let mut open = BTreeMap::<Commit, (Capability<Commit>, Vec<ErasedBatch>, Vec<ErasedBatch>)>::new();
        move |(left, left_frontier), (right, right_frontier), output| {
            left.for_each(|token, batches| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                open.entry(commit).or_insert_with(|| (capability, vec![], vec![])).1.extend(batches.drain());
            });
            right.for_each(|token, batches| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                open.entry(commit).or_insert_with(|| (capability, vec![], vec![])).2.extend(batches.drain());
            });
            while let Some(entry) = open
                .first_entry()
                .filter(|entry| !left_frontier.less_equal(entry.key()) && !right_frontier.less_equal(entry.key()))
            {
                let (capability, left, right) = entry.remove();
                left.into_iter().for_each(|batch| operator.apply_left(batch));
                right.into_iter().for_each(|batch| operator.apply_right(batch));
                let mut session = output.session(&capability);
                operator.seal(&mut |batch| session.give(batch));
            }
        }
    })
}

/// Passes each commit whole to `write`, on the worker that the batches are for. `completed` receives the first commit that is
/// not complete.
pub(super) fn sink(
    input: BatchStream<'_>,
    name: &str,
    mut write: Option<Box<dyn ErasedWrite>>,
    time: NodeTime,
    completed: SinkFrontier,
) {
    let mut open = BTreeMap::<Commit, Vec<ErasedBatch>>::new();
    input.sink(by_worker(), name, move |(input, frontier)| {
        input.for_each(|token, batches| {
            let Some(commit) = token.least() else { return };
            open.entry(*commit).or_default().extend(batches.drain());
        });
        while let Some(entry) = open.first_entry().filter(|entry| !frontier.less_equal(entry.key())) {
            let (commit, batches) = entry.remove_entry();
            if let Some(write) = &mut write {
                let _turn = time.start();
                let decode = write.decodes();
                let mut batches = batches.into_iter().map(|batch| batch.into_items(decode));
                let Some(mut items) = batches.next() else { continue };
                batches.for_each(|mut batch| items.append(&mut *batch));
                write.write(commit, &mut *items);
            }
        }
        // The frontier is empty when no more commits will come.
        completed.set(frontier.frontier().first().copied().unwrap_or(Commit::MAX));
    });
}

/// Makes a probe watch a stream that no operator reads.
pub(super) fn probe(stream: BatchStream<'_>, probe: &Probe<Commit>) {
    stream.probe_with(probe);
}

fn by_worker() -> ExchangeCore<Builder, fn(&ErasedBatch) -> u64> {
    ExchangeCore::new(|batch: &ErasedBatch| batch.worker)
}
