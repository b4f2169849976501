//! Checkpoints: how the pieces that workers make become a part, and the part a checkpoint.
//!
//! A thread writes them, so that no worker waits for the disk. A checkpoint is complete when its part is on the disk, and all
//! sinks have confirmed its commits: these are not computed again. Then the manifest names it, and what it replaces is removed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::manifest::{Checkpoint, Manifest, Part, StateSize};
use super::part::{self, PartWriter, PieceOf};
use super::restore_point::{self, RestorePoint};
use super::session::{PersistentState, lock, remove_unused};
use super::store::failed;
use super::{Record, SourceStart, log};
use crate::data::{Commit, Error, ErrorKind, Result};
use crate::telemetry::{Level, LogLimiter, report, spawn};

/// How many pieces may wait for the disk. Each has about 64 KiB.
const MOST_WAITING: usize = 64;
/// With more parts than this, a checkpoint is written as a whole, so that a restart opens few files.
const MOST_PARTS: usize = 64;
/// How long the logs of earlier checkpoints may be, in bytes, together.
const MOST_LOG_BYTES: u64 = 256 << 20;
/// How often the thread looks whether the pipeline ends, while it waits for confirmations.
const POLL: Duration = Duration::from_millis(20);

/// The checkpoints of a running pipeline.
pub(super) struct Checkpoints {
    every: Duration,
    /// How old the earlier ones are that are kept.
    keep: Duration,
    /// The last complete one has the commits before this one.
    done: AtomicU64,
    is_open: AtomicBool,
    /// The workers have sent all pieces of the open one.
    has_all_pieces: AtomicBool,
    /// The next one was asked for before it is due.
    is_wanted: AtomicBool,
    /// The next one has all of the state: what the last one had is in no part, or of another program.
    must_have_all: AtomicBool,
    /// The pipeline ends.
    is_ending: AtomicBool,
    /// The next run continues with an earlier checkpoint: no other one may be completed.
    has_gone_back: AtomicBool,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Says that checkpoints are complete.
    log: Mutex<LogLimiter>,
}

/// Where workers put the pieces of a checkpoint.
#[derive(Clone)]
pub(crate) struct PieceSender {
    sender: SyncSender<Message>,
    /// Whether the checkpoint has all of the state, and not only what has changed since the one before it.
    pub(crate) all: bool,
}

/// A piece of a state.
pub(crate) struct Piece {
    pub(crate) of: PieceOf,
    pub(crate) bytes: Vec<u8>,
}

enum Message {
    Piece(Piece),
    /// A worker has sent all of its pieces.
    Done(Vec<StateSize>),
    /// A worker cannot write its state.
    Failed(Error),
}

impl PieceSender {
    /// Sends a piece. Returns it if too many wait.
    pub(crate) fn send(&self, piece: Piece) -> std::result::Result<(), Piece> {
        match self.sender.try_send(Message::Piece(piece)) {
            Err(TrySendError::Full(Message::Piece(piece))) => Err(piece),
            // The writer has failed, and has said so.
            Err(_) | Ok(()) => Ok(()),
        }
    }

    /// The worker has sent all of its pieces. Returns false if it has to say so again, because too many pieces wait.
    pub(crate) fn done(&self, states: &[StateSize]) -> bool {
        !matches!(self.sender.try_send(Message::Done(states.to_vec())), Err(TrySendError::Full(_)))
    }

    /// The worker cannot write its state.
    pub(crate) fn fail(&self, error: Error) {
        let _ = self.sender.send(Message::Failed(error));
    }
}

impl Checkpoints {
    pub(super) fn new(every: Duration, keep: Duration, done: Commit) -> Self {
        Checkpoints {
            every,
            keep,
            done: AtomicU64::new(done),
            is_open: AtomicBool::new(false),
            has_all_pieces: AtomicBool::new(true),
            is_wanted: AtomicBool::new(false),
            must_have_all: AtomicBool::new(false),
            is_ending: AtomicBool::new(false),
            has_gone_back: AtomicBool::new(false),
            thread: Mutex::default(),
            log: Mutex::new(LogLimiter::new(&"persistence".into())),
        }
    }

    pub(super) fn every(&self) -> Duration {
        self.every
    }

    pub(super) fn done(&self) -> Commit {
        self.done.load(Ordering::Acquire)
    }

    /// The next checkpoint has all of the state.
    pub(super) fn write_all(&self) {
        self.must_have_all.store(true, Ordering::Relaxed);
    }

    pub(super) fn must_write_all(&self) -> bool {
        self.must_have_all.load(Ordering::Relaxed)
    }

