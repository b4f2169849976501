//! Messages come in: what a source is, and how it hands its messages to the worker.

mod ack_progress;
mod batch;
mod commit_buffer;
mod metadata_columns;
mod queue;

pub use super::source::ack_progress::{AckProgress, AckSnapshot};
pub use super::source::batch::Batch;
pub use super::source::commit_buffer::CommitBuffer;
pub use super::source::queue::{Bound, Closed, Queue};

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::data::{Metadata, Result};
use crate::plan::Control;
use crate::telemetry::SourceCounters;

/// Where messages come from. `run` starts each source of a pipeline once.
pub trait Source: Send {
    /// Connects, subscribes, and begins to fill the queue, on a thread of its own.
    ///
    /// It returns when the source is ready: from then on no message is missed.
    /// The thread ends when the source has ended or the pipeline stops; it calls [`Queue::finish`] last.
    ///
    /// # Errors
    /// The source could not be made ready.
    fn start(self: Box<Self>, link: SourceLink) -> Result<JoinHandle<()>>;
}

/// What ties a source to its pipeline.
#[derive(Clone)]
pub struct SourceLink {
    /// The source's name, for logs and errors.
    pub name: Arc<str>,
    /// Where the messages go.
    pub queue: Arc<Queue>,
    /// What it counts. The worker counts `rows` and `rejected`, the source all else.
    pub counters: Arc<SourceCounters>,
    /// What to keep of each message beside its subject and payload.
    pub metadata: Metadata,
    /// When to stop, and whom to tell of a failure.
    pub control: Control,
}
