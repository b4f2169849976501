//! `neighbours`: each row with the rows before and behind it in an order of its group.

use std::sync::Arc;

use super::group::Grouped;
use super::reducers::Multiset;
use super::state::{KeyedState, Slot};
use crate::data::{Change, Datum, DatumKey, Schema, sort_by};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
use crate::plan::{Order, Table, net};

impl<R: Schema, K: Datum> Grouped<R, K> {
    /// Makes a new row of each row and its neighbours in an order of its group: the row before it and the row behind it.
    ///
    /// `order` computes from a row what the rows of a group are sorted by, in ascending order; a tuple sorts by several values, and
    /// [`Reverse`](std::cmp::Reverse) reverses the order of one. Rows for which it returns the same are in the order of the rows
    /// themselves, column by column. `row` makes the new row of a row, the previous one and the next one: `None` before the first
    /// row and behind the last one.
    ///
    /// Equal rows stand next to each other: of three copies of a row, the first one has a copy as its next row, the second one has
    /// copies on both sides, and the third one has a copy as its previous row.
    ///
    /// When a row comes or goes, only its own new row and those of its neighbours change.
    ///
    /// The result is like SQL's `LAG(…) OVER (PARTITION BY … ORDER BY …)` and `LEAD`, and like `prev` and `next` of Pathway's `sort`.
    /// For rows that only arrive, and in the order of their arrival, [`scan`](Grouped::scan) keeps less.
    ///
    /// Memory: every row, with what `order` returns, and about 25 bytes. A change costs a few searches in the sorted rows of its
    /// group, whatever their number.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// #[derive(Schema)]
    /// struct Reading { sensor: i64, at: i64, degrees: i64 }
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Step { sensor: i64, at: i64, rise: Option<i64>, until: Option<i64> }
    ///
    /// # let pipeline = Pipeline::new();
    /// # let readings = [(1, 10, 20), (1, 30, 25), (1, 20, 21), (2, 10, 3)];
    /// # let readings = pipeline.rows(readings.map(|(sensor, at, degrees)| Reading { sensor, at, degrees }));
    /// let steps = readings
    ///     .group_by(|r| r.sensor)
    ///     .neighbours(
    ///         |r| r.at,
    ///         |r, previous, next| Step {
    ///             sensor: r.sensor,
    ///             at: r.at,
    ///             rise: previous.map(|previous| r.degrees - previous.degrees),
    ///             until: next.map(|next| next.at),
    ///         },
    ///     )
    ///     .collect();
    /// # pipeline.run()?;
    /// let step = |sensor, at, rise, until| Step { sensor, at, rise, until };
    /// let of_sensor_1 = [step(1, 10, None, Some(20)), step(1, 20, Some(1), Some(30)), step(1, 30, Some(4), None)];
    /// assert_eq!(steps.rows()[..3], of_sensor_1);
    /// assert_eq!(steps.rows()[3], step(2, 10, None, None));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn neighbours<V: Datum, O: Schema>(
        self,
        order: impl Fn(&R) -> V + Send + Sync + 'static,
        row: impl Fn(&R, Option<&R>, Option<&R>) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let spec = Arc::new(NeighboursSpec { order, row });
        self.operator("neighbours", move |key| Neighbours::new(key, Arc::clone(&spec)))
    }
}

/// What `neighbours` computes.
struct NeighboursSpec<F, M> {
    order: F,
    row: M,
}

/// The rows of a group, sorted.
type Sorted<V, R> = Multiset<(V, R)>;

/// The groups of one worker.
struct Neighbours<R: Schema, K, V: Datum, F, M> {
    groups: KeyedState<K, Sorted<V, R>>,
    /// The changes of the open commit, each with the slot of its group.
    changes: Vec<(Slot, Change<(V, R)>)>,
    key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    spec: Arc<NeighboursSpec<F, M>>,
}

impl<R, K, V, F, M> Neighbours<R, K, V, F, M>
where
    R: Schema,
    K: Datum,
    V: Datum,
{
    fn new(key: Arc<dyn Fn(&R) -> K + Send + Sync>, spec: Arc<NeighboursSpec<F, M>>) -> Self {
        Neighbours { groups: KeyedState::new(), changes: Vec::new(), key, spec }
    }
}

