//! Makes a log survive a power loss: one `fdatasync` for all records that were written meanwhile.
//!
//! The pipeline does not wait for the disk. What it writes for a commit waits until the log's records so far are on the disk,
//! and the next commits are computed meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use super::session::{PersistentState, lock};
use super::store::failed;
use crate::data::{Error, ErrorKind, Result};
use crate::telemetry::spawn;

/// Which records of the log are to be on the disk.
#[derive(Debug, Default)]
pub(super) struct LogSync {
    state: Mutex<State>,
    changed: Condvar,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug, Default)]
struct State {
    /// How many records the log has that were written in this run.
    written: u64,
    is_ending: bool,
    /// When the records of commits were begun that are not on the disk, with how many records there were then, the record included.
    begun: VecDeque<(u64, Instant)>,
}

impl LogSync {
    /// A record was written; of a commit, if it is said when that was begun.
    pub(super) fn wrote(&self, begin: Option<Instant>) {
        let mut state = lock(&self.state);
        state.written += 1;
        let written = state.written;
        state.begun.extend(begin.map(|begin| (written, begin)));
        drop(state);
        self.changed.notify_one();
    }

    /// Takes when the records of commits were begun that are among the first `synced` ones.
    fn take_begun(&self, synced: u64) -> Vec<Instant> {
        let begun = &mut lock(&self.state).begun;
        let count = begun.partition_point(|(record, _)| *record <= synced);
        begun.drain(..count).map(|(_, begin)| begin).collect()
    }

    /// How many records were written.
    fn written(&self) -> u64 {
        lock(&self.state).written
    }

