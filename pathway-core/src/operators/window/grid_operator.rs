//! The operator behind tumbling and sliding windows: keeps one row for each window and key up to date.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::emission::{WindowOperator, WindowTime, emit_closed};
use super::grid::Grid;
use super::spec::{KeyedChange, WindowSpec};
use super::time::EventTime;
use super::windows::{EmitMode, Window};
use crate::data::{Change, Datum, DatumKey, RowIdentity, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::operators::reducers::{ReduceError, Reducer};
use crate::operators::state::{
    JumpReports, Observed, OrderedChanges, RoutedState, Slot, Stamped, hash_of, identity_if_needed,
};
use crate::plan::TableProperties;
use crate::telemetry::{OperatorContext, OperatorReports};

/// The windows of one worker.
pub(super) struct GridWindows<R, T, K, A, G: Reducer<A>, O> {
    spec: Arc<WindowSpec<R, T, K, A, G, O>>,
    grid: Grid,
    /// All windows of a key are on one worker.
    state: RoutedState<(T, K), Group<G::State>>,
    /// For each dirty group, in the same order: its row before the open commit.
    before: Vec<Option<O>>,
    /// The groups of windows that will close, by the time at which they close.
    closing: Closing,
    event_time: WindowTime,
    jumps: JumpReports,
    /// Whether a removal of a row that was forgotten is nothing to report if its window is closed.
    ignores_removals: bool,
    /// Reports late rows, and windows whose reducers have no value.
    reports: OperatorReports,
    /// The rows of the open commit with the starts of their windows, for reducers that depend on the order of rows.
    ordered: Option<OrderedChanges<(T, R)>>,
    /// If the reducers tell rows apart.
    identity: Option<RowIdentity<R>>,
    argument: PhantomData<fn(A)>,
}

/// A change as it is sent to the worker of its key: once, whatever the number of its windows. The row itself is sent only to
/// reducers that depend on the order of rows, where these have to be sorted.
pub(super) type GridChange<K, A, R> = (KeyedChange<K, A>, Option<Box<DatumKey<R>>>);

/// The groups of windows that will close, by the time at which they close.
type Closing = BTreeMap<i128, Vec<Slot>>;

/// Enters a group. Returns its index among those that close at the same time.
fn enter(closing: &mut Closing, closes: i128, slot: Slot) -> u32 {
    let slots = closing.entry(closes).or_default();
    slots.push(slot);
    slots.len() as u32 - 1
}

#[derive(Default, Serialize, Deserialize)]
struct Group<S> {
    /// How many rows it has. Without rows there is no output, whatever the state says.
    rows: i64,
    state: S,
    /// Its index among the groups that close at the same time.
    #[serde(skip)]
    index: u32,
}

impl<R, T, K, A, G, O> GridWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    pub(super) fn new(
        spec: Arc<WindowSpec<R, T, K, A, G, O>>,
        grid: Grid,
        input: TableProperties,
        event_time: WindowTime,
        name: &OperatorContext,
    ) -> Self {
        GridWindows {
            spec,
            state: RoutedState::new(|(_, key)| hash_of(key)),
            before: Vec::new(),
            closing: BTreeMap::new(),
            event_time,
            jumps: JumpReports::new(name, grid.length()),
            grid,
            ignores_removals: input.forgets,
            reports: OperatorReports::new(name),
            ordered: OrderedChanges::if_needed::<A, G>(input),
            identity: identity_if_needed::<R, A, G>(input),
            argument: PhantomData,
        }
    }

    /// Makes what is sent of a change.
    pub(super) fn change_to_send(&self) -> impl Fn(Change<R>) -> GridChange<K, A, R> + use<R, T, K, A, G, O> {
        let (spec, needs_row) = (Arc::clone(&self.spec), self.ordered.is_some());
        move |change| (spec.keyed(&change), needs_row.then(|| Box::new(DatumKey(change.row))))
    }

    /// Adds a change to the windows of its row.
    fn add_row(&mut self, change: &Change<R>, now: Option<i128>) {
        let Change { row, diff } = change;
        let time = (self.spec.time)(row).ticks();
        for start in self.grid.starts(time).map(T::at) {
            let closes = self.spec.closes(&self.grid, start);
            if self.is_late(start, closes, now, (time, *diff)) {
                continue;
            }
            match &mut self.ordered {
                Some(ordered) => ordered.push(Change { row: (start, row.clone_datum()), diff: *diff }),
                None => self.add_row_to(start, closes, change),
            }
        }
    }

    /// The same for a change that another worker has sent.
    fn add_sent(&mut self, (change, row): GridChange<K, A, R>, now: Option<i128>) {
        let (DatumKey(key), time, DatumKey(argument), diff) = change;
        let mut starts = self.grid.starts(time).map(T::at).peekable();
        let mut values = Some((key, argument));
        while let Some(start) = starts.next() {
            let closes = self.spec.closes(&self.grid, start);
            if self.is_late(start, closes, now, (time, diff)) {
                continue;
            }
            if let (Some(ordered), Some(row)) = (&mut self.ordered, &row) {
                ordered.push(Change { row: (start, row.0.clone_datum()), diff });
                continue;
            }
            // The last window takes what the others copy.
            let copies = match starts.peek() {
                Some(_) => values.as_ref().map(|(key, argument)| (key.clone_datum(), argument.clone_datum())),
                None => values.take(),
            };
            let Some((key, argument)) = copies else { return };
            self.add(start, closes, key, (argument, 0), diff);
        }
    }

    /// Whether a window was closed at this event time, so that a change of a row of this time is dropped there. Reports it.
    fn is_late(&mut self, start: T, closes: Option<i128>, now: Option<i128>, (time, diff): (i128, i64)) -> bool {
        let Some(now) = now.filter(|now| closes.is_some_and(|closes| *now >= closes)) else { return false };
        if diff > 0 || !self.ignores_removals {
            let what = format_args!(
                "a change of a row of {} arrived too late for the window from {start}, which is closed, and is dropped \
                 there; event time is {}",
                T::at(time),
                T::at(now)
            );
            self.reports.late(diff.unsigned_abs(), what);
        }
        true
    }

    /// Adds a row to one of its windows, which closes at this time.
    fn add_row_to(&mut self, start: T, closes: Option<i128>, Change { row, diff }: &Change<R>) {
        let argument = (self.spec.arguments)(row);
        let identity = self.identity.as_ref().map_or(0, |identity| identity.hash(row));
        self.add(start, closes, (self.spec.key)(row), (argument, identity), *diff);
    }

    /// Adds the arguments of the reducers to a window that closes at this time, with the identity of their row.
    fn add(&mut self, start: T, closes: Option<i128>, key: K, (argument, identity): (A, u64), diff: i64) {
        let (slot, first) = self.state.entry((start, key));
        if first {
            let ((_, key), group) = self.state.key_value(slot);
            let is_new = group.rows == 0;
            // A window that is emitted on close has no row before.
            if self.spec.policy.emit != EmitMode::OnClose {
                let before = row_of(&self.spec, &self.grid, start, key, group);
                self.before.push(before.unwrap_or_default());
            }
            if let Some(closes) = closes.filter(|_| is_new) {
                group.index = enter(&mut self.closing, closes, slot);
            }
        }
        let group = self.state.value(slot);
        group.rows += diff;
        if G::ORDERED {
            self.spec.reducers.update_row(&mut group.state, identity, argument, diff);
        } else {
            self.spec.reducers.update(&mut group.state, argument, diff);
        }
    }

    fn commit(&mut self, emit: &mut impl FnMut(i128, Change<O>)) {
        if let Some(ordered) = &mut self.ordered {
            for Change { row: (start, row), diff } in ordered.take_net() {
                self.add_row_to(start, self.spec.closes(&self.grid, start), &Change { row, diff });
            }
        }
        let now = self.event_time.seal();
        if self.spec.policy.emit == EmitMode::OnClose {
            // First, so that nothing is done for these groups because they have changed: only their rows are emitted.
            self.close(now, emit);
            self.finish_changed(now, emit);
        } else {
            self.finish_changed(now, emit);
            self.close(now, emit);
        }
    }

    /// Emits the changes of the groups that the commit has changed, and removes those that are empty or closed.
    fn finish_changed(&mut self, now: Option<i128>, emit: &mut impl FnMut(i128, Change<O>)) {
        let GridWindows { spec, grid, state, before, closing, reports, .. } = self;
        let has_closed = |closes: Option<i128>| closes.is_some_and(|closes| now.is_some_and(|now| now >= closes));
        let mode = spec.policy.emit;
        let mut befores = before.drain(..);
        // In descending order of their indices, so that `swap_remove` moves only groups that stay.
        let mut removed = Vec::new();
        state.seal(|(start, key), group| {
            let closes = spec.closes(grid, *start);
            let closed = has_closed(closes);
            spec.reducers.finish_commit(&mut group.state);
            let before = befores.next().flatten();
            let is_emitted = mode != if closed { EmitMode::UntilClose } else { EmitMode::OnClose };
            let after = if is_emitted { row_or_report(spec, grid, *start, key, group, reports) } else { None };
            let unchanged = matches!((&before, &after), (Some(before), Some(after)) if before.compare(after).is_eq());
            if !unchanged {
                before
                    .map(Change::remove)
                    .into_iter()
                    .chain(after.map(Change::insert))
                    .for_each(|change| emit(0, change));
            }
            let stays = group.rows != 0 && !closed;
            if !stays {
                removed.extend(closes.map(|closes| (closes, Reverse(group.index))));
            }
            stays
        });
        drop(befores);
        removed.sort_unstable();
        for (closes, Reverse(index)) in removed {
            let Some(slots) = closing.get_mut(&closes) else { continue };
            slots.swap_remove(index as usize);
            match slots.get(index as usize).and_then(|moved| state.update(*moved)) {
                Some((_, group)) => group.index = index,
                None if slots.is_empty() => drop(closing.remove(&closes)),
                None => {}
            }
        }
    }

    /// Closes windows, those first that close first: removes their groups, and emits what that changes.
    fn close(&mut self, now: Option<i128>, emit: &mut impl FnMut(i128, Change<O>)) {
        let GridWindows { spec, grid, state, closing, reports, .. } = self;
        let mut rows = Vec::new();
        while let Some(entry) = closing.first_entry().filter(|entry| now.is_some_and(|now| now >= *entry.key())) {
            let closes = *entry.key();
            for slot in entry.remove() {
                let Some(((start, key), mut group)) = state.remove_if(slot, |_| true) else { continue };
                if spec.policy.emit != EmitMode::Always {
                    spec.reducers.finish_commit(&mut group.state);
                    rows.extend(row_or_report(spec, grid, start, &key, &group, reports));
                }
            }
            match spec.policy.emit {
                EmitMode::OnClose => emit_closed(closes, &mut rows, emit),
                _ => rows.drain(..).for_each(|row| emit(0, Change::remove(row))),
            }
        }
    }
}

