//! Persistence: what a pipeline keeps in a directory, or in memory in tests, so that it continues where it was, over any number
//! of crashes.
//!
//! Operators are deterministic: the same messages in the same commits with the same `time` give the same output, whatever the
//! number of workers. So the *commit log* has what belongs to each commit: which messages of which source, in which order. It
//! is written before the commit's first output. After a crash, the logged commits are computed again from the same messages,
//! and sinks skip what they hold of the output already.
//!
//! From time to time a *checkpoint* saves the state of all operators as it is between two commits: then only later commits are
//! computed again.
//!
//! A directory has these files:
//!
//! - `lock` is locked while a pipeline runs.
//! - `manifest` says which pipeline it belongs to, which checkpoint is the last one, and where the log begins behind it. It is
//!   replaced as a whole.
//! - `log-<number>` have the records of the log (`record.rs`), one after the other. A checkpoint begins a new file, and removes
//!   the earlier ones when it is complete.
//! - `part-<number>` have states of operators (`part.rs`): the first one of a checkpoint all of them, the others what has changed
//!   since the one before.
//!
//! A *recording* (`recording/`) is something else: everything that has arrived, so that another version of the program can be run
//! over it. It has a directory of its own.
//!
//! Each record and piece, and the manifest, is in a frame (`frame.rs`): its length, checksums, and its bytes as postcard encodes
//! them.

mod checkpoint;
mod found;
mod frame;
mod inspect;
mod load_plan;
mod log;
mod log_sync;
mod manifest;
mod matching;
mod migration;
mod names;
mod options;
mod output_check;
mod outputs;
mod part;
mod program;
mod program_change;
mod record;
mod recording;
mod restore_point;
mod session;
mod sink_positions;
mod store;

pub(crate) use checkpoint::{Piece, PieceSender};
pub use inspect::{Inspection, StateInspection, inspect};
pub(crate) use load_plan::{LoadPlan, ProgramState};
pub(crate) use log::Records;
pub(crate) use manifest::{Checkpoint, OutputPosition, SourceState, StateSize};
pub(crate) use names::did_you_mean;
pub use options::{Persistence, directory};
pub(crate) use output_check::{Expected, OutputCheck, OutputDigest, is_not_as_before};
pub(crate) use outputs::LostOutput;
pub(crate) use part::PieceOf;
pub(crate) use program::{NodeIdentity, NodeRole};
pub(crate) use record::{Answers, Arrival, CommitRecord, Record, RefusedMessage, SourceStart};
pub(crate) use recording::{
    Beginning, Entry, RecordedAnswers, RecordedArrival, RecordedCommit, RecordedSource, Recorder, ReplayedRecording,
    RunReader, digest,
};
pub use recording::{RecordedRun, RecordedRunSource, Recording, record};
pub(crate) use session::{Identity, PersistentState};
pub use store::MemoryStore;
