//! How far a stream was read.

use super::coverage::Coverage;
use super::delivery_info::DeliveryInfo;
use super::snapshot::Snapshot;
use super::unread::Unread;

/// How far a stream was read.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// Every message before this sequence was read, or will not be.
    pub(super) next: u64,
    /// The messages that were there at the start.
    pub(super) snapshot: Snapshot,
    /// The messages that are still to be delivered.
    pub(super) unread: Unread,
}

impl Position {
    /// The first consumer was created, on a stream that ends with the sequence `last`.
    ///
    /// `reads_newest` says that only the last message of each subject is read until then.
    pub(super) fn start(&mut self, next: u64, pending: u64, last: u64, reads_newest: bool) {
        self.next = next;
        self.snapshot = Snapshot::new(last, pending, reads_newest);
    }

    /// A message was read in another way than from the consumer.
    pub(super) fn skip(&mut self, sequence: u64, coverage: Coverage) {
        self.next = self.next.max(sequence + 1);
        // Its place among the pending messages is not known.
        self.snapshot.advance(sequence, u64::MAX);
        self.unread.skip(sequence, coverage);
    }

    /// A message was read.
    pub(super) fn advance(&mut self, info: &DeliveryInfo, coverage: Coverage) {
        self.next = self.next.max(info.stream_sequence + 1);
        self.snapshot.advance(info.stream_sequence, info.pending);
        self.unread.advance(info, coverage);
    }
}
