//! Oracles that compute the whole table anew at every commit, for what differential has no operator for.

use std::collections::BTreeMap;

use super::check::Commits;

/// A table: how many copies of each row there are.
pub(super) type Rows<T> = BTreeMap<T, i64>;

/// The net changes of each commit, where `table` makes the output of the rows that are there. It is called with the
/// commit, too.
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

/// What makes one table of the other.
pub(super) fn difference<O: Clone + Ord>(after: &Rows<O>, before: &Rows<O>) -> Vec<(O, i64)> {
    let mut changes = after.clone();
    before.iter().for_each(|(row, copies)| *changes.entry(row.clone()).or_default() -= copies);
    changes.into_iter().filter(|(_, diff)| *diff != 0).collect()
}
