//! A parsed NATS URI: servers, credentials, TLS.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{Credentials, Options, uri};
use crate::data::{Error, Result};

/// A parsed NATS URI: servers, credentials, and whether TLS is required.
///
/// - `nats://localhost:4222`; scheme and port may be left out, the default port is 4222;
/// - `nats://user:password@host` and `nats://token@host`, with special characters percent-encoded: `%40` for `@`;
/// - several servers of one cluster with one set of credentials: `nats://user:password@a:4222,b:4222`;
/// - `tls://host`: TLS is required for all servers of the list. (With `nats://`, TLS is used if the server requires it.)
///
/// `Display` and `Debug` show the servers, but never a password or a token.
///
/// ```
/// use pathway_core::nats::client::NatsUri;
///
/// let uri: NatsUri = "nats://alice:s3cret@a.example,b.example:5222".parse()?;
/// assert_eq!(uri.to_string(), "nats://a.example:4222,nats://b.example:5222");
/// # Ok::<(), pathway_core::data::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatsUri {
    pub(super) servers: Vec<Server>,
    pub(super) credentials: Option<Credentials>,
    pub(super) tls: bool,
}

/// The address of one server.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// The host name or the IP address. An IPv6 address is without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is required.
    pub tls: bool,
}

impl NatsUri {
    /// Parses a URI.
    ///
    /// # Errors
    /// The URI cannot be used. The error says why and shows no secret.
    pub fn parse(text: &str) -> Result<Self> {
        uri::parse(text)
    }

    /// The servers, in the order of the URI.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// The credentials, if the URI has any.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Whether TLS is required.
    pub fn requires_tls(&self) -> bool {
        self.tls
    }

    /// Applies the options: credentials that override those of the URI or are missing in it, and required TLS.
    pub(crate) fn with(mut self, options: &Options) -> Self {
        let Options { credentials, fallback, .. } = options;
        self.credentials = credentials.clone().or(self.credentials).or_else(|| fallback.clone());
        if options.require_tls() {
            self.require_tls();
        }
        self
    }

    /// Requires TLS for all servers: a password that one server gets encrypted must not go to the next one in plain text.
    pub(super) fn require_tls(&mut self) {
        self.tls = true;
        for server in &mut self.servers {
            server.tls = true;
        }
    }

    /// The credentials as part of a sentence: ``user `alice` ``, `a token`, `a user without credentials`.
    pub(crate) fn identity(&self) -> String {
        self.credentials.as_ref().map_or_else(|| "a user without credentials".to_owned(), Credentials::to_string)
    }
}

impl FromStr for NatsUri {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        NatsUri::parse(text)
    }
}

impl fmt::Display for NatsUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, server) in self.servers.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            write!(f, "{comma}{server}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "tls" } else { "nats" };
        match self.host.parse() {
            Ok(IpAddr::V6(host)) => write!(f, "{scheme}://[{host}]:{}", self.port),
            _ => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
