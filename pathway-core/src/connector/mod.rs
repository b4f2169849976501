//! What every source and sink stands on: queues, batches, acknowledgements, dead letters; and the sources that need no
//! server: static tables, manual inputs, clocks.

mod clock;
pub mod custom;
mod endpoint;
mod memory;
pub mod sink;
pub mod source;
mod tick;

pub use endpoint::{Endpoint, IntoEndpoint};
pub use memory::Feed;
pub use tick::Tick;