/// The current row of a group; none, and a report, if its reducers have no value.
fn row_or_report<R, T: EventTime, K, A, G: Reducer<A>, O>(
    spec: &WindowSpec<R, T, K, A, G, O>,
    grid: &Grid,
    start: T,
    key: &K,
    group: &Group<G::State>,
    reports: &mut OperatorReports,
) -> Option<O> {
    row_of(spec, grid, start, key, group).unwrap_or_else(|error| {
        reports.error(format_args!("a window has no row at present: {error}"));
        None
    })
}

/// The current row of a group: `None` if the group is empty, an error if its reducers have no value.
fn row_of<R, T: EventTime, K, A, G: Reducer<A>, O>(
    spec: &WindowSpec<R, T, K, A, G, O>,
    grid: &Grid,
    start: T,
    key: &K,
    group: &Group<G::State>,
) -> Result<Option<O>, ReduceError> {
    if group.rows <= 0 {
        return Ok(None);
    }
    let window = Window { start, end: T::at(grid.end(start.ticks())) };
    spec.reducers.output(&group.state).map(|reduced| Some((spec.output)(key, window, reduced)))
}

impl<R: Schema, T: EventTime, K: Datum, A: Datum, G: Reducer<A>, O: 'static> Stateful
    for GridWindows<R, T, K, A, G, O>
{
    fn states(&mut self) -> Vec<StatePart<'_>> {
        let mut states = self.event_time.states();
        let windows = StatePart::partitioned("windows", &mut self.state).of_ordered_rows();
        states.push(if self.identity.is_some() { windows.of_identified_rows::<R>() } else { windows });
        states
    }

    fn loaded(&mut self) {
        let GridWindows { spec, grid, state, closing, event_time, .. } = self;
        event_time.loaded();
        closing.clear();
        state.visit_loaded(|slot, (start, _), group| {
            let Some(closes) = spec.closes(grid, *start) else { return };
            group.index = enter(closing, closes, slot);
        });
    }
}

