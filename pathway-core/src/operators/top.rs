//! `top`: the first rows of each group in an order, with their ranks.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::group::Grouped;
use super::reducers::Multiset;
use super::state::KeyedState;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
use crate::plan::{Order, Table, net};

impl<R: Schema, K: Datum> Grouped<R, K> {
    /// The first `n` rows of each group in an order: the ten highest bids of each auction, the last row of each key. Of a group
    /// with fewer rows, all of them.
    ///
    /// `order` computes from a row what the rows of a group are sorted by, in ascending order; a tuple sorts by several values, and
    /// [`Reverse`](std::cmp::Reverse) reverses the order of one. Rows for which it returns the same are in the order of the rows
    /// themselves, column by column. `row` makes the new row of a row and its rank, which counts from 1.
    ///
    /// When the rows of a group change, only new rows that change with them are removed and inserted: a `row` that does not use the
    /// rank stays while its rank shifts.
    ///
    /// The result is like SQL's `ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) <= n`. `n` must be at least 1; otherwise the pipeline
    /// does not start.
    ///
    /// Memory: `n` rows of each group if the table only grows, otherwise every row; each with what `order` returns, and about 25
    /// bytes. A change costs a search in the sorted rows of its group; a commit also computes the up to `n` new rows of each group
    /// that it changes.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # use std::cmp::Reverse;
    /// # #[derive(Schema)] struct Bid { auction: i64, price: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct High { auction: i64, rank: i64, price: i64 }
    /// # let pipeline = Pipeline::new();
    /// # let bids = pipeline.rows([(1, 20), (1, 50), (1, 40), (2, 5)].map(|(auction, price)| Bid { auction, price }));
    /// let highest = bids
    ///     .group_by(|b| b.auction)
    ///     .top(2, |b| Reverse(b.price), |b, rank| High { auction: b.auction, rank, price: b.price })
    ///     .collect();
    /// # pipeline.run()?;
    /// let expected = [(1, 1, 50), (1, 2, 40), (2, 1, 5)].map(|(auction, rank, price)| High { auction, rank, price });
    /// assert_eq!(highest.rows(), expected);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn top<V: Datum, O: Schema>(
        self,
        n: usize,
        order: impl Fn(&R) -> V + Send + Sync + 'static,
        row: impl Fn(&R, i64) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let table = &self.table;
        if n == 0 {
            table.fail(format!("`top` of 0 rows of each group of {table:?}: it must be at least one"));
        }
        let append_only = table.properties().append_only;
        let spec = Arc::new(TopSpec { n, append_only, order, row });
        let top = self.operator("top", move |key| TopRows::new(key, Arc::clone(&spec)));
        // With another number, other rows have been emitted, and of rows that are never removed, others are kept.
        let never_removed = if append_only { "; of rows that are never removed" } else { "" };
        top.with_state_parameter(format!("the first {n} rows{never_removed}"))
    }
}

/// What `top` computes.
struct TopSpec<F, M> {
    n: usize,
    /// Rows are never removed: those behind the first `n` never become one of them.
    append_only: bool,
    order: F,
    row: M,
}

/// The groups of one worker.
struct TopRows<R: Schema, K, V: Datum, O, F, M> {
    groups: KeyedState<K, Group<V, R>>,
    /// For each dirty key, in the same order: the new rows of its group before the open commit.
    before: Vec<Vec<O>>,
    key: Arc<dyn Fn(&R) -> K + Send + Sync>,
    spec: Arc<TopSpec<F, M>>,
}

/// The rows of a group, sorted.
#[derive(Serialize, Deserialize)]
#[serde(bound = "V: Datum, R: Datum")]
struct Group<V, R> {
    rows: Multiset<(V, R)>,
    /// How many there are, counting copies.
    kept: i64,
}

impl<V, R> Default for Group<V, R> {
    fn default() -> Self {
        Group { rows: Multiset::default(), kept: 0 }
    }
}

impl<V: Datum, R: Schema> Group<V, R> {
    /// The new rows of the first rows.
    fn top<O, F>(&self, spec: &TopSpec<F, impl Fn(&R, i64) -> O>) -> Vec<O> {
        let rows = self.rows.iter().flat_map(|((_, row), copies)| (0..copies).map(move |_| row));
        rows.take(spec.n).zip(1..).map(|(row, rank)| (spec.row)(row, rank)).collect()
    }

    fn update(&mut self, row: (V, R), diff: i64) {
        self.rows.update(row, diff);
        self.kept = self.kept.wrapping_add(diff);
    }

    /// Adds copies of a row of a table that only grows, and keeps no more than `n` rows.
    fn keep_first(&mut self, row: (V, R), copies: i64, n: i64) {
        if self.kept >= n && self.rows.last().is_some_and(|last| row.compare(last).is_ge()) {
            return;
        }
        self.update(row, copies);
        while self.kept > n {
            let Some((last, copies)) = self.rows.iter().next_back() else { return };
            let (last, excess) = (last.clone_datum(), copies.min(self.kept - n));
            self.update(last, -excess);
        }
    }
}

