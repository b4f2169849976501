//! How far a stream was read, and what was taken away from it before it could be.

use std::ops::Range;

use super::delivery_info::DeliveryInfo;
use crate::nats::client::StreamInfo;

/// How far a stream was read.
#[derive(Debug, Default)]
pub(super) struct Position {
    /// Every message before this sequence was read, or was not to be.
    pub(super) next: u64,
    /// How many messages the consumer still had when it delivered the last one.
    pub(super) pending: u64,
    /// The last sequence that was there at the start.
    last: u64,
    /// All that was there at the start was read.
    pub(super) caught_up: bool,
    /// Sequences without a message, and how many messages seem to be missing.
    suspicion: Option<(Range<u64>, u64)>,
}

/// Whether a hole in the sequences means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GapPolicy {
    /// Every sequence should have a message.
    Tell,
    /// Some are of other subjects.
    Filtered,
    /// The stream removes old messages of a subject by design, or only the newest ones were asked for.
    Usual,
}

impl Position {
    /// The first consumer is made, at a stream that ends with the sequence `last`.
    pub(super) fn begin(&mut self, next: u64, pending: u64, last: u64) {
        (self.next, self.pending, self.last) = (next, pending, last);
        self.caught_up = pending == 0;
    }

    /// Another consumer goes on.
    pub(super) fn go_on(&mut self, pending: u64) {
        self.pending = pending;
    }

    /// A message was read.
    pub(super) fn pass(&mut self, receipt: &DeliveryInfo, holes: GapPolicy) {
        let (sequence, pending) = (receipt.stream_sequence, receipt.pending);
        let missing = match holes {
            GapPolicy::Tell => sequence.saturating_sub(self.next),
            GapPolicy::Filtered => self.pending.saturating_sub(1).saturating_sub(pending),
            GapPolicy::Usual => 0,
        };
        if missing > 0 && self.suspicion.is_none() {
            self.suspicion = Some((self.next..sequence, missing));
        }
        self.next = self.next.max(sequence + 1);
        self.pending = pending;
        self.caught_up |= pending == 0 || sequence >= self.last;
    }

    /// Whether it is worth to ask for the state of the stream.
    pub(super) fn is_suspicious(&self) -> bool {
        self.suspicion.is_some()
    }

    /// The sequences that the stream removed before they were read, and at most how many messages that were.
    ///
    /// `idle` says that nothing comes although something was asked for: what was pending then is gone.
    pub(super) fn lost(&mut self, stream: &StreamInfo, holes: GapPolicy, idle: bool) -> Option<(Range<u64>, u64)> {
        let found = self.suspicion.take();
        if let Some((range, missing)) = found {
            let range = range.start..range.end.min(stream.first);
            let count = missing.min(range.end.saturating_sub(range.start));
            return (count > 0).then_some((range, count));
        }
        let range = self.next..stream.first;
        if !idle || range.is_empty() {
            return None;
        }
        let count = match holes {
            GapPolicy::Tell => range.end - range.start,
            GapPolicy::Filtered => self.pending.min(range.end - range.start),
            GapPolicy::Usual => 0,
        };
        (self.next, self.pending) = (stream.first, 0);
        (count > 0).then_some((range, count))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::nats::client::StreamInfo;

    fn receipt(stream_sequence: u64, pending: u64) -> DeliveryInfo {
        DeliveryInfo { delivered: 1, stream_sequence, consumer_sequence: 0, stored: 0, pending }
    }

    fn stream(first: u64) -> StreamInfo {
        StreamInfo::of(&json!({"state": {"first_seq": first, "last_seq": 100}}))
    }

    #[test]
    fn a_purge_between_two_messages() {
        for (holes, expected) in
            [(GapPolicy::Tell, Some((3..50, 47))), (GapPolicy::Filtered, Some((3..50, 27))), (GapPolicy::Usual, None)]
        {
            let mut position = Position::default();
            position.begin(1, 30, 70);
            position.pass(&receipt(1, 29), holes);
            position.pass(&receipt(2, 28), holes);
            assert!(!position.is_suspicious());
            position.pass(&receipt(60, 0), holes);
            assert_eq!(position.is_suspicious(), expected.is_some());
            assert_eq!(position.lost(&stream(50), holes, false), expected);
            assert_eq!((position.next, position.caught_up), (61, true));
        }
    }

    #[test]
    fn a_purge_of_all_that_was_left() {
        for (holes, expected) in
            [(GapPolicy::Tell, Some((6..101, 95))), (GapPolicy::Filtered, Some((6..101, 9))), (GapPolicy::Usual, None)]
        {
            let mut position = Position::default();
            position.begin(5, 10, 70);
            position.pass(&receipt(5, 9), holes);
            assert_eq!(position.lost(&stream(1), holes, true), None);
            assert_eq!(position.lost(&stream(101), holes, false), None);
            assert_eq!(position.lost(&stream(101), holes, true), expected);
            assert_eq!(position.lost(&stream(101), holes, true), None);
        }
    }

    #[test]
    fn a_message_that_was_deleted_is_not_lost() {
        let mut position = Position::default();
        position.begin(1, 10, 70);
        position.pass(&receipt(2, 8), GapPolicy::Tell);
        assert_eq!(position.lost(&stream(1), GapPolicy::Tell, false), None);
    }
}
