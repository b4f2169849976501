//! The contract for sources and sinks, and what they share: queues, acknowledgements, positions, dead letters.
//!
//! The sources that need no server are here, too: static tables, manual inputs, clocks; and what a replay does in their place.

mod clock;
mod endpoint;
mod replay;
pub mod sink;
pub mod source;
mod static_tables;
pub mod subject;
pub(crate) mod thread;
mod tick;

pub use endpoint::{Endpoint, IntoEndpoint, MemoryBroker, TooLarge};
pub use replay::{ReplayOptions, replay};
pub use static_tables::Feed;
pub use tick::Tick;

/// Why a source or a sink failed: any error.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
