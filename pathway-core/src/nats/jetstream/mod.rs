//! JetStream: streams read and written.

pub mod sink;
pub mod source;
