//! A directory that a running pipeline uses.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::log::{Log, failed};
use super::manifest::{Manifest, VERSION};
use super::{Arrival, Directory, Record, Records, RefusedMessage, SourceStart};
use crate::data::{Commit, Error, ErrorKind, Result};

/// Which pipeline it is.
pub(crate) struct Identity {
    pub(crate) pipeline: String,
    /// A line for each node.
    pub(crate) program: Vec<String>,
}

/// A directory that was opened.
pub(crate) struct Opened {
    pub(crate) state: PersistentState,
    /// The log, from its beginning.
    pub(crate) records: Records,
    /// Where the sources began, if there was a run before this one.
    pub(crate) start: Option<Vec<SourceStart>>,
    /// The last positions of sources whose messages or rows are in the log, by their numbers.
    pub(crate) positions: HashMap<u32, Vec<u8>>,
}

/// What all threads of a pipeline share of its directory. It is locked until [`release`](PersistentState::release).
pub(crate) struct PersistentState {
    path: PathBuf,
    manifest: Mutex<Manifest>,
    /// How many commits the log had at the start.
    commits: Commit,
    /// All sinks had confirmed the commits before this one.
    confirmed: Commit,
    refused: HashSet<RefusedMessage>,
    log: Mutex<Log>,
    /// Which sink writes into which stream.
    streams: Mutex<HashMap<String, Arc<str>>>,
    lock: Mutex<Option<Lock>>,
}

impl Directory {
    /// Locks the directory, and checks that it is this pipeline's.
    pub(crate) fn open(&self, identity: Identity) -> Result<Opened> {
        let Directory { path, sync } = self;
        fs::create_dir_all(path).map_err(|error| failed("create the directory", path, error))?;
        let lock = lock(path)?;
        let manifest_path = path.join("manifest");
        let mut manifest = match Manifest::read(&manifest_path)? {
            Some(manifest) => {
                check(&manifest, &identity, path)?;
                manifest
            }
            None => {
                let Identity { pipeline, program } = identity;
                let lineage = fastrand::u64(..);
                Manifest { version: VERSION, lineage, epoch: 0, pipeline, program, bases: Default::default() }
            }
        };
        manifest.epoch += 1;
        manifest.write(&manifest_path)?;
        let log_path = path.join("log");
        let mut records = Records::open(&log_path, *sync)?;
        let (mut start, mut commits, mut confirmed, mut refused) = (None, 0, 0, HashSet::new());
        let mut positions = HashMap::new();
        while let Some(record) = records.next()? {
            match record {
                Record::Start(sources) => start = Some(sources),
                Record::Commit(record) => {
                    (commits, confirmed) = (record.commit + 1, record.confirmed.max(confirmed));
                    for arrival in record.arrivals {
                        if let Arrival::Logged { source, position, .. } = arrival
                            && !position.is_empty()
                        {
                            positions.insert(source, position);
                        }
                    }
                }
                Record::Confirmed(before) => confirmed = before.max(confirmed),
                Record::Refused(message) => {
                    refused.insert(message);
                }
            }
        }
        // What was not written completely is removed, so that records can be added while these are read again.
        let log = Mutex::new(records.into_log()?);
        let records = Records::open(&log_path, *sync)?;
        let manifest = Mutex::new(manifest);
        let state = PersistentState {
            path: manifest_path,
            manifest,
            commits,
            confirmed,
            refused,
            log,
            streams: Mutex::default(),
            lock: Mutex::new(Some(lock)),
        };
        Ok(Opened { state, records, start, positions })
    }
}

impl PersistentState {
    /// What the ids of a sink's messages begin with, in every run.
    pub(crate) fn id_prefix(&self, sink: &str) -> String {
        let lineage = self.manifest.lock().unwrap_or_else(PoisonError::into_inner).lineage;
        format!("{lineage:016x}-{sink}")
    }

