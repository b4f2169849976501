//! Operators of several workers: timely exchanges their items and says when a commit is complete.
//!
//! Here timely meets types that are not known: see `packet.rs`. What knows them is in `typed.rs`.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use ::timely::container::CapacityContainerBuilder;
use ::timely::dataflow::channels::pact::{Exchange, Pipeline};
use ::timely::dataflow::operators::generic::operator::Operator;
use ::timely::dataflow::operators::probe::{Handle as Probe, Probe as _};
use ::timely::dataflow::operators::{Capability, Concat, Input};
use ::timely::dataflow::{InputHandle, Scope, StreamVec};

use super::erased_batch::ErasedBatch;
use crate::data::Commit;

/// Where a source puts its items.
pub(super) type Handle = InputHandle<Commit, Builder>;

/// The packets of a flow.
pub(super) type Stream<'scope> = StreamVec<'scope, Commit, ErasedBatch>;

type Builder = CapacityContainerBuilder<Vec<ErasedBatch>>;

/// Gives away packets that an operator has made.
pub(super) type Give<'a> = &'a mut dyn FnMut(ErasedBatch);

/// An operator with a state: [`StatefulOperator`](super::StatefulOperator) and [`BinaryStatefulOperator`](super::BinaryStatefulOperator) for packets.
pub(super) trait Stateful {
    /// Takes some of the open commit's items of the first input.
    fn apply_left(&mut self, packet: ErasedBatch);

    /// The same for the second input, if there is one.
    fn apply_right(&mut self, packet: ErasedBatch);

    /// The commit is complete.
    fn seal(&mut self, give: Give<'_>);
}

pub(super) fn input(scope: Scope<'_, Commit>) -> (Handle, Stream<'_>) {
    scope.new_input()
}

/// Makes packets of packets.
pub(super) fn each<'scope>(
    input: Stream<'scope>,
    name: &str,
    mut step: Box<dyn FnMut(ErasedBatch, Give<'_>)>,
) -> Stream<'scope> {
    input.unary::<Builder, _, _, _>(Pipeline, name, move |_, _| {
        move |input, output| {
            input.for_each(|token, packets| {
                let mut session = output.session(&token);
                packets.drain(..).for_each(|packet| step(packet, &mut |made| session.give(made)));
            });
        }
    })
}

pub(super) fn concat<'scope>(one: Stream<'scope>, two: Stream<'scope>) -> Stream<'scope> {
    one.concat(two)
}

/// Runs an operator with a state on the packets that are for this worker.
pub(super) fn stateful<'scope>(input: Stream<'scope>, name: &str, mut operator: Box<dyn Stateful>) -> Stream<'scope> {
    input.unary_frontier::<Builder, _, _, _>(by_worker(), name, move |_, _| {
        // The commit whose items are in the operator's state, not sealed yet.
        let mut open: Option<Capability<Commit>> = None;
        // Items of commits behind the open one. The first worker starts no commit before the one in front
        // is through, so that this stays empty; it makes the operator right without that.
        let mut later = BTreeMap::<Commit, (Capability<Commit>, Vec<ErasedBatch>)>::new();
        move |(input, frontier), output| {
            input.for_each(|token, packets| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                match &open {
                    Some(current) if *current.time() == commit => {
                        packets.drain(..).for_each(|packet| operator.apply_left(packet));
                    }
                    None if later.is_empty() => {
                        open = Some(capability);
                        packets.drain(..).for_each(|packet| operator.apply_left(packet));
                    }
                    _ => later.entry(commit).or_insert_with(|| (capability, Vec::new())).1.append(packets),
                }
            });
            while let Some(capability) = open.take_if(|open| !frontier.less_equal(open.time())) {
                let mut session = output.session(&capability);
                operator.seal(&mut |packet| session.give(packet));
                drop(session);
                if let Some((_, (capability, packets))) = later.pop_first() {
                    open = Some(capability);
                    packets.into_iter().for_each(|packet| operator.apply_left(packet));
                }
            }
        }
    })
}

/// The same with two inputs.
pub(super) fn stateful_of_two<'scope>(
    left: Stream<'scope>,
    right: Stream<'scope>,
    name: &str,
    mut operator: Box<dyn Stateful>,
) -> Stream<'scope> {
    left.binary_frontier::<_, Builder, _, _, _, _>(right, by_worker(), by_worker(), name, move |_, _| {
        // The commits that are not complete: usually one.
        let mut open = BTreeMap::<Commit, (Capability<Commit>, Vec<ErasedBatch>, Vec<ErasedBatch>)>::new();
        move |(left, left_frontier), (right, right_frontier), output| {
            left.for_each(|token, packets| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                open.entry(commit).or_insert_with(|| (capability, vec![], vec![])).1.append(packets);
            });
            right.for_each(|token, packets| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                open.entry(commit).or_insert_with(|| (capability, vec![], vec![])).2.append(packets);
            });
            while let Some(entry) = open
                .first_entry()
                .filter(|entry| !left_frontier.less_equal(entry.key()) && !right_frontier.less_equal(entry.key()))
            {
                let (capability, left, right) = entry.remove();
                left.into_iter().for_each(|packet| operator.apply_left(packet));
                right.into_iter().for_each(|packet| operator.apply_right(packet));
                let mut session = output.session(&capability);
                operator.seal(&mut |packet| session.give(packet));
            }
        }
    })
}

/// Gives each commit whole to `take`, on the worker that the packets are for. `through` receives the first commit that
/// was not worked off.
pub(super) fn gather(
    input: Stream<'_>,
    name: &str,
    mut take: Box<dyn FnMut(Commit, Vec<ErasedBatch>)>,
    through: Rc<Cell<Commit>>,
) {
    let mut open = BTreeMap::<Commit, Vec<ErasedBatch>>::new();
    input.sink(by_worker(), name, move |(input, frontier)| {
        input.for_each(|token, packets| {
            let Some(commit) = token.least() else { return };
            open.entry(*commit).or_default().append(packets);
        });
        while let Some(entry) = open.first_entry().filter(|entry| !frontier.less_equal(entry.key())) {
            let (commit, packets) = entry.remove_entry();
            take(commit, packets);
        }
        // The frontier is empty when no commit will come any more.
        through.set(frontier.frontier().first().copied().unwrap_or(Commit::MAX));
    });
}

/// Makes a probe watch a flow that nothing reads.
pub(super) fn watch(stream: &Stream<'_>, probe: &Probe<Commit>) {
    stream.clone().probe_with(probe);
}

fn by_worker() -> Exchange<ErasedBatch, fn(&ErasedBatch) -> u64> {
    Exchange::new(|packet| packet.to)
}
