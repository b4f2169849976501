//! What a pipeline tells the person who runs it: log lines and counters. This room names no other.

mod counters;
mod log_limiter;
mod report;

pub use counters::{Counter, SinkCounters, SourceCounters};
pub(crate) use log_limiter::Tally;
pub use report::{Level, Throttle, report};
