//! The state that a running pipeline keeps in a store.

use std::any::Any;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use super::checkpoint::Checkpoints;
use super::found::{Found, LoggedAnswers};
use super::log::{self, Log};
use super::log_sync::LogSync;
use super::manifest::{self, Checkpoint, Manifest, VERSION};
use super::part::{self, PartReader};
use super::program_change::ProgramChange;
use super::restore_point::RestorePoint;
use super::sink_positions::SinkPositions;
use super::store::{FileStore, NEW, failed};
use super::{NodeIdentity, Persistence, Record, Records, RefusedMessage, SourceStart};
use crate::data::{Commit, EarlierMessages, Error, ErrorKind, Result};
use crate::telemetry::{Latencies, PersistenceMeter};

/// Which pipeline it is.
pub(crate) struct Identity {
    pub(crate) pipeline: String,
    /// Its nodes.
    pub(crate) program: Vec<NodeIdentity>,
}

/// A store that was opened.
pub(crate) struct Opened {
    pub(crate) state: Arc<PersistentState>,
    /// The log behind the checkpoint.
    pub(crate) records: Records,
    /// Where the sources go on, if there was a run before this one.
    pub(crate) start: Option<Vec<SourceStart>>,
    /// The last positions of sources whose messages or rows are in the log, by their numbers.
    pub(crate) positions: HashMap<u32, Vec<u8>>,
    /// What sources that acknowledge their messages have read, by their numbers.
    pub(crate) messages: HashMap<u32, EarlierMessages>,
}

/// That a sink writes into a stream.
struct Claim {
    stream: String,
    /// The subjects, which may have wildcards.
    subjects: String,
    sink: Arc<str>,
}

/// What all threads of a pipeline share of its store. It is locked until [`release`](PersistentState::release).
pub(crate) struct PersistentState {
    pub(super) store: Arc<dyn FileStore>,
    pub(super) manifest: Mutex<Manifest>,
    /// How many commits there were at the start: those of the checkpoint and of the log.
    commits: Commit,
    /// All sinks had confirmed the commits before this one at the start.
    confirmed: Commit,
    /// The checkpoint at the start.
    checkpoint: Option<Checkpoint>,
    pub(super) log: Mutex<Log>,
    /// Whether the log is to survive a power loss.
    pub(super) syncs: bool,
    pub(super) sync: LogSync,
    pub(super) checkpoints: Checkpoints,
    pub(super) sinks: Mutex<SinkPositions>,
    /// The messages that streams had refused in earlier runs, behind the checkpoint; and whether there are any.
    refused: Mutex<HashSet<RefusedMessage>>,
    has_refused: AtomicBool,
    /// All sinks have confirmed the commits before this one.
    pub(super) all_confirmed: AtomicU64,
    /// What asynchronous calls have answered in earlier runs, behind the checkpoint.
    answers: Mutex<LoggedAnswers>,
    /// Which sink writes into which stream, on which subjects.
    streams: Mutex<Vec<Claim>>,
    lock: Mutex<Option<Box<dyn Any + Send>>>,
    /// How the program differs from the one that the checkpoint is of.
    pub(super) change: ProgramChange,
    meter: PersistenceMeter,
    /// Of the commits of the pipeline.
    latencies: OnceLock<Arc<Latencies>>,
}

impl Persistence {
    /// Locks the store, and checks that it is this pipeline's.
    pub(crate) fn open(&self, identity: Identity) -> Result<Opened> {
        let Persistence { store, sync, checkpoint_every, .. } = self;
        if checkpoint_every.is_zero() {
            let message = "`checkpoint_every` is zero: say how often at most the state is saved, 10 s for example";
            return Err(Error::new(ErrorKind::Config, message));
        }
        let lock = store.lock()?;
        let (mut manifest, change) = match Manifest::read(&**store)? {
            Some(manifest) => {
                let change = self.check(&manifest, identity)?;
                (manifest, change)
            }
            None => {
                self.check_names(&identity.program, None)?;
                (first_manifest(&**store, &identity)?, ProgramChange::new(identity.program, self))
            }
        };
        manifest.epoch += 1;
        manifest.write(&**store)?;
        remove_unused(&**store, &manifest)?;
        let RestorePoint { mut checkpoint, log, .. } = manifest.latest.clone();
        checkpoint.iter_mut().for_each(|checkpoint| change.rename(checkpoint));
        let next = manifest.latest.next();
        let open_log = || Records::open(Arc::clone(store), log, Some(next), *sync);
        let mut found = Found { confirmed: next, ..Found::default() };
        for (number, source) in (0..).zip(checkpoint.iter().flat_map(|checkpoint| &checkpoint.sources)) {
            found.start.get_or_insert_default().push(source.start.clone());
            if !source.position.is_empty() {
                found.positions.insert(number, source.position.clone());
            }
            let (checkpointed, newest) = (source.sequences.clone(), source.newest);
            found.messages.insert(number, EarlierMessages { checkpointed, newest, ..EarlierMessages::default() });
        }
        let mut records = open_log()?;
        while let Some(record) = records.next()? {
            found.add(record);
        }
        found.start.iter_mut().flatten().for_each(|start| change.rename_source(start));
        if change.is_changed() {
            self.check_tail(found.commits.saturating_sub(next))?;
        }
        let log = records.into_log()?;
        let log_bytes = log.bytes();
        let Found { start, commits, confirmed, refused, positions, answers, messages } = found;
        let commits = commits.max(next);
        let state = PersistentState {
            store: Arc::clone(store),
            commits,
            confirmed,
            checkpoint,
            log: Mutex::new(log),
            syncs: *sync,
            sync: LogSync::default(),
            checkpoints: Checkpoints::new(*checkpoint_every, self.keep_checkpoints, next),
            sinks: Mutex::default(),
            has_refused: AtomicBool::new(!refused.is_empty()),
            refused: Mutex::new(refused),
            all_confirmed: AtomicU64::new(confirmed),
            answers: Mutex::new(answers),
            streams: Mutex::default(),
            lock: Mutex::new(Some(lock)),
            manifest: Mutex::new(manifest.clone()),
            change,
            meter: PersistenceMeter::default(),
            latencies: OnceLock::new(),
        };
        state.meter.checkpoint_made.set(manifest.latest.made);
        state.meter.log_bytes.set(log_bytes);
        state.meter.logged_commits.set(commits - next);
        Ok(Opened { state: Arc::new(state), records: open_log()?, start, positions, messages })
    }
}