    pub(super) fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Acquire)
    }

    pub(super) fn has_all_pieces(&self) -> bool {
        self.has_all_pieces.load(Ordering::Acquire)
    }

    pub(super) fn want(&self) -> bool {
        !self.is_open() && !self.is_wanted.swap(true, Ordering::AcqRel)
    }

    pub(super) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Acquire)
    }

    /// Wakes the thread that writes a checkpoint, if there is one.
    pub(super) fn wake(&self) {
        if self.is_open() {
            lock(&self.thread).iter().for_each(|thread| thread.thread().unpark());
        }
    }

    /// No more checkpoints are completed. The manifest is locked.
    pub(super) fn give_up(&self) {
        self.has_gone_back.store(true, Ordering::Release);
    }

    /// Waits until nothing more is written.
    pub(super) fn end(&self) {
        self.is_ending.store(true, Ordering::Release);
        let thread = lock(&self.thread).take();
        thread.into_iter().for_each(|thread| drop(thread.join()));
    }
}

/// Adds what another worker has.
fn add_sizes(sum: &mut Vec<StateSize>, states: Vec<StateSize>) {
    for state in states {
        match sum.iter_mut().find(|other| other.node == state.node && other.label == state.label) {
            Some(other) => other.keys += state.keys,
            None => sum.push(state),
        }
    }
}

impl PersistentState {
    /// Begins a checkpoint, between two commits. `checkpoint` has no parts yet. The calling thread is woken at its end: messages
    /// can be acknowledged then.
    ///
    /// # Errors
    /// The log cannot be written.
    pub(crate) fn begin_checkpoint(self: &Arc<Self>, checkpoint: Checkpoint, workers: u64) -> Result<PieceSender> {
        let log = {
            let mut log = lock(&self.log);
            let number = log.begin_file()?;
            let starts: Vec<SourceStart> = checkpoint.sources.iter().map(|source| source.start.clone()).collect();
            log.append(&Record::Start(starts))?;
            number
        };
        lock(&self.sinks).begin_checkpoint(checkpoint.commit);
        let all = self.checkpoints.must_have_all.swap(false, Ordering::Relaxed) || self.must_write_all();
        let (sender, pieces) = sync_channel(MOST_WAITING);
        self.checkpoints.is_open.store(true, Ordering::Release);
        self.checkpoints.has_all_pieces.store(false, Ordering::Release);
        self.checkpoints.is_wanted.store(false, Ordering::Release);
        let (state, caller, begin) = (Arc::clone(self), std::thread::current(), Instant::now());
        let write = move || {
            let (commit, outcome) = (checkpoint.commit, state.write(&pieces, checkpoint, (all, workers), log));
            if let Ok(Some(bytes)) = outcome {
                state.note_checkpoint(commit, bytes, begin);
            }
            if let Err(error) = outcome {
                state.meter().checkpoint_failures.add(1);
                state.checkpoints.must_have_all.store(true, Ordering::Relaxed);
                let message = format_args!(
                    "a checkpoint could not be written; the pipeline goes on, and its log keeps everything since the one \
                     before: {error:#}"
                );
                report(Level::Error, "persistence", message);
            }
            state.checkpoints.has_all_pieces.store(true, Ordering::Release);
            state.checkpoints.is_open.store(false, Ordering::Release);
            caller.unpark();
        };
        let spawned = spawn("pathway-checkpoint", write).map_err(|error| {
            Error::new(ErrorKind::Config, "cannot start the thread that writes checkpoints").with_source(error)
        })?;
        *lock(&self.checkpoints.thread) = Some(spawned);
        Ok(PieceSender { sender, all })
    }

    /// Whether the parts so far are not worth to be kept: there are none, or too many, or they are larger than a new one.
    fn must_write_all(&self) -> bool {
        let manifest = lock(&self.manifest);
        let Some(Checkpoint { parts, .. }) = &manifest.latest.checkpoint else { return true };
        let Some((base, changes)) = parts.split_first() else { return true };
        parts.len() >= MOST_PARTS || changes.iter().map(|part| part.bytes).sum::<u64>() > base.bytes
    }

