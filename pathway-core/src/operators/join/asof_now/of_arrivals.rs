//! `asof_now` of a left table of arrivals: the results are in the order of the left rows.

use std::sync::Arc;

use super::join;
use crate::data::{Change, Datum, DatumKey, KeptRow, Schema};
use crate::dataflow::{BinaryStatefulOperator, Changes, Item, StatePart, Stateful, StatefulOperator, StatefulStep};
use crate::operators::join::Join;
use crate::operators::join::asof_now::side::Side;
use crate::operators::join::keep::{KeyedChanges, keyed};
use crate::operators::join::kind::{JoinSpec, MakeRow};
use crate::operators::join::pending::Keyed;
use crate::operators::state::{InOrder, KeyedState, WholeState, hash_of};
use crate::plan::{Build, Order, Table, TableProperties};
use crate::telemetry::OperatorContext;

/// An item with its number in the order of arrival.
type Numbered<T> = (u64, T);

/// A change of either side.
type Arrival<K, A, B> = (Option<Keyed<K, A>>, Option<Keyed<K, B>>);

/// Declares the table. The left table only grows, and is in the order of arrival.
pub(super) fn table<L: Schema, R: Schema, K: Datum, A: KeptRow, B: KeptRow, O: Schema>(
    tables: Join<L, R, K, A, B>,
    spec: JoinSpec<A, B, O>,
) -> Table<O> {
    let Join { left, right, left_key, right_key, left_keep, right_keep, .. } = tables;
    let is_by_arrival = has_live_arrivals(left.properties()) && has_live_arrivals(right.properties());
    let properties = TableProperties { order: Order::Emission, append_only: true, ..TableProperties::default() };
    left.binary_operator(&right, "asof_now_join", properties, move |build, left, right, name| {
        let (left_keep, right_keep) = (left_keep.clone(), right_keep.clone());
        let left = keyed(build, left, name, Arc::clone(&left_key), move |row| left_keep.take(row));
        let right = keyed(build, right, name, Arc::clone(&right_key), move |row| right_keep.take(row));
        let row = Arc::clone(&spec.row);
        match is_by_arrival {
            true => by_arrival(build, (left, right), name, row),
            false => by_commit(build, (left, right), name, row),
        }
    })
}

/// Whether the changes of a table are on the first worker, and arrive while the pipeline runs, so that their order of arrival says
/// which came first. Those of a static table are there before all others.
fn has_live_arrivals(properties: TableProperties) -> bool {
    properties.order == Order::Arrival && !properties.is_static
}

fn by_arrival<K: Datum, A: Datum, B: Datum, O: Schema>(
    build: &mut Build<'_>,
    (left, right): (KeyedChanges<K, A>, KeyedChanges<K, B>),
    name: &OperatorContext,
    row: MakeRow<A, B, O>,
) -> Changes<O> {
    let lefts = build.dataflow.each(left, name, |changes: &mut Vec<_>, arrivals: &mut Vec<Arrival<K, A, B>>| {
        arrivals.extend(changes.drain(..).map(|change| (Some(change), None)));
    });
    let rights = build.dataflow.each(right, name, |changes: &mut Vec<_>, arrivals: &mut Vec<Arrival<K, A, B>>| {
        arrivals.extend(changes.drain(..).map(|change| (None, Some(change))));
    });
    let arrivals = build.dataflow.concat(lefts, rights);
    let arrivals = build.dataflow.step(arrivals, name, Numbering::default());
    let operator = ByArrival { rows: RightSide::new(), row, emitted: Vec::new() };
    let route = |(_, (left, right)): &Numbered<Arrival<K, A, B>>| {
        let key = left.as_ref().map(|(key, _)| key).or(right.as_ref().map(|(key, _)| key));
        key.map_or(0, |key| hash_of(&key.0))
    };
    let emitted = build.dataflow.stateful(arrivals, name, route, operator);
    build.dataflow.stateful(emitted, name, |_| 0, InOrder::new())
}

fn by_commit<K: Datum, A: Datum, B: Datum, O: Schema>(
    build: &mut Build<'_>,
    (left, right): (KeyedChanges<K, A>, KeyedChanges<K, B>),
    name: &OperatorContext,
    row: MakeRow<A, B, O>,
) -> Changes<O> {
    let left = build.dataflow.step(left, name, Numbering::default());
    let operator = ByCommit { rows: RightSide::new(), row, lefts: Vec::new() };
    let emitted = build.dataflow.stateful_binary(
        (left, |(_, (key, _)): &Numbered<Keyed<K, A>>| hash_of(&key.0)),
        (right, |(key, _): &Keyed<K, B>| hash_of(&key.0)),
        name,
        operator,
    );
    build.dataflow.stateful(emitted, name, |_| 0, InOrder::new())
}

/// Numbers what arrives, on the first worker.
#[derive(Default)]
struct Numbering {
    next: WholeState<u64>,
}

impl Stateful for Numbering {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::first("next", &mut self.next)]
    }
}

impl<T: Item> StatefulStep<T, Numbered<T>> for Numbering {
    fn run(&mut self, items: &mut Vec<T>, numbered: &mut Vec<Numbered<T>>) {
        for item in items.drain(..) {
            numbered.push((*self.next, item));
            *self.next += 1;
        }
    }
}

/// The rows of the right side by key.
type RightSide<K, R> = KeyedState<K, Side<R>>;

/// Joins each left row with the right side as it is after what arrived before.
struct ByArrival<K, A, B, O> {
    rows: RightSide<K, B>,
    row: MakeRow<A, B, O>,
    emitted: Vec<Numbered<Change<O>>>,
}