/// The rows whose new rows can change when other rows do: those, and their neighbours. A row that becomes the neighbour of a new
/// one, because the rows between them are removed, was the neighbour of a removed one.
fn affected<V: Datum, R: Datum>(rows: &Sorted<V, R>, changes: &[Change<(V, R)>]) -> Vec<DatumKey<(V, R)>> {
    let mut affected = Vec::with_capacity(3 * changes.len());
    for Change { row, .. } in changes {
        let row = DatumKey(row.clone_datum());
        let (previous, next) = rows.neighbours(&row);
        affected.extend(previous.into_iter().chain(next).map(|neighbour| DatumKey(neighbour.clone_datum())));
        affected.push(row);
    }
    sort_by(&mut affected, Ord::cmp);
    affected.dedup();
    affected
}

/// The new rows of the copies of a row, `sign` times.
fn new_rows<V: Datum, R: Schema, O>(
    rows: &Sorted<V, R>,
    row: &DatumKey<(V, R)>,
    sign: i64,
    make: impl Fn(&R, Option<&R>, Option<&R>) -> O,
    emit: &mut impl FnMut(Change<O>),
) {
    let copies = rows.copies(&row.0);
    if copies <= 0 {
        return;
    }
    let (previous, next) = rows.neighbours(row);
    let (previous, next) = (previous.map(|(_, row)| row), next.map(|(_, row)| row));
    let row = &row.0.1;
    let mut emit = |previous, next, diff| emit(Change { row: make(row, previous, next), diff: sign * diff });
    if copies == 1 {
        return emit(previous, next, 1);
    }
    emit(previous, Some(row), 1);
    emit(Some(row), next, 1);
    if copies > 2 {
        emit(Some(row), Some(row), copies - 2);
    }
}

impl<R: Schema, K: Datum, V: Datum, F: 'static, M: 'static> Stateful for Neighbours<R, K, V, F, M> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("groups", &mut self.groups).of_ordered_rows()]
    }
}

