//! Why a server could not be connected to, and whether it is worth trying again.

use std::error::Error as _;
use std::io;

use async_nats::{ConnectError, ConnectErrorKind};

/// Why one attempt to connect failed.
#[derive(Debug)]
pub(super) enum ConnectFailure {
    /// The server does not accept the credentials.
    Credentials,
    /// There is a server, but it won't be one for us before something is changed: the reason.
    Unusable(String),
    /// It may work in a moment: the reason.
    Away(String),
}

impl ConnectFailure {
    pub(super) fn of(error: &ConnectError) -> Self {
        let source = error.source();
        let text = source.map_or_else(|| error.kind().to_string(), |source| source.to_string());
        let lower = text.to_lowercase();
        match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => ConnectFailure::Credentials,
            _ if lower.contains("authorization") || lower.contains("authentication") => ConnectFailure::Credentials,
            ConnectErrorKind::Tls => ConnectFailure::Unusable(format!("TLS could not be set up: {text}")),
            ConnectErrorKind::TimedOut => ConnectFailure::Away("no answer".to_owned()),
            _ => match source.and_then(|source| source.downcast_ref::<io::Error>()) {
                Some(error) => ConnectFailure::of_io(error, text),
                None if lower.contains("expected info, got nothing") => {
                    ConnectFailure::Away("it closed the connection at once".to_owned())
                }
                None if lower.contains("expected info") => ConnectFailure::Unusable("it is no NATS server".to_owned()),
                None => ConnectFailure::Away(text),
            },
        }
    }

    fn of_io(error: &io::Error, text: String) -> Self {
        match error.kind() {
            // What rustls finds wrong with the server's side of the handshake.
            io::ErrorKind::InvalidData if text.contains("InvalidContentType") => {
                ConnectFailure::Unusable("TLS is demanded, but the server does not speak it".to_owned())
            }
            io::ErrorKind::InvalidData => ConnectFailure::Unusable(format!("the TLS handshake failed: {text}")),
            // What async-nats finds wrong with the first line.
            io::ErrorKind::InvalidInput => ConnectFailure::Unusable("it is no NATS server".to_owned()),
            // "Connection refused (os error 111)" reads better without its number.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::TimedOut => {
                ConnectFailure::Away(error.kind().to_string())
            }
            _ => ConnectFailure::Away(text),
        }
    }
}
