//! The statistics of persistence and of recordings.

use serde::Serialize;

use crate::telemetry::PersistenceMeter;
use crate::telemetry::meter::age_in_seconds;

/// The statistics of a pipeline that [persists](crate::plan::Pipeline::persist).
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct PersistenceStats {
    /// How often the pipeline was started with this directory.
    pub epoch: u64,
    /// Checkpoints that were completed since the start.
    pub checkpoints: u64,
    /// Checkpoints that could not be written. The pipeline goes on, and its log keeps everything since the one before.
    pub checkpoint_failures: u64,
    /// How long the last checkpoint has taken, in seconds, until its commits were confirmed; `None` if there was none since the
    /// start.
    pub checkpoint_seconds: Option<f64>,
    /// How many bytes the last checkpoint has written; `None` if there was none since the start.
    pub checkpoint_bytes: Option<u64>,
    /// How long ago the last checkpoint was completed, in seconds, in this run or an earlier one; since the directory was made, if
    /// there was none.
    pub checkpoint_age_seconds: f64,
    /// How many bytes of the log a restart would read now: what is behind the last checkpoint.
    pub log_bytes: u64,
    /// How long this start has taken, in seconds: from the opening of the directory, with connecting sources and sinks, until all
    /// logged commits were computed again. `None` if that is not done yet.
    pub restore_seconds: Option<f64>,
    /// Commits of the log that this start has computed again.
    pub replayed_commits: u64,
}

/// The statistics of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RecordingStats {
    /// Commits that were recorded.
    pub commits: u64,
    /// The bytes that were written for them.
    pub bytes: u64,
    /// Commits that were not recorded, because a write has failed before: the disk was full, for example.
    pub missed: u64,
}

impl PersistenceStats {
    /// The values of the counters.
    pub(crate) fn new(epoch: u64, meter: &PersistenceMeter) -> Self {
        let made = meter.checkpoint_made.get().and_then(|millis| i64::try_from(millis).ok());
        let seconds = |nanos: u64| nanos as f64 / 1e9;
        PersistenceStats {
            epoch,
            checkpoints: meter.checkpoints.get(),
            checkpoint_failures: meter.checkpoint_failures.get(),
            checkpoint_seconds: meter.checkpoint_nanos.get().map(seconds),
            checkpoint_bytes: meter.checkpoint_bytes.get(),
            checkpoint_age_seconds: made
                .map_or(0.0, |millis| age_in_seconds(millis.saturating_mul(1_000_000)).max(0.0)),
            log_bytes: meter.log_bytes.get(),
            restore_seconds: meter.restore_nanos.get().map(seconds),
            replayed_commits: meter.replayed_commits.get(),
        }
    }
}
