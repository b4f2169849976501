//! What two processes say first: that they know the secret, and that they run the same program.
//!
//! 1. Both send a [`Hello`] with a random number.
//! 2. Both prove that they know the secret, by a code (HMAC-SHA256) of both hellos. The one that connects goes first, so that
//!    whoever does not know the secret gets nothing that depends on it: the connection is closed without a word.
//! 3. The one that connects sends what must be the same in all processes, and gets an [`Answer`].
//!
//! What is sent before the secret is proved is short, and nothing of it is trusted.

use std::fmt;
use std::sync::Arc;

use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use serde::{Deserialize, Serialize};

use super::conversation::{Broken, Conversation};
use super::settings::{ClusterSettings, Shared};

/// What each hello begins with.
const MAGIC: [u8; 8] = *b"pathway\n";

/// Counts the changes of what processes send each other.
const WIRE_VERSION: u16 = 1;

/// The longest message of somebody who has not proved anything.
const LONGEST_OF_STRANGERS: usize = 1 << 10;

/// The longest message of another process: all operators of a large program are in it.
const LONGEST: usize = 16 << 20;

/// What a process needs for a handshake.
pub(super) struct Identity {
    settings: Arc<ClusterSettings>,
    key: hmac::Key,
    random: SystemRandom,
}

/// Why a process connects to another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    /// To take part in the next forming. It is said to process 0.
    Join,
    /// To be linked in this forming.
    Mesh(u64),
}

/// What each side says first.
#[derive(Serialize, Deserialize)]
struct Hello {
    magic: [u8; 8],
    wire_version: u16,
    /// Never the same twice, so that no earlier proof is one for this connection.
    nonce: [u8; 32],
    process: u32,
    /// The purpose of the side that connects.
    purpose: Option<Purpose>,
}

/// What the side that connects is told at the end.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Answer {
    Accept,
    /// Not before somebody changes something.
    Refuse(String),
    /// Not now.
    Later(String),
}

/// Another process that has connected, is of this cluster and runs the same program. It waits for an answer.
pub(super) struct Visitor {
    pub(super) process: usize,
    pub(super) purpose: Purpose,
    pub(super) conversation: Conversation,
}

/// Why there is no connection.
#[derive(Debug)]
pub(super) enum Failure {
    /// It cannot be before somebody changes something.
    Refused(String),
    /// The other side does not know the secret, or thinks so of this one.
    NotOfCluster,
    /// It may be later.
    Later(String),
    /// The connection is lost.
    Broken(Broken),
    /// Nothing was ever sent: somebody has looked whether the port is open.
    Nothing,
}

impl Identity {
    pub(super) fn new(settings: Arc<ClusterSettings>) -> Identity {
        // Without a secret, all processes are on this machine, and prove that they have none.
        let secret = settings.secret.as_deref().unwrap_or_default();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        Identity { settings, key, random: SystemRandom::new() }
    }

    /// A random number.
    pub(super) fn random<const N: usize>(&self) -> Result<[u8; N], Failure> {
        let mut bytes = [0; N];
        let filled = self.random.fill(&mut bytes);
        filled.map_err(|_| Failure::Later("the system has no random numbers".into()))?;
        Ok(bytes)
    }

    fn hello(&self, purpose: Option<Purpose>) -> Result<Vec<u8>, Failure> {
        let process = u32::try_from(self.settings.process).unwrap_or(u32::MAX);
        let (magic, wire_version) = (MAGIC, WIRE_VERSION);
        let hello = Hello { magic, wire_version, nonce: self.random()?, process, purpose };
        postcard::to_stdvec(&hello).map_err(|_| Failure::Broken(Broken::Unexpected))
    }
}

