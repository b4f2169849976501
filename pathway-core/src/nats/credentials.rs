//! Who we are to a server.

use std::fmt;

/// Who we are to a server. `Debug` and `Display` never show a secret.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Credentials {
    /// A user and the password.
    User {
        /// The user's name.
        name: String,
        /// The password.
        password: String,
    },
    /// A token.
    Token(String),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::User { name, .. } => f.debug_struct("User").field("name", name).finish_non_exhaustive(),
            Credentials::Token(_) => f.write_str("Token(..)"),
        }
    }
}

/// As a part of a sentence: ``user `alice` ``, `a token`.
impl fmt::Display for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Credentials::User { name, .. } => write!(f, "user `{name}`"),
            Credentials::Token(_) => f.write_str("a token"),
        }
    }
}
