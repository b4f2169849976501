//! Oracles that recompute the whole table at every commit, for operators that differential does not have.

use std::collections::BTreeMap;

use super::check::Commits;

/// A table: the number of copies of each row.
pub(super) type Rows<T> = BTreeMap<T, i64>;

/// The net changes of each commit. `table` computes the output from the rows of the table and the changes of the
/// commit.
pub(super) fn recompute<L: Clone + Ord, O: Clone + Ord>(
    history: &Commits<L>,
    mut table: impl FnMut(&[(L, i64)], &Rows<L>) -> Rows<O>,
) -> Commits<O> {
    let mut rows = Rows::new();
    let mut before = Rows::new();
    let commits = history.iter().map(|commit| {
        commit.iter().for_each(|(line, diff)| *rows.entry(line.clone()).or_default() += diff);
        rows.retain(|_, copies| *copies != 0);
        let after = table(commit, &rows);
        let changes = difference(&after, &before);
        before = after;
        changes
    });
    commits.collect()
}

/// The changes between two tables.
pub(super) fn difference<O: Clone + Ord>(after: &Rows<O>, before: &Rows<O>) -> Vec<(O, i64)> {
    let mut changes = after.clone();
    before.iter().for_each(|(row, copies)| *changes.entry(row.clone()).or_default() -= copies);
    changes.into_iter().filter(|(_, diff)| *diff != 0).collect()
}
