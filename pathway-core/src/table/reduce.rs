//! The operator behind `reduce`: one row a group, kept up to date.

use std::marker::PhantomData;
use std::sync::Arc;

use super::keyed::{Keyed, Slot, hash_of};
use super::reducer::Reducer;
use crate::data::{Change, Datum, Held, Level, Schema, Throttle};
use crate::flow::{Changes, Graph, PerCommit};

/// Reduces the groups of a stream; each group lives on the worker that its key's hash names.
pub(super) fn reduce<'scope, R, K, A, G, O>(
    graph: &mut Graph<'scope>,
    changes: Changes<'scope, R>,
    name: &Arc<str>,
    split: impl Fn(&R) -> (K, A) + 'static,
    reducers: Arc<G>,
    output: Arc<impl Fn(&K, G::Output) -> O + 'static>,
) -> Changes<'scope, O>
where
    R: Schema,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    let groups = Groups {
        state: Keyed::<K, Group<G::State>>::new(),
        before: Vec::new(),
        reducers,
        output,
        untold: Throttle::new(name),
        keys: Vec::new(),
        arguments: Vec::new(),
        slots: Vec::new(),
    };
    if graph.is_alone() {
        return graph.per_commit(changes, name, |_| 0, Alone { groups, split, row: PhantomData });
    }
    let split = graph.each(changes, name, move |changes, split_changes| {
        split_changes.extend(changes.drain(..).map(|change| {
            let (key, argument) = split(&change.row);
            (Held(key), Held(argument), change.diff)
        }));
    });
    graph.per_commit(split, name, |(key, _, _): &(Held<K>, Held<A>, i64)| hash_of(&key.0), groups)
}

/// All groups of one worker.
struct Groups<K, A, G: Reducer<A>, O, F> {
    state: Keyed<K, Group<G::State>>,
    /// For each key that the open commit has touched, in the same order: the group's row before it.
    before: Vec<Option<O>>,
    reducers: Arc<G>,
    output: Arc<F>,
    /// Groups whose reducers could not tell their value.
    untold: Throttle,
    /// Keys that wait to be looked up together, what comes with each, and where they were found.
    keys: Vec<K>,
    arguments: Vec<(A, i64)>,
    slots: Vec<(Slot, bool)>,
}

#[derive(Default)]
struct Group<S> {
    /// How many rows the group has. Without rows there is no output, whatever the state says.
    rows: i64,
    state: S,
}

impl<K, A, G, O, F> Groups<K, A, G, O, F>
where
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
    F: Fn(&K, G::Output) -> O + 'static,
{
    /// How many keys are looked up together: what they touch stays in the nearest caches until they are updated.
    const TOGETHER: usize = 128;

    fn update(&mut self, key: K, argument: A, diff: i64) {
        self.keys.push(key);
        self.arguments.push((argument, diff));
        if self.keys.len() == Self::TOGETHER {
            self.update_all();
        }
    }

    /// Updates the groups of the keys that wait.
    fn update_all(&mut self) {
        let mut slots = std::mem::take(&mut self.slots);
        let mut arguments = std::mem::take(&mut self.arguments);
        self.state.touch_all(&mut self.keys, &mut slots);
        for ((slot, first), (argument, diff)) in slots.drain(..).zip(arguments.drain(..)) {
            if first {
                let before = self.row_of(slot);
                self.before.push(before);
            }
            let group = self.state.value(slot);
            group.rows += diff;
            self.reducers.update(&mut group.state, argument, diff);
        }
        self.slots = slots;
        self.arguments = arguments;
    }

    /// The row of a group as it stands.
    fn row_of(&mut self, slot: Slot) -> Option<O> {
        let (key, group) = self.state.entry(slot);
        row_of(key, group, &*self.reducers, &*self.output).unwrap_or_default()
    }
}

/// The row of a group as it stands: none without rows, and none that its reducers can't tell.
fn row_of<K, A, G: Reducer<A>, O>(
    key: &K,
    group: &Group<G::State>,
    reducers: &G,
    output: &impl Fn(&K, G::Output) -> O,
) -> Result<Option<O>, super::reducer::ReduceError> {
    if group.rows <= 0 {
        return Ok(None);
    }
    reducers.output(&group.state).map(|reduced| Some(output(key, reduced)))
}

impl<K, A, G, O, F> PerCommit<(Held<K>, Held<A>, i64), O> for Groups<K, A, G, O, F>
where
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
    F: Fn(&K, G::Output) -> O + 'static,
{
    fn apply(&mut self, changes: &mut Vec<(Held<K>, Held<A>, i64)>) {
        for (Held(key), Held(argument), diff) in changes.drain(..) {
            self.update(key, argument, diff);
        }
        self.update_all();
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let mut before = self.before.drain(..);
        self.state.seal(|key, group| {
            let before = before.next().flatten();
            let after = row_of(key, group, &*self.reducers, &*self.output).unwrap_or_else(|error| {
                self.untold.report(Level::Error, format_args!("a group has no row for now: {error}"));
                None
            });
            let unchanged = matches!((&before, &after), (Some(before), Some(after)) if before.compare(after).is_eq());
            if !unchanged {
                before.map(Change::remove).into_iter().chain(after.map(Change::insert)).for_each(&mut *emit);
            }
            group.rows != 0
        });
    }
}

/// The same with one worker, where rows need not be split before they are sent to their group.
struct Alone<R, T, S> {
    groups: T,
    split: S,
    row: PhantomData<fn(R)>,
}

impl<R, K, A, G, O, F, S> PerCommit<Change<R>, O> for Alone<R, Groups<K, A, G, O, F>, S>
where
    R: Schema,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
    F: Fn(&K, G::Output) -> O + 'static,
    S: Fn(&R) -> (K, A) + 'static,
{
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        for change in changes.drain(..) {
            let (key, argument) = (self.split)(&change.row);
            self.groups.update(key, argument, change.diff);
        }
        self.groups.update_all();
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.groups.seal(emit);
    }
}
