//! Counts the messages that a consumer still has to deliver, so that those are noticed that were removed before.

mod arrivals;
mod lost_deliveries;

use self::arrivals::Uncertain;
use self::lost_deliveries::LostDeliveries;
use super::coverage::Coverage;
use super::delivery_info::DeliveryInfo;
use super::missing::{Gap, Missing};

/// Messages that the stream held, or has taken, and that were not delivered yet.
///
/// At some moment, `expected` messages are unread up to the sequence `end`. When a message behind `end` is delivered, or the
/// consumer has no more, those of them that were not delivered are missing, whatever has arrived since. `end` then moves on:
///
/// - with [`Coverage::All`], by sequences: each one behind `end` has a message for the source;
/// - with [`Coverage::Filtered`], by sequences too, as long as the stream has no messages for others there. Whoever asks the
///   stream says so ([`extend`](Unread::extend), [`has_others`](Unread::has_others)).
#[derive(Debug, Default)]
pub(super) struct Unread {
    /// The highest sequence that was delivered for the first time.
    position: u64,
    /// The number of the consumer's last delivery.
    last_delivery: u64,
    /// How many messages the consumer still had when it delivered the last one.
    pending: u64,
    /// How many messages are expected with sequences up to `end`. [`UNKNOWN_END`]: up to where the stream ended when they
    /// were counted, so that messages that have arrived since can hide missing ones.
    expected: u64,
    end: u64,
    /// Whether the stream was asked for `end` while deliveries may have been on their way: what these say about the rest is
    /// older than that.
    is_ahead: bool,
    /// Whether `expected` is not just the least number.
    is_exact: bool,
    /// What has arrived lately is not known exactly.
    uncertain: Option<Uncertain>,
    /// Whether the stream has messages for others behind `end`.
    is_mixed: bool,
    /// Whether messages were waiting behind `position`, so that the next sequences may have been removed.
    is_behind: bool,
    /// Messages behind `end` were delivered, and the stream must be asked whether others are missing there.
    is_unverified: bool,
    /// How many these are.
    beyond: u64,
    /// Deliveries that did not arrive here, and may have been for another program.
    elsewhere: u64,
    /// Deliveries that did not arrive here, and were for nobody else.
    lost: Option<LostDeliveries>,
    missing: u64,
    is_missing_exact: bool,
    gap: Gap,
    /// Whether `gap` has no subjects yet.
    is_gap_new: bool,
}

/// How many messages of a stream are unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct UnreadSnapshot {
    /// Up to this sequence.
    pub(super) end: u64,
    pub(super) expected: u64,
    /// Whether it is not just the least number.
    pub(super) is_exact: bool,
}

const UNKNOWN_END: u64 = u64::MAX;

impl UnreadSnapshot {
    /// A consumer had `pending` messages at a time when the stream ended between the sequences `before` and `after`.
    pub(super) fn between(before: u64, after: u64, pending: u64) -> Self {
        let arrived = after.saturating_sub(before);
        UnreadSnapshot { end: before, expected: pending.saturating_sub(arrived), is_exact: arrived == 0 }
    }
}

impl Unread {
    /// The first consumer has delivered the messages up to `position`.
    pub(super) fn start(&mut self, position: u64, last_delivery: u64, pending: u64, snapshot: UnreadSnapshot) {
        *self = Unread { position, last_delivery, pending, is_behind: pending > 0, ..Unread::default() };
        self.replace(snapshot);
    }

    /// A consumer continues that has delivered the messages up to `position`. `last_delivery` is the number of its last
    /// delivery, `None` if it is a new one.
    pub(super) fn resume(&mut self, position: u64, last_delivery: Option<u64>, pending: u64) {
        self.elsewhere += last_delivery.map_or(0, |last| last.saturating_sub(self.last_delivery));
        self.last_delivery = last_delivery.unwrap_or(0);
        self.resume_at(last_delivery.map_or(self.position, |_| position), pending);
    }

    fn resume_at(&mut self, position: u64, pending: u64) {
        let (after, unread) = (self.position, self.without_repeated(position, pending));
        self.position = after.max(position);
        (self.pending, self.is_behind, self.is_ahead) = (pending, true, false);
        if pending == 0 || self.position > self.end {
            self.lose_rest(after);
        }
        self.pending = unread;
        if self.position > self.end && !self.is_unverified {
            self.restart();
        }
    }

    /// How many of a consumer's `pending` messages are new here, at least. A server that was killed can forget deliveries: then
    /// a consumer continues with messages that were received.
    pub(super) fn without_repeated(&self, position: u64, pending: u64) -> u64 {
        pending.saturating_sub(self.position.saturating_sub(position))
    }

