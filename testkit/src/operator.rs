//! Identities for tests: nkeys, and users of an account of an operator, whose tokens a server can check by itself.

use std::{fmt, io, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nkeys::KeyPair;

use crate::Error;

/// A user's nkey. The seed is the secret; the public key belongs in the server's configuration.
///
/// ```
/// use pathway_testkit::{Nkey, Server};
///
/// let nkey = Nkey::user()?;
/// let config = format!("authorization {{ users: [{{ nkey: {} }}] }}", nkey.public);
/// let server = Server::builder().config(&config).start()?;
/// assert!(nkey.seed.starts_with("SU"));
/// # Ok::<(), pathway_testkit::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Nkey {
    /// The secret seed.
    pub seed: String,
    /// The public key.
    pub public: String,
}

impl Nkey {
    /// Creates a user's nkey.
    ///
    /// # Errors
    ///
    /// The seed cannot be encoded.
    pub fn user() -> Result<Self, Error> {
        let key = KeyPair::new_user();
        Ok(Self { seed: key.seed().map_err(failed)?, public: key.public_key() })
    }
}

impl fmt::Debug for Nkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nkey").field("public", &self.public).finish_non_exhaustive()
    }
}

/// An operator with one account, which signs the credentials of its users.
///
/// The server needs no list of users: it trusts the operator, and so the account.
///
/// ```
/// use pathway_testkit::{Operator, Server};
///
/// let operator = Operator::new()?;
/// let server = Server::builder().config(operator.config()).start()?;
/// let credentials = operator.credentials("ada", "{}")?;
/// assert!(credentials.contains("BEGIN NATS USER JWT"));
/// # Ok::<(), pathway_testkit::Error>(())
/// ```
pub struct Operator {
    account: KeyPair,
    config: String,
}

impl Operator {
    /// Creates an operator and its account.
    ///
    /// # Errors
    ///
    /// A token cannot be signed.
    pub fn new() -> Result<Self, Error> {
        let (operator, account, system) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
        let own = token(&operator, &operator.public_key(), "operator", r#"{"type":"operator","version":2}"#, "")?;
        let mut config = format!("operator: {own}\nresolver: MEMORY\nsystem_account: {}\n", system.public_key());
        // The server refuses a system account with JetStream.
        let mut accounts = String::new();
        for (key, name, streams) in [(&account, "account", -1), (&system, "system", 0)] {
            let public = key.public_key();
            let signed = token(&operator, &public, name, &account_claims(streams), "")?;
            accounts.push_str(&format!("  {public}: {signed}\n"));
        }
        config.push_str(&format!("resolver_preload: {{\n{accounts}}}\n"));
        Ok(Self { account, config })
    }

    /// The configuration lines of a server that trusts the operator.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.config
    }

    /// The text of a credentials file for a new user. `publish` is its permissions to publish, as JSON: `{}` for all
    /// subjects, or `{"deny":["sum"]}`.
    ///
    /// # Errors
    ///
    /// The token cannot be signed.
    pub fn credentials(&self, name: &str, publish: &str) -> Result<String, Error> {
        self.signed(name, publish, "")
    }

    /// As [`credentials`](Operator::credentials), and they expire after so many seconds.
    ///
    /// # Errors
    ///
    /// The token cannot be signed.
    pub fn expiring_credentials(&self, name: &str, publish: &str, seconds: u64) -> Result<String, Error> {
        self.signed(name, publish, &format!(r#""exp":{},"#, unix_seconds() + seconds))
    }

    fn signed(&self, name: &str, publish: &str, more: &str) -> Result<String, Error> {
        let user = KeyPair::new_user();
        let claims =
            format!(r#"{{"pub":{publish},"sub":{{}},"subs":-1,"data":-1,"payload":-1,"type":"user","version":2}}"#);
        let token = token(&self.account, &user.public_key(), name, &claims, more)?;
        let seed = user.seed().map_err(failed)?;
        Ok(format!(
            "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        ))
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operator").field("account", &self.account.public_key()).finish_non_exhaustive()
    }
}

/// The claims of an account without limits, with so many streams.
fn account_claims(streams: i64) -> String {
    let core = r#""subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1"#;
    let jetstream =
        format!(r#""mem_storage":{streams},"disk_storage":{streams},"streams":{streams},"consumer":{streams}"#);
    format!(r#"{{"limits":{{{core},{jetstream}}},"type":"account","version":2}}"#)
}

/// A JSON Web Token for nats-server about `subject`, signed by `issuer`, with `more` claims.
fn token(issuer: &KeyPair, subject: &str, name: &str, nats: &str, more: &str) -> Result<String, Error> {
    let (now, issuer_key) = (unix_seconds(), issuer.public_key());
    let claims = format!(
        r#"{{{more}"jti":"{subject}","iat":{now},"iss":"{issuer_key}","sub":"{subject}","name":"{name}","nats":{nats}}}"#
    );
    let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ed25519-nkey"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = issuer.sign(signed.as_bytes()).map_err(failed)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn failed(error: nkeys::error::Error) -> Error {
    Error::io("creating an identity")(io::Error::other(error))
}
