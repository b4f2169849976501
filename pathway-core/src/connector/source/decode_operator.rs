//! Moves messages into the dataflow as rows: the operator of a source whose messages are decoded.

mod reject;
mod snapshot;

use std::cell::RefCell;
use std::ops::Range;
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use super::confirmations::Confirmations;
use super::decode_settings::DecodeSettings;
use super::ingest_limit::IngestLimit;
use super::message_place::Place;
use super::row_decoder::BoxedDecoder;
use super::{MessageBatch, Position, SourceLink, logged};
use crate::data::{Change, Commit, Error, ErrorKind, Schema};
use crate::dataflow::InputHandle;
use crate::format::DecodedRows;
use crate::plan::{Acknowledged, Arrived, Backlog, CommitTrigger, SourceArrivals, SourceOperator};
use crate::telemetry::LogLimiter;
use snapshot::Snapshot;

/// Decodes what waits and sends it into the dataflow.
pub(super) struct DecodeOperator<R: Schema> {
    trigger: CommitTrigger,
    decoder: Rc<RefCell<BoxedDecoder<R>>>,
    settings: DecodeSettings,
    link: SourceLink,
    errors: LogLimiter,
    /// The open commit.
    commit: Commit,
    /// Where it says what arrives, if the pipeline persists or is recorded.
    arrivals: Option<SourceArrivals>,
    output: InputHandle<Change<R>>,
    /// The rows of the batch that is being decoded.
    decoded: DecodedRows<R>,
    confirmations: Confirmations,
    /// A message could not be decoded, and nothing is taken after it.
    is_stopped: bool,
    /// The messages are from the log, or were counted before.
    is_counted: bool,
    /// What the source has at the start.
    snapshot: Snapshot,
    /// The last turn ended before the queue was empty.
    has_more: bool,
    /// The batch whose messages are next, and the number of the first one that was not moved.
    current: Option<(MessageBatch, usize)>,
    /// When that batch has arrived.
    current_arrived: Option<Instant>,
    /// What was moved into the open commit.
    arrived: Arrived,
}

impl<R: Schema> DecodeOperator<R> {
    pub(super) fn new(
        link: SourceLink,
        trigger: CommitTrigger,
        decoder: Rc<RefCell<BoxedDecoder<R>>>,
        settings: DecodeSettings,
        (arrivals, output): (Option<SourceArrivals>, InputHandle<Change<R>>),
    ) -> Self {
        DecodeOperator {
            trigger,
            decoder,
            settings,
            errors: LogLimiter::new(&link.name),
            link,
            commit: 0,
            arrivals,
            output,
            decoded: DecodedRows::default(),
            confirmations: Confirmations::default(),
            is_stopped: false,
            is_counted: false,
            snapshot: Snapshot::default(),
            has_more: false,
            current: None,
            current_arrived: None,
            arrived: Arrived::default(),
        }
    }

    /// The batch whose messages are next, and the number of the first of them.
    fn next_batch(&mut self) -> Option<(MessageBatch, usize)> {
        self.current.take().or_else(|| {
            let (arrived, batch) = self.link.queue.take_arrived()?;
            self.current_arrived = Some(arrived);
            Some((batch, 0))
        })
    }

    /// Decodes messages of a batch and sends their rows on.
    fn decode(&mut self, batch: &MessageBatch, numbers: Range<usize>) {
        let time = self.output.time();
        let _turn = time.start();
        let read = self.decode_rows(batch, numbers.clone());
        self.confirmations.take(read);
        self.arrived.add(read, self.current_arrived);
        self.log_arrivals(batch, numbers.start..numbers.start + read);
        self.send_rows(batch, numbers.start + read);
        if self.is_stopped {
            self.link.queue.close_after(self.confirmations.taken());
        }
    }

