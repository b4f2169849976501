//! JetStream: reading from streams and publishing into them.

pub mod sink;
pub mod source;