/// The handshake of the side that connects to a process.
pub(super) async fn connect(
    identity: &Identity,
    mut conversation: Conversation,
    peer: usize,
    purpose: Purpose,
) -> Result<Conversation, Failure> {
    let ours = identity.hello(Some(purpose))?;
    conversation.send_bytes(&ours).await?;
    let theirs = conversation.receive_bytes(LONGEST_OF_STRANGERS).await?;
    let hello = read_hello(&theirs)?.map_err(|version| {
        let name = identity.settings.name(peer);
        Failure::Refused(format!(
            "{name} speaks version {version} of the protocol between processes, and this process {WIRE_VERSION}: run the \
             same program everywhere"
        ))
    })?;
    let proof = hmac::sign(&identity.key, &statement(b"connects", &ours, &theirs));
    conversation.send_bytes(proof.as_ref()).await?;
    let proof = match conversation.receive_bytes(LONGEST_OF_STRANGERS).await {
        Err(Broken::Closed) => return Err(Failure::NotOfCluster),
        other => other?,
    };
    prove(identity, &statement(b"accepts", &ours, &theirs), &proof)?;
    if hello.process as usize != peer {
        return Err(Failure::Later(format!(
            "process {} answers there: has it the right PATHWAY_PROCESS_ID?",
            hello.process
        )));
    }
    conversation.send(&identity.settings.shared()).await?;
    match conversation.receive(LONGEST).await? {
        Answer::Accept => Ok(conversation),
        Answer::Refuse(reason) => Err(Failure::Refused(reason)),
        Answer::Later(reason) => Err(Failure::Later(reason)),
    }
}

/// The handshake of the side to which somebody connects, up to the answer.
pub(super) async fn accept(identity: &Identity, mut conversation: Conversation) -> Result<Visitor, Failure> {
    let theirs = match conversation.receive_bytes(LONGEST_OF_STRANGERS).await {
        Err(Broken::Closed) => return Err(Failure::Nothing),
        other => other?,
    };
    let hello = read_hello(&theirs)?;
    let ours = identity.hello(None)?;
    conversation.send_bytes(&ours).await?;
    let Hello { process, purpose: Some(purpose), .. } = hello.map_err(|version| {
        Failure::Refused(format!(
            "another process speaks version {version} of the protocol between processes, and this process {WIRE_VERSION}: \
             run the same program everywhere"
        ))
    })?
    else {
        return Err(Failure::Broken(Broken::Unexpected));
    };
    let proof = conversation.receive_bytes(LONGEST_OF_STRANGERS).await?;
    prove(identity, &statement(b"connects", &theirs, &ours), &proof)?;
    let proof = hmac::sign(&identity.key, &statement(b"accepts", &theirs, &ours));
    conversation.send_bytes(proof.as_ref()).await?;
    let shared: Shared = conversation.receive(LONGEST).await?;
    let (process, settings) = (process as usize, &identity.settings);
    let refusal = settings.difference(process, &shared).or_else(|| {
        let is_there = process < settings.addresses.len() && process != settings.process;
        (!is_there).then(|| {
            format!(
                "process {process} connects to process {}: set PATHWAY_PROCESS_ID to another number in each process",
                settings.process
            )
        })
    });
    match refusal {
        None => Ok(Visitor { process, purpose, conversation }),
        Some(refusal) => {
            conversation.send(&Answer::Refuse(refusal.clone())).await?;
            Err(Failure::Refused(refusal))
        }
    }
}

/// What is proved: the hellos of both sides, and which side proves it.
fn statement(role: &[u8], connecting: &[u8], accepting: &[u8]) -> Vec<u8> {
    let mut statement = Vec::new();
    for part in [role, connecting, accepting] {
        statement.extend((part.len() as u64).to_le_bytes());
        statement.extend(part);
    }
    statement
}

/// Checks a proof of the other side, in a time that does not depend on it.
fn prove(identity: &Identity, statement: &[u8], proof: &[u8]) -> Result<(), Failure> {
    hmac::verify(&identity.key, statement, proof).map_err(|_| Failure::NotOfCluster)
}

/// Reads a hello, or only the version of one that may look otherwise.
fn read_hello(bytes: &[u8]) -> Result<Result<Hello, u16>, Failure> {
    let unexpected = |_| Failure::Broken(Broken::Unexpected);
    let ((magic, version), _) = postcard::take_from_bytes::<([u8; 8], u16)>(bytes).map_err(unexpected)?;
    match (magic, version) {
        (MAGIC, WIRE_VERSION) => Ok(Ok(postcard::from_bytes(bytes).map_err(unexpected)?)),
        (MAGIC, version) => Ok(Err(version)),
        _ => Err(Failure::Broken(Broken::Unexpected)),
    }
}

impl From<Broken> for Failure {
    fn from(broken: Broken) -> Self {
        Failure::Broken(broken)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Refused(reason) | Failure::Later(reason) => f.write_str(reason),
            Failure::NotOfCluster => f.write_str("not of this cluster: is PATHWAY_CLUSTER_SECRET the same?"),
            Failure::Broken(broken) => broken.fmt(f),
            Failure::Nothing => f.write_str("it has sent nothing"),
        }
    }
}
