//! Restarts in the tests of operators: what an operator emits must not depend on them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use super::test_rows::Row;
use crate::data::{Change, Datum, DatumKey};
use crate::dataflow::{BinaryStatefulOperator, StatePart, StateScope, Stateful, StatefulOperator};

/// Random commits of few different rows. How many there are grows and shrinks, at times to none, and removals can come before
/// their insertions within a commit.
pub(super) fn random_history(seed: u64) -> Vec<Vec<Change<Row>>> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut rows = Vec::new();
    let commits = (0..600).map(|now| {
        let most = [0, 3, 30, 80][now / 25 % 4];
        let mut commit = Vec::new();
        for _ in 0..random.usize(1..8) {
            if rows.len() < most || most > 0 && random.u8(0..3) == 0 {
                let at = now as i64 / 8 + random.i64(0..4);
                let row = Row { key: random.i64(0..9), at, value: random.i64(0..3) };
                rows.push(row);
                commit.push(Change::insert(row));
            } else if !rows.is_empty() {
                commit.push(Change::remove(rows.swap_remove(random.usize(0..rows.len()))));
            }
        }
        random.shuffle(&mut commit);
        commit
    });
    commits.collect()
}

/// The insertions of a [`random_history`].
pub(super) fn random_insertions(seed: u64) -> Vec<Vec<Change<Row>>> {
    let mut commits = random_history(seed);
    commits.iter_mut().for_each(|commit| commit.retain(|change| change.diff > 0));
    commits
}

/// Runs a commit of an operator with one input.
pub(super) fn run_commit<D, O>(operator: &mut impl StatefulOperator<D, Change<O>>, mut items: Vec<D>) -> Vec<(O, i64)> {
    operator.apply(&mut items);
    let mut emitted = Vec::new();
    operator.seal(&mut |change| emitted.push((change.row, change.diff)));
    emitted
}

/// Runs a commit of a join that keeps `T` of a row. Rows of value zero are those of the left side.
pub(super) fn run_commit_of_two<T: Datum, O, P>(
    kept: impl Fn(&Row) -> T + Copy,
) -> impl Fn(&mut P, Vec<Change<Row>>) -> Vec<(O, i64)>
where
    P: BinaryStatefulOperator<Keyed<T>, Keyed<T>, Change<O>>,
{
    move |operator, items| {
        let (left, right) = items.into_iter().partition(|change| change.row.value == 0);
        operator.apply_left(&mut keyed(left, kept));
        operator.apply_right(&mut keyed(right, kept));
        let mut emitted = Vec::new();
        operator.seal(&mut |change| emitted.push((change.row, change.diff)));
        emitted
    }
}

/// What a join gets of a change: its key, and what is kept of its row.
pub(super) type Keyed<T> = (DatumKey<i64>, Change<T>);

/// What a join gets of changes.
pub(super) fn keyed<T>(changes: Vec<Change<Row>>, kept: impl Fn(&Row) -> T) -> Vec<Keyed<T>> {
    let keyed = changes.iter().map(|Change { row, diff }| (DatumKey(row.key), Change { row: kept(row), diff: *diff }));
    keyed.collect()
}

/// The result of a join: which rows it is made of.
pub(super) fn joined(left: Option<&Row>, right: Option<&Row>) -> Row {
    let number = |row: Option<&Row>| row.map_or(-1, |row| 10 * row.at + row.value);
    Row { key: left.or(right).map_or(-1, |row| row.key), at: number(left), value: number(right) }
}

