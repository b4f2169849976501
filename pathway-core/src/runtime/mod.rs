//! A plan becomes a running dataflow: workers, commits, backpressure, shutdown.

mod checkpoints;
mod commit_loop;
mod commit_scheduler;
mod ending;
mod environment;
mod merge;
#[cfg(feature = "metrics")]
mod metrics_thread;
mod recording;
mod recovery;
mod replay;
mod running;
mod signals;
mod source_order;
mod start;
mod state_meter;
mod stats_reader;
mod waiting;
mod worker;
mod worker_state;

pub use running::Running;