    /// How many commits the log had when the pipeline started.
    pub(crate) fn commits(&self) -> Commit {
        self.commits
    }

    /// All sinks had confirmed the commits before this one in earlier runs.
    pub(crate) fn confirmed(&self) -> Commit {
        self.confirmed
    }

    /// Whether the stream of any sink has refused a message for ever, in an earlier run.
    pub(crate) fn has_refused(&self) -> bool {
        !self.refused.is_empty()
    }

    /// Whether the stream of a sink has refused a message for ever, in an earlier run.
    pub(crate) fn was_refused(&self, message: &RefusedMessage) -> bool {
        self.refused.contains(message)
    }

    /// Remembers that the stream of a sink has refused a message for ever.
    pub(crate) fn refuse(&self, message: RefusedMessage) -> Result<()> {
        self.append(Record::Refused(message))
    }

    /// Adds a record to the log.
    pub(crate) fn append(&self, record: Record) -> Result<()> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).append(&record)
    }

    /// Remembers which sink writes into a stream. Returns the one that does already, if it is another one.
    pub(crate) fn claim(&self, stream: String, sink: &Arc<str>) -> Option<Arc<str>> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let owner = streams.entry(stream).or_insert_with(|| Arc::clone(sink));
        (owner != sink).then(|| Arc::clone(owner))
    }

    /// The pipeline has ended: another run may use the directory.
    pub(crate) fn release(&self) {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// The last sequence of a sink's stream when the sink was started for the first time, if it was.
    pub(crate) fn base(&self, sink: &str) -> Option<u64> {
        self.manifest.lock().unwrap_or_else(PoisonError::into_inner).bases.get(sink).copied()
    }

    /// Remembers where a sink's stream ends before the sink writes into it.
    pub(crate) fn set_base(&self, sink: &str, last: u64) -> Result<()> {
        let mut manifest = self.manifest.lock().unwrap_or_else(PoisonError::into_inner);
        manifest.bases.insert(sink.to_owned(), last);
        manifest.write(&self.path)
    }
}

impl fmt::Debug for PersistentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistentState").field("path", &self.path).finish_non_exhaustive()
    }
}

/// The lock of a directory.
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is being started may have it open for a moment.
        let _ = self.0.unlock();
    }
}

/// Locks a directory for this process.
fn lock(path: &Path) -> Result<Lock> {
    let file = path.join("lock");
    let open = File::options().write(true).create(true).truncate(false).open(&file);
    let lock = open.map_err(|error| failed("open", &file, error))?;
    match lock.try_lock() {
        Ok(()) => Ok(Lock(lock)),
        Err(TryLockError::WouldBlock) => {
            let message = format!(
                "the directory `{}` is in use: another pipeline runs with it, in this or another process; end that one first, \
                 or use another directory",
                path.display()
            );
            Err(Error::new(ErrorKind::Persistence, message))
        }
        Err(TryLockError::Error(error)) => Err(failed("lock", &file, error)),
    }
}

/// Whether a directory belongs to this pipeline and program.
fn check(manifest: &Manifest, identity: &Identity, path: &Path) -> Result<()> {
    let refuse = |what: String, cure: &str| {
        Err(Error::new(ErrorKind::Persistence, format!("the directory `{}` {what}: {cure}", path.display())))
    };
    if manifest.pipeline != identity.pipeline {
        let what =
            format!("has the state of the pipeline `{}`, and this is `{}`", manifest.pipeline, identity.pipeline);
        return refuse(what, "use another directory, or the same name (`Pipeline::named`)");
    }
    let (old, new) = (&manifest.program, &identity.program);
    if old == new {
        return Ok(());
    }
    let place = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let line = |program: &[String]| program.get(place).map_or("nothing".to_owned(), |line| format!("`{line}`"));
    let what =
        format!("has the state of another program, whose node {place} is {}, and here it is {}", line(old), line(new));
    refuse(what, "run that program, or use another directory and other output streams")
}