/// A piece of a checkpoint: the label of the part, and its bytes.
type Piece = (&'static str, Vec<u8>);

/// Passes commits to one operator, and to operators that save checkpoints and are replaced by new ones from time to time, which
/// begin with the last complete checkpoint. Each time, there may be another number of them, as if of up to `most_workers`:
/// `route` says to which one an item goes. What they emit together must be what the undisturbed one emits in the same commit.
pub(super) fn check_restarts<P: Stateful, D: Clone, T: Ord + Debug>(
    most_workers: u64,
    make: impl Fn() -> P,
    commits: impl Fn(u64) -> Vec<Vec<D>>,
    route: impl Fn(&D) -> u64,
    run: impl Fn(&mut P, Vec<D>) -> Vec<(T, i64)>,
) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut commits = commits(seed);
    commits.retain(|commit| !commit.is_empty());
    let mut undisturbed = make();
    let expected: Vec<_> = commits.iter().map(|commit| net(run(&mut undisturbed, commit.clone()))).collect();

    let mut workers = start(&make, 1, &[]);
    // The complete checkpoints since the last one of all state, and the commit that follows them; the same of the open one.
    let (mut saved, mut saved_until) = (Vec::<Piece>::new(), 0);
    let mut open: Option<(Vec<Piece>, usize)> = None;
    let (mut next, mut restarts) = (0, 0);
    while let Some(commit) = commits.get(next) {
        let mut items: Vec<Vec<D>> = workers.iter().map(|_| Vec::new()).collect();
        commit.iter().for_each(|item| items[(route(item) % workers.len() as u64) as usize].push(item.clone()));
        let with_items = workers.iter_mut().zip(items).filter(|(_, items)| !items.is_empty());
        let emitted = net(with_items.flat_map(|(worker, items)| run(worker, items)));
        assert_eq!(emitted, expected[next], "commit {next}, {} workers, {restarts} restarts", workers.len());
        next += 1;

        if open.is_none() && random.u8(0..4) == 0 {
            let all = saved.is_empty() || random.u8(0..5) == 0;
            for_each_saved(&mut workers, |part| part.state.begin(all));
            open = Some((if all { Vec::new() } else { saved.clone() }, next));
        }
        let Some((pieces, until)) = &mut open else { continue };
        let mut is_complete = true;
        for_each_saved(&mut workers, |part| {
            let mut piece = Vec::new();
            is_complete &= !part.state.write(&mut piece, random.usize(0..2_000)).expect("a piece");
            pieces.push((part.label, piece));
        });
        if is_complete {
            (saved, saved_until) = (std::mem::take(pieces), *until);
            open = None;
        }
        if random.u8(0..10) == 0 && !saved.is_empty() {
            open = None;
            workers = start(&make, random.u64(1..=most_workers), &saved);
            next = saved_until;
            restarts += 1;
        }
    }
    assert!(restarts > 0);
}

/// New operators, with the state of a checkpoint.
fn start<P: Stateful>(make: impl Fn() -> P, workers: u64, saved: &[Piece]) -> Vec<P> {
    let operators = (0..workers).map(|worker| {
        let mut operator = make();
        let mut labels = BTreeSet::new();
        for StatePart { label, scope, state, .. } in operator.states() {
            assert!(labels.insert(label), "two parts are called {label}");
            let is_partitioned = scope == StateScope::Partitioned;
            let (place, of) = if is_partitioned { (worker, workers) } else { (0, 1) };
            state.track(place, of);
            if scope == StateScope::First && worker > 0 {
                continue;
            }
            for (_, piece) in saved.iter().filter(|(other, piece)| *other == label && !piece.is_empty()) {
                state.load(piece, &|hash| hash % workers == worker).expect("loaded");
            }
        }
        operator.loaded();
        operator
    });
    operators.collect()
}

/// Calls `save` with the parts that each worker saves.
fn for_each_saved<P: Stateful>(workers: &mut [P], mut save: impl FnMut(StatePart<'_>)) {
    for (worker, operator) in workers.iter_mut().enumerate() {
        let is_saved = |part: &StatePart<'_>| match part.scope {
            StateScope::Partitioned => true,
            StateScope::First | StateScope::Shared => worker == 0,
            StateScope::LoadOnly => false,
        };
        operator.states().into_iter().filter(is_saved).for_each(&mut save);
    }
}

/// The net changes of a commit.
fn net<T: Ord>(changes: impl IntoIterator<Item = (T, i64)>) -> BTreeMap<T, i64> {
    let mut net = BTreeMap::new();
    changes.into_iter().for_each(|(row, diff)| *net.entry(row).or_default() += diff);
    net.retain(|_, diff| *diff != 0);
    net
}
