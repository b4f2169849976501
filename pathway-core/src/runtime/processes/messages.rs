//! What the processes of a pipeline tell each other, besides what their workers exchange.

use serde::{Deserialize, Serialize};

use crate::data::{Commit, Error, ErrorKind};

/// What the first process tells the others.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum FromFirst {
    /// A commit is about to be sealed.
    Seal { commit: Commit, time: u64 },
    /// Whether messages that servers have stored are still to be processed.
    CatchingUp(bool),
    /// The pipeline ends without completing its open commit.
    End(Option<Failure>),
}

/// What the others tell the first process.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum ToFirst {
    /// The pipeline is to stop.
    Stop,
    /// It has failed here.
    Failed(Option<Failure>),
}

/// An error of another process.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Failure {
    /// Its place in `KINDS`.
    kind: u8,
    message: String,
}

/// The kinds of errors that keep their kind on their way to another process.
const KINDS: [ErrorKind; 10] = [
    ErrorKind::Cluster,
    ErrorKind::Config,
    ErrorKind::Connect,
    ErrorKind::Authorization,
    ErrorKind::Network,
    ErrorKind::Stream,
    ErrorKind::Persistence,
    ErrorKind::Decode,
    ErrorKind::Custom,
    ErrorKind::Panic,
];

impl Failure {
    pub(super) fn new(kind: ErrorKind, message: String) -> Failure {
        let kind = KINDS.iter().position(|known| *known == kind).unwrap_or_default();
        Failure { kind: kind as u8, message }
    }

    /// The error, as one of the process `process`.
    pub(super) fn into_error(self, process: usize) -> Error {
        let kind = KINDS.get(usize::from(self.kind)).copied().unwrap_or(ErrorKind::Cluster);
        Error::new(kind, format!("process {process}: {}", self.message))
    }
}
