//! Endpoints: the NATS server or the in-memory broker that a pipeline connects to.

use std::fmt;
use std::sync::Arc;

use super::sink::EncodedMessage;
use super::source::{InputQueue, MessageBatch};
use crate::data::Commit;
use crate::plan::ManualCommits;

/// Where messages are read from or written to: a NATS server by its URI, or a broker in memory.
///
/// `nats::read` and `nats::write` take anything that [becomes one](IntoEndpoint): `"nats://host:4222"`, a `String`, `&broker`.
#[derive(Clone)]
#[non_exhaustive]
pub enum Endpoint {
    /// A server, or several, separated by commas.
    Server(String),
    /// A broker in memory, for tests.
    Memory(Arc<dyn MemoryBroker>),
}

/// A message is larger than a broker accepts: headers and payload together may have so many bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge(pub usize);

/// A broker in memory, which stands in for a server.
pub trait MemoryBroker: Send + Sync {
    /// Sends the messages of a subject pattern to a source's queue, commit by commit. Returns what seals the commits of all
    /// sources of the same pipeline.
    fn subscribe(&self, pattern: &str, queue: Arc<InputQueue<MessageBatch>>) -> Arc<ManualCommits>;

    /// Publishes a message of a sink's batch.
    ///
    /// # Errors
    /// The message is too large: how large it may be, headers included.
    fn publish(&self, message: EncodedMessage<'_>) -> Result<(), TooLarge>;

    /// Publishes the value of a bucket's key, unless the last message of the key is this one, or a later one, of the same writer.
    /// `place` is its commit, and its number in that.
    ///
    /// # Errors
    /// Those of [`publish`](MemoryBroker::publish).
    fn publish_value(&self, message: EncodedMessage<'_>, writer: &str, place: (Commit, usize)) -> Result<(), TooLarge>;
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A URI may hold a password.
            Endpoint::Server(_) => f.write_str("Server(..)"),
            Endpoint::Memory(_) => f.write_str("Memory(..)"),
        }
    }
}

impl From<&str> for Endpoint {
    fn from(uri: &str) -> Self {
        Endpoint::Server(uri.to_owned())
    }
}

impl From<String> for Endpoint {
    fn from(uri: String) -> Self {
        Endpoint::Server(uri)
    }
}

impl From<&String> for Endpoint {
    fn from(uri: &String) -> Self {
        Endpoint::Server(uri.clone())
    }
}

/// Anything that converts into an [`Endpoint`].
///
/// It is equivalent to `Into<Endpoint>`; only the compile error is clearer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an endpoint",
    label = "expected the URI of a server, or a reference to a broker in memory",
    note = "write `\"nats://localhost:4222\"`, or `&broker`"
)]
pub trait IntoEndpoint {
    /// The endpoint.
    fn into_endpoint(self) -> Endpoint;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Endpoint>> IntoEndpoint for T {
    fn into_endpoint(self) -> Endpoint {
        self.into()
    }
}