impl<R, K, V, O, F, M> TopRows<R, K, V, O, F, M>
where
    R: Schema,
    K: Datum,
    V: Datum,
{
    fn new(key: Arc<dyn Fn(&R) -> K + Send + Sync>, spec: Arc<TopSpec<F, M>>) -> Self {
        TopRows { groups: KeyedState::new(), before: Vec::new(), key, spec }
    }
}

impl<R, K, V, O, F, M> Stateful for TopRows<R, K, V, O, F, M>
where
    R: Schema,
    K: Datum,
    V: Datum,
    O: 'static,
    F: 'static,
    M: 'static,
{
    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::partitioned("groups", &mut self.groups).of_ordered_rows()]
    }
}

impl<R, K, V, O, F, M> StatefulOperator<Change<R>, Change<O>> for TopRows<R, K, V, O, F, M>
where
    R: Schema,
    K: Datum,
    V: Datum,
    O: Schema,
    F: Fn(&R) -> V + 'static,
    M: Fn(&R, i64) -> O + 'static,
{
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        let TopSpec { n, append_only, order, .. } = &*self.spec;
        let n = i64::try_from(*n).unwrap_or(i64::MAX);
        for Change { row, diff } in changes.drain(..) {
            let (slot, is_first) = self.groups.entry((self.key)(&row));
            let group = self.groups.value(slot);
            if is_first {
                self.before.push(group.top(&self.spec));
            }
            let row = (order(&row), row);
            if !append_only {
                group.update(row, diff);
            } else if diff > 0 {
                group.keep_first(row, diff, n);
            }
        }
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let mut before = self.before.drain(..);
        let mut changes = Vec::new();
        self.groups.seal(|_, group| {
            changes.extend(before.next().into_iter().flatten().map(Change::remove));
            changes.extend(group.top(&self.spec).into_iter().map(Change::insert));
            net(&mut changes, Order::Sorted);
            changes.drain(..).for_each(&mut *emit);
            !group.rows.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::state::hash_of;
    use crate::operators::test_restarts::{check_restarts, random_history, random_insertions, run_commit};
    use crate::operators::test_rows::{Row, max_kept, random_commits};
    use std::cmp::Reverse;

    type Top<O, M> = TopRows<Row, i64, Reverse<i64>, O, fn(&Row) -> Reverse<i64>, M>;

    fn top<O, M: Fn(&Row, i64) -> O>(n: usize, append_only: bool, row: M) -> Top<O, M> {
        let order: fn(&Row) -> Reverse<i64> = |row| Reverse(row.value);
        TopRows::new(Arc::new(|row| row.key), Arc::new(TopSpec { n, append_only, order, row }))
    }

    fn ranked(row: &Row, rank: i64) -> Row {
        Row { at: 100 * rank + row.at, ..*row }
    }

    fn insert(value: i64) -> Change<Row> {
        Change::insert(Row { key: 1, at: 0, value })
    }

    fn remove(value: i64) -> Change<Row> {
        Change::remove(Row { key: 1, at: 0, value })
    }

    #[test]
    fn restarts_change_nothing() {
        for n in [1, 3] {
            let route = |change: &Change<Row>| hash_of(&change.row.key);
            check_restarts(3, || top(n, false, ranked), random_history, route, run_commit);
            check_restarts(3, || top(n, true, ranked), random_insertions, route, run_commit);
            check_restarts(3, || top(n, false, |row, _| *row), random_history, route, run_commit);
        }
    }

    #[test]
    fn rows_that_are_never_removed_need_no_others() {
        for seed in 0..10 {
            let (mut all, mut first) = (top(3, false, ranked), top(3, true, ranked));
            for commit in random_insertions(seed) {
                assert_eq!(run_commit(&mut first, commit.clone()), run_commit(&mut all, commit));
            }
            for (_, _, group) in first.groups.iter() {
                assert_eq!(group.rows.iter().map(|(_, copies)| copies).sum::<i64>(), group.kept);
                assert!(group.kept <= 3);
            }
        }
    }

    #[test]
    fn a_row_whose_rank_shifts_changes_only_if_it_shows_its_rank() {
        let mut rows = top(2, false, |row: &Row, _| *row);
        let mut ranks = top(2, false, ranked);
        let commits = [vec![insert(5), insert(7), insert(6)], vec![insert(9)], vec![remove(9)], vec![insert(1)]];
        let seen =
            commits.map(|commit| (run_commit(&mut rows, commit.clone()).len(), run_commit(&mut ranks, commit).len()));
        assert_eq!(seen, [(2, 2), (2, 4), (2, 4), (0, 0)]);
    }

    #[test]
    fn a_row_within_a_commit_is_not_seen() {
        let mut rows = top(2, false, ranked);
        assert_eq!(run_commit(&mut rows, vec![remove(5), insert(5)]), []);
        assert!(rows.groups.is_empty());
    }

    #[test]
    fn removed_rows_leave_no_state() {
        let mut operator = top(2, false, ranked);
        let most = max_kept(random_commits(8, 10), |mut commit, _| {
            operator.apply(&mut commit);
            operator.seal(&mut |_| {});
            operator.groups.len()
        });
        assert!(most > 0 && operator.groups.is_empty());
    }
}
