//! Whether everything that a stream held at the start was read.

use crate::telemetry::SourceCounters;

/// How far the initial snapshot of a stream was read.
///
/// When only the last message of each subject is read, a message that is replaced before it is delivered is not delivered:
/// the newer one is behind the end of the snapshot. So the snapshot is complete only when as many messages have arrived as
/// there were. If some are missing, it goes on up to the present end of the stream, where no sequence may be missing.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    is_complete: bool,
    /// The last sequence of the snapshot.
    end: u64,
    /// How many messages must arrive up to there; `None` if each sequence is delivered or does not matter.
    expected: Option<u64>,
    /// How many have arrived up to there, and behind it.
    seen: u64,
    seen_behind: u64,
    is_short: bool,
    /// How many messages the snapshot had at first, and how many were read since.
    total: u64,
    read: u64,
}

impl Snapshot {
    /// The snapshot ends with this sequence, and the consumer has `pending` messages. `is_counted` says that they are the
    /// last ones of their subjects.
    pub(super) fn new(end: u64, pending: u64, is_counted: bool) -> Self {
        let expected = is_counted.then_some(pending);
        Snapshot { is_complete: pending == 0, end, expected, total: pending, ..Snapshot::default() }
    }

    /// Says in the statistics how much of it was read.
    pub(super) fn count(&self, counters: &SourceCounters) {
        // A message that is replaced is read later, or never.
        let received = if self.is_complete { self.total } else { self.read.min(self.total) };
        counters.first_contents.set(self.total);
        counters.first_contents_received.set(received);
    }

    pub(super) fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Whether the end was reached, but messages are missing, so that the stream must be asked where it ends now.
    pub(super) fn is_short(&self) -> bool {
        self.is_short && !self.is_complete
    }

    /// A message was read, after which the consumer has `pending` ones.
    pub(super) fn advance(&mut self, sequence: u64, pending: u64) {
        self.read += 1;
        match sequence <= self.end {
            true => self.seen += 1,
            false => self.seen_behind += 1,
        }
        self.is_complete |= pending == 0;
        self.check(sequence);
    }

    /// A consumer continues. What it delivers cannot be counted together with what an earlier one has delivered.
    pub(super) fn resume(&mut self, pending: u64) {
        self.is_complete |= pending == 0;
        self.expected = self.expected.map(|_| u64::MAX);
    }

    /// The consumer has nothing more.
    pub(super) fn end(&mut self) {
        self.is_complete = true;
    }

    /// The stream ends with the sequence `end` now, and was read up to `read`.
    pub(super) fn extend(&mut self, end: u64, read: u64) {
        self.expected = Some(end.saturating_sub(self.end));
        (self.end, self.seen, self.seen_behind, self.is_short) = (end, self.seen_behind, 0, false);
        self.check(read);
    }

    fn check(&mut self, read: u64) {
        if read >= self.end {
            let has_all = self.expected.is_none_or(|expected| self.seen >= expected);
            self.is_complete |= has_all;
            self.is_short |= !has_all;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_read_up_to_its_end() {
        let mut snapshot = Snapshot::new(10, 5, false);
        snapshot.advance(9, 4);
        assert!(!snapshot.is_complete());
        snapshot.advance(12, 3);
        assert!(snapshot.is_complete() && !snapshot.is_short() && Snapshot::new(10, 0, true).is_complete());
    }

    #[test]
    fn replaced_messages_are_waited_for() {
        // Sequence 4 is replaced by 11 before it is delivered, 11 by 13.
        let mut snapshot = Snapshot::new(10, 3, true);
        snapshot.advance(3, 2);
        snapshot.advance(10, 1);
        assert!(snapshot.is_short() && !snapshot.is_complete());
        snapshot.extend(12, 10);
        assert!(!snapshot.is_short());
        snapshot.advance(12, 1);
        assert!(snapshot.is_short());
        snapshot.advance(13, 1);
        snapshot.extend(14, 13);
        assert!(!snapshot.is_short() && !snapshot.is_complete());
        snapshot.advance(14, 7);
        assert!(snapshot.is_complete());
    }

    #[test]
    fn what_was_read_of_it_is_counted() {
        let counters = SourceCounters::default();
        let count = |snapshot: &Snapshot| {
            snapshot.count(&counters);
            (counters.first_contents_received.get(), counters.first_contents.get())
        };
        let mut snapshot = Snapshot::new(10, 3, true);
        assert_eq!(count(&snapshot), (Some(0), Some(3)));
        snapshot.advance(3, 2);
        snapshot.resume(3);
        assert_eq!(count(&snapshot), (Some(1), Some(3)));
        // One was replaced, and the bucket has another key now.
        [10, 11, 12].into_iter().for_each(|sequence| snapshot.advance(sequence, 1));
        assert_eq!((count(&snapshot), snapshot.is_complete()), ((Some(3), Some(3)), false));
        let mut snapshot = Snapshot::new(10, 3, true);
        snapshot.end();
        assert_eq!(count(&snapshot), (Some(3), Some(3)));
        assert_eq!(count(&Snapshot::new(0, 0, true)), (Some(0), Some(0)));
    }

    #[test]
    fn nothing_more_is_the_end() {
        let mut snapshot = Snapshot::new(10, 3, true);
        snapshot.advance(3, 0);
        assert!(snapshot.is_complete());
        let mut snapshot = Snapshot::new(10, 3, true);
        snapshot.resume(3);
        snapshot.advance(10, 1);
        assert!(snapshot.is_short());
        snapshot.end();
        assert!(snapshot.is_complete() && !snapshot.is_short());
    }
}
