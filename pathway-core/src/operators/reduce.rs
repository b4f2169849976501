//! The operator behind `reduce`: keeps one row for each group up to date.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::reducers::{ReduceError, Reducer};
use super::state::{KeyedState, OrderedChanges, Slot, hash_of, identity_if_needed};
use crate::data::{Change, Datum, DatumKey, RowIdentity, Schema};
use crate::dataflow::{Changes, DataflowBuilder, StatePart, Stateful, StatefulOperator};
use crate::plan::TableProperties;
use crate::telemetry::{OperatorContext, OperatorReports};

/// A reduction: the key of a row, the arguments of the reducers, and the row of a group.
pub(super) struct ReduceSpec<R, K, A, F, G, O> {
    pub(super) key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    pub(super) arguments: Arc<F>,
    pub(super) reducers: Arc<G>,
    pub(super) output: Arc<O>,
    pub(super) argument: PhantomData<fn() -> A>,
}

/// Reduces the groups of a table. The hash of its key decides on which worker a group is.
pub(super) fn reduce<R, K, A, F, G, M, O>(
    dataflow: &mut DataflowBuilder<'_>,
    changes: Changes<R>,
    name: &OperatorContext,
    input: TableProperties,
    spec: ReduceSpec<R, K, A, F, G, M>,
) -> Changes<O>
where
    R: Schema,
    K: Datum,
    A: Datum,
    F: Fn(&R) -> A + Send + Sync + 'static,
    G: Reducer<A>,
    M: Fn(&K, G::Output) -> O + Send + Sync + 'static,
    O: Schema,
{
    let ReduceSpec { key, arguments, reducers, output, .. } = spec;
    let groups = Groups {
        state: KeyedState::<K, Group<G::State>>::new(),
        before: Vec::new(),
        reducers,
        output,
        reports: OperatorReports::new(name),
        keys: Vec::new(),
        arguments: Vec::new(),
        slots: Vec::new(),
    };
    let ordered = OrderedChanges::if_needed::<A, G>(input);
    let by_key = Arc::clone(&key);
    let split = move |row: &R| (key(row), arguments(row));
    if dataflow.is_only_worker() || ordered.is_some() {
        let route = move |change: &Change<R>| hash_of(&by_key(&change.row));
        let identity = identity_if_needed::<R, A, G>(input);
        return dataflow.stateful(changes, name, route, RowGroups { groups, split, ordered, identity });
    }
    let split = dataflow.each(changes, name, move |changes, split_changes| {
        split_changes.extend(changes.drain(..).map(|change| {
            let (key, argument) = split(&change.row);
            (DatumKey(key), DatumKey(argument), change.diff)
        }));
    });
    dataflow.stateful(split, name, |(key, _, _): &(DatumKey<K>, DatumKey<A>, i64)| hash_of(&key.0), groups)
}

/// All groups of one worker.
struct Groups<K, A, G: Reducer<A>, O, F> {
    state: KeyedState<K, Group<G::State>>,
    /// For each dirty key, in the same order: the row of its group before the open commit.
    before: Vec<Option<O>>,
    reducers: Arc<G>,
    output: Arc<F>,
    /// Reports groups whose reducers have no value.
    reports: OperatorReports,
    /// Keys that are to be looked up together, the arguments for each, and the slots that were found.
    keys: Vec<K>,
    arguments: Vec<(A, u64, i64)>,
    slots: Vec<(Slot, bool)>,
}

#[derive(Default, Serialize, Deserialize)]
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
    /// How many keys are looked up together: few enough that their groups are still in the nearest caches when they are updated.
    const LOOKUP_BATCH: usize = 128;

    /// `row` identifies the row, for reducers that need it.
    fn update(&mut self, key: K, row: u64, argument: A, diff: i64) {
        self.keys.push(key);
        self.arguments.push((argument, row, diff));
        if self.keys.len() == Self::LOOKUP_BATCH {
            self.flush();
        }
    }

    /// Updates the groups of the collected keys.
    fn flush(&mut self) {
        let mut slots = std::mem::take(&mut self.slots);
        let mut arguments = std::mem::take(&mut self.arguments);
        self.state.entries(&mut self.keys, &mut slots);
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

    /// The current row of a group.
    fn row_of(&mut self, slot: Slot) -> Option<O> {
        let (key, group) = self.state.key_value(slot);
        row_of(key, group, &*self.reducers, &*self.output).unwrap_or_default()
    }
}

/// The current row of a group: `None` if the group is empty, an error if its reducers have no value.
fn row_of<K, A, G: Reducer<A>, O>(
    key: &K,
    group: &Group<G::State>,
    reducers: &G,
    output: &impl Fn(&K, G::Output) -> O,
) -> Result<Option<O>, ReduceError> {
    if group.rows <= 0 {
        return Ok(None);
    }
    reducers.output(&group.state).map(|reduced| Some(output(key, reduced)))
}

impl<K: Datum, A: 'static, G: Reducer<A>, O: 'static, F: 'static> Stateful for Groups<K, A, G, O, F> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("groups", &mut self.state).of_ordered_rows()]
    }
}

impl<K, A, G, O, F> StatefulOperator<(DatumKey<K>, DatumKey<A>, i64), Change<O>> for Groups<K, A, G, O, F>
where
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
    F: Fn(&K, G::Output) -> O + 'static,
{
    fn apply(&mut self, changes: &mut Vec<(DatumKey<K>, DatumKey<A>, i64)>) {
        for (DatumKey(key), DatumKey(argument), diff) in changes.drain(..) {
            // If the reducers depend on the order, only arrivals are split: no row is ever removed, and none needs an identity.
            self.update(key, 0, argument, diff);
        }
        self.flush();
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let mut before = self.before.drain(..);
        self.state.seal(|key, group| {
            let before = before.next().flatten();
            self.reducers.finish_commit(&mut group.state);
            let after = row_of(key, group, &*self.reducers, &*self.output).unwrap_or_else(|error| {
                self.reports.error(format_args!("a group has no row at present: {error}"));
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

/// Groups that receive whole rows: with one worker, where rows need not be split before they are sent to their group, and with
/// reducers that depend on the order of rows.
struct RowGroups<R, T, S> {
    groups: T,
    split: S,
    ordered: Option<OrderedChanges<R>>,
    /// If the reducers tell rows apart.
    identity: Option<RowIdentity<R>>,
}

impl<R, K, A, G, O, F, S> RowGroups<R, Groups<K, A, G, O, F>, S>
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
            let row = self.identity.as_ref().map_or(0, |identity| identity.hash(&change.row));
            self.groups.update(key, row, argument, change.diff);
        }
        self.groups.flush();
    }
}

impl<R: Schema, T: Stateful, S: 'static> Stateful for RowGroups<R, T, S> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        let is_identified = self.identity.is_some();
        let states = self.groups.states().into_iter();
        states.map(|part| if is_identified { part.of_identified_rows::<R>() } else { part }).collect()
    }
}

impl<R, K, A, G, O, F, S> StatefulOperator<Change<R>, Change<O>> for RowGroups<R, Groups<K, A, G, O, F>, S>
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
        match &mut self.ordered {
            Some(ordered) => ordered.append(changes),
            None => self.update(changes.drain(..)),
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        if let Some(ordered) = &mut self.ordered {
            let changes = ordered.take_net();
            self.update(changes.into_iter());
        }
        self.groups.seal(emit);
    }
}
