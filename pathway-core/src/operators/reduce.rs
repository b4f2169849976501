//! The operator behind `reduce`: one row a group, kept up to date.

use std::marker::PhantomData;
use std::sync::Arc;

use super::reducers::Reducer;
use super::state::in_order::InOrder;
use super::state::keyed::{Keyed, Slot, hash_of};
use crate::data::{Change, Datum, DatumKey, Schema};
use crate::dataflow::{Changes, DataflowBuilder, StatefulOperator};
use crate::plan::TableProperties;
use crate::telemetry::{Level, LogLimiter};

/// What a reduction is made of: the key of a row, what the reducers are fed of it, and the row of a group.
pub(super) struct Rule<R, K, A, F, G, O> {
    pub(super) key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    pub(super) arguments: Arc<F>,
    pub(super) reducers: Arc<G>,
    pub(super) output: Arc<O>,
    pub(super) argument: PhantomData<fn() -> A>,
}

/// Reduces the groups of a stream; each group lives on the worker that its key's hash names.
pub(super) fn reduce<'scope, R, K, A, F, G, M, O>(
    graph: &mut DataflowBuilder<'scope>,
    changes: Changes<'scope, R>,
    name: &Arc<str>,
    shape: TableProperties,
    rule: Rule<R, K, A, F, G, M>,
) -> Changes<'scope, O>
where
    R: Schema,
    K: Datum,
    A: Datum,
    F: Fn(&R) -> A + Send + Sync + 'static,
    G: Reducer<A>,
    M: Fn(&K, G::Output) -> O + Send + Sync + 'static,
    O: Schema,
{
    let Rule { key, arguments, reducers, output, .. } = rule;
    let groups = Groups {
        state: Keyed::<K, Group<G::State>>::new(),
        before: Vec::new(),
        reducers,
        output,
        untold: LogLimiter::new(name),
        keys: Vec::new(),
        arguments: Vec::new(),
        slots: Vec::new(),
    };
    let in_order = InOrder::of::<A, G>(shape);
    let by_key = Arc::clone(&key);
    let split = move |row: &R| (key(row), arguments(row));
    if graph.is_alone() || in_order.is_some() {
        let route = move |change: &Change<R>| hash_of(&by_key(&change.row));
        return graph.stateful(changes, name, route, Whole { groups, split, in_order });
    }
    let split = graph.each(changes, name, move |changes, split_changes| {
        split_changes.extend(changes.drain(..).map(|change| {
            let (key, argument) = split(&change.row);
            (DatumKey(key), DatumKey(argument), change.diff)
        }));
    });
    graph.stateful(split, name, |(key, _, _): &(DatumKey<K>, DatumKey<A>, i64)| hash_of(&key.0), groups)
}

/// All groups of one worker.
struct Groups<K, A, G: Reducer<A>, O, F> {
    state: Keyed<K, Group<G::State>>,
    /// For each key that the open commit has touched, in the same order: the group's row before it.
    before: Vec<Option<O>>,
    reducers: Arc<G>,
    output: Arc<F>,
    /// Groups whose reducers could not tell their value.
    untold: LogLimiter,
    /// Keys that wait to be looked up together, what comes with each, and where they were found.
    keys: Vec<K>,
    arguments: Vec<(A, u64, i64)>,
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

    /// `row` tells the row from others, where the reducers ask for that.
    fn update(&mut self, key: K, row: u64, argument: A, diff: i64) {
        self.keys.push(key);
        self.arguments.push((argument, row, diff));
        if self.keys.len() == Self::TOGETHER {
            self.update_all();
        }
    }

    /// Updates the groups of the keys that wait.
    fn update_all(&mut self) {
        let mut slots = std::mem::take(&mut self.slots);
        let mut arguments = std::mem::take(&mut self.arguments);
        self.state.touch_all(&mut self.keys, &mut slots);
        for ((slot, first), (argument, row, diff)) in slots.drain(..).zip(arguments.drain(..)) {
            if first {
                let before = self.row_of(slot);
                self.before.push(before);
            }
            let group = self.state.value(slot);
            group.rows += diff;
            if G::ORDERED {
                self.reducers.update_row(&mut group.state, row, argument, diff);
            } else {
                self.reducers.update(&mut group.state, argument, diff);
            }
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
) -> Result<Option<O>, super::reducers::ReduceError> {
    if group.rows <= 0 {
        return Ok(None);
    }
    reducers.output(&group.state).map(|reduced| Some(output(key, reduced)))
}

impl<K, A, G, O, F> StatefulOperator<(DatumKey<K>, DatumKey<A>, i64), O> for Groups<K, A, G, O, F>
where
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
    F: Fn(&K, G::Output) -> O + 'static,
{
    fn apply(&mut self, changes: &mut Vec<(DatumKey<K>, DatumKey<A>, i64)>) {
        for (DatumKey(key), DatumKey(argument), diff) in changes.drain(..) {
            // Only arrivals come this way where the reducers care for order: none of them goes.
            self.update(key, 0, argument, diff);
        }
        self.update_all();
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let mut before = self.before.drain(..);
        self.state.seal(|key, group| {
            let before = before.next().flatten();
            self.reducers.settle(&mut group.state);
            let after = row_of(key, group, &*self.reducers, &*self.output).unwrap_or_else(|error| {
                self.untold.report(Level::Error, 1, format_args!("a group has no row for now: {error}"));
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

/// The same of whole rows: with one worker, where they need not be split before they are sent to their group, and
/// where their order matters.
struct Whole<R, T, S> {
    groups: T,
    split: S,
    in_order: Option<InOrder<R>>,
}

impl<R, K, A, G, O, F, S> Whole<R, Groups<K, A, G, O, F>, S>
where
    R: Schema,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
    F: Fn(&K, G::Output) -> O + 'static,
    S: Fn(&R) -> (K, A) + 'static,
{
    fn update(&mut self, changes: impl Iterator<Item = Change<R>>) {
        for change in changes {
            let (key, argument) = (self.split)(&change.row);
            let row = if self.in_order.is_some() { hash_of(&change.row) } else { 0 };
            self.groups.update(key, row, argument, change.diff);
        }
        self.groups.update_all();
    }
}

impl<R, K, A, G, O, F, S> StatefulOperator<Change<R>, O> for Whole<R, Groups<K, A, G, O, F>, S>
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
        match &mut self.in_order {
            Some(in_order) => in_order.append(changes),
            None => self.update(changes.drain(..)),
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        if let Some(in_order) = &mut self.in_order {
            let changes = in_order.settled();
            self.update(changes.into_iter());
        }
        self.groups.seal(emit);
    }
}
