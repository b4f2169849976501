//! Messages go out: what a sink is, and how the worker hands a commit's messages to it.

mod collect;
mod dead_letter;
mod deliver;
mod encoded_batch;
mod outbox;
mod subscribe;
pub(crate) mod validate;

pub use super::sink::collect::Collected;
pub use super::sink::dead_letter::{DeadLetters, End};
pub use super::sink::deliver::{Writer, deliver};
pub use super::sink::encoded_batch::{EncodedBatch, MessageMeta, OutgoingMessage};
pub use super::sink::outbox::Outbox;
pub use super::sink::subscribe::Update;

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::data::Result;
use crate::plan::Control;
use crate::telemetry::SinkCounters;

/// Where messages go. `run` starts each sink of a pipeline once, before its sources.
pub trait Sink: Send {
    /// Connects and begins to empty the outbox, on a thread of its own.
    ///
    /// It returns when the sink is ready. The thread ends when the outbox is finished and empty, which
    /// it says through [`Outbox::confirm`] parcel by parcel.
    ///
    /// # Errors
    /// The sink could not be made ready.
    fn start(self: Box<Self>, link: SinkLink) -> Result<JoinHandle<()>>;
}

/// What ties a sink to its pipeline.
#[derive(Clone)]
pub struct SinkLink {
    /// The sink's name, for logs and errors.
    pub name: Arc<str>,
    /// Where the messages come from.
    pub outbox: Arc<Outbox>,
    /// What it counts. The worker counts `queued`, the sink all else.
    pub counters: Arc<SinkCounters>,
    /// Whom to tell of a failure.
    pub control: Control,
}
