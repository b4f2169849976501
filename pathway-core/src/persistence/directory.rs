//! A directory with the state of a pipeline, as users name it.

use std::path::PathBuf;

/// Keeps a pipeline's state in a directory, which is created if it is not there; see
/// [`Pipeline::persist`](crate::plan::Pipeline::persist).
///
/// ```
/// use pathway::prelude::*;
/// use pathway::persistence;
///
/// let pipeline = Pipeline::named("orders-service").persist(persistence::directory("state").sync(true));
/// # drop(pipeline);
/// ```
pub fn directory(path: impl Into<PathBuf>) -> Directory {
    Directory { path: path.into(), sync: false }
}

/// A directory with the state of a pipeline; see [`directory`].
#[derive(Clone, Debug)]
#[must_use = "give it to `Pipeline::persist`"]
pub struct Directory {
    pub(super) path: PathBuf,
    pub(super) sync: bool,
}

impl Directory {
    /// Whether each commit is on the disk before its output is written, so that a power loss loses nothing either. Default:
    /// false. Then the operating system writes it a few seconds later; the end of the process, however sudden, loses nothing.
    ///
    /// It takes the time of one `fdatasync` for each commit: tenths of a millisecond to tens of milliseconds, depending on the
    /// disk.
    pub fn sync(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }
}
