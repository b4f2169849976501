//! Operators of several workers: timely exchanges their items and says when a commit is complete.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use timely::container::CapacityContainerBuilder;
use timely::dataflow::channels::pact::{Exchange, Pipeline};
use timely::dataflow::operators::generic::operator::Operator;
use timely::dataflow::operators::{Capability, Concat, Input};
use timely::dataflow::{InputHandle, Scope, StreamVec};

use super::{Item, PerCommit, PerCommitOfTwo};
use crate::data::{Change, Commit, Schema};

/// Where a source puts its items.
pub(super) type Handle<D> = InputHandle<Commit, CapacityContainerBuilder<Vec<D>>>;

type Stream<'scope, D> = StreamVec<'scope, Commit, D>;

pub(super) fn input<'scope, D: Item>(scope: Scope<'scope, Commit>) -> (Handle<D>, Stream<'scope, D>) {
    scope.new_input()
}

pub(super) fn each<'scope, D: Item, O: Item>(
    input: Stream<'scope, D>,
    name: &str,
    mut step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
) -> Stream<'scope, O> {
    input.unary::<CapacityContainerBuilder<Vec<O>>, _, _, _>(Pipeline, name, move |_, _| {
        let mut made = Vec::new();
        move |input, output| {
            input.for_each(|token, items| {
                step(items, &mut made);
                output.session(&token).give_container(&mut made);
            });
        }
    })
}

pub(super) fn concat<'scope, D: Item>(one: Stream<'scope, D>, two: Stream<'scope, D>) -> Stream<'scope, D> {
    one.concat(two)
}

pub(super) fn per_commit<'scope, D: Item, O: Schema>(
    input: Stream<'scope, D>,
    name: &str,
    route: impl Fn(&D) -> u64 + 'static,
    mut operator: impl PerCommit<D, O>,
) -> Stream<'scope, Change<O>> {
    let pact = Exchange::new(route);
    input.unary_frontier::<CapacityContainerBuilder<Vec<Change<O>>>, _, _, _>(pact, name, move |_, _| {
        // The commit whose items are in the operator's state, not sealed yet.
        let mut open: Option<Capability<Commit>> = None;
        // Items of commits behind the open one. The first worker starts no commit before the one in front
        // is through, so that this stays empty; it makes the operator right without that.
        let mut later = BTreeMap::<Commit, (Capability<Commit>, Vec<D>)>::new();
        move |(input, frontier), output| {
            input.for_each(|token, items| {
                let Some(capability) = token.retain_least(0) else { return };
                let commit = *capability.time();
                match &open {
                    Some(current) if *current.time() == commit => operator.apply(items),
                    None if later.is_empty() => {
                        open = Some(capability);
                        operator.apply(items);
                    }
                    _ => later.entry(commit).or_insert_with(|| (capability, Vec::new())).1.append(items),
                }
            });
            while let Some(capability) = open.take_if(|open| !frontier.less_equal(open.time())) {
                let mut session = output.session_with_builder(&capability);
                operator.seal(&mut |change| session.give(change));
                drop(session);
                if let Some((_, (capability, mut items))) = later.pop_first() {
                    open = Some(capability);
                    operator.apply(&mut items);
                }
            }
        }
    })
}

pub(super) fn per_commit_of_two<'scope, L: Item, R: Item, O: Schema>(
    (left, route_left): (Stream<'scope, L>, impl Fn(&L) -> u64 + 'static),
    (right, route_right): (Stream<'scope, R>, impl Fn(&R) -> u64 + 'static),
    name: &str,
    mut operator: impl PerCommitOfTwo<L, R, O>,
) -> Stream<'scope, Change<O>> {
    let (route_left, route_right) = (Exchange::new(route_left), Exchange::new(route_right));
    left.binary_frontier::<_, CapacityContainerBuilder<Vec<Change<O>>>, _, _, _, _>(
        right,
        route_left,
        route_right,
        name,
        move |_, _| {
            // Items of the commits that are not complete: usually one.
            let mut open = BTreeMap::<Commit, (Capability<Commit>, Vec<L>, Vec<R>)>::new();
            move |(left, left_frontier), (right, right_frontier), output| {
                left.for_each(|token, items| {
                    let Some(capability) = token.retain_least(0) else { return };
                    let commit = *capability.time();
                    open.entry(commit).or_insert_with(|| (capability, vec![], vec![])).1.append(items);
                });
                right.for_each(|token, items| {
                    let Some(capability) = token.retain_least(0) else { return };
                    let commit = *capability.time();
                    open.entry(commit).or_insert_with(|| (capability, vec![], vec![])).2.append(items);
                });
                while let Some(entry) = open
                    .first_entry()
                    .filter(|entry| !left_frontier.less_equal(entry.key()) && !right_frontier.less_equal(entry.key()))
                {
                    let (capability, mut left, mut right) = entry.remove();
                    operator.apply_left(&mut left);
                    operator.apply_right(&mut right);
                    let mut session = output.session_with_builder(&capability);
                    operator.seal(&mut |change| session.give(change));
                }
            }
        },
    )
}

/// `through` receives the first commit that the sink has not worked off.
pub(super) fn gather<D: Item>(
    input: Stream<'_, D>,
    name: &str,
    mut take: Option<impl FnMut(Commit, &mut Vec<D>) + 'static>,
    through: Rc<Cell<Commit>>,
) {
    let mut open = BTreeMap::<Commit, Vec<D>>::new();
    input.sink(Exchange::new(|_: &D| 0), name, move |(input, frontier)| {
        input.for_each(|token, items| {
            let Some(commit) = token.least() else { return };
            let all = open.entry(*commit).or_default();
            if all.is_empty() { std::mem::swap(all, items) } else { all.append(items) }
        });
        while let Some(entry) = open.first_entry().filter(|entry| !frontier.less_equal(entry.key())) {
            let (commit, mut items) = entry.remove_entry();
            if let Some(take) = &mut take {
                take(commit, &mut items);
            }
        }
        // The frontier is empty when no commit will come any more.
        through.set(frontier.frontier().first().copied().unwrap_or(Commit::MAX));
    });
}
