//! The two typed ends: `nats::read` ties a source to a decoder, `nats::write` an encoder to a sink.

mod broker;
mod bucket;
mod jetstream;
mod read;
mod receive;
mod server;
mod write;

pub use jetstream::{Stream, stream};
pub use read::{OnBadRow, Read, read};
pub use write::{Write, write};
