//! What a pipeline that runs in several processes tells the others.

use crate::data::{Commit, ErrorKind};

/// The other processes of a pipeline. Nothing here waits for an answer.
pub(crate) trait OtherProcesses: Send + Sync {
    /// The first process is about to seal a commit that has this `time`.
    fn seal(&self, commit: Commit, time: u64);

    /// Whether messages that servers have stored are still to be processed.
    fn set_catching_up(&self, is_catching_up: bool);

    /// The pipeline is to stop.
    fn stop(&self);

    /// The pipeline ends without completing its open commit, perhaps because of an error with this text.
    fn end(&self, error: Option<(ErrorKind, String)>);
}
