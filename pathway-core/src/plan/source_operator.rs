//! The worker's side of a source: what moves its messages or rows into the dataflow.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ManualCommits;
use crate::data::Commit;

/// Moves what a source has handed over into the dataflow. It lives on the first worker.
pub trait SourceOperator {
    /// The source's name, for the log.
    fn name(&self) -> &Arc<str>;

    /// When the source's rows are committed.
    fn trigger(&self) -> CommitTrigger;

    /// Moves what waits into the open commit, and returns how many messages or rows that were.
    ///
    /// A source with commits of its own moves exactly one of them.
    fn ingest(&mut self) -> usize;

    /// Whether the source says what belongs to a commit: the open one takes no more of it, however long it stays open.
    fn has_own_commits(&self) -> bool {
        false
    }

    /// Whether anything waits.
    fn has_arrivals(&self) -> bool;

    /// Whether the last call has left something that waits, because it would have taken too long.
    fn has_more(&self) -> bool {
        false
    }

    /// What is left of the backlog of a source whose messages are taken in the order in which servers have stored them.
    /// `None`: it is no such source.
    fn backlog(&self) -> Option<Backlog> {
        None
    }

    /// When the first message that waits was stored, in unix nanoseconds. `None`: none waits.
    fn next_stored(&mut self) -> Option<i64> {
        None
    }

    /// Moves the first message that waits into the open commit, with those behind it up to the first one that was stored
    /// after `until`, and returns how many these were. It may move fewer of them.
    fn ingest_until(&mut self, _until: i64) -> usize {
        self.ingest()
    }

    /// Whether the rows that the source has at the start are incomplete. The messages of others come after them.
    fn awaits_snapshot(&self) -> bool {
        false
    }

    /// Whether the source's messages can wait until others have their rows of the start.
    fn can_wait(&self) -> bool {
        false
    }

    /// Where the source has begun: the sequence of the first message that it could read, and when its stream was created.
    /// `None`: it has no sequences.
    fn started_at(&self) -> Option<(u64, String)> {
        None
    }

    /// Moves up to `count` messages that wait into the open commit, and returns how many these were, with the sequence of the
    /// last one, and when that was stored, in unix nanoseconds; 0 if it is not known.
    fn replay(&mut self, _count: u64) -> (u64, Option<(u64, i64)>) {
        (0, None)
    }

    /// Moves messages or rows of the log into the open commit.
    ///
    /// # Errors
    /// They are not as they were logged.
    fn replay_logged(&mut self, _values: &[u8]) -> Result<(), String> {
        Err("it has nothing in the log".to_owned())
    }

    /// The log, or a recording, says that the first contents of the source were complete.
    fn replay_snapshot_end(&mut self) {}

    /// Whether its state has the first contents of the source.
    fn has_first_contents(&self) -> bool {
        true
    }

    /// The columns of its rows, if it hands over rows; `None` for a source of messages.
    fn columns(&self) -> Option<String> {
        None
    }

    /// Whether its messages are the values of a bucket, of which the last one of each key counts.
    fn is_bucket(&self) -> bool {
        false
    }

    /// How many commits a preloaded table has left.
    fn preloaded_left(&self) -> u64 {
        0
    }

    /// Drops the next commit of a preloaded table: a checkpoint has it.
    fn discard(&mut self) {}

    /// What was moved since the last call.
    fn take_arrived(&mut self) -> Arrived {
        Arrived::default()
    }

    /// Closes the open commit: later rows belong to `next`.
    fn advance(&mut self, next: Commit);

    /// Everything that the commits before `before` wrote is confirmed. Those before `checkpointed` are never computed again; it is
    /// `before` if the pipeline does not persist.
    ///
    /// Calls may be left out, but not the last one.
    fn confirm(&mut self, _before: Commit, _checkpointed: Commit) {}

    /// How far the source has acknowledged its messages, if it does so behind checkpoints.
    fn acknowledged(&self) -> Option<Acknowledged> {
        None
    }

    /// Whether everything was moved and nothing more follows.
    fn is_finished(&self) -> bool;

    /// Releases a source that waits for room, because the pipeline has failed.
    fn close(&mut self);
}

/// What a source has moved into a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arrived {
    /// How many messages or rows.
    pub messages: u64,
    /// When the first batch of them has arrived: when the source has handed it over. `None` for static tables, and for what is in
    /// the log.
    pub first: Option<Instant>,
}

impl Arrived {
    /// Adds messages or rows of a batch.
    pub fn add(&mut self, messages: usize, at: Option<Instant>) {
        self.add_all(Arrived { messages: messages as u64, first: at });
    }

    /// Adds what another source has moved.
    pub fn add_all(&mut self, other: Arrived) {
        self.messages += other.messages;
        self.first = match (self.first, other.first) {
            (Some(first), Some(other)) => Some(first.min(other)),
            (first, other) => first.or(other),
        };
    }
}

/// How far a source has acknowledged its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The server has confirmed the acknowledgements of all messages with this sequence or a lower one.
    pub floor: u64,
    /// When the newest message that the source has read was stored, in unix nanoseconds.
    pub newest: i64,
}

/// What is left of the messages that a server had stored before the source could read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Backlog {
    /// A part of them has not arrived yet.
    Arriving,
    /// The rest of them waits to be moved.
    Queued,
    /// All were moved: messages are moved as they are published.
    Done,
}

/// When the rows of a source are committed.
#[derive(Clone, Debug)]
pub enum CommitTrigger {
    /// The rows are there when the pipeline starts, in commits, and come before everything else.
    Preloaded,
    /// Somebody else seals the commits. They are taken one by one, in the order in which they were sealed.
    Manual(Arc<ManualCommits>),
    /// The pipeline's schedule: as soon as the previous commit is done, but not before the first row has waited this long.
    Scheduled(Duration),
}
