//! NATS: `read` makes a subject, a stream or a bucket a table, `write` publishes a table's changes.
//!
//! Like any connector, it uses only the contract in `connector/`, and names neither the engine nor the operators.

mod atomic;
mod bucket_options;
pub mod client;
pub mod core;
mod dead_letters;
pub mod jetstream;
mod kv;
mod message_options;
mod read;
mod read_formats;
mod service;
mod stream;
mod subject_uses;
mod subscription_options;
mod transport;
mod write;
mod write_formats;

pub use read::{Read, read};
pub use stream::{Stream, stream};
pub use transport::{Core, JetStream, KeyValue};
pub use write::{Write, write};
