//! Messages go out: what a sink is, and how the worker hands a commit's messages to it.

mod collect;
pub mod core;
mod dead;
mod deliver;
pub mod jetstream;
mod outbox;
mod parcel;
pub(crate) mod refusal;
mod subscribe;

pub use collect::Collected;
pub use dead::{DeadLetters, End};
pub use deliver::{Writer, deliver};
pub use outbox::Outbox;
pub use parcel::{Label, Letter, Parcel};
pub use subscribe::Update;

use std::sync::Arc;
use std::thread::JoinHandle;

use crate::data::{Control, Result, SinkCounters};

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
