//! What may stand where a pipeline asks for a server.

use crate::testing::Broker;

/// Where messages come from or go to: a NATS server by its URI, or a [`Broker`] in memory.
///
/// `nats::read` and `nats::write` take anything that becomes one: `"nats://host:4222"`, a `String`, `&broker`.
#[derive(Clone)]
pub enum Place {
    /// A server, or several separated by commas; see [`Endpoint::parse`](super::Endpoint::parse).
    Server(String),
    /// A broker in memory, for tests.
    Memory(Broker),
}

impl From<&str> for Place {
    fn from(uri: &str) -> Self {
        Place::Server(uri.to_owned())
    }
}

impl From<String> for Place {
    fn from(uri: String) -> Self {
        Place::Server(uri)
    }
}

impl From<&String> for Place {
    fn from(uri: &String) -> Self {
        Place::Server(uri.clone())
    }
}

impl From<&Broker> for Place {
    fn from(broker: &Broker) -> Self {
        Place::Memory(broker.clone())
    }
}
