//! A plan becomes a running dataflow: workers, commits, backpressure, shutdown.

mod checkpoints;
mod commit_loop;
mod commit_scheduler;
mod commit_span;
mod ending;
mod environment;
#[cfg_attr(not(any(feature = "console", feature = "monitor")), expect(dead_code, reason = "nothing else looks at it"))]
mod heartbeat;
mod lifecycle;
#[cfg(feature = "console")]
mod live_status;
#[cfg(not(feature = "console"))]
#[path = "without_console.rs"]
mod live_status;
mod merge;
#[cfg(feature = "metrics")]
mod metrics_thread;
#[cfg(feature = "monitor")]
mod monitoring;
#[cfg(not(feature = "monitor"))]
#[path = "without_monitoring.rs"]
mod monitoring;
mod observation;
mod processes;
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
#[cfg(any(feature = "console", feature = "monitor"))]
mod watched;
mod worker;
mod worker_state;
mod workers;

pub use running::Running;
pub use workers::{Cluster, Workers};
