//! What a source has at the start, its snapshot, where the decoder keeps the last message of each key.
//!
//! In the first run, the rows of the snapshot are held back until it is complete. A pipeline that persists has the rows of earlier
//! runs later on: then the source reads the snapshot again, and what has changed meanwhile takes effect in one commit.

use super::super::MessageBatch;
use super::DecodeOperator;
use crate::data::Schema;
use crate::plan::CommitTrigger;
use crate::telemetry::{Level, report};

/// How far the snapshot was taken.
#[derive(Debug, Default)]
pub(super) enum Snapshot {
    /// Nothing of it.
    #[default]
    Untaken,
    /// The decoder holds its rows back; unless an earlier run had all of them, of a broker in memory.
    HeldBack,
    /// It is compared with the keys of an earlier run. These messages say something new.
    Compared(Box<MessageBatch>),
    Complete,
}

impl<R: Schema> DecodeOperator<R> {
    pub(super) fn is_scheduled(&self) -> bool {
        matches!(self.trigger, CommitTrigger::Scheduled(_))
    }

    /// Whether the snapshot is not complete.
    pub(super) fn has_open_snapshot(&self) -> bool {
        !matches!(self.snapshot, Snapshot::Complete) && self.decoder.borrow().0.has_snapshot()
    }

    /// The first messages are about to be taken, behind those of the log.
    pub(super) fn begin_snapshot(&mut self) {
        if !matches!(self.snapshot, Snapshot::Untaken) {
            return;
        }
        // A broker in memory has no snapshot: what was published before is not there again.
        let is_compared = self.is_scheduled() && self.decoder.borrow_mut().0.compare_snapshot();
        self.snapshot = if is_compared { Snapshot::Compared(Box::default()) } else { Snapshot::HeldBack };
    }

    /// Takes the messages of a batch from this one on, if the snapshot is compared. Returns whether it is.
    pub(super) fn compare(&mut self, batch: &MessageBatch, next: usize) -> bool {
        let Snapshot::Compared(new) = &mut self.snapshot else { return false };
        let mut decoder = self.decoder.borrow_mut();
        for (message, number) in batch.messages(next..batch.len()).zip(next..) {
            if !decoder.0.is_known(&message) {
                new.push_copy(&message, number, batch);
            }
        }
        self.confirmations.take(batch.len() - next);
        self.note_stored(batch, batch.len());
        true
    }

    /// If the snapshot was taken as a whole, sends on what was held back, and returns the number of changes.
    pub(super) fn end_snapshot(&mut self) -> usize {
        if !self.has_open_snapshot() || !self.link.queue.is_past_snapshot(self.confirmations.taken()) {
            return 0;
        }
        self.begin_snapshot();
        let mut new = 0;
        if let Snapshot::Compared(mut batch) = std::mem::replace(&mut self.snapshot, Snapshot::Complete) {
            let changed = batch.len();
            let removed = self.decoder.borrow_mut().0.add_deletions(&mut batch);
            let message = format_args!(
                "its contents were compared with those of the last run: {changed} messages are new, {removed} keys are gone"
            );
            report(Level::Info, &self.link.name, message);
            self.link.counters.removed_keys.add(removed as u64);
            new = batch.len();
            self.decode_again(&batch);
        }
        if self.is_stopped {
            return new;
        }
        if self.decoder.borrow_mut().0.end_snapshot(&mut self.decoded.changes) {
            self.arrivals.iter().for_each(|arrivals| arrivals.end_snapshot());
        }
        new += self.decoded.changes.len();
        self.output.send(&mut self.decoded.changes);
        new
    }

    /// The log says that the snapshot was complete.
    pub(super) fn end_logged_snapshot(&mut self) {
        self.decoder.borrow_mut().0.end_snapshot(&mut self.decoded.changes);
        self.output.send(&mut self.decoded.changes);
    }

    /// Decodes messages that were counted when they were compared.
    fn decode_again(&mut self, batch: &MessageBatch) {
        self.is_counted = true;
        let read = self.decode_rows(batch, 0..batch.len());
        self.is_counted = false;
        self.log_arrivals(batch, 0..read);
        self.send_rows(batch, read);
        if self.is_stopped {
            self.link.queue.close_after(self.confirmations.taken());
        }
    }
}