    /// The checkpoint before a commit is complete. So many bytes were written.
    fn note_checkpoint(&self, commit: Commit, bytes: u64, begin: Instant) {
        let seconds = begin.elapsed().as_secs_f32();
        let message =
            format_args!("the checkpoint before commit {commit} is complete: {bytes} bytes in {seconds:.1} s");
        lock(&self.checkpoints.log).report(Level::Info, 1, message);
        let meter = self.meter();
        meter.checkpoints.add(1);
        meter.checkpoint_bytes.set(bytes);
        meter.checkpoint_nanos.set(u64::try_from(begin.elapsed().as_nanos()).unwrap_or(u64::MAX - 1));
        meter.checkpoint_made.set(lock(&self.manifest).latest.made);
    }

    /// Writes a checkpoint, and returns how many bytes these were. It is left out if the pipeline ends before.
    fn write(
        &self,
        pieces: &Receiver<Message>,
        mut checkpoint: Checkpoint,
        (all, workers): (bool, u64),
        log: u64,
    ) -> Result<Option<u64>> {
        let files = self.store.files().map_err(|error| failed("read", &*self.store, "", error))?;
        let number = 1 + files.iter().filter_map(|file| part::number_of(file)).max().unwrap_or(0);
        let mut part = PartWriter::create(Arc::clone(&self.store), number, workers)?;
        let (mut working, mut is_empty) = (workers, true);
        while working > 0 {
            match pieces.recv() {
                Ok(Message::Piece(Piece { of, bytes })) => {
                    part.add(of, &bytes)?;
                    is_empty = false;
                }
                Ok(Message::Done(states)) => {
                    working -= 1;
                    add_sizes(&mut checkpoint.states, states);
                }
                Ok(Message::Failed(error)) => return Err(error),
                Err(_) => return Ok(None),
            }
        }
        self.checkpoints.has_all_pieces.store(true, Ordering::Release);
        // Nothing may have changed but the position in the input.
        let is_kept = all || !is_empty;
        let part = if is_kept { Some(Part { number, bytes: part.finish()? }) } else { None };
        while self.all_confirmed.load(Ordering::Acquire) < checkpoint.commit {
            if self.checkpoints.is_ending.load(Ordering::Acquire) {
                return Ok(None);
            }
            std::thread::park_timeout(POLL);
        }
        let bytes = part.as_ref().map_or(0, |part| part.bytes);
        Ok(self.complete(checkpoint, all, part, log)?.then_some(bytes))
    }

    /// Makes a checkpoint the one with which the next run continues. Returns false if that continues with an earlier one.
    fn complete(&self, mut checkpoint: Checkpoint, all: bool, part: Option<Part>, log: u64) -> Result<bool> {
        let commit = checkpoint.commit;
        let mut manifest = lock(&self.manifest);
        if self.checkpoints.has_gone_back.load(Ordering::Acquire) {
            return Ok(false);
        }
        let mut new = manifest.clone();
        if !all {
            checkpoint.parts.extend(new.latest.parts().cloned());
        }
        checkpoint.parts.extend(part);
        let mut outputs = new.latest.outputs.clone();
        lock(&self.sinks).update(&mut outputs);
        new.earlier.push(std::mem::replace(&mut new.latest, RestorePoint::new(Some(checkpoint), log, outputs)));
        restore_point::thin_out(&mut new.earlier, self.checkpoints.keep);
        self.limit_log(&mut new)?;
        new.write(&*self.store)?;
        *manifest = new;
        self.checkpoints.done.store(commit, Ordering::Release);
        self.forget_refused_before(commit);
        if let Err(error) = remove_unused(&*self.store, &manifest) {
            // The next checkpoint, or the next start, tries again.
            report(Level::Warn, "persistence", format_args!("a file that is not needed any more is left: {error:#}"));
        }
        drop(manifest);
        let mut written = lock(&self.log);
        written.forget_before(log);
        self.note_log(&written);
        Ok(true)
    }

    /// Forgets earlier checkpoints whose log is long.
    fn limit_log(&self, manifest: &mut Manifest) -> Result<()> {
        let mut files = Vec::new();
        for file in self.store.files().map_err(|error| failed("read", &*self.store, "", error))? {
            if let Some(number) = log::number_of(&file) {
                let read = self.store.read(&file).map_err(|error| failed("read", &*self.store, &file, error))?;
                files.push((number, read.map_or(0, |(_, len)| len)));
            }
        }
        // What is behind the last checkpoint is needed in any case.
        let latest = manifest.latest.log;
        let bytes = |first: u64| {
            let kept = files.iter().filter(|(number, _)| (first..latest).contains(number));
            kept.map(|(_, len)| len).sum::<u64>()
        };
        let is_long = manifest.earlier.partition_point(|point| bytes(point.log) > MOST_LOG_BYTES);
        manifest.earlier.drain(..is_long);
        Ok(())
    }
}
