//! The statistics of a pipeline: the values of its counters at one moment.

mod operator;
mod persistence;
mod sink;
mod source;

pub use operator::{OperatorStats, OperatorWorkerStats};
pub use persistence::{PersistenceStats, RecordingStats, ReplayStats};
pub use sink::{OutboxStats, SinkStats};
pub use source::{SourceStats, Waiting};

use serde::Serialize;

use super::{HistogramStats, LatencyStats, NodeMeters};

/// What a pipeline has counted and measured; see [`Running::stats`](crate::runtime::Running::stats), and
/// [`Running::join`](crate::runtime::Running::join).
///
/// [`prometheus_text`](crate::telemetry::prometheus_text) writes it for Prometheus. It implements `Serialize`; there, the numbers
/// have the names of the fields.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::stats::PipelineState;
///
/// #[derive(Schema)]
/// struct Order { id: i64 }
///
/// let pipeline = Pipeline::named("orders");
/// let (feed, orders) = pipeline.input::<Order>();
/// # let _seen = orders.collect();
/// let running = pipeline.start()?;
/// feed.insert(Order { id: 1 });
/// feed.commit();
///
/// let stats = running.stats();
/// assert_eq!((stats.pipeline.as_str(), stats.state), ("orders", PipelineState::Running));
/// assert_eq!((stats.commits, stats.latency.total.count), (1, 1));
/// # drop(feed);
/// # running.join()?;
/// # Ok::<(), pathway::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Stats {
    /// The name of the pipeline.
    pub pipeline: String,
    /// The version of this crate.
    pub version: String,
    /// What the pipeline does.
    pub state: PipelineState,
    /// How many commits there are. A pipeline that persists goes on counting where the last run has ended.
    pub commits: u64,
    /// How many messages or rows the commits of this run have read. Commits that a restart computes again are left out.
    pub commit_rows: HistogramStats,
    /// How long commits take.
    pub latency: LatencyStats,
    /// The sources, in the order of their declaration.
    pub sources: Vec<SourceStats>,
    /// The operators, in the order of their declaration.
    pub operators: Vec<OperatorStats>,
    /// The sinks, in the order of their declaration.
    pub sinks: Vec<SinkStats>,
    /// The state on disk, if the pipeline [persists](crate::plan::Pipeline::persist).
    pub persistence: Option<PersistenceStats>,
    /// The recording, if the pipeline is [recorded](crate::plan::Pipeline::record).
    pub recording: Option<RecordingStats>,
    /// The replay, if the pipeline [replays](crate::plan::Pipeline::replay) a recording.
    pub replay: Option<ReplayStats>,
}

/// What a pipeline does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PipelineState {
    /// It connects its sources and sinks, loads its state and computes the commits of its log again.
    #[default]
    Starting,
    /// It processes messages that servers had stored before, or that have piled up.
    CatchingUp,
    /// It processes messages as they come.
    Running,
    /// It reads no more, and writes what is left.
    Stopping,
    /// It has ended, with or without an error.
    Ended,
}

impl PipelineState {
    /// All states, in the order in which a pipeline can have them.
    pub const ALL: [PipelineState; 5] = [
        PipelineState::Starting,
        PipelineState::CatchingUp,
        PipelineState::Running,
        PipelineState::Stopping,
        PipelineState::Ended,
    ];

    /// The name, as metrics and JSON have it: `catching_up`.
    pub fn name(self) -> &'static str {
        match self {
            PipelineState::Starting => "starting",
            PipelineState::CatchingUp => "catching_up",
            PipelineState::Running => "running",
            PipelineState::Stopping => "stopping",
            PipelineState::Ended => "ended",
        }
    }
}

impl SourceStats {
    /// Adds what the nodes of the source have counted.
    pub(crate) fn add_node(&mut self, meters: &NodeMeters) {
        let node = OperatorStats::new(&self.name, meters);
        (self.busy_seconds, self.state_keys, self.state_bytes) = (node.busy_seconds, node.state_keys, node.state_bytes);
    }
}

impl SinkStats {
    /// Adds what the node of the sink has counted.
    pub(crate) fn add_node(&mut self, meters: &NodeMeters) {
        self.busy_seconds = OperatorStats::new(&self.name, meters).busy_seconds;
    }
}
