//! Moves rows into the dataflow: the operator of a source that hands over rows.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use super::confirmations::Confirmations;
use super::ingest_limit::IngestLimit;
use super::row_copies::RowCopies;
use super::{InputBatch, RowBatch, SourceLink};
use crate::data::{Change, Commit, Error, ErrorKind, Schema};
use crate::dataflow::InputHandle;
use crate::plan::{Arrived, CommitTrigger, SourceArrivals, SourceOperator, columns_of};
use crate::telemetry::{Level, LogLimiter};

/// Moves what a source has handed over into the dataflow.
pub(super) struct RowOperator<R: Schema> {
    link: SourceLink<RowBatch<R>>,
    trigger: CommitTrigger,
    /// The source seals its own commits: two of them never share one.
    own_commits: bool,
    /// The source does not keep the pipeline running.
    background: bool,
    /// Where it says what arrives, if the pipeline persists or is recorded.
    arrivals: Option<SourceArrivals>,
    output: InputHandle<Change<R>>,
    checker: Option<RemovalChecker<R>>,
    /// The open commit has a commit of the source already.
    has_commit: bool,
    confirmations: Confirmations,
    /// The last turn ended before the queue was empty.
    has_more: bool,
    /// What was moved into the open commit.
    arrived: Arrived,
}

/// Rejects removals of rows that are not there.
struct RemovalChecker<R> {
    copies: Rc<RefCell<RowCopies<R>>>,
    /// How many were rejected.
    rejected: u64,
    log: LogLimiter,
}

impl<R: Schema> RemovalChecker<R> {
    fn new(name: &Arc<str>, copies: Rc<RefCell<RowCopies<R>>>) -> Self {
        RemovalChecker { copies, rejected: 0, log: LogLimiter::new(name) }
    }

    /// Returns how many removals were rejected so far.
    fn check(&mut self, changes: &mut Vec<Change<R>>) -> u64 {
        let before = changes.len();
        let mut copies = self.copies.borrow_mut();
        changes.retain(|change| copies.count(change));
        let rejected = (before - changes.len()) as u64;
        self.rejected += rejected;
        let message = format_args!("a removal is skipped: its row was never inserted, or was removed already");
        self.log.report(Level::Error, rejected, message);
        self.rejected
    }
}

impl<R: Schema> RowOperator<R> {
    pub(super) fn new(
        link: SourceLink<RowBatch<R>>,
        trigger: CommitTrigger,
        own_commits: bool,
        background: bool,
        copies: Option<Rc<RefCell<RowCopies<R>>>>,
        (arrivals, output): (Option<SourceArrivals>, InputHandle<Change<R>>),
    ) -> Self {
        let checker = copies.map(|copies| RemovalChecker::new(&link.name, copies));
        RowOperator {
            link,
            trigger,
            own_commits,
            background,
            arrivals,
            output,
            checker,
            has_commit: false,
            confirmations: Confirmations::default(),
            has_more: false,
            arrived: Arrived::default(),
        }
    }

    /// Moves one batch. Returns how many rows it had, or `None` where no batch waits.
    fn take(&mut self) -> Option<usize> {
        let (arrived, mut batch) = self.link.queue.take_arrived()?;
        let time = self.output.time();
        let _turn = time.start();
        let taken = batch.len();
        // Static tables have been there before the pipeline.
        let is_static = matches!(self.trigger, CommitTrigger::Preloaded);
        self.arrived.add(taken, (!is_static).then_some(arrived));
        self.confirmations.take(taken);
        let mut rows = self.confirmations.taken();
        if let Some(checker) = &mut self.checker {
            self.link.counters.rejected.set(checker.check(&mut batch.changes));
            rows -= checker.rejected;
        }
        self.link.counters.rows.set(rows);
        if let Some((_, last)) = batch.positions() {
            *self.link.position.lock().unwrap_or_else(PoisonError::into_inner) = Some(last.clone());
        }
        self.log_arrivals(&batch);
        self.output.send(&mut batch.changes);
        Some(taken)
    }

