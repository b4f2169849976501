//! Rows and random commits for the tests of operators' state.

use std::cmp::Ordering;
use std::fmt;
use std::hash::Hasher;
use std::sync::Arc;

use serde::{Deserializer, Serializer};

use crate::data::{Change, Column, Columns, Datum, DecodeError, DynValue, HasKey, JsonText, Message, Schema};
use crate::dataflow::{StatePart, StateScope, Stateful, StatefulStep};

/// A row with a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) key: i64,
    pub(super) at: i64,
    pub(super) value: i64,
}

impl Row {
    fn parts(self) -> (i64, i64, i64) {
        (self.key, self.at, self.value)
    }

    /// Reads the time of a row.
    pub(super) fn ticks() -> Arc<dyn Fn(&Row) -> i128 + Send + Sync> {
        Arc::new(|row| row.at.into())
    }
}

impl Datum for Row {
    fn clone_datum(&self) -> Self {
        *self
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.cmp(other)
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.parts().hash_into(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Datum::serialize(&self.parts(), serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (key, at, value) = Datum::deserialize(deserializer)?;
        Ok(Row { key, at, value })
    }
}

impl Schema for Row {
    const NAME: &'static str = "Row";
    const COLUMNS: Columns = Columns { fields: &[], names: &[] };

    type KeyPresence = HasKey;
    type Key = i64;

    fn primary_key(&self) -> i64 {
        self.key
    }

    fn decode_row(_: JsonText<'_>, _: &Message<'_>) -> Result<Self, DecodeError> {
        unreachable!("these tests read no JSON")
    }

    fn encode_columns(&self, out: &mut Vec<u8>) {
        let Row { key, at, value } = self;
        out.extend(format!(r#""key":{key},"at":{at},"value":{value},"#).into_bytes());
    }

    fn zip_columns(&self, _: &Self, _: &mut dyn FnMut(&'static Column, &dyn DynValue, &dyn DynValue)) {}
}

/// Random commits of rows whose times advance, and are up to `late` behind. Some rows are removed on the way, all remaining ones
/// at the end.
pub(super) fn random_commits(seed: u64, late: u64) -> Vec<Vec<Change<Row>>> {
    let mut state = seed;
    let mut random = |limit: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % limit
    };
    let mut rows = Vec::new();
    let mut commits = Vec::new();
    for now in 0..2_000 {
        let mut commit = Vec::new();
        for _ in 0..random(5) {
            let at = now - random(late + 1) as i64;
            let row = Row { key: random(7) as i64, at, value: random(3) as i64 };
            rows.push(row);
            commit.push(Change::insert(row));
        }
        if !rows.is_empty() && random(2) == 0 {
            commit.push(Change::remove(rows.swap_remove(random(rows.len() as u64) as usize)));
        }
        commits.push(commit);
    }
    commits.push(rows.into_iter().map(Change::remove).collect());
    commits
}

/// Passes each commit to `step`, with event time at its end. `step` returns how many entries the operator keeps then.
/// Returns the maximum. Nothing must be kept at the end.
pub(super) fn max_kept(commits: Vec<Vec<Change<Row>>>, mut step: impl FnMut(Vec<Change<Row>>, i128) -> usize) -> usize {
    let (mut max, mut last, mut now) = (0, 0, i128::MIN);
    for commit in commits.into_iter().filter(|commit| !commit.is_empty()) {
        let inserted = commit.iter().filter(|change| change.diff > 0);
        now = inserted.map(|change| change.row.at.into()).fold(now, i128::max);
        last = step(commit, now);
        max = max.max(last);
    }
    assert_eq!(last, 0, "all rows were removed");
    max
}

/// Copies the states of the operators of some workers into those of others, as a checkpoint and a restart would.
pub(super) fn copy_states<P: Stateful, Q: Stateful>(from: &mut [P], into: &mut [Q]) {
    let (mut saved, of) = (Vec::new(), from.len() as u64);
    for (worker, operator) in from.iter_mut().enumerate() {
        for part in operator.states() {
            let is_saved = match part.scope {
                StateScope::Partitioned => true,
                StateScope::First | StateScope::Shared => worker == 0,
                StateScope::LoadOnly => false,
            };
            part.state.track(worker as u64, of);
            part.state.begin(true);
            let mut more = is_saved;
            while more {
                let mut piece = Vec::new();
                more = part.state.write(&mut piece, 16).expect("a piece");
                saved.push((part.label, piece));
            }
        }
    }
    let workers = into.len() as u64;
    for (worker, operator) in into.iter_mut().enumerate() {
        for part in operator.states() {
            part.state.track(worker as u64, workers);
            let is_own = |hash: u64| part.scope != StateScope::Partitioned || hash % workers == worker as u64;
            let is_loaded = part.scope != StateScope::First || worker == 0;
            for (_, piece) in
                saved.iter().filter(|(label, piece)| is_loaded && *label == part.label && !piece.is_empty())
            {
                part.state.load(piece, &is_own).expect("loaded");
            }
        }
        operator.loaded();
    }
}

/// Checks that operators emit what undisturbed ones do, if their states are copied into new ones after random commits, with
/// another number of workers. `new` makes the operators of so many workers, and `run` runs a commit through them.
pub(super) fn check_copies<P: Stateful, C: Clone, O: Ord + fmt::Debug>(
    commits: impl Fn(u64) -> Vec<C>,
    new: impl Fn(usize) -> Vec<P>,
    mut run: impl FnMut(&mut [P], C) -> Vec<O>,
) {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let (mut twin, mut operators) = (new(1), new(random.usize(1..4)));
    let mut emitted = 0;
    for (number, commit) in commits(random.u64(..)).into_iter().enumerate() {
        let (mut expected, mut changes) = (run(&mut twin, commit.clone()), run(&mut operators, commit));
        expected.sort();
        changes.sort();
        assert_eq!(changes, expected, "commit {number}");
        emitted += changes.len();
        if random.u8(0..10) == 0 {
            let mut copies = new(random.usize(1..4));
            copy_states(&mut operators, &mut copies);
            operators = copies;
        }
    }
    assert!(emitted > 0);
}

/// Only the insertions of random commits.
pub(super) fn insertions(commits: Vec<Vec<Change<Row>>>) -> Vec<Vec<Change<Row>>> {
    let is_insertion = |change: &Change<Row>| change.diff > 0;
    commits.into_iter().map(|commit| commit.into_iter().filter(is_insertion).collect()).collect()
}

/// Splits the items of a commit by worker.
pub(super) fn by_worker<D>(
    items: impl IntoIterator<Item = D>,
    workers: usize,
    route: impl Fn(&D) -> u64,
) -> Vec<Vec<D>> {
    let mut all: Vec<_> = (0..workers).map(|_| Vec::new()).collect();
    items.into_iter().for_each(|item| all[(route(&item) % workers as u64) as usize].push(item));
    all
}

/// What a worker has of a node whose rows go through a step before they are exchanged.
pub(super) struct Worker<S, P> {
    pub(super) step: S,
    pub(super) operator: P,
}

impl<S: Stateful, P: Stateful> Stateful for Worker<S, P> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.step.states().into_iter().chain(self.operator.states()).collect()
    }

    fn loaded(&mut self) {
        self.step.loaded();
        self.operator.loaded();
    }
}

/// The operators of a node, each with its items of a commit.
pub(super) fn exchange<S: StatefulStep<Change<Row>, D>, P, D>(
    workers: &mut [Worker<S, P>],
    mut commit: Vec<Change<Row>>,
    route: impl Fn(&D) -> u64,
) -> impl Iterator<Item = (&mut P, Vec<D>)> {
    let mut items = Vec::new();
    workers[0].step.run(&mut commit, &mut items);
    let items = by_worker(items, workers.len(), route);
    workers.iter_mut().map(|worker| &mut worker.operator).zip(items)
}