    /// Says what has arrived, if the pipeline persists or is recorded.
    fn log_arrivals(&self, batch: &MessageBatch, numbers: Range<usize>) {
        let Some(arrivals) = &self.arrivals else { return };
        // With the message at which the source stops.
        let recorded = numbers.start..numbers.end + usize::from(self.is_stopped);
        arrivals.record(recorded.len(), || logged::encode(batch, recorded.clone()));
        if numbers.is_empty() {
            return;
        }
        if self.link.beginning.acknowledging.is_on() {
            return arrivals.add_sequences(batch.sequences(numbers));
        }
        let position = batch.position_after(numbers.end);
        if self.link.beginning.is_logged.get() != Some(&true) {
            let last = position.and_then(Position::as_u64);
            let stored = batch.stored_at(numbers.end - 1).unwrap_or_default();
            return last.into_iter().for_each(|last| arrivals.add(numbers.len() as u64, last, stored));
        }
        let position = position.and_then(|position| postcard::to_stdvec(position).ok()).unwrap_or_default();
        match logged::encode(batch, numbers) {
            Ok(values) => arrivals.log(values, position),
            Err(error) => {
                let message = format!("source `{}`: messages cannot be logged: {error}", self.link.name);
                self.link.control.fail(Error::new(ErrorKind::Persistence, message));
            }
        }
    }

    /// Sends on what was decoded of the first messages of a batch.
    fn send_rows(&mut self, batch: &MessageBatch, end: usize) {
        self.link.counters.rows.add(std::mem::take(&mut self.decoded.rows));
        if let Some(position) = batch.position_after(end) {
            *self.link.position.lock().unwrap_or_else(PoisonError::into_inner) = Some(position.clone());
        }
        self.note_stored(batch, end);
        self.output.send(&mut self.decoded.changes);
    }

    /// The first messages of a batch are taken.
    fn note_stored(&self, batch: &MessageBatch, end: usize) {
        if let Some(stored) = batch.last_stored(end).and_then(|stored| u64::try_from(stored).ok()) {
            self.link.counters.stored.set(stored);
        }
    }

    /// Decodes messages of a batch, and returns how many: all, or those before one at which the source stops.
    fn decode_rows(&mut self, batch: &MessageBatch, numbers: Range<usize>) -> usize {
        self.decoded.changes.reserve(numbers.len());
        let mut dead_letters = None;
        let mut read = 0;
        for message in batch.messages(numbers.clone()) {
            let number = numbers.start + read;
            let (rows_before, changes_before) = (self.decoded.rows, self.decoded.changes.len());
            let decoded = match batch.rejection_of(number) {
                Some(error) => Err(error.clone()),
                None => self.decoder.borrow_mut().0.decode(&message, &mut self.decoded),
            };
            if decoded.is_err() || !self.decoded.rejected.is_empty() {
                let place = Place { subject: message.subject, position: batch.position_of(number) };
                self.reject_all(&message, &place, decoded.err(), &mut dead_letters);
                if self.is_stopped {
                    self.decoded.rows = rows_before;
                    self.decoded.changes.truncate(changes_before);
                    break;
                }
                if self.decoded.rows == rows_before {
                    self.decoder.borrow_mut().0.reject(&message);
                }
                // A message of which some rows were decoded is acknowledged: it would otherwise be delivered again with them.
                if self.decoded.rows == rows_before && !self.is_counted {
                    self.link.queue.acks().reject(self.confirmations.taken() + read as u64);
                }
            }
            read += 1;
        }
        if let (Some(batch), Some(output)) = (dead_letters, &self.settings.dead_letters) {
            output.send(batch);
        }
        read
    }
}

impl<R: Schema> SourceOperator for DecodeOperator<R> {
    fn name(&self) -> &Arc<str> {
        &self.link.name
    }

    fn trigger(&self) -> CommitTrigger {
        self.trigger.clone()
    }

    fn ingest(&mut self) -> usize {
        let queue = Arc::clone(&self.link.queue);
        let mut limit = IngestLimit::default();
        while !limit.is_reached(&self.link.control)
            && !self.is_stopped
            && let Some((batch, next)) = self.next_batch()
        {
            limit.add(batch.len() - next);
            let one_commit = matches!(self.trigger, CommitTrigger::Manual(_));
            if one_commit {
                // A broker in memory counts nothing.
                self.link.counters.received.add(batch.len() as u64);
                self.link.counters.bytes.add(batch.bytes() as u64);
            }
            self.begin_snapshot();
            if !self.compare(&batch, next) {
                self.decode(&batch, next..batch.len());
            }
            queue.recycle(batch);
            if one_commit {
                break;
            }
        }
        self.has_more = limit.is_reached(&self.link.control);
        limit.taken() + self.end_snapshot()
    }

