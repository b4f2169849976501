//! Rows and random commits for the tests of operators' state.

use std::cmp::Ordering;
use std::hash::Hasher;
use std::sync::Arc;

use serde::{Deserializer, Serializer};

use crate::data::{Change, Column, Columns, Datum, DecodeError, DynValue, HasKey, JsonText, Message, Schema};

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
    const COLUMNS: Columns = Columns { fields: &[] };

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
