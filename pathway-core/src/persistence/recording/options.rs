//! Where and how a pipeline is recorded or replayed, as users say it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::data::{Error, ErrorKind, Result};
use crate::persistence::store::{FileStore, Place};
use crate::persistence::{MemoryStore, Persistence};

/// A file has at most this part of what is kept, as a fraction.
const FILES_OF_BYTES: u64 = 4;
const FILES_OF_TIME: u64 = 10;

/// Records a pipeline in a directory, which is created if it is not there; see
/// [`Pipeline::record`](crate::plan::Pipeline::record).
///
/// ```
/// use std::time::Duration;
///
/// use pathway::persistence;
/// use pathway::prelude::*;
///
/// let recording = persistence::record("recording").keep(Duration::from_secs(48 * 3600)).keep_bytes(20 << 30);
/// let pipeline = Pipeline::named("orders-service").record(recording);
/// # drop(pipeline);
/// ```
pub fn record(path: impl Into<PathBuf>) -> Recording {
    Recording::new(path.into().into())
}

/// Where and how a pipeline is recorded; see [`record`].
#[derive(Clone, Debug)]
#[must_use = "give it to `Pipeline::record`"]
pub struct Recording {
    pub(super) store: Arc<dyn FileStore>,
    pub(super) file_bytes: u64,
    pub(super) keep: Duration,
    pub(super) keep_bytes: u64,
}

impl Recording {
    fn new(Place(store): Place) -> Self {
        Recording { store, file_bytes: 64 << 20, keep: Duration::MAX, keep_bytes: u64::MAX }
    }

    /// How many bytes a file has until another one is begun. Default: 64 MiB. Old commits are removed a file at a time. If it is
    /// zero, [`run`](crate::plan::Pipeline::run) returns an error.
    pub fn file_bytes(mut self, bytes: u64) -> Self {
        self.file_bytes = bytes;
        self
    }

    /// How long commits are kept, counted back from the newest one. Default: for ever.
    ///
    /// They are removed a file at a time, so that up to a tenth of the time more is kept. A recording whose beginning was
    /// removed is replayed from empty tables: what depends on earlier messages, such as a total, is then different. If it is
    /// zero, [`run`](crate::plan::Pipeline::run) returns an error.
    pub fn keep(mut self, time: Duration) -> Self {
        self.keep = time;
        self
    }

    /// How many bytes the recording may take. Default: no limit. The oldest files are removed, as with
    /// [`keep`](Recording::keep); files are then at most a quarter of it. A single commit is never split, and may take more. If
    /// it is zero, [`run`](crate::plan::Pipeline::run) returns an error.
    pub fn keep_bytes(mut self, bytes: u64) -> Self {
        self.keep_bytes = bytes;
        self
    }

    /// How many bytes a file has, of which several are kept.
    pub(super) fn bytes_of_file(&self) -> u64 {
        self.file_bytes.min(self.keep_bytes / FILES_OF_BYTES).max(1)
    }

    pub(super) fn keep_millis(&self) -> u64 {
        u64::try_from(self.keep.as_millis()).unwrap_or(u64::MAX)
    }

    /// How long a file is added to.
    pub(super) fn millis_of_file(&self) -> u64 {
        self.keep_millis() / FILES_OF_TIME
    }

    /// # Errors
    /// The pipeline persists in the same place.
    pub(crate) fn check_place(&self, persistence: Option<&Persistence>) -> Result<()> {
        match persistence.filter(|persistence| persistence.store.place() == self.store.place()) {
            None => Ok(()),
            Some(_) => {
                let message = format!(
                    "`persist` and `record` have the same place `{}`: record into another directory",
                    self.store.name_of(None)
                );
                Err(Error::new(ErrorKind::Config, message))
            }
        }
    }

    pub(super) fn check(&self) -> Result<()> {
        let zero =
            [("file_bytes", self.file_bytes == 0), ("keep", self.keep.is_zero()), ("keep_bytes", self.keep_bytes == 0)];
        match zero.into_iter().find(|(_, is_zero)| *is_zero) {
            None => Ok(()),
            Some((setting, _)) => {
                let message = format!("`{setting}` of the recording is zero: say how much it may be, or leave it out");
                Err(Error::new(ErrorKind::Config, message))
            }
        }
    }
}

impl<P: Into<PathBuf>> From<P> for Recording {
    fn from(path: P) -> Self {
        record(path)
    }
}

impl From<&MemoryStore> for Recording {
    fn from(store: &MemoryStore) -> Self {
        Recording::new(store.into())
    }
}

/// Which recording is replayed, and what may differ.
#[derive(Clone, Debug)]
pub(crate) struct ReplayedRecording {
    pub(crate) store: Arc<dyn FileStore>,
    /// The number of the run. `None`: the last one.
    pub(crate) run: Option<u64>,
    /// Sources of the program that the recording need not have.
    pub(crate) missing: Vec<String>,
    /// Asynchronous calls are made if the recording has no answer.
    pub(crate) makes_calls: bool,
}

impl ReplayedRecording {
    pub(crate) fn new(place: impl Into<Place>) -> Self {
        let Place(store) = place.into();
        ReplayedRecording { store, run: None, missing: Vec::new(), makes_calls: false }
    }
}
