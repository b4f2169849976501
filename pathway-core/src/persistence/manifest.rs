//! The manifest: which pipeline a store belongs to, and what it has of it.

use std::collections::BTreeSet;
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::frame::{self, Frame};
use super::program::NodeIdentity;
use super::record::SourceStart;
use super::restore_point::RestorePoint;
use super::store::{FileStore, failed};
use crate::data::{Commit, Error, ErrorKind, Layout, Result, SequenceRuns};

/// The version of the files.
pub(super) const VERSION: u32 = 5;
/// Its file.
pub(super) const FILE: &str = "manifest";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: u32,
    /// Random: it tells this pipeline's output from that of any other one.
    pub(super) lineage: u64,
    /// How often the pipeline was started.
    pub(super) epoch: u64,
    pub(super) pipeline: String,
    /// The nodes of the program.
    pub(super) program: Vec<NodeIdentity>,
    /// The names of the nodes of earlier programs.
    pub(super) known: BTreeSet<String>,
    /// What it continues with.
    pub(super) latest: RestorePoint,
    /// With what else it can continue, if an output stream has lost messages; the oldest first.
    pub(super) earlier: Vec<RestorePoint>,
}

/// How far an output stream, or the stream of a bucket, has the output of a sink.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct OutputPosition {
    pub(crate) stream: String,
    /// When the stream was created, as the server writes it.
    pub(crate) created: String,
    /// The sequence of the last message; 0 for a bucket, whose messages have ids that say it.
    pub(crate) last: u64,
}

/// The state of a pipeline between two commits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    /// The commits before this one are in it.
    pub(crate) commit: Commit,
    /// The `time` of the last one.
    pub(crate) time: u64,
    /// Whether messages that servers had stored were still to be processed.
    pub(crate) catching_up: bool,
    /// How many commits of preloaded tables are in it.
    pub(crate) preloaded: u64,
    /// Where the sources go on.
    pub(crate) sources: Vec<SourceState>,
    /// The files with the states of operators, in the order in which they are loaded.
    pub(crate) parts: Vec<Part>,
    /// What they have of each operator.
    pub(crate) states: Vec<StateSize>,
}

/// What a state of an operator consists of, and how large it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StateSize {
    /// The name of the node.
    pub(crate) node: String,
    /// The name that the node had when the parts were written.
    pub(crate) written_as: String,
    /// The state's label in its node.
    pub(crate) label: String,
    /// What its pieces consist of.
    pub(crate) layout: Layout,
    /// What they are migrated to, if the program behind the checkpoint has another layout: its log may go on already.
    pub(crate) migrated_to: Option<Layout>,
    pub(crate) keys: u64,
}

/// Where a source goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceState {
    /// Where it reads next, if it is read again.
    pub(crate) start: SourceStart,
    /// The position behind what is in the log, as postcard encodes it, if the source has set one; else empty.
    pub(crate) position: Vec<u8>,
    /// If it is a static table: how many commits of such tables there were before it was declared. These it has not.
    pub(crate) preloaded_before: u64,
    /// Whether operators know that it has ended.
    pub(crate) has_ended: bool,
    /// The sequences of its messages in the checkpoint that the server may deliver again, if it acknowledges them.
    pub(crate) sequences: SequenceRuns,
    /// When the newest message that it had read by then was stored, in unix nanoseconds, if it acknowledges messages.
    pub(crate) newest: i64,
}

/// A file with states of operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Part {
    pub(crate) number: u64,
    pub(crate) bytes: u64,
}

impl Manifest {
    /// The manifest of a store; `None` if it has none.
    pub(super) fn read(store: &dyn FileStore) -> Result<Option<Manifest>> {
        let Some((mut file, len)) = store.read(FILE).map_err(|error| failed("read", store, FILE, error))? else {
            return Ok(None);
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|error| failed("read", store, FILE, error))?;
        // Other versions have another form, but begin with their number.
        let version = frame::read::<u32>(&mut &*bytes, len).map_err(|error| failed("read", store, FILE, error))?;
        let frame = frame::read(&mut &*bytes, len).map_err(|error| failed("read", store, FILE, error))?;
        let refuse = |what: &str| {
            let message = format!("`{}` {what}", store.name_of(Some(FILE)));
            Err(Error::new(ErrorKind::Persistence, message))
        };
        match (version, frame) {
            (Frame::Value(version, _), _) if version != VERSION => refuse(&format!(
                "has version {version}, and this version of the crate writes {VERSION}: use the version that made it, or another \
                 directory and other output streams"
            )),
            (_, Frame::Value(manifest, _)) => Ok(Some(manifest)),
            (_, Frame::End | Frame::Torn | Frame::Corrupt) => refuse("is damaged: restore the directory from a copy"),
        }
    }

    /// Replaces the manifest of a store. After a crash at any moment, the old or the new one is there.
    pub(super) fn write(&self, store: &dyn FileStore) -> Result<()> {
        let mut bytes = Vec::new();
        let written = frame::write(self, &mut bytes).map_err(std::io::Error::other);
        written.and_then(|()| store.replace(FILE, &bytes)).map_err(|error| failed("write", store, FILE, error))
    }
}

#[cfg(test)]
mod tests {
    use super::super::MemoryStore;
    use super::*;

    #[test]
    fn another_version_is_an_error_that_names_it() {
        let store = MemoryStore::new();
        for version in [VERSION - 1, VERSION + 1] {
            let mut bytes = Vec::new();
            frame::write(&(version, "something else"), &mut bytes).expect("a frame");
            store.replace(FILE, &bytes).expect("a file");
            let error = Manifest::read(&store).expect_err("another version").to_string();
            assert!(
                error.contains(&format!("has version {version}, and this version of the crate writes {VERSION}")),
                "{error}"
            );
        }
    }
}
