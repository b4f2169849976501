//! `asof_now` of a left table of arrivals: the results are in the order of the left rows.

use std::sync::Arc;

use super::join;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{BinaryStatefulOperator, Changes, StatePart, Stateful, StatefulOperator};
use crate::operators::join::Join;
use crate::operators::join::kind::{JoinSpec, MakeRow};
use crate::operators::join::pending::Key;
use crate::operators::join::two_sided::Side;
use crate::operators::state::{InOrder, KeyedState, hash_of};
use crate::plan::{Build, Order, Table, TableProperties};
use crate::telemetry::OperatorContext;

/// A left row with its number in the sequence.
type Numbered<L> = (u64, Change<L>);

/// A change of either side with its number in the order of arrival.
type Arrival<L, R> = (u64, Option<Change<L>>, Option<Change<R>>);

/// Declares the table. The left table only grows, and is in the order of arrival.
pub(super) fn table<L: Schema, R: Schema, K: Datum, O: Schema>(
    tables: Join<L, R, K>,
    spec: JoinSpec<L, R, O>,
) -> Table<O> {
    let Join { left, right, left_key, right_key } = tables;
    let is_by_arrival = has_live_arrivals(left.properties()) && has_live_arrivals(right.properties());
    let properties = TableProperties { order: Order::Emission, append_only: true, ..TableProperties::default() };
    left.binary_operator(&right, "asof_now_join", properties, move |build, left, right, name| {
        let keys = (Arc::clone(&left_key), Arc::clone(&right_key));
        let row = Arc::clone(&spec.row);
        match is_by_arrival {
            true => by_arrival(build, (left, right), name, keys, row),
            false => by_commit(build, (left, right), name, keys, row),
        }
    })
}

/// Whether the changes of a table are on the first worker, and arrive while the pipeline runs, so that their order of arrival says
/// which came first. Those of a static table are there before all others.
fn has_live_arrivals(properties: TableProperties) -> bool {
    properties.order == Order::Arrival && !properties.is_static
}

fn by_arrival<L: Schema, R: Schema, K: Datum, O: Schema>(
    build: &mut Build<'_>,
    (left, right): (Changes<L>, Changes<R>),
    name: &OperatorContext,
    (left_key, right_key): (Key<L, K>, Key<R, K>),
    row: MakeRow<L, R, O>,
) -> Changes<O> {
    let lefts = build.dataflow.each(left, name, |changes: &mut Vec<Change<L>>, arrivals: &mut Vec<Arrival<L, R>>| {
        arrivals.extend(changes.drain(..).map(|change| (0, Some(change), None)));
    });
    let rights = build.dataflow.each(right, name, |changes: &mut Vec<Change<R>>, arrivals: &mut Vec<Arrival<L, R>>| {
        arrivals.extend(changes.drain(..).map(|change| (0, None, Some(change))));
    });
    let arrivals = build.dataflow.concat(lefts, rights);
    let mut next = 0;
    let arrivals = build.dataflow.each(arrivals, name, move |arrivals: &mut Vec<Arrival<L, R>>, numbered| {
        for (_, left, right) in arrivals.drain(..) {
            numbered.push((next, left, right));
            next += 1;
        }
    });
    let operator = ByArrival {
        left_key: Arc::clone(&left_key),
        right_key: Arc::clone(&right_key),
        rows: RightSide::new(),
        row,
        emitted: Vec::new(),
    };
    let route = move |(_, left, right): &Arrival<L, R>| match (left, right) {
        (Some(left), _) => hash_of(&left_key(&left.row)),
        (None, Some(right)) => hash_of(&right_key(&right.row)),
        (None, None) => 0,
    };
    let emitted = build.dataflow.stateful(arrivals, name, route, operator);
    build.dataflow.stateful(emitted, name, |_| 0, InOrder::new())
}

fn by_commit<L: Schema, R: Schema, K: Datum, O: Schema>(
    build: &mut Build<'_>,
    (left, right): (Changes<L>, Changes<R>),
    name: &OperatorContext,
    (left_key, right_key): (Key<L, K>, Key<R, K>),
    row: MakeRow<L, R, O>,
) -> Changes<O> {
    let mut next = 0;
    let left = build.dataflow.each(left, name, move |changes: &mut Vec<Change<L>>, numbered: &mut Vec<Numbered<L>>| {
        for change in changes.drain(..) {
            numbered.push((next, change));
            next += 1;
        }
    });
    let operator = ByCommit {
        left_key: Arc::clone(&left_key),
        right_key: Arc::clone(&right_key),
        rows: RightSide::new(),
        row,
        lefts: Vec::new(),
    };
    let emitted = build.dataflow.stateful_binary(
        (left, move |(_, change): &Numbered<L>| hash_of(&left_key(&change.row))),
        (right, move |change: &Change<R>| hash_of(&right_key(&change.row))),
        name,
        operator,
    );
    build.dataflow.stateful(emitted, name, |_| 0, InOrder::new())
}

/// The rows of the right side by key.
type RightSide<K, R> = KeyedState<K, Side<R>>;

/// Joins each left row with the right side as it is after what arrived before.
struct ByArrival<L, R, K, O> {
    left_key: Key<L, K>,
    right_key: Key<R, K>,
    rows: RightSide<K, R>,
    row: MakeRow<L, R, O>,
    emitted: Vec<(u64, Change<O>)>,
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> Stateful for ByArrival<L, R, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> StatefulOperator<Arrival<L, R>, (u64, Change<O>)>
    for ByArrival<L, R, K, O>
{
    fn apply(&mut self, items: &mut Vec<Arrival<L, R>>) {
        for (number, left, right) in items.drain(..) {
            if let Some(Change { row, diff }) = right {
                let (slot, _) = self.rows.entry((self.right_key)(&row));
                self.rows.value(slot).update(row, diff);
            }
            if let Some(Change { row, diff }) = left {
                let (slot, _) = self.rows.entry((self.left_key)(&row));
                let joined = join(&row, self.rows.value(slot), &*self.row);
                let joined = joined.into_iter().map(|(row, copies)| (number, Change { row, diff: copies * diff }));
                self.emitted.extend(joined);
            }
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut((u64, Change<O>))) {
        self.rows.seal(|_, rows| !rows.is_empty());
        self.emitted.drain(..).for_each(emit);
        // The most capacity that stays allocated after a large commit.
        self.emitted.shrink_to(1 << 10);
    }
}

/// Joins each left row with the right side as it is after the commit.
struct ByCommit<L, R, K, O> {
    left_key: Key<L, K>,
    right_key: Key<R, K>,
    rows: RightSide<K, R>,
    row: MakeRow<L, R, O>,
    /// The left rows of the open commit.
    lefts: Vec<Numbered<L>>,
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> Stateful for ByCommit<L, R, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> BinaryStatefulOperator<Numbered<L>, Change<R>, (u64, Change<O>)>
    for ByCommit<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Numbered<L>>) {
        self.lefts.append(items);
    }

    fn apply_right(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.rows.entry((self.right_key)(&row));
            self.rows.value(slot).update(row, diff);
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut((u64, Change<O>))) {
        for (number, Change { row, diff }) in self.lefts.drain(..) {
            let (slot, _) = self.rows.entry((self.left_key)(&row));
            let joined = join(&row, self.rows.value(slot), &*self.row);
            joined.into_iter().for_each(|(row, copies)| emit((number, Change { row, diff: copies * diff })));
        }
        self.rows.seal(|_, rows| !rows.is_empty());
        self.lefts.shrink_to(1 << 10);
    }
}
