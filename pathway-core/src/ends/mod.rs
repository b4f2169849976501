//! The two typed ends: `nats::read` ties a source to a decoder, `nats::write` an encoder to a sink. And the clock.

mod broker;
mod bucket;
mod clock;
mod dead;
mod envelope;
mod jetstream;
mod read;
mod receive;
mod server;
mod share;
mod tick;
mod write;
mod writer;

pub use jetstream::{Stream, stream};
pub use read::{OnBadRow, Read, read};
pub use tick::Tick;
pub use write::{Write, write};
