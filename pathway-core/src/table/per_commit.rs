//! The frame of every operator with a state: gather a commit's changes, and emit when it is sealed.

use std::collections::BTreeMap;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::StreamVec;
use timely::dataflow::channels::pact::ParallelizationContract;
use timely::dataflow::operators::Capability;
use timely::dataflow::operators::generic::operator::Operator;

use crate::data::{Change, Commit, Schema};
use crate::plan::Changes;

/// What an operator does with a commit. Commits are given one after the other, each whole.
pub(super) trait PerCommit<D, O>: 'static {
    /// Takes some of the open commit's changes into the state, in the order in which they were sent.
    fn apply(&mut self, changes: &mut Vec<D>);

    /// The commit is complete: emits what it changed, net.
    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>));
}

/// Runs an operator over a stream.
pub(super) fn per_commit<'scope, D, O, P>(
    input: StreamVec<'scope, Commit, D>,
    pact: P,
    name: &str,
    mut operator: impl PerCommit<D, O>,
) -> Changes<'scope, O>
where
    D: Clone + 'static,
    O: Schema,
    P: ParallelizationContract<Commit, Vec<D>>,
{
    input.unary_frontier::<CapacityContainerBuilder<Vec<Change<O>>>, _, _, _>(pact, name, move |_, _| {
        // The commit whose changes are in the operator's state, not sealed yet.
        let mut open: Option<Capability<Commit>> = None;
        // Changes of commits behind the open one. The first worker starts no commit before the one in front
        // is through, so that this stays empty; it makes the operator right without that.
        let mut later = BTreeMap::<Commit, (Capability<Commit>, Vec<D>)>::new();
        move |(input, frontier), output| {
            input.for_each(|token, changes| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                match &open {
                    Some(current) if *current.time() == commit => operator.apply(changes),
                    None if later.is_empty() => {
                        open = Some(capability);
                        operator.apply(changes);
                    }
                    _ => later.entry(commit).or_insert_with(|| (capability, Vec::new())).1.append(changes),
                }
            });
            while let Some(capability) = open.take_if(|open| !frontier.less_equal(open.time())) {
                let mut session = output.session_with_builder(&capability);
                operator.seal(&mut |change| session.give(change));
                drop(session);
                if let Some((_, (capability, mut changes))) = later.pop_first() {
                    open = Some(capability);
                    operator.apply(&mut changes);
                }
            }
        }
    })
}
