//! Connection options beside the URI.

use std::path::PathBuf;
use std::time::Duration;

use super::{Credentials, environment};
use crate::data::Result;

/// Connection options beside the URI: credentials, trusted authorities, and how long to try.
///
/// Credentials that are set here by a method override those in the URI, and those in the URI override those from the
/// environment ([`Options::from_env`]).
///
/// A file that cannot be read or used is an error when the pipeline starts. Files are read again for each connection: when you
/// replace one while the pipeline runs, such as a renewed certificate, the next connection uses it.
///
/// Logs, errors and `Debug` show no secret.
///
/// ```
/// use std::time::Duration;
/// use pathway::nats::Options;
///
/// let options = Options::new()
///     .credentials_file("orders.creds")
///     .ca_file("authority.pem")
///     .connect_deadline(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "options do nothing until they are given to a source or sink"]
pub struct Options {
    pub(crate) connect_deadline: Duration,
    pub(super) refusal_deadline: Duration,
    /// Credentials set by a method.
    pub(super) credentials: Option<Credentials>,
    /// Credentials from the environment, used if neither a method nor the URI sets any.
    pub(super) fallback: Option<Credentials>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) client_certificate: Option<ClientCertificate>,
    pub(super) tls_first: bool,
    pub(super) inbox_prefix: Option<String>,
}

/// The files of a client certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ClientCertificate {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl Default for Options {
    fn default() -> Self {
        Options::new()
    }
}

impl Options {
    /// The default options. They do not read the environment.
    pub fn new() -> Self {
        Options {
            connect_deadline: Duration::from_secs(30),
            refusal_deadline: Duration::from_secs(30),
            credentials: None,
            fallback: None,
            ca_file: None,
            client_certificate: None,
            tls_first: false,
            inbox_prefix: None,
        }
    }

    /// Options from the environment variables of the `nats` command.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `NATS_USER`, `NATS_PASSWORD` | user name and password; without a password, a token |
    /// | `NATS_TOKEN` | a token |
    /// | `NATS_NKEY` | a file with an nkey seed |
    /// | `NATS_CREDS` | a credentials file |
    /// | `NATS_CERT`, `NATS_KEY` | [`client_certificate`](Options::client_certificate) |
    /// | `NATS_CA` | [`ca_file`](Options::ca_file) |
    ///
    /// An empty variable counts as unset. These variables are read only by this function.
    ///
    /// # Errors
    /// Two variables set credentials, one of a pair is missing, or a value is not UTF-8.
    ///
    /// ```
    /// use pathway::nats::Options;
    ///
    /// let options = Options::from_env()?.tls_first();
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn from_env() -> Result<Self> {
        environment::read(|name| std::env::var_os(name))
    }

    /// Authenticates with a user name and a password.
    pub fn user_and_password(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials(Credentials::User { name: name.into(), password: password.into() })
    }

    /// Authenticates with a token.
    pub fn token(self, token: impl Into<String>) -> Self {
        self.credentials(Credentials::Token(token.into()))
    }

    /// Authenticates as the user with this nkey, given by its seed (`SU…`).
    pub fn nkey(self, seed: impl Into<String>) -> Self {
        self.credentials(Credentials::Nkey(seed.into()))
    }

    /// Authenticates as the user whose nkey seed is in this file.
    pub fn nkey_file(self, path: impl Into<PathBuf>) -> Self {
        self.credentials(Credentials::NkeyFile(path.into()))
    }

    /// Authenticates with the text of a credentials file: a JWT and an nkey seed.
    pub fn credentials_text(self, text: impl Into<String>) -> Self {
        self.credentials(Credentials::Text(text.into()))
    }

    /// Authenticates with a credentials file, as created by `nsc` and hosted NATS services.
    pub fn credentials_file(self, path: impl Into<PathBuf>) -> Self {
        self.credentials(Credentials::File(path.into()))
    }

    fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Trusts only the certificate authorities in this PEM file. This requires TLS.
    ///
    /// Default: the authorities of the system, or those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// The client certificate for a server that requires one (`verify: true`). This requires TLS.
    ///
    /// Both are PEM files: the certificate, followed by its intermediate certificates if there are any, and its private key.
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.client_certificate = Some(ClientCertificate { certificate: certificate.into(), key: key.into() });
        self
    }

    /// Starts with the TLS handshake instead of waiting for the server's INFO, for servers with `handshake_first`. This
    /// requires TLS.
    pub fn tls_first(mut self) -> Self {
        self.tls_first = true;
        self
    }

    /// What the subjects begin with on which the server answers us. Default: `_INBOX`.
    ///
    /// For a user who may not use all inboxes: with `allow: ["_INBOX_orders.>"]`, the prefix is `_INBOX_orders`.
    ///
    /// ```
    /// use pathway::nats::Options;
    ///
    /// let options = Options::new().credentials_file("orders.creds").inbox_prefix("_INBOX_orders");
    /// ```
    pub fn inbox_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.inbox_prefix = Some(prefix.into());
        self
    }

    /// How long a starting pipeline tries to reach the server before it fails. Default: 30 s.
    ///
    /// A running pipeline tries to reconnect forever.
    pub fn connect_deadline(mut self, deadline: Duration) -> Self {
        self.connect_deadline = deadline;
        self
    }

    /// How long every server may refuse the credentials of a running pipeline before that ends with an error. Default: 30 s.
    ///
    /// A server that is reloading its users, or whose list of accounts is not there yet, refuses everybody for a moment; and
    /// a token that has expired may be renewed in its file. While the pipeline starts, a refusal is final.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pathway::nats::Options;
    ///
    /// let options = Options::new().credentials_file("orders.creds").refusal_deadline(Duration::from_secs(300));
    /// ```
    pub fn refusal_deadline(mut self, deadline: Duration) -> Self {
        self.refusal_deadline = deadline;
        self
    }

    /// Whether the options require TLS. Without it, a trusted authority would not protect against a forged server.
    pub(super) fn require_tls(&self) -> bool {
        self.tls_first || self.ca_file.is_some() || self.client_certificate.is_some()
    }
}
