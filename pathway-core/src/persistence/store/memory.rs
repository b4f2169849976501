//! Files in memory, for tests.

use std::any::Any;
use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{AppendFile, FileStore, NewFile, Syncer};
use crate::data::{Error, ErrorKind, Result};

/// The state of a pipeline in memory: a unit test can restart the pipeline with it, or crash it.
///
/// A pipeline that [persists](crate::plan::Pipeline::persist) in a store behaves as with a
/// [directory](crate::persistence::directory). Clones are the same store.
///
/// [`crash_after`](Store::crash_after) makes the store fail as if the process was killed at that moment: nothing more gets into
/// it, and the pipeline ends with an error. [`restart`](Store::restart) makes it usable again.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::testing::Store;
///
/// #[derive(Schema)]
/// struct Input { value: i64 }
/// #[derive(Schema, Debug, PartialEq)]
/// struct Total { sum: i64 }
///
/// # fn main() -> pathway::Result<()> {
/// let store = Store::new();
/// for (value, sum) in [(3, 3), (4, 7)] {
///     let pipeline = Pipeline::named("totals").persist(store.clone());
///     let (feed, inputs) = pipeline.input::<Input>();
///     let totals = reduce!(i in inputs => Total { sum: sum(i.value) });
///     let seen = totals.collect();
///     let running = pipeline.start()?;
///     feed.insert(Input { value });
///     feed.commit();
///     drop(feed);
///     running.join()?;
///     assert!(seen.changes().iter().any(|(_, total, diff)| *diff == 1 && *total == Total { sum }));
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Store(Arc<Mutex<Files>>);

#[derive(Debug, Default)]
struct Files {
    files: BTreeMap<String, Vec<u8>>,
    is_locked: bool,
    /// How many more writes succeed.
    writes_left: Option<u64>,
    writes: u64,
}

impl Store {
    /// An empty store.
    pub fn new() -> Self {
        Store::default()
    }

    /// Lets this many more writes succeed, and all later ones fail, as if the process was killed then: each commit is one
    /// write into the log, and a checkpoint has several.
    pub fn crash_after(&self, writes: u64) {
        self.lock_files().writes_left = Some(writes);
    }

    /// Undoes [`crash_after`](Store::crash_after): writes succeed.
    pub fn restart(&self) {
        self.lock_files().writes_left = None;
    }

    /// How many writes have succeeded.
    pub fn writes(&self) -> u64 {
        self.lock_files().writes
    }

    fn lock_files(&self) -> MutexGuard<'_, Files> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the files, unless the store has crashed.
    fn write<T>(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> io::Result<T> {
        let mut files = self.lock_files();
        if files.writes_left == Some(0) {
            return Err(io::Error::other("the store has crashed, as the test wants it"));
        }
        files.writes_left = files.writes_left.map(|left| left - 1);
        files.writes += 1;
        Ok(change(&mut files.files))
    }
}

impl FileStore for Store {
    fn name_of(&self, file: Option<&str>) -> String {
        format!("memory{}{}", file.map_or("", |_| "/"), file.unwrap_or_default())
    }

    fn place(&self) -> PathBuf {
        format!("memory at {:p}", Arc::as_ptr(&self.0)).into()
    }

    fn lock(&self) -> Result<Box<dyn Any + Send>> {
        if std::mem::replace(&mut self.lock_files().is_locked, true) {
            let message = "the store is in use: another pipeline runs with it; end that one first";
            return Err(Error::new(ErrorKind::Persistence, message));
        }
        Ok(Box::new(Lock(self.clone())))
    }

    fn files(&self) -> io::Result<Vec<String>> {
        Ok(self.lock_files().files.keys().cloned().collect())
    }

    fn read(&self, file: &str) -> io::Result<Option<(Box<dyn Read + Send>, u64)>> {
        let bytes = self.lock_files().files.get(file).cloned();
        Ok(bytes.map(|bytes| {
            let len = bytes.len() as u64;
            (Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>, len)
        }))
    }

    fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
        self.write(|files| files.insert(file.to_owned(), bytes.to_vec())).map(drop)
    }

    fn append_to(&self, file: &str, len: u64) -> io::Result<Box<dyn AppendFile>> {
        let mut end = End { store: self.clone(), file: file.to_owned() };
        end.cut(len)?;
        Ok(Box::new(end))
    }

    fn create(&self, file: &str) -> io::Result<Box<dyn NewFile>> {
        Ok(Box::new(Unfinished { store: self.clone(), file: file.to_owned(), bytes: Vec::new() }))
    }

    fn remove(&self, file: &str) -> io::Result<()> {
        self.write(|files| files.remove(file)).map(drop)
    }
}

struct Lock(Store);

impl Drop for Lock {
    fn drop(&mut self) {
        self.0.lock_files().is_locked = false;
    }
}

/// The end of a file.
struct End {
    store: Store,
    file: String,
}

impl AppendFile for End {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.store.write(|files| files.entry(self.file.clone()).or_default().extend_from_slice(bytes))
    }

    fn syncer(&self) -> io::Result<Syncer> {
        Ok(Arc::new(|| Ok(())))
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        self.store.write(|files| files.entry(self.file.clone()).or_default().truncate(len))
    }
}

struct Unfinished {
    store: Store,
    file: String,
    bytes: Vec<u8>,
}

impl NewFile for Unfinished {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<()> {
        self.store.replace(&self.file, &self.bytes)
    }
}
