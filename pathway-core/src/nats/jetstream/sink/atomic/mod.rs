//! Writes commits as atomic batches: all messages of a commit are stored at once, or none of them.
//!
//! One batch is written at a time, because the server stores each for itself: of two batches in flight, it could refuse the
//! first and store the second. Within a batch, messages are sent without waiting for answers. What arrives meanwhile is in the
//! next batch: as many whole commits as it has room for.
//! A batch of one message is an ordinary message, which costs the server much less.
//!
//! If the answer to a batch is lost, the same batch is sent again, with the same ids of its messages. If the pipeline persists,
//! the stream is asked before which message is the last one of the sink's own subjects (`position.rs`); otherwise, a batch that
//! the stream has already is refused because of these ids, within the stream's window for duplicates.

mod answer;
mod batch;
mod position;
mod session;

use std::fmt;
use std::sync::Arc;

use self::batch::Batch;
use self::position::SharedPosition;
pub(super) use self::session::AtomicSession;
use super::publisher::Publisher;
use crate::connector::sink::SinkLink;
use crate::nats::client::{ApiPrefix, Connection, Retention, StreamInfo};

/// How many messages a batch may have, unless the server or the stream says less.
const MAX_BATCH: usize = 1_000;
/// The first server that takes batches of messages with ids. Version 2.12.0 has batches, but without ids.
const SERVER_VERSION: (i64, i64, i64) = (2, 12, 1);

/// What a sink says of its atomic batches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AtomicSettings {
    /// The sink's own subjects, which may have wildcards: nobody else writes to them. `None`: they are not known.
    pub(crate) filter: Option<Arc<str>>,
}

/// The same sink has the same text in each run of a pipeline that persists.
impl fmt::Display for AtomicSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.filter {
            Some(filter) => write!(f, "atomic on `{filter}`"),
            None => f.write_str("atomic"),
        }
    }
}

/// What a publisher of atomic batches keeps from one connection to the next.
pub(super) struct AtomicState {
    filter: Option<Arc<str>>,
    /// The batch that is being written.
    batch: Option<Batch>,
    /// How many messages a batch may have.
    limit: usize,
    /// A batch was incomplete, and nobody has said why: each message asks for an answer.
    is_careful: bool,
    /// Whether it was reported that a commit does not fit into one batch.
    knows_large_commits: bool,
    /// Where the sink's output ends in the stream, if the pipeline persists.
    position: Option<SharedPosition>,
}

impl AtomicState {
    pub(super) fn new(settings: &AtomicSettings, link: &SinkLink) -> Self {
        let filter = settings.filter.clone();
        AtomicState {
            position: SharedPosition::new(link, filter.clone()),
            filter,
            batch: None,
            limit: MAX_BATCH,
            is_careful: false,
            knows_large_commits: false,
        }
    }

    /// Whether what the stream has shows how far the sink has come.
    pub(super) fn persists(&self) -> bool {
        self.position.is_some()
    }
}

impl Publisher {
    /// Why commits cannot be written into the stream as atomic batches, and what to do about it.
    pub(super) fn atomic_refusal(&mut self, stream: &StreamInfo, connection: &Connection) -> Option<String> {
        let atomic = self.atomic.as_mut()?;
        let (name, (major, minor, patch)) = (&self.config.stream, SERVER_VERSION);
        // Another JetStream is on servers that we do not see.
        let is_own = self.config.api == ApiPrefix::Own;
        if is_own && !connection.client.is_server_compatible(major, minor, patch) {
            let (server, version) = (&connection.server, connection.client.server_info().version);
            return Some(format!(
                "`.atomic()` needs nats-server {major}.{minor}.{patch} or later, and {server} has version {version}: install \
                 a later one, or remove `.atomic()`"
            ));
        }
        let edit = format!("nats stream edit{}", self.config.api.nats_options());
        if let Some(refusal) = stream.writing.atomic_refusal(name, &edit) {
            return Some(refusal);
        }
        atomic.limit = atomic.limit.min(stream.most_at_once().unwrap_or(MAX_BATCH));
        let Some(filter) = &atomic.filter else { return None };
        if !stream.can_store(filter) {
            let subjects = stream.subject_list();
            return Some(format!("it takes no subject that matches `{filter}`; its subjects are {subjects}"));
        }
        if atomic.position.is_none() {
            None
        } else if stream.transforms_subjects {
            Some(format!(
                "it stores messages under other subjects (`subject_transform`), and a pipeline that persists looks for the \
                 last message of `{filter}`: remove the transformation"
            ))
        } else if stream.retention != Retention::Limits {
            Some(format!(
                "it removes messages when they are read, and a pipeline that persists needs the last message of `{filter}` \
                 after a restart: use a stream with limits; or remove `.atomic()`, and let the sink be the stream's only writer"
            ))
        } else {
            None
        }
    }
}
