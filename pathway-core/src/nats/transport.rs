//! What carries the messages of a source or a sink: core NATS, a stream, or a bucket.

use std::fmt;

use super::atomic::Atomic;
use super::client::{ApiPrefix, ApiSettings};
use super::kv::sink::Key;
use super::stream::Stream;
use crate::data::{Error, ErrorKind, Metadata, Result};
use crate::plan::DeclaredEnd;

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
    Bucket(ApiSettings),
}

impl ReadTransport {
    pub(super) fn is_bucket(&self) -> bool {
        matches!(self, ReadTransport::Bucket(_))
    }

    /// Whose JetStream is read.
    ///
    /// # Errors
    /// The settings cannot be honoured.
    pub(super) fn api(&self) -> Result<ApiPrefix> {
        match self {
            ReadTransport::Core => Ok(ApiPrefix::Own),
            ReadTransport::Stream(stream) => stream.api.check(),
            ReadTransport::Bucket(api) => api.check(),
        }
    }

    /// What a picture says of a source of this subject.
    pub(super) fn declared(&self, subject: &str, dead_letters: Option<String>, is_named: bool) -> DeclaredEnd {
        let subject = subject.to_owned();
        let (kind, subject, stream) = match self {
            ReadTransport::Core => ("nats", Some(subject), None),
            ReadTransport::Stream(stream) => ("jetstream", Some(subject), Some(stream.name.clone())),
            ReadTransport::Bucket(_) => ("kv", None, Some(subject)),
        };
        DeclaredEnd { kind, subject, stream, dead_letters, is_named }
    }

    pub(super) fn is_core(&self) -> bool {
        matches!(self, ReadTransport::Core)
    }

    /// # Errors
    /// Nothing can fill a column.
    pub(super) fn check_metadata(&self, source: &str, metadata: Metadata) -> Result<()> {
        let Some(column) = metadata.needs_jetstream.filter(|_| self.is_core()) else { return Ok(()) };
        let message = format!(
            "source `{source}`: only JetStream can fill the column `{column}`, and core NATS has no such information: \
             read from a stream, or make the column an Option, which is None then"
        );
        Err(Error::new(ErrorKind::Config, message))
    }
}

/// What carries the messages of a sink.
pub(super) enum WriteTransport<R> {
    Core,
    Stream(Stream, Atomic),
    /// The subject is the bucket's name, and rows have these keys.
    Bucket(Key<R>, ApiSettings),
}

impl<R> WriteTransport<R> {
    /// Whose JetStream is written to.
    ///
    /// # Errors
    /// The settings cannot be honoured.
    pub(super) fn api(&self) -> Result<ApiPrefix> {
        match self {
            WriteTransport::Core => Ok(ApiPrefix::Own),
            WriteTransport::Stream(stream, _) => stream.api.check(),
            WriteTransport::Bucket(_, api) => api.check(),
        }
    }
}

impl<R> fmt::Debug for WriteTransport<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteTransport::Core => f.write_str("Core"),
            WriteTransport::Stream(stream, atomic) => f.debug_tuple("Stream").field(stream).field(atomic).finish(),
            WriteTransport::Bucket(..) => f.write_str("Bucket(..)"),
        }
    }
}
