//! The credentials of a connection.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use async_nats::ConnectOptions;
use nkeys::KeyPair;

use crate::data::{Error, ErrorKind, Result};

/// The credentials of a connection. `Debug` and `Display` never show a secret.
///
/// Files are read again for each connection, so that the next connection uses a file that was replaced.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// A user name and a password.
    User {
        /// The user's name.
        name: String,
        /// The password.
        password: String,
    },
    /// A token.
    Token(String),
    /// A user's nkey, given by its seed (`SU…`).
    Nkey(String),
    /// A file with the seed of a user's nkey.
    NkeyFile(PathBuf),
    /// The text of a credentials file: a user's JWT and nkey seed.
    Text(String),
    /// A credentials file.
    File(PathBuf),
}

impl Credentials {
    /// Checks that the credentials are well-formed and their files readable.
    pub(super) fn check(&self) -> Result<()> {
        self.add_to(ConnectOptions::new()).map(drop)
    }

    /// Adds the credentials to the options of a new connection.
    pub(super) fn add_to(&self, options: ConnectOptions) -> Result<ConnectOptions> {
        match self {
            Credentials::User { name, password } => Ok(options.user_and_password(name.clone(), password.clone())),
            Credentials::Token(token) => Ok(options.token(token.clone())),
            Credentials::Nkey(seed) => add_nkey(options, seed, self),
            Credentials::NkeyFile(path) => add_nkey(options, &read(path, "the nkey file")?, self),
            Credentials::Text(text) => add_text(options, text, self),
            Credentials::File(path) => add_text(options, &read(path, "the credentials file")?, self),
        }
    }
}

/// The text may have other lines around the seed.
fn add_nkey(options: ConnectOptions, text: &str, credentials: &Credentials) -> Result<ConnectOptions> {
    let seed = text.lines().map(str::trim).find(|line| line.starts_with("SU"));
    match seed.filter(|seed| KeyPair::from_seed(seed).is_ok()) {
        Some(seed) => Ok(options.nkey(seed.to_owned())),
        None => Err(unusable(credentials, "it contains no seed of a user's nkey, which begins with SU")),
    }
}

fn add_text(options: ConnectOptions, text: &str, credentials: &Credentials) -> Result<ConnectOptions> {
    // The error of async-nats may quote the text.
    options.credentials(text).map_err(|_| unusable(credentials, "it does not contain a user's JWT and nkey seed"))
}

fn read(path: &Path, what: &str) -> Result<String> {
    fs::read_to_string(path).map_err(|error| {
        Error::new(ErrorKind::Config, format!("{what} `{}` cannot be read", path.display())).with_source(error)
    })
}

fn unusable(credentials: &Credentials, reason: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{credentials} cannot be used: {reason}"))
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::User { name, .. } => f.debug_struct("User").field("name", name).finish_non_exhaustive(),
            Credentials::Token(_) => f.write_str("Token(..)"),
            Credentials::Nkey(_) => f.write_str("Nkey(..)"),
            Credentials::NkeyFile(path) => f.debug_tuple("NkeyFile").field(path).finish(),
            Credentials::Text(_) => f.write_str("Text(..)"),
            Credentials::File(path) => f.debug_tuple("File").field(path).finish(),
        }
    }
}

/// The credentials as part of a sentence: ``user `alice` ``, `a token`, ``the credentials file `a.creds` ``.
impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::User { name, .. } => write!(f, "user `{name}`"),
            Credentials::Token(_) => f.write_str("a token"),
            Credentials::Nkey(_) => f.write_str("an nkey"),
            Credentials::NkeyFile(path) => write!(f, "the nkey file `{}`", path.display()),
            Credentials::Text(_) => f.write_str("the text of a credentials file"),
            Credentials::File(path) => write!(f, "the credentials file `{}`", path.display()),
        }
    }
}