/// With one worker and without a clock: the rows alone.
impl<R, T, K, A, G, O> WindowOperator<Change<R>, O> for GridWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn receive(&mut self, changes: &mut Vec<Change<R>>) {
        for change in changes.drain(..) {
            let time = self.spec.event_time(&change.row);
            let now = time.and_then(|time| self.event_time.arrive(time, &change, &mut self.jumps));
            self.add_row(&change, now);
        }
    }

    fn commit(&mut self, emit: &mut impl FnMut(i128, Change<O>)) {
        self.commit(emit);
    }
}

/// With several workers or with a clock, and rows in the order of arrival: each with event time before it.
impl<R, T, K, A, G, O> WindowOperator<Stamped<GridChange<K, A, R>>, O> for GridWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn receive(&mut self, items: &mut Vec<Stamped<GridChange<K, A, R>>>) {
        for (change, _, time) in items.drain(..) {
            match change {
                Some(change) => self.add_sent(change, time),
                None => self.event_time.advance_to(time),
            }
        }
    }

    fn commit(&mut self, emit: &mut impl FnMut(i128, Change<O>)) {
        self.commit(emit);
    }
}

/// With several workers or with a clock, and rows in another order: the rows of this worker's keys, and the times of all rows
/// from all workers.
impl<R, T, K, A, G, O> BinaryStatefulOperator<GridChange<K, A, R>, Observed, Change<O>>
    for GridWindows<R, T, K, A, G, O>
where
    R: Schema,
    T: EventTime,
    K: Datum,
    A: Datum,
    G: Reducer<A>,
    O: Schema,
{
    fn apply_left(&mut self, changes: &mut Vec<GridChange<K, A, R>>) {
        let now = self.event_time.now();
        changes.drain(..).for_each(|change| self.add_sent(change, now));
    }

    fn apply_right(&mut self, observed: &mut Vec<Observed>) {
        observed.drain(..).for_each(|observed| self.event_time.observe(observed));
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        self.commit(&mut |_, change| emit(change));
    }
}

#[cfg(test)]
mod tests;
