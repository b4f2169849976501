//! What may stand where a pipeline asks for a server.

use crate::testing::Broker;

/// Where messages come from or go to: a NATS server by its URI, or a [`Broker`] in memory.
///
/// `nats::read` and `nats::write` take anything that [becomes one](IntoPlace): `"nats://host:4222"`, a `String`, `&broker`.
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

/// What becomes a [`Place`]: whatever converts `Into` one.
///
/// It says no more than `Into<Place>`, but the compiler says more about its absence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a server or a broker",
    label = "expected a server's URI, or a reference to a broker in memory",
    note = "write `\"nats://localhost:4222\"`, or `&broker`"
)]
pub trait IntoPlace {
    /// The place.
    fn into_place(self) -> Place;
}

#[diagnostic::do_not_recommend]
impl<T: Into<Place>> IntoPlace for T {
    fn into_place(self) -> Place {
        self.into()
    }
}
