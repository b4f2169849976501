//! The crate's operators.

use std::time::{Duration, Instant};

use pathway::prelude::*;
use pathway::reducers::Count;

use super::{Commits, Operator};

#[derive(Schema)]
struct Numbered {
    key: i64,
    number: i64,
}

#[derive(Schema)]
struct Counted {
    key: i64,
    n: i64,
}

/// Runs a pipeline over the commits, whose output nobody reads.
pub(super) fn play(operator: Operator, commits: Commits) -> Duration {
    let change = |((key, number), diff)| Change { row: Numbered { key, number }, diff };
    let commits: Vec<Vec<_>> = commits.into_iter().map(|commit| commit.into_iter().map(change).collect()).collect();
    let pipeline = Pipeline::new();
    let rows = pipeline.commits(commits);
    match operator {
        Operator::Reduce => {
            let _ = rows.group_by(|r| r.key).reduce(Count, |_| (), |key, n| Counted { key: *key, n });
        }
        Operator::Distinct => {
            let _ = rows.distinct();
        }
        Operator::Join => {
            let (even, odd) = (rows.filter(|r| r.number % 2 == 0), rows.filter(|r| r.number % 2 == 1));
            let joined = even.join(&odd).on(|e| e.key, |o| o.key);
            let _ = joined.inner(|e, o| Numbered { key: e.key, number: o.number });
        }
    }
    let begin = Instant::now();
    pipeline.start_with(1).and_then(pathway::Running::join).unwrap_or_else(|error| panic!("{error}"));
    begin.elapsed()
}