impl PersistentState {
    /// What the ids of a sink's messages begin with, in every run.
    pub(crate) fn id_prefix(&self, sink: &str) -> String {
        format!("{:016x}-{sink}", lock(&self.manifest).lineage)
    }

    /// How often the pipeline was started.
    pub(crate) fn epoch(&self) -> u64 {
        lock(&self.manifest).epoch
    }

    /// How many commits there were when the pipeline started.
    pub(crate) fn commits(&self) -> Commit {
        self.commits
    }

    /// All sinks had confirmed the commits before this one in earlier runs.
    pub(crate) fn confirmed(&self) -> Commit {
        self.confirmed
    }

    /// The checkpoint with which the pipeline starts.
    pub(crate) fn checkpoint(&self) -> Option<&Checkpoint> {
        self.checkpoint.as_ref()
    }

    /// Opens the parts of a checkpoint, in the order in which they are to be loaded.
    pub(crate) fn parts(&self, checkpoint: &Checkpoint) -> impl Iterator<Item = Result<PartReader>> {
        checkpoint.parts.iter().map(|part| PartReader::open(Arc::clone(&self.store), part))
    }

    /// All sinks have confirmed the commits before this one.
    pub(crate) fn set_all_confirmed(&self, before: Commit) {
        self.all_confirmed.fetch_max(before, Ordering::Release);
        self.checkpoints.wake();
    }

    /// Whether the stream of any sink has refused a message for ever, in an earlier run.
    pub(crate) fn has_refused(&self) -> bool {
        self.has_refused.load(Ordering::Relaxed)
    }

    /// Whether the stream of a sink has refused a message for ever, in an earlier run.
    pub(crate) fn was_refused(&self, message: &RefusedMessage) -> bool {
        lock(&self.refused).contains(message)
    }

    /// Remembers that the stream of a sink has refused a message for ever.
    pub(crate) fn refuse(&self, message: RefusedMessage) -> Result<()> {
        self.append_now(&Record::Refused(message))
    }

    /// What the asynchronous calls of a node have answered in earlier runs for the commit at this time.
    pub(crate) fn answers(&self, node: u32, time: u64) -> Vec<Arc<[u8]>> {
        lock(&self.answers).get(&(node, time)).cloned().unwrap_or_default()
    }

    /// All logged commits are computed.
    pub(crate) fn forget_answers(&self) {
        *lock(&self.answers) = LoggedAnswers::new();
    }

    /// No commit before this one is computed again.
    pub(super) fn forget_refused_before(&self, commit: Commit) {
        let mut refused = lock(&self.refused);
        refused.retain(|message| message.commit >= commit);
        self.has_refused.store(!refused.is_empty(), Ordering::Relaxed);
    }

    /// What it counts.
    pub(crate) fn meter(&self) -> &PersistenceMeter {
        &self.meter
    }

    /// Where it says how long the records of commits take.
    pub(crate) fn set_latencies(&self, latencies: Arc<Latencies>) {
        let _ = self.latencies.set(latencies);
    }

    /// The record of a commit that it began to write at this moment is where it is to be.
    pub(super) fn logged(&self, begin: Instant) {
        self.latencies.get().into_iter().for_each(|latencies| latencies.logged(begin.elapsed()));
    }

    /// Says how long the log is.
    pub(super) fn note_log(&self, log: &Log) {
        self.meter.log_bytes.set(log.bytes());
    }

    /// Adds a record to the log.
    pub(crate) fn append(&self, record: Record) -> Result<()> {
        let begin = matches!(record, Record::Commit(_)).then(Instant::now);
        let mut log = lock(&self.log);
        log.append(&record)?;
        self.note_log(&log);
        drop(log);
        match begin {
            _ if self.syncs => self.sync.wrote(begin),
            Some(begin) => self.logged(begin),
            None => {}
        }
        Ok(())
    }

