//! Persistence: what a pipeline keeps in a directory, so that it continues where it was, over any number of crashes.
//!
//! Operators are deterministic: the same messages in the same commits with the same `time` give the same output, whatever the
//! number of workers. So the *commit log* has what belongs to each commit: which messages of which source, in which order. It
//! is written before the commit's first output. After a crash, the logged commits are computed again from the same messages,
//! and sinks skip what they hold of the output already.
//!
//! A directory has three files:
//!
//! - `lock` is locked while a pipeline runs.
//! - `manifest` says which pipeline it belongs to, and what was there when it was made. It is replaced as a whole.
//! - `log` has the records (`record.rs`), one after the other, and only grows.
//!
//! Each record, and the manifest, is in a frame (`frame.rs`): its length, checksums, and its bytes as postcard encodes them.

mod directory;
mod frame;
mod log;
mod manifest;
mod record;
mod session;

pub use directory::{Directory, directory};
pub(crate) use log::Records;
pub(crate) use record::{Arrival, CommitRecord, Record, RefusedMessage, SourceStart};
pub(crate) use session::{Identity, PersistentState};
