//! `difference` and `intersect`: compare the whole rows of two tables.

use serde::{Deserialize, Serialize};

use super::state::{KeyedState, hash_of};
use crate::data::{Change, Schema};
use crate::dataflow::{BinaryStatefulOperator, StatePart, Stateful};
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// The rows of this table minus those of `other`. Copies count: a row with three copies here and one copy there has two
    /// copies in the result.
    ///
    /// For sets, where only the presence of a row counts, use `one.distinct().difference(&two.distinct())`. For rows whose
    /// *key* is missing in the other table, use [`anti`](super::Join::anti).
    ///
    /// Both sides are live. Memory: every different row of both sides, each its own size and about fifty bytes.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Seat { row: i64 }
    /// # let pipeline = Pipeline::new();
    /// let all = pipeline.rows([1, 1, 1, 2].map(|row| Seat { row }));
    /// let taken = pipeline.rows([1, 3].map(|row| Seat { row }));
    /// let free = all.difference(&taken).collect();
    /// # pipeline.run()?;
    /// assert_eq!(free.rows(), [1, 1, 2].map(|row| Seat { row }));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn difference(&self, other: &Table<R>) -> Table<R> {
        self.multiset_operator(other, "difference", false, |left, right| left.max(0) - left.max(0).min(right.max(0)))
    }

    /// The rows that are in both tables. Copies count: a row has as many copies as the table with fewer of them.
    ///
    /// For sets, where only the presence of a row counts, apply [`distinct`](Table::distinct) to both sides or to the result.
    /// For rows whose *key* is in the other table, use [`semi`](super::Join::semi).
    ///
    /// Both sides are live. Memory: every different row of both sides, each its own size and about fifty bytes.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Word { text: String }
    /// # let pipeline = Pipeline::new();
    /// # let words = |all: &str| all.split(' ').map(|text| Word { text: text.into() }).collect::<Vec<_>>();
    /// let (one, two) = (pipeline.rows(words("a a a b")), pipeline.rows(words("a a c")));
    /// let common = one.intersect(&two).collect();
    /// # pipeline.run()?;
    /// assert_eq!(common.rows(), words("a a"));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn intersect(&self, other: &Table<R>) -> Table<R> {
        // The intersection of two tables that only grow only grows.
        let append_only = self.properties().append_only && other.properties().append_only;
        self.multiset_operator(other, "intersect", append_only, |left, right| left.max(0).min(right.max(0)))
    }

    /// Each row with as many copies as `copies` computes from the copies on both sides.
    fn multiset_operator(
        &self,
        other: &Table<R>,
        verb: &str,
        append_only: bool,
        copies: fn(i64, i64) -> i64,
    ) -> Table<R> {
        let properties = TableProperties { order: Order::Sorted, append_only, ..TableProperties::default() };
        self.binary_operator(other, verb, properties, move |build, left, right, name| {
            let route = |change: &Change<R>| hash_of(&change.row);
            let operator = MultisetDifference { rows: KeyedState::<R, Copies>::new(), copies };
            build.dataflow.stateful_binary((left, route), (right, route), name, operator)
        })
    }
}

/// Counts the copies of each row on both sides.
struct MultisetDifference<R> {
    rows: KeyedState<R, Copies>,
    copies: fn(i64, i64) -> i64,
}

/// How many copies of a row are on each side, and in the result.
#[derive(Default, Serialize, Deserialize)]
struct Copies {
    left: i64,
    right: i64,
    emitted: i64,
}

impl<R: Schema> Stateful for MultisetDifference<R> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("rows", &mut self.rows).of_rows()]
    }
}

impl<R: Schema> BinaryStatefulOperator<Change<R>, Change<R>, Change<R>> for MultisetDifference<R> {
    fn apply_left(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.rows.entry(row);
            self.rows.value(slot).left += diff;
        }
    }

    fn apply_right(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.rows.entry(row);
            self.rows.value(slot).right += diff;
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let copies = self.copies;
        self.rows.seal(|row, Copies { left, right, emitted }| {
            let now = copies(*left, *right);
            if now != *emitted {
                emit(Change { row: row.clone_datum(), diff: now - *emitted });
                *emitted = now;
            }
            *left != 0 || *right != 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::test_restarts::{check_restarts, random_history};
    use crate::operators::test_rows::Row;

    #[test]
    fn restarts_change_nothing() {
        // Rows of even times are those of the left table, without their times, so that many are on both sides.
        let run = |operator: &mut MultisetDifference<Row>, mut commit: Vec<Change<Row>>| {
            let is_left: Vec<_> = commit.iter().map(|change| change.row.at % 2 == 0).collect();
            commit.iter_mut().for_each(|change| change.row.at = 0);
            let (left, right): (Vec<_>, Vec<_>) = commit.into_iter().zip(is_left).partition(|(_, is_left)| *is_left);
            operator.apply_left(&mut left.into_iter().map(|(change, _)| change).collect());
            operator.apply_right(&mut right.into_iter().map(|(change, _)| change).collect());
            let mut emitted = Vec::new();
            operator.seal(&mut |change| emitted.push((change.row, change.diff)));
            emitted
        };
        let route = |change: &Change<Row>| hash_of(&Row { at: 0, ..change.row });
        let copies: [fn(i64, i64) -> i64; 2] = [|left, right| (left - right).max(0), |left, right| left.min(right)];
        for copies in copies {
            check_restarts(3, || MultisetDifference { rows: KeyedState::new(), copies }, random_history, route, run);
        }
    }
}
