//! The statistics of persistence and of recordings.

use serde::Serialize;

use crate::telemetry::meter::age_in_seconds;
use crate::telemetry::{PersistenceMeter, ReplayMeter};

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
    /// Commits of the log that this start has to compute again: those behind the last checkpoint.
    pub logged_commits: u64,
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

/// The statistics of the replay of a recording.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::testing::Store;
///
/// #[derive(Schema)]
/// struct Order { id: i64 }
///
/// # fn main() -> pathway::Result<()> {
/// let recording = Store::new();
/// let pipeline = Pipeline::named("orders").record(&recording);
/// let _orders = pipeline.rows([Order { id: 1 }]).collect();
/// pipeline.run()?;
///
/// let pipeline = Pipeline::named("orders").replay(&recording);
/// let _orders = pipeline.rows([Order { id: 1 }]).collect();
/// let replay = pipeline.start()?.join()?.replay.expect("a recording is replayed");
/// assert_eq!((replay.run, replay.commits, replay.recorded_commits), (1, 1, Some(1)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReplayStats {
    /// The number of the run that is replayed.
    pub run: u64,
    /// Commits of the recording that were computed so far.
    pub commits: u64,
    /// Commits that the recording has of this run. One that was not recorded as a whole is not replayed. `None` if the last file of
    /// the recording is damaged.
    pub recorded_commits: Option<u64>,
}

impl From<&ReplayMeter> for ReplayStats {
    fn from(meter: &ReplayMeter) -> Self {
        let ReplayMeter { run, recorded_commits, commits } = meter;
        ReplayStats { run: *run, commits: commits.get(), recorded_commits: *recorded_commits }
    }
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
            logged_commits: meter.logged_commits.get(),
        }
    }
}
