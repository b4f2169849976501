//! What the commit log says.

use serde::{Deserialize, Serialize};

use crate::data::{Commit, SequenceRuns};

/// A record of the commit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Record {
    /// The first record: where the sources began.
    Start(Vec<SourceStart>),
    /// A commit, before any of its output is written.
    Commit(CommitRecord),
    /// All sinks have confirmed the commits before this one. It is written when a pipeline ends.
    Confirmed(Commit),
    /// A message that its stream will never take: it has no sequence there.
    Refused(RefusedMessage),
    /// What asynchronous calls have answered for the commit before, before anything is made of it.
    Answers(Answers),
}

/// The answers to the calls of one operator on one worker, for one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Answers {
    /// The number of the operator's node.
    pub(crate) node: u32,
    /// The commit's `time`.
    pub(crate) time: u64,
    /// As the operator encodes them.
    pub(crate) answers: Vec<u8>,
}

/// A message of a sink that its stream will never take.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct RefusedMessage {
    pub(crate) sink: String,
    pub(crate) commit: Commit,
    /// Its number in the commit.
    pub(crate) index: u64,
}

/// Where a source began to read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceStart {
    pub(crate) name: String,
    /// The sequence of the first message that it could read.
    pub(crate) next: u64,
    /// When the message before that one was stored, in unix nanoseconds; 0 if it is not known.
    pub(crate) stored: i64,
    /// When its stream was created, as the server writes it.
    pub(crate) created: String,
}

/// What belongs to a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CommitRecord {
    pub(crate) commit: Commit,
    /// Its `time` on the wire.
    pub(crate) time: u64,
    /// All sinks had confirmed the commits before this one.
    pub(crate) confirmed: Commit,
    /// The digests of what the commit before has written, by the numbers of the sinks that it has written into. `None`: an earlier
    /// run has computed it.
    pub(crate) output_before: Option<Vec<(u32, u32)>>,
    /// In the order of arrival.
    pub(crate) arrivals: Vec<Arrival>,
}

/// What arrived.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Arrival {
    /// The next commit of each preloaded table.
    Preloaded,
    /// These sources, preloaded tables among them, had ended: their numbers in [`Record::Start`].
    Ended(Vec<u32>),
    /// Whether messages that servers had stored were still to be processed, from here on: clocks do not show then that no row
    /// arrives.
    CatchingUp(bool),
    /// Messages of a source.
    Messages {
        /// Its number in [`Record::Start`].
        source: u32,
        count: u64,
        /// The sequence of the last one.
        last: u64,
        /// When the last one was stored, in unix nanoseconds; 0 if the source does not say it.
        stored: i64,
    },
    /// Messages or rows of a source that cannot be read again.
    Logged {
        /// Its number in [`Record::Start`].
        source: u32,
        /// As the source encodes them.
        values: Vec<u8>,
        /// The position behind them, as postcard encodes it, if the source has set one; else empty.
        position: Vec<u8>,
    },
    /// Messages of a source that acknowledges them: the server may deliver them in any order.
    Sequences {
        /// Its number in [`Record::Start`].
        source: u32,
        sequences: SequenceRuns,
    },
    /// The first contents of a bucket were complete: its number in [`Record::Start`].
    SnapshotEnd(u32),
}
