//! Identities for tests: nkeys, and users of an account under an operator, whose tokens a server checks by itself.

use std::{io, time::SystemTime};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use nkeys::KeyPair;

use crate::Error;

/// A user's nkey: the seed is the secret, the public key goes into the server's configuration.
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
#[derive(Debug, Clone)]
pub struct Nkey {
    /// The secret seed.
    pub seed: String,
    /// The public key.
    pub public: String,
}

impl Nkey {
    /// Makes a user's nkey.
    ///
    /// # Errors
    ///
    /// The seed cannot be written out.
    pub fn user() -> Result<Self, Error> {
        let key = KeyPair::new_user();
        Ok(Self { seed: key.seed().map_err(failed)?, public: key.public_key() })
    }
}

/// An operator with one account, whose users show credentials that the account has signed.
///
/// The server needs no list of users: it trusts the operator, and through it the account.
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
    /// Makes an operator and its account.
    ///
    /// # Errors
    ///
    /// A token cannot be signed.
    pub fn new() -> Result<Self, Error> {
        let (operator, account, system) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_account());
        let own = token(&operator, &operator.public_key(), "operator", r#"{"type":"operator","version":2}"#)?;
        let mut config = format!("operator: {own}\nresolver: MEMORY\nsystem_account: {}\n", system.public_key());
        // JetStream is of no use to the system's account, and refuses to be allowed to it.
        let mut accounts = String::new();
        for (key, name, streams) in [(&account, "account", -1), (&system, "system", 0)] {
            let public = key.public_key();
            let signed = token(&operator, &public, name, &account_claims(streams))?;
            accounts.push_str(&format!("  {public}: {signed}\n"));
        }
        config.push_str(&format!("resolver_preload: {{\n{accounts}}}\n"));
        Ok(Self { account, config })
    }

    /// The lines of a server's configuration that make it trust the operator.
    #[must_use]
    pub fn config(&self) -> &str {
        &self.config
    }

    /// The text of a credentials file for a new user, with permissions to publish as JSON: `{}` for all subjects,
    /// `{"deny":["sum"]}`.
    ///
    /// # Errors
    ///
    /// The token cannot be signed.
    pub fn credentials(&self, name: &str, publish: &str) -> Result<String, Error> {
        let user = KeyPair::new_user();
        let claims =
            format!(r#"{{"pub":{publish},"sub":{{}},"subs":-1,"data":-1,"payload":-1,"type":"user","version":2}}"#);
        let token = token(&self.account, &user.public_key(), name, &claims)?;
        let seed = user.seed().map_err(failed)?;
        Ok(format!(
            "-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n\
             -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
        ))
    }
}

/// Everything without limits, and so much of JetStream.
fn account_claims(streams: i64) -> String {
    let core = r#""subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1"#;
    let jetstream =
        format!(r#""mem_storage":{streams},"disk_storage":{streams},"streams":{streams},"consumer":{streams}"#);
    format!(r#"{{"limits":{{{core},{jetstream}}},"type":"account","version":2}}"#)
}

/// A JSON Web Token as nats-server reads it: it says who `subject` is, signed by `issuer`.
fn token(issuer: &KeyPair, subject: &str, name: &str, nats: &str) -> Result<String, Error> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let issuer_key = issuer.public_key();
    let claims = format!(
        r#"{{"jti":"{subject}","iat":{now},"iss":"{issuer_key}","sub":"{subject}","name":"{name}","nats":{nats}}}"#
    );
    let head = URL_SAFE_NO_PAD.encode(r#"{"typ":"JWT","alg":"ed25519-nkey"}"#);
    let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims));
    let signature = issuer.sign(signed.as_bytes()).map_err(failed)?;
    Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

fn failed(error: nkeys::error::Error) -> Error {
    Error::io("making an identity")(io::Error::other(error))
}
