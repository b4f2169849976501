//! The worker's side of a source.

use std::sync::Arc;
use std::time::Duration;

use super::ManualCommits;
use crate::data::Commit;

/// Moves what a source has brought into the dataflow. It lives on the first worker.
pub trait SourceOperator {
    /// What decides when its rows are committed.
    fn pace(&self) -> CommitTrigger;

    /// Moves what waits into the open commit, and says how many messages or rows that were.
    ///
    /// Of a source with commits of its own it moves exactly one of these.
    fn pump(&mut self) -> usize;

    /// Closes the open commit: later rows belong to `next`.
    fn advance(&mut self, next: Commit);

    /// The commits before this one are through, and the servers have all that was written for them.
    ///
    /// It is said at last; not for each commit.
    fn settle(&mut self, _before: Commit) {}

    /// Whether everything was moved and nothing more will come.
    fn is_finished(&self) -> bool;

    /// Lets go of a source that waits for room, because the pipeline ends at once.
    fn close(&mut self);
}

/// What decides when the rows of a source are committed.
#[derive(Clone)]
pub enum CommitTrigger {
    /// The data are there already, in commits; they come before anything else.
    Preloaded,
    /// Somebody says when: the sealed commits are taken one by one, in the order in which they were sealed.
    Manual(Arc<ManualCommits>),
    /// The pipeline's clock: as soon as the commit before is through, but not before the first row has
    /// waited for this long.
    Scheduled(Duration),
}
