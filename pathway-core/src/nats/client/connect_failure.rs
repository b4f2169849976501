//! Why an attempt to connect failed, and whether another attempt makes sense.

use std::error::Error as _;
use std::{fmt, io};

use async_nats::{ConnectError, ConnectErrorKind};

use super::server_error::ServerError;

/// Why one attempt to connect failed.
#[derive(Debug)]
pub(super) enum ConnectFailure {
    /// The server does not accept the credentials.
    Credentials,
    /// The server answers, but we cannot use it until something is changed: the reason.
    Permanent(String),
    /// The server takes no connection now, because others have as many as there may be: the reason, with what can be done.
    Full(String),
    /// Another attempt may succeed: the reason.
    Temporary(String),
}

impl ConnectFailure {
    pub(super) fn from_error(error: &ConnectError) -> Self {
        let source = error.source();
        let text = source.map_or_else(|| error.kind().to_string(), |source| source.to_string());
        let lower = text.to_lowercase();
        if let Some(async_nats::ServerError::Other(text)) = source.and_then(|source| source.downcast_ref()) {
            return ConnectFailure::from_server(text);
        }
        match error.kind() {
            ConnectErrorKind::AuthorizationViolation | ConnectErrorKind::Authentication => ConnectFailure::Credentials,
            ConnectErrorKind::Tls => ConnectFailure::Permanent(format!("TLS could not be set up: {text}")),
            ConnectErrorKind::TimedOut => ConnectFailure::Temporary("no answer".to_owned()),
            _ => match source.and_then(|source| source.downcast_ref::<io::Error>()) {
                Some(error) => ConnectFailure::from_io(error, text),
                None if lower.contains("expected info, got nothing") => {
                    ConnectFailure::Temporary("it closed the connection immediately".to_owned())
                }
                None if lower.contains("expected info") => {
                    ConnectFailure::Permanent("it is not a NATS server".to_owned())
                }
                None => ConnectFailure::Temporary(text),
            },
        }
    }

    /// From an error that the server has sent.
    fn from_server(text: &str) -> Self {
        match ServerError::parse(text) {
            ServerError::Credentials => ConnectFailure::Credentials,
            ServerError::Permanent(reason) => ConnectFailure::Permanent(reason),
            ServerError::Full(reason) => ConnectFailure::Full(reason),
            ServerError::Closed(reason) => ConnectFailure::Temporary(reason),
            ServerError::Denied(_) => ConnectFailure::Temporary(text.to_owned()),
        }
    }

    fn from_io(error: &io::Error, text: String) -> Self {
        match error.kind() {
            // rustls: the server's part of the handshake is wrong.
            io::ErrorKind::InvalidData if text.contains("InvalidContentType") => {
                ConnectFailure::Permanent("TLS is required, but the server does not use it".to_owned())
            }
            io::ErrorKind::InvalidData => ConnectFailure::Permanent(format!("the TLS handshake failed: {text}")),
            // async-nats: the first line is not INFO.
            io::ErrorKind::InvalidInput => ConnectFailure::Permanent("it is not a NATS server".to_owned()),
            // "Connection refused (os error 111)" is easier to read without its number.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::TimedOut => {
                ConnectFailure::Temporary(error.kind().to_string())
            }
            _ => ConnectFailure::Temporary(text),
        }
    }
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectFailure::Credentials => f.write_str("it does not accept the credentials"),
            ConnectFailure::Permanent(reason) | ConnectFailure::Full(reason) | ConnectFailure::Temporary(reason) => {
                f.write_str(reason)
            }
        }
    }
}
