//! A plan becomes a running dataflow: workers, commits, backpressure, shutdown.

mod commits;
mod environment;
mod pace;
mod running;
mod signals;
mod start;
mod worker;

pub use running::{Running, SinkStats, SourceStats, Stats};
