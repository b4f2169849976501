//! `asof_now` of a left table of arrivals: the results are in the order of the left rows.

use std::sync::Arc;

use super::join;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{BinaryStatefulOperator, Changes, Item, StatePart, Stateful, StatefulOperator, StatefulStep};
use crate::operators::join::Join;
use crate::operators::join::kind::{JoinSpec, MakeRow};
use crate::operators::join::pending::Key;
use crate::operators::join::two_sided::Side;
use crate::operators::state::{InOrder, KeyedState, WholeState, hash_of};
use crate::plan::{Build, Order, Table, TableProperties};
use crate::telemetry::OperatorContext;

/// An item with its number in the order of arrival.
type Numbered<T> = (u64, T);

/// A change of either side.
type Arrival<L, R> = (Option<Change<L>>, Option<Change<R>>);

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
        arrivals.extend(changes.drain(..).map(|change| (Some(change), None)));
    });
    let rights = build.dataflow.each(right, name, |changes: &mut Vec<Change<R>>, arrivals: &mut Vec<Arrival<L, R>>| {
        arrivals.extend(changes.drain(..).map(|change| (None, Some(change))));
    });
    let arrivals = build.dataflow.concat(lefts, rights);
    let arrivals = build.dataflow.step(arrivals, name, Numbering::default());
    let operator = ByArrival {
        left_key: Arc::clone(&left_key),
        right_key: Arc::clone(&right_key),
        rows: RightSide::new(),
        row,
        emitted: Vec::new(),
    };
    let route = move |(_, (left, right)): &Numbered<Arrival<L, R>>| match (left, right) {
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
    let left = build.dataflow.step(left, name, Numbering::default());
    let operator = ByCommit {
        left_key: Arc::clone(&left_key),
        right_key: Arc::clone(&right_key),
        rows: RightSide::new(),
        row,
        lefts: Vec::new(),
    };
    let emitted = build.dataflow.stateful_binary(
        (left, move |(_, change): &Numbered<Change<L>>| hash_of(&left_key(&change.row))),
        (right, move |change: &Change<R>| hash_of(&right_key(&change.row))),
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
struct ByArrival<L, R, K, O> {
    left_key: Key<L, K>,
    right_key: Key<R, K>,
    rows: RightSide<K, R>,
    row: MakeRow<L, R, O>,
    emitted: Vec<Numbered<Change<O>>>,
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> Stateful for ByArrival<L, R, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> StatefulOperator<Numbered<Arrival<L, R>>, Numbered<Change<O>>>
    for ByArrival<L, R, K, O>
{
    fn apply(&mut self, items: &mut Vec<Numbered<Arrival<L, R>>>) {
        for (number, (left, right)) in items.drain(..) {
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

    fn seal(&mut self, emit: &mut dyn FnMut(Numbered<Change<O>>)) {
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
    lefts: Vec<Numbered<Change<L>>>,
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> Stateful for ByCommit<L, R, K, O> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema>
    BinaryStatefulOperator<Numbered<Change<L>>, Change<R>, Numbered<Change<O>>> for ByCommit<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Numbered<Change<L>>>) {
        self.lefts.append(items);
    }

    fn apply_right(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.rows.entry((self.right_key)(&row));
            self.rows.value(slot).update(row, diff);
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Numbered<Change<O>>)) {
        for (number, Change { row, diff }) in self.lefts.drain(..) {
            let (slot, _) = self.rows.entry((self.left_key)(&row));
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
    fn numbered_history(seed: u64) -> Vec<Vec<Numbered<Arrival<Row, Row>>>> {
        let mut numbering = Numbering::default();
        let commits = random_history(seed).into_iter().map(|changes| {
            let is_left = |change: &Change<Row>| change.row.value == 0;
            let changes = changes.into_iter().filter(|change| !is_left(change) || change.diff > 0);
            let mut arrivals = changes
                .map(|change| if is_left(&change) { (Some(change), None) } else { (None, Some(change)) })
                .collect();
            let mut numbered = Vec::new();
            numbering.run(&mut arrivals, &mut numbered);
            numbered
        });
        commits.collect()
    }

    fn route((_, (left, right)): &Numbered<Arrival<Row, Row>>) -> u64 {
        left.as_ref().or(right.as_ref()).map_or(0, |change| hash_of(&change.row.key))
    }

    fn key() -> Key<Row, i64> {
        Arc::new(|row: &Row| row.key)
    }

    fn row() -> MakeRow<Row, Row, Row> {
        Arc::new(|left, right| Some(joined(left, right)))
    }

    #[test]
    fn restarts_change_nothing_by_arrival() {
        let make =
            || ByArrival { left_key: key(), right_key: key(), rows: RightSide::new(), row: row(), emitted: Vec::new() };
        check_restarts(3, make, numbered_history, route, |operator, mut items| {
            operator.apply(&mut items);
            let mut emitted = Vec::new();
            operator.seal(&mut |(number, change)| emitted.push(((number, change.row), change.diff)));
            emitted
        });
    }

    #[test]
    fn restarts_change_nothing_by_commit() {
        let make =
            || ByCommit { left_key: key(), right_key: key(), rows: RightSide::new(), row: row(), lefts: Vec::new() };
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
