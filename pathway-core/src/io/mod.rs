//! Sources and sinks of the user's own: small traits, and what ties them to a pipeline.
//!
//! A [`Source`] and a [`Sink`] are plain code that may block: each has a thread of its own, and a bounded hand-over to the
//! worker or from it.

mod handover;
mod intake;
mod pump;
mod sink;
mod source;
mod thread;

pub use intake::{Intake, Stopped};
pub use sink::{Committed, Sink};
pub use source::{Settings, Source};

/// Why a source or a sink of one's own failed: any error.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
