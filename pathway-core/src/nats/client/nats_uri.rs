//! Where the servers are, and who we are to them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use super::{Credentials, Options, uri};
use crate::data::{Error, Result};

/// A NATS URI, parsed: servers, credentials, and whether TLS is demanded.
///
/// - `nats://localhost:4222`, or without the scheme, or without the port (4222);
/// - `nats://user:password@host` and `nats://token@host`; a special character in them is written as in any URI,
///   `%40` for `@`;
/// - several servers of one cluster, with one set of credentials: `nats://user:password@a:4222,b:4222`;
/// - `tls://host`: TLS for all servers of the list, or no connection. (Where a server demands TLS, it is used anyway.)
///
/// `Display` and `Debug` show the servers, never a password or a token.
///
/// ```
/// use pathway_core::nats::client::NatsUri;
///
/// let endpoint: NatsUri = "nats://alice:s3cret@a.example,b.example:5222".parse()?;
/// assert_eq!(endpoint.to_string(), "nats://a.example:4222,nats://b.example:5222");
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
pub struct Server {
    /// The name or the address, an IPv6 one without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether TLS is demanded.
    pub tls: bool,
}

impl NatsUri {
    /// Parses a URI.
    ///
    /// # Errors
    /// It cannot be used; the error says why, and shows no secret.
    pub fn parse(text: &str) -> Result<Self> {
        uri::parse(text)
    }

    /// The servers, in the order in which they were given.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// Who we are to them; `None` for nobody in particular.
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }

    /// Whether TLS is demanded.
    pub fn requires_tls(&self) -> bool {
        self.tls
    }

    /// Adds what is said beside the URI: who we are, where that is said more urgently, and that TLS is demanded.
    pub(super) fn with(mut self, options: &Options) -> Self {
        let Options { credentials, fallback, .. } = options;
        self.credentials = credentials.clone().or(self.credentials).or_else(|| fallback.clone());
        if options.demand_tls() {
            self.demand_tls();
        }
        self
    }

    /// Demands TLS of all servers: a password that one gets encrypted must not go to the next in plain text.
    pub(super) fn demand_tls(&mut self) {
        self.tls = true;
        for server in &mut self.servers {
            server.tls = true;
        }
    }

    /// As a part of a sentence: ``user `alice` ``, `a token`, `nobody in particular`.
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
