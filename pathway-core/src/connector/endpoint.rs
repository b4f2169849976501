//! What may stand where a pipeline asks for a server.

use crate::testing::Broker;

/// Where messages come from or go to: a NATS server by its URI, or a [`Broker`] in memory.
///
/// `nats::read` and `nats::write` take anything that [becomes one](IntoEndpoint): `"nats://host:4222"`, a `String`, `&broker`.
#[derive(Clone)]
pub enum Endpoint {
    /// A server, or several separated by commas; see [`Endpoint::parse`](crate::nats::client::Endpoint::parse).
    Server(String),
    /// A broker in memory, for tests.
    Memory(Broker),
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

impl From<&Broker> for Endpoint {
    fn from(broker: &Broker) -> Self {
        Endpoint::Memory(broker.clone())
    }
}

/// What becomes a [`Endpoint`]: whatever converts `Into` one.
///
/// It says no more than `Into<Endpoint>`, but the compiler says more about its absence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a server or a broker",
    label = "expected a server's URI, or a reference to a broker in memory",
    note = "write `\"nats://localhost:4222\"`, or `&broker`"
)]
pub trait IntoEndpoint {
    /// The place.
    fn into_endpoint(self) -> Endpoint;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Endpoint>> IntoEndpoint for T {
    fn into_endpoint(self) -> Endpoint {
        self.into()
    }
}