    fn has_arrivals(&self) -> bool {
        self.current.is_some() || self.link.queue.batches() > 0
    }

    fn has_more(&self) -> bool {
        self.has_more
    }

    fn backlog(&self) -> Option<Backlog> {
        self.link.backlog.left_after(self.confirmations.taken())
    }

    fn next_stored(&mut self) -> Option<i64> {
        if self.is_stopped {
            return None;
        }
        self.current = self.next_batch();
        let (batch, next) = self.current.as_ref()?;
        // A message of which it is not known when it was stored is not held up.
        Some(batch.stored_at(*next).unwrap_or(i64::MIN))
    }

    fn ingest_until(&mut self, until: i64) -> usize {
        let Some((batch, next)) = self.next_batch().filter(|_| !self.is_stopped) else { return 0 };
        let end = batch.stored_after(next, until);
        self.decode(&batch, next..end);
        if end < batch.len() {
            self.current = Some((batch, end));
        } else {
            self.link.queue.recycle(batch);
        }
        end - next
    }

    fn started_at(&self) -> Option<(u64, String)> {
        let is_logged = self.link.beginning.is_logged.get() == Some(&true);
        // What is in the log does not depend on the stream that it came from.
        self.link.beginning.found.get().filter(|_| !is_logged).cloned()
    }

    fn replay(&mut self, count: u64) -> (u64, Option<(u64, i64)>) {
        let Some((batch, next)) = self.next_batch().filter(|_| !self.is_stopped) else { return (0, None) };
        let end = batch.len().min(next.saturating_add(usize::try_from(count).unwrap_or(usize::MAX)));
        self.decode(&batch, next..end);
        let stored = end.checked_sub(1).and_then(|last| batch.stored_at(last)).unwrap_or_default();
        let last = batch.position_after(end).and_then(Position::as_u64).map(|last| (last, stored));
        if end < batch.len() {
            self.current = Some((batch, end));
        } else {
            self.link.queue.recycle(batch);
        }
        ((end - next) as u64, last)
    }

    fn replay_logged(&mut self, values: &[u8]) -> Result<(), String> {
        let batch = logged::decode(values)?;
        self.is_counted = true;
        let read = self.decode_rows(&batch, 0..batch.len());
        self.is_counted = false;
        self.link.counters.received.add(batch.len() as u64);
        self.link.counters.bytes.add(batch.bytes() as u64);
        if let Some(arrivals) = &self.arrivals {
            arrivals.record(batch.len(), || Ok(values.to_vec()));
        }
        self.arrived.add(read, None);
        self.send_rows(&batch, read);
        Ok(())
    }

    fn replay_snapshot_end(&mut self) {
        self.end_logged_snapshot();
    }

    fn is_bucket(&self) -> bool {
        self.decoder.borrow().0.has_snapshot()
    }

    fn has_first_contents(&self) -> bool {
        self.decoder.borrow().0.is_snapshot_complete()
    }

    fn awaits_snapshot(&self) -> bool {
        self.is_scheduled() && self.has_open_snapshot() && !self.is_finished()
    }

    fn can_wait(&self) -> bool {
        // A server keeps what it has stored. What it has not, it discards where the source does not read it soon.
        self.is_scheduled()
            && !self.has_open_snapshot()
            && (self.link.backlog.reads_stored() || self.link.queue.is_half_free())
    }

    fn take_arrived(&mut self) -> Arrived {
        std::mem::take(&mut self.arrived)
    }

    fn advance(&mut self, next: Commit) {
        self.commit = next;
        self.decoder.borrow_mut().0.seal();
        self.confirmations.advance(next, self.link.queue.acks());
    }

    fn confirm(&mut self, before: Commit, checkpointed: Commit) {
        // Otherwise a restart needs nothing from the source again, or it reads what it has read before.
        let durable = if self.acknowledged().is_some() { checkpointed } else { before };
        self.confirmations.confirm(before, durable, self.link.queue.acks());
    }

    fn acknowledged(&self) -> Option<Acknowledged> {
        self.link.beginning.acknowledging.acknowledged()
    }

    fn is_finished(&self) -> bool {
        self.is_stopped || (self.current.is_none() && self.link.queue.is_finished())
    }

    fn close(&mut self) {
        self.link.queue.close();
    }
}