    /// A message was delivered that is new here.
    pub(super) fn advance(&mut self, info: &DeliveryInfo, coverage: Coverage) {
        if info.consumer_sequence <= self.last_delivery {
            // The consumer was asked when this was on its way.
            return self.find_lost(info.stream_sequence);
        }
        self.repeat(info, coverage);
        // The consumer has counted a message that is delivered again when it was delivered first.
        match info.delivered {
            1 => self.arrive(info.stream_sequence, info.pending, coverage),
            _ => self.find_lost(info.stream_sequence),
        }
    }

    /// A message was delivered once more that has arrived here before.
    pub(super) fn repeat(&mut self, info: &DeliveryInfo, coverage: Coverage) {
        let delivery = info.consumer_sequence.max(self.last_delivery);
        if coverage != Coverage::Newest {
            self.elsewhere += (delivery - self.last_delivery).saturating_sub(1);
        }
        self.last_delivery = delivery;
    }

    /// A message was read in another way than from the consumer.
    pub(super) fn skip(&mut self, sequence: u64, coverage: Coverage) {
        self.arrive(sequence, self.pending.saturating_sub(1).max(1), coverage);
    }

    fn arrive(&mut self, sequence: u64, pending: u64, coverage: Coverage) {
        if sequence <= self.position {
            return self.find_lost(sequence);
        }
        if coverage == Coverage::Newest {
            // What the consumer has are the last messages of the subjects.
            (self.position, self.pending, self.end) = (sequence, 0, self.end.max(sequence));
            return;
        }
        let (after, was_expecting) = (self.position, self.is_expecting());
        if sequence <= self.end {
            self.expected = self.expected.saturating_sub(1);
        } else {
            self.pass_end(sequence, pending, coverage);
        }
        (self.position, self.pending, self.is_behind) = (sequence, pending, pending > 0);
        if was_expecting || self.missing > 0 || self.is_unverified {
            self.widen(after, sequence);
        }
        let is_outdated = self.is_ahead && sequence < self.end;
        if pending == 0 && !self.is_unverified && !is_outdated {
            // What is behind this message has arrived later.
            self.lose_rest(sequence);
            if self.end == UNKNOWN_END {
                (self.end, self.is_exact) = (sequence, true);
            }
        }
        if self.expected == 0 && self.missing == 0 && !self.is_unverified && self.lost.is_none() {
            (self.gap.after, self.gap.before) = (0, 0);
        }
    }

    /// A message behind `end` was delivered.
    fn pass_end(&mut self, sequence: u64, pending: u64, coverage: Coverage) {
        // What arrives only adds to what a consumer has: at least so many were removed since the last delivery.
        let removed = self.pending.saturating_sub(pending.saturating_add(1));
        let more = removed.saturating_sub(self.expected);
        self.lose_expected();
        self.is_ahead = false;
        let skipped = sequence - self.end.max(self.position) - 1;
        if self.is_unverified {
            self.beyond += 1;
        } else if coverage == Coverage::All {
            self.lose(skipped);
            (self.end, self.is_exact) = (sequence, true);
        } else if skipped == 0 {
            (self.end, self.is_exact) = (sequence, true);
        } else if self.is_behind && !self.is_mixed {
            (self.is_unverified, self.beyond) = (true, 1);
        } else {
            if self.is_behind {
                self.lose(more);
                // Others may have arrived, and been removed.
                self.is_missing_exact = false;
            }
            (self.position, self.pending) = (sequence, pending);
            self.restart();
        }
    }

    /// Counts from the last message on.
    fn restart(&mut self) {
        (self.is_ahead, self.uncertain) = (false, None);
        (self.expected, self.end) = match self.pending {
            0 => (0, self.position),
            pending => (pending, UNKNOWN_END),
        };
        self.is_exact = self.pending == 0;
    }

    fn widen(&mut self, after: u64, before: u64) {
        if before.saturating_sub(after) > self.gap.before.saturating_sub(self.gap.after).max(1) {
            (self.gap.after, self.gap.before, self.is_gap_new) = (after, before, true);
        }
    }

    /// If a wider gap was found, where to write the subjects that were read before it.
    pub(super) fn new_gap(&mut self) -> Option<&mut Vec<String>> {
        std::mem::take(&mut self.is_gap_new).then_some(&mut self.gap.subjects)
    }

    /// Nothing comes any more behind `after` and up to `end`.
    fn lose_rest(&mut self, after: u64) {
        if self.expected > 0 && self.end != UNKNOWN_END {
            self.widen(after, self.end + 1);
        }
        self.lose_expected();
    }

