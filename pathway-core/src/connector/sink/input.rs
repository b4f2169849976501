//! Where a sink takes its commits from.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::{CommitPosition, EncodedBatch, Outbox, OutputBatch, Sink, SinkItem};
use crate::connector::Failure;
use crate::connector::thread::{Ready, StageFailure};
use crate::data::{Commit, EncodeError, Error, ErrorKind};
use crate::plan::{ConnectionState, Control, OutputCheck, OutputDigest, is_not_as_before};
use crate::telemetry::{Level, LogLimiter, SinkCounters};

/// Where a [`Sink`] takes its commits from, and confirms them.
pub struct SinkInput<I: SinkItem> {
    link: SinkLink<I::Batch>,
    ready: Ready,
    /// Reports messages that are invalid.
    log: Mutex<LogLimiter>,
}

/// What a sink and its pipeline share.
pub struct SinkLink<B = EncodedBatch> {
    /// The sink's name, for logs and errors.
    pub name: Arc<str>,
    /// Where the batches wait for the sink.
    pub outbox: Arc<Outbox<B>>,
    /// What is counted. The worker counts `queued`, the sink everything else.
    pub counters: Arc<SinkCounters>,
    /// Tells the sink when the pipeline stops, and ends the pipeline where the sink fails.
    pub control: Control,
    /// Whether a commit that is computed again gives the same output.
    pub(crate) check: Arc<OutputCheck>,
    /// Whether it is connected.
    pub connection: Arc<ConnectionState>,
}

impl<I: SinkItem> SinkInput<I> {
    pub(super) fn new(link: SinkLink<I::Batch>, ready: Ready) -> Self {
        let log = Mutex::new(LogLimiter::new(&link.name));
        SinkInput { link, ready, log }
    }

    /// The sink is ready; the pipeline's start waits for this. Further calls do nothing. Taking a commit implies it.
    pub fn ready(&self) {
        self.ready.send(Ok(()));
    }

    /// Blocks until there is another commit. `None` when no more follow.
    pub fn next(&self) -> Option<Arc<I::Batch>> {
        self.ready();
        self.link.outbox.next_blocking()
    }

    /// Waits until there is another commit. `None` when no more follow.
    pub async fn next_async(&self) -> Option<Arc<I::Batch>> {
        self.ready();
        self.link.outbox.next().await
    }

    /// The sink has written a commit. Commits may be confirmed late, together and in any order. Confirming one again does
    /// nothing.
    ///
    /// Messages that have an [error](super::EncodedMessage::error) count as rejected and are reported here.
    pub fn confirm(&self, batch: &I::Batch) {
        if self.link.outbox.confirm(batch) {
            self.count(batch.len(), batch.invalid());
        }
    }

    /// Counts what is written, and reports what could not be.
    fn count(&self, len: usize, invalid: Option<(usize, EncodeError)>) {
        let rejected = invalid.as_ref().map_or(0, |(rejected, _)| *rejected);
        self.link.counters.published.add((len - rejected) as u64);
        if let Some((rejected, error)) = invalid {
            self.link.counters.rejected.add(rejected as u64);
            let message = format_args!("a message cannot be written: {error}");
            self.log.lock().unwrap_or_else(PoisonError::into_inner).report(Level::Error, rejected as u64, message);
        }
    }

    /// The error of a sink that has returned too early: commits that it has not confirmed would be lost.
    pub(super) fn check_complete(&self) -> Result<(), Failure> {
        let error = match (self.link.outbox.is_finished(), self.link.outbox.unconfirmed()) {
            // The pipeline has an error already, and a sink may give up because of it.
            _ if self.link.control.has_failed() => return Ok(()),
            // The pipeline was stopped while it started: no commit follows.
            (false, 0) if self.link.control.is_stopping() && !self.ready.is_sent() => return Ok(()),
            (true, 0) => return Ok(()),
            (true, commits) => format!("returned, but has not confirmed {commits} commits"),
            (false, _) => "returned before the last commit: `run` must take commits until there are no more".to_owned(),
        };
        Err(Error::new(ErrorKind::Custom, format!("sink `{}` {error}", self.link.name)).into())
    }

