//! What is said about a running pipeline: log lines, counters, measured times, and the statistics that are made of them. This room
//! names no other.

#[cfg(test)]
pub(crate) mod capture;
mod counters;
mod families;
mod histogram;
mod latency;
mod live_status;
mod log;
mod log_flusher;
mod log_limiter;
mod meter;
mod open_commit;
mod operator;
mod patience;
mod prometheus;
mod recent;
#[cfg(feature = "metrics")]
mod recorder;
mod spans;
mod state_requests;
mod stats;
mod stopwatch;
mod totals;

pub use counters::{Counter, Flag, Gauge, SinkCounters, SourceCounters};
pub use histogram::{Bucket, Histogram, HistogramStats};
pub use latency::{Latencies, LatencyStats};
pub use live_status::{LiveStatus, close_status, interrupt_status, suspend_status};
pub use log::{InfoOnStderr, Level, debug, has_subscriber, report};
pub use log_limiter::LogLimiter;
pub use meter::{NodeMeter, NodeMeters, PersistenceMeter, ReplayMeter};
pub use open_commit::number_log_lines;
pub use operator::{OperatorContext, OperatorReports};
pub use patience::{PATIENCE, receive_patiently, seconds_since};
pub use prometheus::{PROMETHEUS_CONTENT_TYPE, prometheus_text};
pub use recent::{RecentEvent, recent_events};
#[cfg(feature = "metrics")]
pub(crate) use recorder::RecordedStats;
pub use spans::{
    PublishSpan, are_commits_traced, commit_span, log_span, operators_span, pipeline_span, sink_span, source_span,
    spawn, worker_span,
};
pub use state_requests::StateRequests;
pub use stats::{
    OperatorStats, OperatorWorkerStats, OutboxStats, PersistenceStats, PipelineState, RecordingStats, ReplayStats,
    SinkStats, SourceStats, Stats, Waiting,
};
pub use stopwatch::{NodeTime, Sample, Stopwatch, Turn};
pub use totals::{Count, Totals};
pub use tracing::Span;