    /// Waits until there are more than `synced` records, and returns how many. `None`: no more follow.
    fn wait(&self, synced: u64) -> Option<u64> {
        let mut state = lock(&self.state);
        loop {
            if state.written > synced {
                return Some(state.written);
            }
            if state.is_ending {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until everything is on the disk. Nothing more is synchronized.
    pub(super) fn end(&self) {
        lock(&self.state).is_ending = true;
        self.changed.notify_one();
        let thread = lock(&self.thread).take();
        thread.into_iter().for_each(|thread| drop(thread.join()));
    }
}

impl PersistentState {
    /// Which record must be on the disk before anything is written of what was computed so far; 0 if the log is not synchronized.
    pub(crate) fn needed_record(&self) -> u64 {
        if self.syncs { self.sync.written() } else { 0 }
    }

    /// Starts the thread that synchronizes the log, if it is to be. It calls `release` with the number of records that are on the
    /// disk, and `fail` if the disk fails.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start_sync(
        self: &Arc<Self>,
        release: impl Fn(u64) + Send + 'static,
        fail: impl Fn(Error) + Send + 'static,
    ) -> Result<()> {
        if !self.syncs {
            return Ok(());
        }
        let state = Arc::clone(self);
        let run = move || {
            let mut synced = 0;
            while let Some(written) = state.sync.wait(synced) {
                // Not under the lock: the next records are written meanwhile. A file that was closed is on the disk.
                let (sync, file) = lock(&state.log).syncer();
                if let Err(error) = sync() {
                    return fail(failed("write", &*state.store, &file, error));
                }
                synced = written;
                state.sync.take_begun(synced).into_iter().for_each(|begin| state.logged(begin));
                release(synced);
            }
        };
        let thread = spawn("pathway-log-sync", run).map_err(|error| {
            Error::new(ErrorKind::Config, "cannot start the thread that synchronizes the log").with_source(error)
        })?;
        *lock(&self.sync.thread) = Some(thread);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::any::Any;
    use std::io::{self, Read};
    use std::path::PathBuf;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::time::Duration;

    use super::super::store::{AppendFile, FileStore, MemoryStore, NewFile, Syncer};
    use super::super::{Identity, Persistence, Record};
    use super::*;

    /// A store whose files are synchronized when the test says so.
    #[derive(Clone, Debug)]
    struct Slow {
        files: MemoryStore,
        outcomes: Arc<Mutex<Receiver<io::Result<()>>>>,
    }

    impl FileStore for Slow {
        fn name_of(&self, file: Option<&str>) -> String {
            self.files.name_of(file)
        }

        fn place(&self) -> PathBuf {
            self.files.place()
        }

        fn lock(&self) -> Result<Box<dyn Any + Send>> {
            self.files.lock()
        }

        fn files(&self) -> io::Result<Vec<String>> {
            self.files.files()
        }

        fn read(&self, file: &str) -> io::Result<Option<(Box<dyn Read + Send>, u64)>> {
            self.files.read(file)
        }

        fn replace(&self, file: &str, bytes: &[u8]) -> io::Result<()> {
            self.files.replace(file, bytes)
        }

        fn append_to(&self, file: &str, len: u64) -> io::Result<Box<dyn AppendFile>> {
            Ok(Box::new(SlowFile { file: self.files.append_to(file, len)?, store: self.clone() }))
        }

        fn create(&self, file: &str) -> io::Result<Box<dyn NewFile>> {
            self.files.create(file)
        }

        fn remove(&self, file: &str) -> io::Result<()> {
            self.files.remove(file)
        }
    }

    struct SlowFile {
        file: Box<dyn AppendFile>,
        store: Slow,
    }

    impl AppendFile for SlowFile {
        fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
            self.file.append(bytes)
        }

        fn syncer(&self) -> io::Result<Syncer> {
            let outcomes = Arc::clone(&self.store.outcomes);
            Ok(Arc::new(move || lock(&outcomes).recv().map_err(io::Error::other)?))
        }

        fn cut(&mut self, len: u64) -> io::Result<()> {
            self.file.cut(len)
        }
    }

    /// How many records are on the disk, or why they are not.
    type Report = std::result::Result<u64, String>;

    /// A state that is synchronized when the test says so, and what its thread reports.
    fn state() -> (Arc<PersistentState>, Sender<io::Result<()>>, Receiver<Report>) {
        let (sync, outcomes) = channel();
        let store = Slow { files: MemoryStore::new(), outcomes: Arc::new(Mutex::new(outcomes)) };
        let mut persistence = Persistence::from(MemoryStore::new()).sync(true);
        persistence.store = Arc::new(store);
        let opened = persistence.open(Identity { pipeline: "p".to_owned(), program: Vec::new() }).expect("a state");
        let (report, reports) = channel();
        let failed = report.clone();
        let release = move |records| drop(report.send(Ok(records)));
        let fail = move |error: Error| drop(failed.send(Err(format!("{error:#}"))));
        opened.state.start_sync(release, fail).expect("a thread");
        (opened.state, sync, reports)
    }

    #[test]
    fn records_are_synchronized_together_while_others_are_written() {
        const PATIENCE: Duration = Duration::from_secs(20);
        let (state, sync, reports) = state();
        let next = || reports.recv_timeout(PATIENCE).expect("a report");
        assert_eq!(state.needed_record(), 0);
        state.append(Record::Confirmed(0)).expect("written");
        // These are written while the disk is busy with the first one, or before.
        for commit in 1..10 {
            state.append(Record::Confirmed(commit)).expect("written");
        }
        assert_eq!(state.needed_record(), 10);
        assert!(reports.try_recv().is_err(), "released before it is on the disk");
        sync.send(Ok(())).expect("a thread");
        let first = next().expect("released");
        if first < 10 {
            sync.send(Ok(())).expect("a thread");
            assert_eq!(next(), Ok(10));
        }
        state.append(Record::Confirmed(10)).expect("written");
        sync.send(Err(io::Error::other("the disk is gone"))).expect("a thread");
        let error = next().expect_err("not released");
        assert!(error.contains("log-00000001") && error.contains("the disk is gone"), "{error}");
        drop(sync);
        state.release();
    }
}
