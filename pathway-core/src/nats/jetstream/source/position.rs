//! How far a stream was read, and which messages were removed before they could be read.

use std::ops::Range;

use super::delivery_info::DeliveryInfo;
use super::snapshot::Snapshot;
use crate::nats::client::StreamInfo;

/// How far a stream was read.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// Every message before this sequence was read or skipped on purpose.
    pub(super) next: u64,
    /// How many messages the consumer still had when it delivered the last one.
    pending: u64,
    /// The messages that were there at the start.
    pub(super) snapshot: Snapshot,
    /// Sequences that were skipped, and how many messages seem to be missing there.
    gap: Option<(Range<u64>, u64)>,
}

/// What skipped sequences mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GapPolicy {
    /// Every sequence has a message for this source, so each skipped one is missing.
    Missing,
    /// Some sequences have messages with other subjects. The consumer's pending count says how many are missing.
    Filtered,
    /// The stream removes old messages of a subject by design, or only the newest ones were asked for.
    Expected,
}

impl Position {
    /// The first consumer was created, on a stream that ends with the sequence `last`.
    ///
    /// `reads_newest` says that only the last message of each subject is read until then.
    pub(super) fn start(&mut self, next: u64, pending: u64, last: u64, reads_newest: bool) {
        (self.next, self.pending) = (next, pending);
        self.snapshot = Snapshot::new(last, pending, reads_newest);
    }

    /// Another consumer continues.
    pub(super) fn resume(&mut self, pending: u64) {
        self.pending = pending;
        self.snapshot.resume(pending);
    }

    /// A message was read in another way than from the consumer.
    pub(super) fn skip(&mut self, sequence: u64) {
        self.next = self.next.max(sequence + 1);
        // Its place among the pending messages is not known.
        self.snapshot.advance(sequence, u64::MAX);
    }

    /// A message was read.
    pub(super) fn advance(&mut self, info: &DeliveryInfo, policy: GapPolicy) {
        let (sequence, pending) = (info.stream_sequence, info.pending);
        let missing = match policy {
            GapPolicy::Missing => sequence.saturating_sub(self.next),
            GapPolicy::Filtered => self.pending.saturating_sub(1).saturating_sub(pending),
            GapPolicy::Expected => 0,
        };
        if missing > 0 && self.gap.is_none() {
            self.gap = Some((self.next..sequence, missing));
        }
        self.next = self.next.max(sequence + 1);
        self.pending = pending;
        self.snapshot.advance(sequence, pending);
    }

    /// Whether messages seem to be missing, so that the stream must be asked.
    pub(super) fn has_gap(&self) -> bool {
        self.gap.is_some()
    }

    /// The sequences that the stream removed before they were read, and at most how many messages these were.
    ///
    /// `is_idle` says that nothing arrives although something was requested: pending messages are gone.
    pub(super) fn take_lost(
        &mut self,
        stream: &StreamInfo,
        policy: GapPolicy,
        is_idle: bool,
    ) -> Option<(Range<u64>, u64)> {
        if let Some((range, missing)) = self.gap.take() {
            let range = range.start..range.end.min(stream.first);
            let count = missing.min(range.end.saturating_sub(range.start));
            return (count > 0).then_some((range, count));
        }
        let range = self.next..stream.first;
        if !is_idle || range.is_empty() {
            return None;
        }
        let count = match policy {
            GapPolicy::Missing => range.end - range.start,
            GapPolicy::Filtered => self.pending.min(range.end - range.start),
            GapPolicy::Expected => 0,
        };
        (self.next, self.pending) = (stream.first, 0);
        (count > 0).then_some((range, count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(stream_sequence: u64, pending: u64) -> DeliveryInfo {
        DeliveryInfo { delivered: 1, stream_sequence, consumer_sequence: 0, stored: 0, pending }
    }

    fn stream(first: u64) -> StreamInfo {
        let json = format!(r#"{{"state": {{"first_seq": {first}, "last_seq": 100}}}}"#);
        serde_json::from_str(&json).expect("a stream")
    }

    #[test]
    fn a_purge_between_two_messages_is_noticed() {
        for (policy, expected) in [
            (GapPolicy::Missing, Some((3..50, 47))),
            (GapPolicy::Filtered, Some((3..50, 27))),
            (GapPolicy::Expected, None),
        ] {
            let mut position = Position::default();
            position.start(1, 30, 70, false);
            position.advance(&info(1, 29), policy);
            position.advance(&info(2, 28), policy);
            assert!(!position.has_gap());
            position.advance(&info(60, 0), policy);
            assert_eq!(position.has_gap(), expected.is_some());
            assert_eq!(position.take_lost(&stream(50), policy, false), expected);
            assert_eq!((position.next, position.snapshot.is_complete()), (61, true));
        }
    }

    #[test]
    fn a_purge_of_all_remaining_messages_is_noticed() {
        for (policy, expected) in [
            (GapPolicy::Missing, Some((6..101, 95))),
            (GapPolicy::Filtered, Some((6..101, 9))),
            (GapPolicy::Expected, None),
        ] {
            let mut position = Position::default();
            position.start(5, 10, 70, false);
            position.advance(&info(5, 9), policy);
            assert_eq!(position.take_lost(&stream(1), policy, true), None);
            assert_eq!(position.take_lost(&stream(101), policy, false), None);
            assert_eq!(position.take_lost(&stream(101), policy, true), expected);
            assert_eq!(position.take_lost(&stream(101), policy, true), None);
        }
    }

    #[test]
    fn a_deleted_message_is_not_lost() {
        let mut position = Position::default();
        position.start(1, 10, 70, false);
        position.advance(&info(2, 8), GapPolicy::Missing);
        assert_eq!(position.take_lost(&stream(1), GapPolicy::Missing, false), None);
    }
}