    fn lose_expected(&mut self) {
        let expected = std::mem::take(&mut self.expected);
        self.uncertain = None;
        self.lose(expected);
    }

    fn lose(&mut self, count: u64) {
        let elsewhere = count.min(self.elsewhere);
        self.elsewhere -= elsewhere;
        if count > elsewhere {
            let missing = self.lost.as_mut().map_or(&mut self.missing, |lost| &mut lost.missing);
            self.is_missing_exact = self.is_exact && (*missing == 0 || self.is_missing_exact);
            *missing += count - elsewhere;
        }
    }

    /// Messages were removed while there was no reader.
    pub(super) fn lose_before_start(&mut self, after: u64, before: u64) {
        self.widen(after, before);
        let is_exact = std::mem::replace(&mut self.is_exact, true);
        self.lose(before - after - 1);
        self.is_exact = is_exact;
    }

    /// Whether the stream must be asked whether it has messages for others behind [`end`](Unread::end).
    pub(super) fn is_unverified(&self) -> bool {
        self.is_unverified
    }

    /// Whether messages seem to be missing.
    pub(super) fn has_missing(&self) -> bool {
        self.missing > 0
    }

    /// Whether messages are expected.
    pub(super) fn is_expecting(&self) -> bool {
        self.expected > 0 || self.is_unverified
    }

    /// Whether messages may have been removed behind the last one that was delivered.
    pub(super) fn is_behind(&self) -> bool {
        self.is_behind
    }

    /// The sequence behind which nothing is known: to ask the stream whether it has messages for others there.
    pub(super) fn end(&self) -> u64 {
        if self.end == UNKNOWN_END { self.position } else { self.end }
    }

    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn last_delivery(&self) -> u64 {
        self.last_delivery
    }

    pub(super) fn is_exact(&self) -> bool {
        self.is_exact && self.end != UNKNOWN_END
    }

    /// The source stops reading for a while, in which messages arrive and may be removed.
    pub(super) fn set_behind(&mut self) {
        self.is_behind = true;
    }

    /// Every sequence behind the end and up to `last` has, or had, a message for the source.
    pub(super) fn extend(&mut self, last: u64) {
        self.is_mixed = false;
        if self.end == UNKNOWN_END {
            return;
        }
        if std::mem::take(&mut self.is_unverified) {
            self.is_exact = true;
            let skipped = (self.position - self.end).saturating_sub(std::mem::take(&mut self.beyond));
            self.lose(skipped);
            self.end = self.position;
        }
        if last > self.end {
            self.expected += last - self.end;
            (self.end, self.is_ahead) = (last, true);
        }
    }

    /// The stream has messages for others behind the end, and ends with the sequence `last`.
    pub(super) fn has_others(&mut self, last: u64) {
        (self.is_mixed, self.beyond, self.is_missing_exact) = (true, 0, false);
        if std::mem::take(&mut self.is_unverified) {
            self.restart();
        }
        self.bound(last);
    }

    /// The stream takes messages for others from now on. Whether those were among the sequences that were taken for missing is
    /// not known.
    pub(super) fn uncover(&mut self) {
        (self.missing, self.gap, self.is_mixed) = (0, Gap::default(), true);
        if self.expected == 0 {
            self.restart();
        }
    }

    /// Whether messages are expected, and the stream has not been asked up to where.
    pub(super) fn is_open(&self) -> bool {
        self.end == UNKNOWN_END
    }

    /// The stream ends with the sequence `last`: what arrives behind it cannot hide missing messages.
    pub(super) fn bound(&mut self, last: u64) {
        if self.end == UNKNOWN_END {
            self.expected = self.expected.max(self.pending);
            self.end = last.max(self.position);
        }
    }

    /// No message is there any more behind the last one that was delivered, up to the sequence `last`.
    pub(super) fn lose_all(&mut self, last: u64, coverage: Coverage) {
        if self.is_expecting() || (coverage == Coverage::All && last > self.end) {
            self.widen(self.position, last + 1);
        }
        self.lose_expected();
        if self.end == UNKNOWN_END {
            self.is_exact = true;
            self.end = last.max(self.position);
        } else if last > self.end {
            match coverage {
                Coverage::All => self.lose(last - self.end),
                // Others may have arrived, and been removed.
                _ => self.is_missing_exact = false,
            }
            self.end = last;
        }
    }

    /// The messages that seem to be missing.
    pub(super) fn take_missing(&mut self) -> Option<Missing> {
        if self.missing == 0 {
            return None;
        }
        let gap = std::mem::take(&mut self.gap);
        Some(Missing { count: std::mem::take(&mut self.missing), is_exact: self.is_missing_exact, gap })
    }
}

#[cfg(test)]
mod tests;
