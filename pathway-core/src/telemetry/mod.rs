//! Log lines about a running pipeline, and the counters that its statistics are made of. This room names no other.

#[cfg(test)]
pub(crate) mod capture;
mod counters;
mod log;
mod log_flusher;
mod log_limiter;
mod operator;
mod patience;
mod stats;

pub use counters::{Counter, SinkCounters, SourceCounters};
pub use log::{Level, report};
pub use log_limiter::LogLimiter;
pub use operator::{OperatorContext, OperatorReports};
pub use patience::{PATIENCE, receive_patiently, seconds_since};
pub use stats::{OperatorStats, RecordingStats, SinkStats, SourceStats};