    /// What the sink and its pipeline share.
    pub fn link(&self) -> &SinkLink<I::Batch> {
        &self.link
    }

    /// Runs a sink that writes one commit after the other.
    pub(super) fn run_simple<S: Sink<Item = I>>(&self, sink: &mut S) -> Result<(), Failure> {
        let stage = |what| move |cause| -> Failure { StageFailure { what, cause }.into() };
        sink.open().map_err(stage("could not be opened"))?;
        let mut held = self.take_over(sink).map_err(stage("could not say what it holds of an earlier run"))?;
        self.ready();
        while let Some(batch) = self.next() {
            let (commit, weight) = (batch.commit(), batch.weight());
            // The outbox keeps no reference to it.
            let Some(mut batch) = Arc::into_inner(batch) else { continue };
            match held {
                Some(held) if commit < held.commit => batch.skip(usize::MAX),
                Some(held) if commit == held.commit => batch.skip(usize::try_from(held.index).unwrap_or(usize::MAX)),
                _ => held = None,
            }
            if !batch.is_empty() {
                let (len, invalid) = (batch.len(), batch.invalid());
                sink.write(batch).map_err(stage("failed"))?;
                self.count(len, invalid);
            }
            self.link.outbox.confirm_commit(commit, weight);
        }
        sink.close().map_err(stage("failed when it was closed"))
    }

    /// Fences earlier runs of a pipeline that persists, and asks what the sink holds of them.
    fn take_over<S: Sink<Item = I>>(&self, sink: &mut S) -> Result<Option<CommitPosition>, Failure> {
        let Some(state) = self.link.control.persistent() else { return Ok(None) };
        sink.fence(state.epoch())?;
        let held = sink.last_commit()?;
        match held {
            Some(held) if held.commit >= state.commits() => {
                let message = format!(
                    "it holds something of commit {}, which is not in the pipeline's log: the end of the log was lost, perhaps \
                     with the machine's power (see `Persistence::sync`), or it is the sink of another pipeline",
                    held.commit
                );
                Err(Error::new(ErrorKind::Persistence, message).into())
            }
            held => Ok(held),
        }
    }
}

impl<I: SinkItem> fmt::Debug for SinkInput<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkInput").field("sink", &self.link.name).finish_non_exhaustive()
    }
}

impl<B: OutputBatch> SinkLink<B> {
    /// A link with an empty outbox.
    pub(crate) fn new(name: Arc<str>, control: Control) -> Self {
        let outbox = Arc::new(Outbox::new(Arc::clone(&name), control.clone()));
        SinkLink { name, outbox, counters: Arc::default(), control, check: Arc::default(), connection: Arc::default() }
    }
}

impl<B> SinkLink<B> {
    /// Whether a commit writes what it wrote in an earlier run, if it is computed again; else the pipeline fails. `hash` hashes what
    /// it writes.
    pub(crate) fn is_as_before(&self, commit: Commit, hash: impl FnOnce(&mut OutputDigest)) -> bool {
        if self.control.persistent().is_none() {
            return true;
        }
        let mut digest = OutputDigest::default();
        hash(&mut digest);
        let is_as_before = self.check.write(digest.value());
        if !is_as_before {
            self.control.fail(is_not_as_before(&self.name, commit));
        }
        is_as_before
    }
}

impl<B> Clone for SinkLink<B> {
    fn clone(&self) -> Self {
        SinkLink {
            name: Arc::clone(&self.name),
            outbox: Arc::clone(&self.outbox),
            counters: Arc::clone(&self.counters),
            control: self.control.clone(),
            check: Arc::clone(&self.check),
            connection: Arc::clone(&self.connection),
        }
    }
}

impl<B> fmt::Debug for SinkLink<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SinkLink").field("name", &self.name).finish_non_exhaustive()
    }
}
