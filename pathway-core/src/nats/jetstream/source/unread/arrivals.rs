//! Messages that arrive behind the end of what is counted, in a stream that has messages for others, too.

use super::{Unread, UnreadSnapshot};

/// What has arrived behind a sequence, while it is not known exactly: it is counted again from there on, as long as the stream
/// has all of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Uncertain {
    base: u64,
    /// How many of the expected messages are behind it: the least number.
    added: u64,
    is_base_exact: bool,
}

impl Unread {
    /// The sequence behind which to count what has arrived.
    pub(in super::super) fn base(&self) -> u64 {
        self.uncertain
            .filter(|uncertain| self.position <= uncertain.base)
            .map_or(self.end(), |uncertain| uncertain.base)
    }

    /// What has arrived behind the [`base`](Unread::base) cannot be counted again. Up to the end, the least number stays.
    pub(in super::super) fn give_up_base(&mut self) {
        self.uncertain = None;
    }

    /// The stream has so many messages for the source behind the [`base`](Unread::base), and none was removed there.
    pub(in super::super) fn extend_by(&mut self, base: u64, arrivals: UnreadSnapshot) {
        let UnreadSnapshot { end, mut expected, is_exact } = arrivals;
        let counted = self.uncertain.take().filter(|uncertain| uncertain.base == base);
        let (added, is_base_exact) =
            counted.map_or((0, self.is_exact), |counted| (counted.added, counted.is_base_exact));
        if !is_exact {
            expected = expected.max(added);
            self.uncertain = Some(Uncertain { base, added: expected, is_base_exact });
        }
        self.expected = self.expected.saturating_sub(added) + expected;
        self.is_exact = is_base_exact && is_exact;
        (self.end, self.is_ahead) = (self.end.max(end), true);
    }

    /// So many messages are unread, and none that was expected is missing.
    pub(in super::super) fn replace(&mut self, snapshot: UnreadSnapshot) {
        (self.is_unverified, self.is_ahead, self.beyond, self.uncertain) = (false, false, 0, None);
        (self.expected, self.is_exact) = (snapshot.expected, snapshot.is_exact);
        self.end = snapshot.end.max(self.position);
    }

    /// The first message that is left has the sequence `first`, behind the end.
    pub(in super::super) fn lose_before(&mut self, first: u64) {
        self.widen(self.position, first);
        self.lose_expected();
        self.is_missing_exact = false;
    }

    /// The consumer has delivered everything that it had sent, and still has `pending` messages, whatever has arrived. The
    /// first message that is left, read or not, has the sequence `first`.
    pub(in super::super) fn lose_excess(&mut self, pending: u64, first: u64) {
        let excess = self.expected.saturating_sub(pending);
        if excess > 0 {
            self.widen(self.position, if first > self.position { first } else { self.end() + 1 });
            self.lose(excess);
            self.expected -= excess;
            self.is_missing_exact = false;
        }
    }
}
