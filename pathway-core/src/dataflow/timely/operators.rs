//! Timely's operators over batches without a type: compiled once, with this crate.

use std::collections::BTreeMap;

use ::timely::container::CapacityContainerBuilder;
use ::timely::dataflow::channels::pact::{Exchange, Pipeline};
use ::timely::dataflow::operators::generic::operator::Operator;
use ::timely::dataflow::operators::probe::{Handle as Probe, Probe as _};
use ::timely::dataflow::operators::{Capability, Concat, Input};
use ::timely::dataflow::{InputHandle, Scope, StreamVec};

use super::SinkFrontier;
use super::erased_batch::ErasedBatch;
use crate::data::Commit;

/// Where a source puts its items.
pub(super) type Handle = InputHandle<Commit, Builder>;

/// A timely stream of batches.
pub(super) type BatchStream<'scope> = StreamVec<'scope, Commit, ErasedBatch>;

type Builder = CapacityContainerBuilder<Vec<ErasedBatch>>;

/// Emits a batch that an operator has made.
pub(super) type Emit<'a> = &'a mut dyn FnMut(ErasedBatch);

/// An operator with state over batches: a [`StatefulOperator`](crate::dataflow::StatefulOperator) or a
/// [`BinaryStatefulOperator`](crate::dataflow::BinaryStatefulOperator).
pub(super) trait ErasedOperator {
    /// Takes a batch of the open commit from the first input.
    fn apply_left(&mut self, batch: ErasedBatch);

    /// The same for the second input, if there is one.
    fn apply_right(&mut self, batch: ErasedBatch);

    /// The commit is complete.
    fn seal(&mut self, emit: Emit<'_>);
}

pub(super) fn input(scope: Scope<'_, Commit>) -> (Handle, BatchStream<'_>) {
    scope.new_input()
}

/// Runs a step without state.
pub(super) fn each<'scope>(
    input: BatchStream<'scope>,
    name: &str,
    mut step: Box<dyn FnMut(ErasedBatch, Emit<'_>)>,
) -> BatchStream<'scope> {
    input.unary::<Builder, _, _, _>(Pipeline, name, move |_, _| {
        move |input, output| {
            input.for_each(|token, batches| {
                let mut session = output.session(&token);
                batches.drain(..).for_each(|batch| step(batch, &mut |result| session.give(result)));
            });
        }
    })
}

pub(super) fn concat<'scope>(first: BatchStream<'scope>, second: BatchStream<'scope>) -> BatchStream<'scope> {
    first.concat(second)
}

/// Runs an operator with state on the batches that are for this worker.
pub(super) fn stateful<'scope>(
    input: BatchStream<'scope>,
    name: &str,
    mut operator: Box<dyn ErasedOperator>,
) -> BatchStream<'scope> {
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
                        batches.drain(..).for_each(|batch| operator.apply_left(batch));
                    }
                    None if later.is_empty() => {
                        open = Some(capability);
                        batches.drain(..).for_each(|batch| operator.apply_left(batch));
                    }
                    _ => later.entry(commit).or_insert_with(|| (capability, Vec::new())).1.append(batches),
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
    mut operator: Box<dyn ErasedOperator>,
) -> BatchStream<'scope> {
    left.binary_frontier::<_, Builder, _, _, _, _>(right, by_worker(), by_worker(), name, move |_, _| {
        // The commits that are not complete; usually one.
        let mut open = BTreeMap::<Commit, (Capability<Commit>, Vec<ErasedBatch>, Vec<ErasedBatch>)>::new();
        move |(left, left_frontier), (right, right_frontier), output| {
            left.for_each(|token, batches| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                open.entry(commit).or_insert_with(|| (capability, vec![], vec![])).1.append(batches);
            });
            right.for_each(|token, batches| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                open.entry(commit).or_insert_with(|| (capability, vec![], vec![])).2.append(batches);
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
    mut write: Box<dyn FnMut(Commit, Vec<ErasedBatch>)>,
    completed: SinkFrontier,
) {
    let mut open = BTreeMap::<Commit, Vec<ErasedBatch>>::new();
    input.sink(by_worker(), name, move |(input, frontier)| {
        input.for_each(|token, batches| {
            let Some(commit) = token.least() else { return };
            open.entry(*commit).or_default().append(batches);
        });
        while let Some(entry) = open.first_entry().filter(|entry| !frontier.less_equal(entry.key())) {
            let (commit, batches) = entry.remove_entry();
            write(commit, batches);
        }
        // The frontier is empty when no more commits will come.
        completed.set(frontier.frontier().first().copied().unwrap_or(Commit::MAX));
    });
}

/// Makes a probe watch a stream that no operator reads.
pub(super) fn probe(stream: BatchStream<'_>, probe: &Probe<Commit>) {
    stream.probe_with(probe);
}

fn by_worker() -> Exchange<ErasedBatch, fn(&ErasedBatch) -> u64> {
    Exchange::new(|batch| batch.worker)
}
