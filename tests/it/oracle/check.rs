//! The check of every case.

use std::fmt::{self, Debug};

use pathway::Running;
use pathway::cluster::Workers;
use pathway::prelude::*;
use pathway::testing::Collected;

use super::differential::{self, Rows, Value};
use super::history::{Removals, seeds};
use super::orders::{self, Line, Order};

/// The changes of each commit: a row, and the number of copies that are inserted or removed.
pub(super) type Commits<O> = Vec<Vec<(O, i64)>>;

/// Checks operators over [`Order`]s: `shape` in this crate against `oracle` in differential. `view` converts the rows of
/// `shape` to those of `oracle`.
pub(super) fn check<R: Schema, O: Value>(
    case: &str,
    shape: impl Fn(&Table<Order>) -> Table<R>,
    view: impl Fn(&R) -> O,
    oracle: impl for<'scope> Fn(Rows<'scope, Line>) -> Rows<'scope, O> + Send + Sync + Copy + 'static,
) {
    check_with(Removals::OfWhatIsThere, case, shape, view, oracle);
}

/// Like [`check`], for stateless operators, which also allow a removal before its insertion.
pub(super) fn check_row_by_row<R: Schema, O: Value>(
    case: &str,
    shape: impl Fn(&Table<Order>) -> Table<R>,
    view: impl Fn(&R) -> O,
    oracle: impl for<'scope> Fn(Rows<'scope, Line>) -> Rows<'scope, O> + Send + Sync + Copy + 'static,
) {
    check_with(Removals::OfWhatIsToCome, case, shape, view, oracle);
}

fn check_with<R: Schema, O: Value>(
    removals: Removals,
    case: &str,
    shape: impl Fn(&Table<Order>) -> Table<R>,
    view: impl Fn(&R) -> O,
    oracle: impl for<'scope> Fn(Rows<'scope, Line>) -> Rows<'scope, O> + Send + Sync + Copy + 'static,
) {
    for seed in seeds() {
        let label = label(case, seed);
        let history = orders::history(seed, removals);
        let expected = differential::run(history.clone(), oracle);
        let run = |workers| play(&label, to_changes(&history, orders::order), workers, &shape, &view);
        let seen = with_all_workers(&label, run);
        assert_agrees(&label, &seen, expected, &history);
        let last = seen.last().unwrap();
        assert!(last.iter().all(|(_, diff)| *diff < 0), "{label}: the last changes: {last:?}");
    }
}

/// The beginning of every failure message.
pub(super) fn label(case: &str, seed: u64) -> String {
    format!("{case}, PATHWAY_TEST_SEED={seed}")
}

/// The workers of a run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Setting {
    Threads(usize),
    /// Two that encode what they exchange, as between processes.
    Encoding,
}

impl From<usize> for Setting {
    fn from(threads: usize) -> Self {
        Setting::Threads(threads)
    }
}

impl From<Setting> for Workers {
    fn from(setting: Setting) -> Self {
        match setting {
            Setting::Threads(threads) => threads.into(),
            Setting::Encoding => Workers::from(2).encoded(),
        }
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Workers::from(*self), f)
    }
}

/// The workers that must give the same results.
pub(super) fn all_workers() -> [Setting; 4] {
    [Setting::Threads(1), Setting::Threads(2), Setting::Threads(4), Setting::Encoding]
}

/// The same with fewer runs.
pub(super) fn few_workers() -> [Setting; 3] {
    [Setting::Threads(1), Setting::Threads(2), Setting::Encoding]
}

/// Runs a pipeline with [`all_workers`], which must give the same changes.
pub(super) fn with_all_workers<O: Debug + PartialEq>(label: &str, run: impl Fn(Setting) -> Commits<O>) -> Commits<O> {
    let [one, others @ ..] = all_workers();
    let one = run(one);
    for workers in others {
        for (commit, (one, many)) in one.iter().zip(run(workers)).enumerate() {
            assert_eq!(&many, one, "{label}: commit {commit} with {workers} (left) and with one");
        }
    }
    one
}

/// Compares changes with those of the oracle.
pub(super) fn assert_agrees<O: Value, D: Debug>(label: &str, seen: &Commits<O>, expected: Commits<O>, input: &[D]) {
    assert_eq!(seen.len(), expected.len(), "{label}: commits");
    for (commit, (seen, mut expected)) in seen.iter().zip(expected).enumerate() {
        let goes_first = seen.is_sorted_by_key(|(_, diff)| *diff > 0);
        assert!(goes_first, "{label}: commit {commit} has an insertion before a retraction: {seen:?}");
        // The oracle's changes are net, so equal changes have no row twice and none that did not change.
        let mut seen = seen.clone();
        seen.sort();
        expected.sort();
        assert_eq!(seen, expected, "{label}: commit {commit} (left) and the oracle's, of {:?}", input[commit]);
    }
}

/// Runs a shape over a history that removes all its rows, and returns the changes in the order of emission.
pub(super) fn play<I: Schema, R: Schema, O: Debug + PartialEq>(
    label: &str,
    history: Vec<Vec<Change<I>>>,
    workers: Setting,
    shape: impl Fn(&Table<I>) -> Table<R>,
    view: impl Fn(&R) -> O,
) -> Commits<O> {
    let commits = history.len();
    let pipeline = Pipeline::new();
    let input = pipeline.commits(history);
    let seen = collect(&input, &shape);
    pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{label}: {error}"));
    assert!(seen[0].rows().is_empty(), "{label}: {} rows are left", seen[0].rows().len());
    same_by_commit(label, &seen, commits, view)
}

/// Collects a shape's table through two handles, and a second, equal table.
pub(super) fn collect<I: Schema, R: Schema>(
    input: &Table<I>,
    shape: impl Fn(&Table<I>) -> Table<R>,
) -> [Collected<R>; 3] {
    let table = shape(input);
    let handle = table.clone();
    [table.collect(), handle.collect(), shape(&input.clone()).collect()]
}

/// The changes, commit by commit, of tables that must have the same changes.
pub(super) fn same_by_commit<R: Schema, O: Debug + PartialEq>(
    label: &str,
    seen: &[Collected<R>],
    commits: usize,
    view: impl Fn(&R) -> O,
) -> Commits<O> {
    let mut by_commit = seen.iter().map(|seen| by_commit(label, seen, commits, &view));
    let first = by_commit.next().unwrap();
    by_commit.for_each(|other| assert_eq!(other, first, "{label}: two handles of one table"));
    first
}

fn by_commit<R: Schema, O>(label: &str, seen: &Collected<R>, commits: usize, view: impl Fn(&R) -> O) -> Commits<O> {
    let changes = seen.changes();
    assert!(changes.is_sorted_by_key(|(commit, ..)| *commit), "{label}: commits are out of order");
    let mut by_commit: Commits<O> = (0..commits).map(|_| Vec::new()).collect();
    changes.iter().for_each(|(commit, row, diff)| by_commit[*commit as usize].push((view(row), *diff)));
    by_commit
}

/// Converts a history to this crate's changes.
pub(super) fn to_changes<L: Clone, R>(history: &Commits<L>, row: impl Fn(L) -> R) -> Vec<Vec<Change<R>>> {
    let change = |(line, diff): &(L, i64)| Change { row: row(line.clone()), diff: *diff };
    history.iter().map(|commit| commit.iter().map(change).collect()).collect()
}
