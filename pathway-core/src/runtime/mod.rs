//! A plan becomes a running dataflow: workers, commits, backpressure, shutdown.

mod checkpoints;
mod commit_loop;
mod commit_scheduler;
mod commit_span;
mod ending;
mod environment;
#[cfg_attr(not(feature = "monitor"), expect(dead_code, reason = "only a monitor looks at it"))]
mod heartbeat;
mod lifecycle;
mod merge;
#[cfg(feature = "metrics")]
mod metrics_thread;
#[cfg(feature = "monitor")]
mod monitoring;
#[cfg(not(feature = "monitor"))]
#[path = "without_monitoring.rs"]
mod monitoring;
#[cfg_attr(not(feature = "monitor"), expect(dead_code, reason = "a monitor sees more than a handle"))]
mod observation;
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
