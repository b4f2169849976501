//! `difference` and `intersect`: whole rows of two tables against each other.

use super::state::keyed::{Keyed, hash_of};
use crate::data::{Change, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// The rows that are here more often than in `other`, as often as they are more: a row that is here three times and
    /// there once is in the result twice.
    ///
    /// For sets, in which a row is or is not, take `one.distinct().difference(&two.distinct())`. For rows whose *key*
    /// the other table does not have, see [`anti`](super::Join::anti).
    ///
    /// TwoSidedJoin sides are live. It keeps every different row of both sides: its own size and about fifty bytes.
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
        self.against(other, "difference", |here, there| here.max(0) - here.max(0).min(there.max(0)))
    }

    /// The rows that are in both tables, as often as in the one that has fewer of them.
    ///
    /// For sets, take [`distinct`](Table::distinct) of both sides or of the result. For rows whose *key* the other table
    /// has, see [`semi`](super::Join::semi).
    ///
    /// TwoSidedJoin sides are live. It keeps every different row of both sides: its own size and about fifty bytes.
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
        self.against(other, "intersect", |here, there| here.max(0).min(there.max(0)))
    }

    /// A row as often as `copies` says of how often it is on either side.
    fn against(&self, other: &Table<R>, verb: &str, copies: fn(i64, i64) -> i64) -> Table<R> {
        if !self.is_of_one_pipeline_with(other, verb) {
            return self.never();
        }
        let (one, two) = (self.node(), other.node());
        let name = self.plan().unique_name(verb);
        // Of two tables that grow, what both have grows too.
        let append_only = verb == "intersect" && self.shape().append_only && other.shape().append_only;
        let shape = TableProperties { order: Order::Sorted, append_only };
        let node = self.plan().add(name, shape, |node, name| {
            move |build| {
                let (one, two) = (build.get::<R>(one), build.get::<R>(two));
                let route = |change: &Change<R>| hash_of(&change.row);
                let rows = MultisetDifference { rows: Keyed::<R, Sides>::new(), copies };
                let rows = build.graph.stateful_binary((one, route), (two, route), &name, rows);
                build.put::<R>(node, rows);
            }
        });
        Table::new(self.plan().clone(), node)
    }
}

struct MultisetDifference<R> {
    rows: Keyed<R, Sides>,
    copies: fn(i64, i64) -> i64,
}

/// How often a row is on either side, and how often it is in the result.
#[derive(Default)]
struct Sides {
    here: i64,
    there: i64,
    emitted: i64,
}

impl<R: Schema> BinaryStatefulOperator<Change<R>, Change<R>, R> for MultisetDifference<R> {
    fn apply_left(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.rows.touch(row);
            self.rows.value(slot).here += diff;
        }
    }

    fn apply_right(&mut self, changes: &mut Vec<Change<R>>) {
        for Change { row, diff } in changes.drain(..) {
            let (slot, _) = self.rows.touch(row);
            self.rows.value(slot).there += diff;
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<R>)) {
        let copies = self.copies;
        self.rows.seal(|row, Sides { here, there, emitted }| {
            let now = copies(*here, *there);
            if now != *emitted {
                emit(Change { row: row.clone_datum(), diff: now - *emitted });
                *emitted = now;
            }
            *here != 0 || *there != 0
        });
    }
}
