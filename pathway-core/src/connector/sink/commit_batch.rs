//! The rows of one commit for a sink.

use super::OutputBatch;
use crate::data::{Change, Commit, Schema};

/// The rows of one commit, for a [`Sink`](super::Sink).
#[derive(Debug)]
#[non_exhaustive]
pub struct CommitBatch<R> {
    /// The commit's number within the pipeline's run. Commits that change nothing in the table are left out.
    pub number: Commit,
    /// The commit's time, as on the wire: unix milliseconds, even, strictly increasing.
    pub time: u64,
    /// The net changes, at least one: removals first, then insertions.
    pub changes: Vec<Change<R>>,
}

impl<R> CommitBatch<R> {
    /// What a change counts towards the outbox's bound, in bytes: about as much as a small message.
    const CHANGE_WEIGHT: usize = 40;

    pub(super) fn new(number: Commit, time: u64, changes: Vec<Change<R>>) -> Self {
        CommitBatch { number, time, changes }
    }
}

impl<R: Schema> OutputBatch for CommitBatch<R> {
    fn commit(&self) -> Commit {
        self.number
    }

    fn len(&self) -> usize {
        self.changes.len()
    }

    fn weight(&self) -> usize {
        self.changes.len() * Self::CHANGE_WEIGHT
    }

    fn skip(&mut self, count: usize) {
        self.changes.drain(..count.min(self.changes.len()));
    }
}
