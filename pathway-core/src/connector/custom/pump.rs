//! The worker's side of a source of the user's own.

use std::sync::Arc;
use std::time::Duration;

use super::handover::Handover;
use crate::data::{Change, Commit, Schema};
use crate::dataflow::Inlet;
use crate::plan::{CommitTrigger, SourceOperator};
use crate::telemetry::SourceCounters;

/// Moves what a source has given into the dataflow.
pub(super) struct RowSenderOperator<R: Schema> {
    handover: Arc<Handover<R>>,
    counters: Arc<SourceCounters>,
    commit_every: Duration,
    rows: Inlet<Change<R>>,
    /// Whether the open commit has a commit of the source's own already: two of them never share one.
    has_commit: bool,
}

impl<R: Schema> RowSenderOperator<R> {
    /// How many rows are moved at a time, before the conductor looks whether to seal.
    const AT_ONCE: usize = 64 * 1024;

    pub(super) fn new(
        handover: Arc<Handover<R>>,
        counters: Arc<SourceCounters>,
        commit_every: Duration,
        rows: Inlet<Change<R>>,
    ) -> Self {
        RowSenderOperator { handover, counters, commit_every, rows, has_commit: false }
    }

    fn take(&mut self) -> usize {
        let Some(mut changes) = self.handover.take() else { return 0 };
        let taken = changes.len();
        self.counters.received.add(taken as u64);
        self.counters.rows.add(taken as u64);
        self.rows.send(&mut changes);
        taken
    }
}

impl<R: Schema> SourceOperator for RowSenderOperator<R> {
    fn pace(&self) -> CommitTrigger {
        CommitTrigger::Scheduled(self.commit_every)
    }

    fn pump(&mut self) -> usize {
        if self.handover.has_own_commits() {
            if self.has_commit {
                return 0;
            }
            let taken = self.take();
            self.has_commit = taken > 0;
            return taken;
        }
        let mut all = 0;
        loop {
            let taken = self.take();
            all += taken;
            if taken == 0 || all >= Self::AT_ONCE {
                return all;
            }
        }
    }

    fn advance(&mut self, next: Commit) {
        self.has_commit = false;
        self.rows.advance(next);
    }

    fn is_finished(&self) -> bool {
        self.handover.is_finished()
    }

    fn close(&mut self) {
        self.handover.close();
    }
}
