//! What carries the messages of a source or a sink: core NATS, a stream, or a bucket.

use std::fmt;

use super::kv::sink::Key;
use super::stream::Stream;

/// Core NATS, as the transport of [`Read`](super::Read) and [`Write`](super::Write).
#[derive(Clone, Copy, Debug)]
pub enum Core {}

/// A stream, as the transport of [`Read`](super::Read) and [`Write`](super::Write).
#[derive(Clone, Copy, Debug)]
pub enum JetStream {}

/// A key-value bucket, as the transport of [`Read`](super::Read) and [`Write`](super::Write).
#[derive(Clone, Copy, Debug)]
pub enum KeyValue {}

/// What carries the messages of a source.
#[derive(Clone, Debug)]
pub(super) enum ReadTransport {
    Core,
    Stream(Stream),
    /// The subject is the bucket's name.
    Bucket,
}

impl ReadTransport {
    pub(super) fn is_bucket(&self) -> bool {
        matches!(self, ReadTransport::Bucket)
    }

    pub(super) fn is_core(&self) -> bool {
        matches!(self, ReadTransport::Core)
    }
}

/// What carries the messages of a sink.
pub(super) enum WriteTransport<R> {
    Core,
    /// A stream's name.
    Stream(String),
    /// The subject is the bucket's name, and rows have these keys.
    Bucket(Key<R>),
}

impl<R> fmt::Debug for WriteTransport<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteTransport::Core => f.write_str("Core"),
            WriteTransport::Stream(name) => f.debug_tuple("Stream").field(name).finish(),
            WriteTransport::Bucket(_) => f.write_str("Bucket(..)"),
        }
    }
}
