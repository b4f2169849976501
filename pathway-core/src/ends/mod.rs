//! The two typed ends: `nats::read` ties a source to a decoder, `nats::write` an encoder to a sink.

mod broker;
mod dead;
mod envelope;
mod read;
mod receive;
mod server;
mod write;
mod writer;

pub use read::{OnBadRow, Read, read};
pub use write::{Write, write};
