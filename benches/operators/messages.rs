//! A commit of one row as a live pipeline works it off: a source brings it, tables change, and messages leave.

use std::time::Duration;

use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::prelude::*;
use pathway::testing::Broker;

use super::ours::{Numbered, between, operate};
use super::{Commits, History, Operator};

/// Brings commits as they stand.
struct Played(Commits);

impl Source for Played {
    type Item = Numbered;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().own_commits()
    }

    fn run(self, rows: &RowSender<Numbered>) -> Result<(), Failure> {
        for commit in self.0 {
            for ((key, number), diff) in commit {
                let row = Numbered { key, number };
                if diff > 0 { rows.insert(row)? } else { rows.remove(row)? }
            }
            rows.commit()?;
        }
        Ok(())
    }
}

/// The time from the end of the first commit to that of the last one, with JSON messages to a broker in memory.
///
/// The source runs ahead, so that the worker never waits for another thread: waking one takes more than all else.
pub(super) fn play(operator: Operator, commits: Commits) -> Duration {
    between(|seen| {
        let broker = Broker::new();
        let pipeline = Pipeline::new();
        let made = operate(operator, History::Changes, &pipeline.source(Played(commits)));
        (made.write)(&broker);
        (made.subscribe)(seen);
        pipeline.start_with(1).and_then(pathway::Running::join).unwrap_or_else(|error| panic!("{error}"));
    })
}
