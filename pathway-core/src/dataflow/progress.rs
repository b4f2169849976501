//! Progress: which commits the dataflow has completed.

use crate::data::Commit;

/// Seals commits, and knows which of them are complete.
pub trait Progress {
    /// The first commit is this one, instead of 0.
    fn start_at(&mut self, first: Commit);

    /// Seals a commit that all inputs have closed.
    fn seal(&mut self, commit: Commit);

    /// Whether all operators have completed all commits before `next`.
    fn is_complete_before(&self, next: Commit) -> bool;
}