impl<R, K, V, O, F, M> StatefulOperator<Change<R>, Change<O>> for Neighbours<R, K, V, F, M>
where
    R: Schema,
    K: Datum,
    V: Datum,
    O: Schema,
    F: Fn(&R) -> V + 'static,
    M: Fn(&R, Option<&R>, Option<&R>) -> O + 'static,
{
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.groups.entry((self.key)(&row));
            let row = ((self.spec.order)(&row), row);
            self.changes.push((slot, Change { row, diff }));
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        sort_by(&mut self.changes, |(a, _), (b, _)| a.cmp(b));
        let mut changes = self.changes.drain(..).peekable();
        let (mut of_group, mut emitted) = (Vec::new(), Vec::new());
        while let Some((slot, first)) = changes.next() {
            of_group.push(first);
            while let Some((_, change)) = changes.next_if(|(other, _)| *other == slot) {
                of_group.push(change);
            }
            net(&mut of_group, Order::Sorted);
            let rows = self.groups.value(slot);
            let affected = affected(rows, &of_group);
            let mut collect = |change| emitted.push(change);
            affected.iter().for_each(|row| new_rows(rows, row, -1, &self.spec.row, &mut collect));
            for Change { row, diff } in of_group.drain(..) {
                rows.update(row, diff);
            }
            affected.iter().for_each(|row| new_rows(rows, row, 1, &self.spec.row, &mut collect));
            net(&mut emitted, Order::Sorted);
            emitted.drain(..).for_each(&mut *emit);
        }
        drop(changes);
        self.groups.seal(|_, rows| !rows.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::state::hash_of;
    use crate::operators::test_restarts::{check_restarts, random_history, run_commit};
    use crate::operators::test_rows::{Row, max_kept, random_commits};

    type AtOf = fn(&Row) -> i64;
    type Linked<M> = Neighbours<Row, i64, i64, AtOf, M>;

    fn neighbours<O, M: Fn(&Row, Option<&Row>, Option<&Row>) -> O>(row: M) -> Linked<M> {
        let order: AtOf = |row| row.at;
        Neighbours::new(Arc::new(|row| row.key), Arc::new(NeighboursSpec { order, row }))
    }

    /// A number of a row, and those of the rows beside it.
    fn linked(row: &Row, previous: Option<&Row>, next: Option<&Row>) -> Row {
        let number = |row: Option<&Row>| row.map_or(-1, |row| 10 * row.at + row.value);
        Row { key: number(previous), at: number(Some(row)), value: number(next) }
    }

    fn links(changes: Vec<(Row, i64)>) -> Vec<(i64, i64, i64, i64)> {
        changes.into_iter().map(|(Row { key, at, value }, diff)| (key, at, value, diff)).collect()
    }

    fn at(at: i64) -> Row {
        Row { key: 1, at, value: 0 }
    }

    #[test]
    fn restarts_change_nothing() {
        let route = |change: &Change<Row>| hash_of(&change.row.key);
        check_restarts(3, || neighbours(linked), random_history, route, run_commit);
        check_restarts(3, || neighbours(|row: &Row, _, _| *row), random_history, route, run_commit);
    }

    #[test]
    fn only_rows_beside_a_change_change() {
        let mut operator = neighbours(linked);
        run_commit(&mut operator, (0..100).map(|n| Change::insert(at(10 * n))).collect());
        let inserted = links(run_commit(&mut operator, vec![Change::insert(at(55))]));
        let expected =
            [(400, 500, 600, -1), (500, 600, 700, -1), (400, 500, 550, 1), (500, 550, 600, 1), (550, 600, 700, 1)];
        assert_eq!(inserted, expected);
        let removed = links(run_commit(&mut operator, vec![Change::remove(at(50)), Change::remove(at(55))]));
        let expected = [
            (300, 400, 500, -1),
            (400, 500, 550, -1),
            (500, 550, 600, -1),
            (550, 600, 700, -1),
            (300, 400, 600, 1),
            (400, 600, 700, 1),
        ];
        assert_eq!(removed, expected);
    }

    #[test]
    fn copies_are_neighbours_of_each_other() {
        let mut operator = neighbours(linked);
        let copies = |diff| vec![Change { row: at(2), diff }];
        run_commit(&mut operator, vec![Change::insert(at(1)), Change::insert(at(3))]);
        let first = links(run_commit(&mut operator, copies(1)));
        assert_eq!(first, [(-1, 10, 30, -1), (10, 30, -1, -1), (-1, 10, 20, 1), (10, 20, 30, 1), (20, 30, -1, 1)]);
        let second = links(run_commit(&mut operator, copies(1)));
        assert_eq!(second, [(10, 20, 30, -1), (10, 20, 20, 1), (20, 20, 30, 1)]);
        assert_eq!(links(run_commit(&mut operator, copies(3))), [(20, 20, 20, 3)]);
        assert_eq!(links(run_commit(&mut operator, copies(-2))), [(20, 20, 20, -2)]);
    }

    #[test]
    fn a_new_row_that_stays_the_same_is_not_emitted() {
        let mut operator = neighbours(|row: &Row, previous: Option<&Row>, _: Option<&Row>| linked(row, previous, None));
        run_commit(&mut operator, vec![Change::insert(at(1)), Change::insert(at(3))]);
        let changed = links(run_commit(&mut operator, vec![Change::insert(at(2))]));
        assert_eq!(changed, [(10, 30, -1, -1), (10, 20, -1, 1), (20, 30, -1, 1)]);
        assert_eq!(run_commit(&mut operator, vec![Change::remove(at(2)), Change::insert(at(2))]), []);
    }

    #[test]
    fn a_row_within_a_commit_is_not_seen() {
        let mut operator = neighbours(linked);
        assert_eq!(run_commit(&mut operator, vec![Change::remove(at(5)), Change::insert(at(5))]), []);
        assert!(operator.groups.is_empty());
    }

    #[test]
    fn removed_rows_leave_no_state() {
        let mut operator = neighbours(linked);
        let most = max_kept(random_commits(8, 10), |mut commit, _| {
            operator.apply(&mut commit);
            operator.seal(&mut |_| {});
            operator.groups.len()
        });
        assert!(most > 0 && operator.groups.is_empty());
    }
}
