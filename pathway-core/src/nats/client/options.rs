//! What can be set about a connection beside the URI.

use std::path::PathBuf;
use std::time::Duration;

use super::{Credentials, environment};
use crate::data::Result;

/// What can be set about a connection beside the URI: who we are, whom we trust, how long to try.
///
/// Who we are is said once: where several places say it, what is said here by a method counts before the URI, and the URI
/// before the environment ([`Options::from_env`]).
///
/// A file that cannot be read or used is an error when the pipeline starts. Files are read anew for each connection, so that
/// one that is replaced while the pipeline runs (a certificate that is renewed) counts from the next connection on.
///
/// No secret appears in logs, errors or `Debug`.
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
#[must_use]
pub struct Options {
    pub(crate) connect_deadline: Duration,
    /// Who we are, as said by a method.
    pub(super) credentials: Option<Credentials>,
    /// Who we are where neither a method nor the URI says it.
    pub(super) fallback: Option<Credentials>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) client_certificate: Option<ClientCertificate>,
    pub(super) tls_first: bool,
}

/// Files that say who we are to a server that wants a certificate.
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
    /// The defaults. The environment is not looked at.
    pub fn new() -> Self {
        Options {
            connect_deadline: Duration::from_secs(30),
            credentials: None,
            fallback: None,
            ca_file: None,
            client_certificate: None,
            tls_first: false,
        }
    }

    /// What the environment says, under the names that the `nats` command has for it.
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `NATS_USER`, `NATS_PASSWORD` | a user and the password; without a password, a token |
    /// | `NATS_TOKEN` | a token |
    /// | `NATS_NKEY` | a file with the seed of an nkey |
    /// | `NATS_CREDS` | a credentials file |
    /// | `NATS_CERT`, `NATS_KEY` | [`client_certificate`](Options::client_certificate) |
    /// | `NATS_CA` | [`ca_file`](Options::ca_file) |
    ///
    /// A variable that is empty counts as not set. A program that does not call this never looks at them.
    ///
    /// # Errors
    /// Two of them say who we are, one of a pair is missing, or a value is not UTF-8.
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

    /// Who we are: a user and the password.
    pub fn user_and_password(self, name: impl Into<String>, password: impl Into<String>) -> Self {
        self.credentials(Credentials::User { name: name.into(), password: password.into() })
    }

    /// Who we are: a token.
    pub fn token(self, token: impl Into<String>) -> Self {
        self.credentials(Credentials::Token(token.into()))
    }

    /// Who we are: the user with this nkey, by its seed (`SU…`).
    pub fn nkey(self, seed: impl Into<String>) -> Self {
        self.credentials(Credentials::Nkey(seed.into()))
    }

    /// Who we are: the user whose nkey seed is in this file.
    pub fn nkey_file(self, path: impl Into<PathBuf>) -> Self {
        self.credentials(Credentials::NkeyFile(path.into()))
    }

    /// Who we are: the user of this text, in the form of a credentials file (a JWT, and the seed of its nkey).
    pub fn credentials_text(self, text: impl Into<String>) -> Self {
        self.credentials(Credentials::Text(text.into()))
    }

    /// Who we are: the user of this credentials file, as `nsc` and the NATS services make them.
    pub fn credentials_file(self, path: impl Into<PathBuf>) -> Self {
        self.credentials(Credentials::File(path.into()))
    }

    fn credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    /// Whom we trust: the authorities in this PEM file, and no others. TLS is demanded.
    ///
    /// Default: those of the system; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_file = Some(path.into());
        self
    }

    /// Who we are to a server that wants a client certificate (`verify: true`): PEM files with the certificate, followed by
    /// those between it and its authority if there are any, and with its private key. TLS is demanded.
    pub fn client_certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.client_certificate = Some(ClientCertificate { certificate: certificate.into(), key: key.into() });
        self
    }

    /// Begins with the TLS handshake, before the server has said anything, as a server with `handshake_first` wants it.
    /// TLS is demanded.
    pub fn tls_first(mut self) -> Self {
        self.tls_first = true;
        self
    }

    /// How long a pipeline that starts tries to reach the server before it gives up: 30 s by default.
    ///
    /// Once it runs, it tries for ever to get a broken connection back.
    pub fn connect_deadline(mut self, deadline: Duration) -> Self {
        self.connect_deadline = deadline;
        self
    }

    /// Whether they make no sense without TLS: a server that is told of an authority must not be one that anybody can be.
    pub(super) fn demand_tls(&self) -> bool {
        self.tls_first || self.ca_file.is_some() || self.client_certificate.is_some()
    }
}
