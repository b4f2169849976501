//! The two typed ends: `nats::read` ties a source to a decoder, `nats::write` an encoder to a sink. And the clock.

mod broker;
pub mod client;
pub mod core;
mod dead_letters;
mod decode_operator;
mod envelope;
pub mod jetstream;
mod kv;
mod read;
mod server;
mod stream;
mod subscription_options;
mod write;
mod writer;

pub use read::{OnDecodeError, Read, read};
pub use stream::{Stream, stream};
pub use write::{Write, write};
