//! What the files of a recording say.

use serde::{Deserialize, Serialize};

use crate::data::Commit;

/// The version of the files.
pub(super) const VERSION: u32 = 2;

/// The first frame of each file. It has what a replay needs that begins with this file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) version: u32,
    pub(super) pipeline: String,
    /// The number of the run to which its commits belong, from 1 on.
    pub(super) run: u64,
    /// Of the state with which the pipeline persists; 0 if it does not.
    pub(super) lineage: u64,
    /// Its first commit.
    pub(super) first: Commit,
    /// The `time` of the last commit in the files before; 0 if there is none.
    pub(super) before: u64,
    /// Whether messages that servers had stored were still to be processed.
    pub(super) catching_up: bool,
    pub(super) sources: Vec<RecordedSource>,
    /// The operators that make asynchronous calls.
    pub(super) calls: Vec<String>,
}

/// A source of a recorded pipeline, as it was at the beginning of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecordedSource {
    pub(crate) name: String,
    /// The columns of its rows. `None`: it hands over messages, which are decoded again.
    pub(crate) columns: Option<String>,
    /// Its messages are the values of a bucket, of which the last one of each key counts.
    pub(crate) is_bucket: bool,
    /// Its rows are part of the program, and not in the recording.
    pub(crate) is_static: bool,
    /// Operators know that it has ended.
    pub(crate) has_ended: bool,
    /// It has its first contents.
    pub(crate) has_snapshot: bool,
}

/// An entry of a recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// The next commit of each preloaded table.
    Preloaded,
    /// These sources have ended: their numbers in the header.
    Ended(Vec<u32>),
    /// Whether messages that servers had stored were still to be processed, from here on.
    CatchingUp(bool),
    /// The first contents of this source are complete.
    Snapshot(u32),
    /// Messages or rows of a source; they are behind the entry in its frame, as the source encodes them.
    Values {
        /// Its number in the header.
        source: u32,
        count: u64,
    },
    /// All entries since the commit before belong to this one.
    Commit { commit: Commit, time: u64 },
    /// As [`Commit`](Entry::Commit), of a pipeline that has failed before the commit was sealed. If a restart continues the run,
    /// its messages come again.
    Unfinished { commit: Commit, time: u64 },
    /// Answers to the asynchronous calls of an operator for the commit at this time; they are behind the entry in its frame,
    /// as the operator encodes them.
    Answers {
        operator: String,
        /// A digest of the columns of its rows.
        columns: u32,
        time: u64,
    },
    /// The pipeline has ended: nothing is missing behind the last commit.
    End,
}