    /// Says what has arrived, if the pipeline is recorded, or persists and the rows are not there again in the next run.
    fn log_arrivals(&self, batch: &RowBatch<R>) {
        // Static tables are a part of the program.
        if let Some(arrivals) = self.arrivals.as_ref().filter(|_| !matches!(self.trigger, CommitTrigger::Preloaded)) {
            let encode = || postcard::to_stdvec(&batch.changes).map_err(|error| error.to_string());
            arrivals.record(batch.changes.len(), encode);
        }
        let is_logged = self.link.beginning.is_logged.get() == Some(&true) && !batch.changes.is_empty();
        let Some(arrivals) = self.arrivals.as_ref().filter(|_| is_logged) else { return };
        let position = batch.positions().and_then(|(_, last)| postcard::to_stdvec(last).ok()).unwrap_or_default();
        match postcard::to_stdvec(&batch.changes) {
            Ok(values) => arrivals.log(values, position),
            Err(error) => {
                let message = format!("source `{}`: rows cannot be logged: {error}", self.link.name);
                self.link.control.fail(Error::new(ErrorKind::Persistence, message));
            }
        }
    }
}

impl<R: Schema> SourceOperator for RowOperator<R> {
    fn name(&self) -> &Arc<str> {
        &self.link.name
    }

    fn trigger(&self) -> CommitTrigger {
        self.trigger.clone()
    }

    fn ingest(&mut self) -> usize {
        if self.own_commits {
            if self.has_commit {
                return 0;
            }
            let taken = self.take();
            self.has_commit = taken.is_some_and(|taken| taken > 0);
            return taken.unwrap_or_default();
        }
        let mut limit = IngestLimit::default();
        while !limit.is_reached(&self.link.control)
            && let Some(taken) = self.take()
        {
            limit.add(taken);
        }
        self.has_more = limit.is_reached(&self.link.control);
        limit.taken()
    }

    fn has_own_commits(&self) -> bool {
        self.own_commits
    }

    fn has_arrivals(&self) -> bool {
        self.link.queue.batches() > 0
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn discard(&mut self) {
        if let Some(batch) = self.link.queue.take() {
            self.confirmations.take(batch.len());
            self.link.counters.rows.add(batch.len() as u64);
        }
    }

    fn replay_logged(&mut self, values: &[u8]) -> Result<(), String> {
        let mut changes: Vec<Change<R>> = postcard::from_bytes(values).map_err(|error| error.to_string())?;
        let received = changes.len() as u64;
        if let Some(checker) = &mut self.checker {
            self.link.counters.rejected.set(checker.check(&mut changes));
        }
        self.link.counters.received.add(received);
        self.link.counters.rows.add(changes.len() as u64);
        self.arrived.add(changes.len(), None);
        if let Some(arrivals) = &self.arrivals {
            arrivals.record(changes.len(), || Ok(values.to_vec()));
        }
        self.output.send(&mut changes);
        Ok(())
    }

    fn columns(&self) -> Option<String> {
        Some(columns_of::<R>())
    }

    fn preloaded_left(&self) -> u64 {
        self.link.queue.batches() as u64
    }

    fn take_arrived(&mut self) -> Arrived {
        std::mem::take(&mut self.arrived)
    }

    fn advance(&mut self, next: Commit) {
        self.has_commit = false;
        self.checker.iter().for_each(|checker| checker.copies.borrow_mut().seal());
        self.confirmations.advance(next, self.link.queue.acks());
    }

    fn confirm(&mut self, before: Commit, _: Commit) {
        // If the pipeline persists, the rows are in its log.
        self.confirmations.confirm(before, before, self.link.queue.acks());
    }

    fn is_finished(&self) -> bool {
        self.background || self.link.queue.is_finished()
    }

    fn close(&mut self) {
        self.link.queue.close();
    }
}
