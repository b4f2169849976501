//! Recordings: everything that arrives in a pipeline, commit by commit, so that another version of the program can be run over
//! it, offline.
//!
//! A recording has files `recording-<number>`, whose contents are frames (`frame.rs`). The first frame of a file is its
//! header, the others are entries (`entry.rs`): what arrived, the end of each commit, and answers to asynchronous calls. A
//! *run* is a sequence of commits without a gap, in one or more files. Each start of a pipeline begins a run, unless it
//! continues the state of the one before.

mod answers;
mod entry;
mod files;
mod inspect;
mod options;
mod recorder;
mod run_reader;
mod writer;

pub(crate) use answers::{RecordedAnswers, digest};
pub(crate) use entry::{Entry, RecordedSource};
pub(super) use files::refuse_recording;
pub use inspect::{RecordedRun, RecordedRunSource};
pub(super) use inspect::{Runs, runs};
pub(crate) use options::ReplayedRecording;
pub use options::{Recording, record};
pub(crate) use recorder::{Beginning, Recorder};
pub(crate) use run_reader::{RecordedArrival, RecordedCommit, RunReader};
