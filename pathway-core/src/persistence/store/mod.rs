//! Where a pipeline's state is kept: named files in one place, which one pipeline at a time uses.

mod directory;
mod memory;

use std::any::Any;
use std::fmt;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

pub(super) use directory::DirectoryStore;
pub use memory::Store as MemoryStore;

use crate::data::{Error, ErrorKind, Result};

/// How the name of a file that is not finished ends.
pub(super) const NEW: &str = ".new";

/// Where files are, as users say it: the path of a directory, or a store in memory.
#[derive(Clone, Debug)]
pub(crate) struct Place(pub(super) Arc<dyn FileStore>);

impl<P: Into<PathBuf>> From<P> for Place {
    fn from(path: P) -> Self {
        Place(Arc::new(DirectoryStore(path.into())))
    }
}

impl From<&MemoryStore> for Place {
    fn from(store: &MemoryStore) -> Self {
        Place(Arc::new(store.clone()))
    }
}

/// A place with named files.
pub(crate) trait FileStore: fmt::Debug + Send + Sync + 'static {
    /// The place, or a file there, for messages.
    fn name_of(&self, file: Option<&str>) -> String;

    /// Where it is: equal for two names of one place, which need not be there yet.
    fn place(&self) -> PathBuf;

    /// Makes the place ready and locks it, until the value is dropped.
    ///
    /// # Errors
    /// It is in use, or cannot be used.
    fn lock(&self) -> Result<Box<dyn Any + Send>>;

    /// The names of all files, in no order.
    fn files(&self) -> io::Result<Vec<String>>;

    /// A file from its beginning, and its length; `None` if it is not there.
    fn read(&self, file: &str) -> io::Result<Option<(Box<dyn Read + Send>, u64)>>;

    /// Replaces a file, or creates it. After a crash at any moment the old or the new one is there, also after a power loss.
    fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()>;

    /// Opens a file to add to it behind its first `len` bytes; what is behind these is removed. A new file is empty.
    fn append_to(&self, file: &str, len: u64) -> io::Result<Box<dyn AppendFile>>;

    /// Begins a file that is there as a whole once it is finished.
    fn create(&self, file: &str) -> io::Result<Box<dyn NewFile>>;

    /// Removes a file.
    fn remove(&self, file: &str) -> io::Result<()>;
}

/// Waits until what was added to a file survives a power loss.
pub(crate) type Syncer = Arc<dyn Fn() -> io::Result<()> + Send + Sync>;

/// A file to which bytes are added.
pub(crate) trait AppendFile: Send {
    /// Adds bytes. They survive the end of the process when this returns.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// What waits until all bytes that were added before survive a power loss, on any thread.
    fn syncer(&self) -> io::Result<Syncer>;

    /// Removes what is behind the first `len` bytes.
    fn cut(&mut self, len: u64) -> io::Result<()>;
}

/// A file that is not there before it is finished. If it is dropped before, nothing is left of it.
pub(crate) trait NewFile: Send {
    /// Adds bytes.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// The file is complete, and survives a power loss.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// The error of an operation on a file.
pub(super) fn failed(what: &str, store: &dyn FileStore, file: &str, error: io::Error) -> Error {
    let message = format!("cannot {what} `{}`", store.name_of(Some(file)));
    Error::new(ErrorKind::Persistence, message).with_source(error)
}