    /// Adds a record to the log, and waits until it survives what the log is to survive.
    pub(crate) fn append_now(&self, record: &Record) -> Result<()> {
        let mut log = lock(&self.log);
        log.append(record)?;
        self.note_log(&log);
        log.sync()
    }

    /// Remembers which sink writes into a stream, and on which subjects. Returns another one that does so on some of them, as
    /// `overlap` says.
    pub(crate) fn claim(
        &self,
        stream: String,
        subjects: &str,
        sink: &Arc<str>,
        overlap: impl Fn(&str, &str) -> bool,
    ) -> Option<Arc<str>> {
        let mut claims = lock(&self.streams);
        let is_other = |claim: &&Claim| claim.sink != *sink && overlap(&claim.subjects, subjects);
        let mut same_stream = claims.iter().filter(|claim| claim.stream == stream);
        if let Some(other) = same_stream.clone().find(is_other) {
            return Some(Arc::clone(&other.sink));
        }
        if !same_stream.any(|claim| claim.sink == *sink) {
            claims.push(Claim { stream, subjects: subjects.to_owned(), sink: Arc::clone(sink) });
        }
        None
    }

    /// Waits for the end of the open checkpoint. No other one follows.
    pub(crate) fn end_checkpoints(&self) {
        self.checkpoints.end();
    }

    /// The pipeline has ended: another run may use the store.
    pub(crate) fn release(&self) {
        self.checkpoints.end();
        self.sync.end();
        lock(&self.lock).take();
    }

    /// How often a checkpoint is made.
    pub(crate) fn checkpoint_every(&self) -> Duration {
        self.checkpoints.every()
    }

    /// A checkpoint has the commits before this one.
    pub(crate) fn checkpointed(&self) -> Commit {
        self.checkpoints.done()
    }

    /// Whether the workers have sent all pieces of the last checkpoint that was begun.
    pub(crate) fn has_all_pieces(&self) -> bool {
        self.checkpoints.has_all_pieces()
    }

    /// Asks for a checkpoint before it is due: too many messages wait for one to be acknowledged. Returns false if one was asked
    /// for already, or is being written.
    pub(crate) fn want_checkpoint(&self) -> bool {
        self.checkpoints.want()
    }

    /// Whether a checkpoint was asked for before it is due.
    pub(crate) fn is_checkpoint_wanted(&self) -> bool {
        self.checkpoints.is_wanted()
    }

    /// Whether the next checkpoint has all of the state, because the last one could not be written.
    pub(crate) fn must_write_again(&self) -> bool {
        self.checkpoints.must_write_all()
    }

    /// Whether a checkpoint is being written.
    pub(crate) fn has_open_checkpoint(&self) -> bool {
        self.checkpoints.is_open()
    }
}

/// The lock of a value, whatever has become of another thread.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for PersistentState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersistentState").field("store", &self.store).finish_non_exhaustive()
    }
}

/// The manifest of an empty store.
fn first_manifest(store: &dyn FileStore, Identity { pipeline, program }: &Identity) -> Result<Manifest> {
    let files = store.files().map_err(|error| failed("read", store, "", error))?;
    super::recording::refuse_recording(store, &files)?;
    if files.iter().any(|file| is_ours(file)) {
        let message = format!(
            "`{}` has no manifest, but a log or parts of checkpoints: restore it from a copy, or remove it to begin anew, with \
             other output streams",
            store.name_of(None)
        );
        return Err(Error::new(ErrorKind::Persistence, message));
    }
    let lineage = fastrand::u64(..);
    let (pipeline, program) = (pipeline.clone(), program.clone());
    let latest = RestorePoint::new(None, 1, Default::default());
    let (known, earlier) = Default::default();
    Ok(Manifest { version: VERSION, lineage, epoch: 0, pipeline, program, known, latest, earlier })
}

fn is_ours(file: &str) -> bool {
    log::number_of(file).is_some() || part::number_of(file).is_some()
}

/// Removes the files that are not needed.
pub(super) fn remove_unused(store: &dyn FileStore, manifest: &Manifest) -> Result<()> {
    let points = || manifest.earlier.iter().chain([&manifest.latest]);
    let parts: HashSet<u64> = points().flat_map(RestorePoint::parts).map(|part| part.number).collect();
    let first_log = points().map(|point| point.log).min().unwrap_or_default();
    for file in store.files().map_err(|error| failed("read", store, "", error))? {
        let is_old_log = log::number_of(&file).is_some_and(|number| number < first_log);
        let is_old_part = part::number_of(&file).is_some_and(|number| !parts.contains(&number));
        // A run has not finished it. Others are not ours.
        let is_unfinished = file.strip_suffix(NEW).is_some_and(|name| is_ours(name) || name == manifest::FILE);
        if is_old_log || is_old_part || is_unfinished {
            store.remove(&file).map_err(|error| failed("remove", store, &file, error))?;
        }
    }
    Ok(())
}
