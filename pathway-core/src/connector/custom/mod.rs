//! Sources and sinks of the user's own: small traits, and what ties them to a pipeline.
//!
//! A [`Source`] and a [`Sink`] are plain code that may block: each has a thread of its own, and a bounded hand-over to the
//! worker or from it.

mod handover;
mod pump;
mod row_sender;
mod sink;
mod source;
mod thread;

pub use super::custom::row_sender::{RowSender, Stopped};
pub use super::custom::sink::{CommitBatch, Sink};
pub use super::custom::source::{Settings, Source};

/// Why a source or a sink of one's own failed: any error.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