impl<K: Datum, A: Datum, B: Datum, O: Datum> Stateful for ByArrival<K, A, B, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }
}

impl<K: Datum, A: Datum, B: Datum, O: Datum> StatefulOperator<Numbered<Arrival<K, A, B>>, Numbered<Change<O>>>
    for ByArrival<K, A, B, O>
{
    fn apply(&mut self, items: &mut Vec<Numbered<Arrival<K, A, B>>>) {
        for (number, (left, right)) in items.drain(..) {
            if let Some((DatumKey(key), Change { row, diff })) = right {
                let (slot, _) = self.rows.entry(key);
                self.rows.value(slot).update(row, diff);
            }
            if let Some((DatumKey(key), Change { row, diff })) = left {
                let (slot, _) = self.rows.entry(key);
                let joined = join(&row, self.rows.value(slot), &*self.row);
                let joined = joined.into_iter().map(|(row, copies)| (number, Change { row, diff: copies * diff }));
                self.emitted.extend(joined);
            }
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Numbered<Change<O>>)) {
        self.rows.seal(|_, rows| !rows.is_empty());
        self.emitted.drain(..).for_each(emit);
        // The most capacity that stays allocated after a large commit.
        self.emitted.shrink_to(1 << 10);
    }
}

/// Joins each left row with the right side as it is after the commit.
struct ByCommit<K, A, B, O> {
    rows: RightSide<K, B>,
    row: MakeRow<A, B, O>,
    /// The left rows of the open commit.
    lefts: Vec<Numbered<Keyed<K, A>>>,
}

impl<K: Datum, A: Datum, B: Datum, O: Datum> Stateful for ByCommit<K, A, B, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }
}

impl<K: Datum, A: Datum, B: Datum, O: Datum>
    BinaryStatefulOperator<Numbered<Keyed<K, A>>, Keyed<K, B>, Numbered<Change<O>>> for ByCommit<K, A, B, O>
{
    fn apply_left(&mut self, items: &mut Vec<Numbered<Keyed<K, A>>>) {
        self.lefts.append(items);
    }

    fn apply_right(&mut self, changes: &mut Vec<Keyed<K, B>>) {
        for (DatumKey(key), Change { row, diff }) in changes.drain(..) {
            let (slot, _) = self.rows.entry(key);
            self.rows.value(slot).update(row, diff);
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Numbered<Change<O>>)) {
        for (number, (DatumKey(key), Change { row, diff })) in self.lefts.drain(..) {
            let (slot, _) = self.rows.entry(key);
            let joined = join(&row, self.rows.value(slot), &*self.row);
            joined.into_iter().for_each(|(row, copies)| emit((number, Change { row, diff: copies * diff })));
        }
        self.rows.seal(|_, rows| !rows.is_empty());
        self.lefts.shrink_to(1 << 10);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataflow::copy_state;
    use crate::operators::test_restarts::{check_restarts, joined, random_history};
    use crate::operators::test_rows::Row;

    /// A history whose left rows are only inserted, with numbers.
    fn numbered_history(seed: u64) -> Vec<Vec<Numbered<Arrival<i64, Row, Row>>>> {
        let mut numbering = Numbering::default();
        let commits = random_history(seed).into_iter().map(|changes| {
            let is_left = |change: &Change<Row>| change.row.value == 0;
            let changes = changes.into_iter().filter(|change| !is_left(change) || change.diff > 0);
            let mut arrivals = changes
                .map(|change| {
                    let (is_left, keyed) = (is_left(&change), (DatumKey(change.row.key), change));
                    if is_left { (Some(keyed), None) } else { (None, Some(keyed)) }
                })
                .collect();
            let mut numbered = Vec::new();
            numbering.run(&mut arrivals, &mut numbered);
            numbered
        });
        commits.collect()
    }

    fn route((_, (left, right)): &Numbered<Arrival<i64, Row, Row>>) -> u64 {
        left.as_ref().or(right.as_ref()).map_or(0, |(key, _)| hash_of(&key.0))
    }

    fn row() -> MakeRow<Row, Row, Row> {
        Arc::new(|left, right| Some(joined(left, right)))
    }

    #[test]
    fn restarts_change_nothing_by_arrival() {
        let make = || ByArrival { rows: RightSide::new(), row: row(), emitted: Vec::new() };
        check_restarts(3, make, numbered_history, route, |operator, mut items| {
            operator.apply(&mut items);
            let mut emitted = Vec::new();
            operator.seal(&mut |(number, change)| emitted.push(((number, change.row), change.diff)));
            emitted
        });
    }

    #[test]
    fn restarts_change_nothing_by_commit() {
        let make = || ByCommit { rows: RightSide::new(), row: row(), lefts: Vec::new() };
        check_restarts(3, make, numbered_history, route, |operator, items| {
            for (number, (left, right)) in items {
                operator.apply_left(&mut left.into_iter().map(|change| (number, change)).collect());
                operator.apply_right(&mut right.into_iter().collect());
            }
            let mut emitted = Vec::new();
            operator.seal(&mut |(number, change)| emitted.push(((number, change.row), change.diff)));
            emitted
        });
    }

    #[test]
    fn numbers_go_on_after_a_restart() {
        let (mut before, mut after, mut numbered) = (Numbering::default(), Numbering::default(), Vec::new());
        before.run(&mut vec!['a', 'b'], &mut numbered);
        copy_state(&mut before, &mut after);
        after.run(&mut vec!['c'], &mut numbered);
        assert_eq!(numbered, [(0, 'a'), (1, 'b'), (2, 'c')]);
    }
}
