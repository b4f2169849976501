//! Deliveries that a connection has lost when it broke: their messages come again, unless the stream has removed them.

use std::ops::Range;

use super::Unread;

/// What the pipeline's own consumer has delivered, and what did not arrive.
#[derive(Debug)]
pub(super) struct LostDeliveries {
    /// The sequences among which the messages are. Those that were received are among them, too.
    sequences: Range<u64>,
    /// Before this sequence, the stream has none of them any more that was not received.
    checked: u64,
    /// Up to this sequence, each of them was expected.
    expected_to: u64,
    /// How many deliveries may still not have come again.
    count: u64,
    /// How many messages are missing, if none of them comes again.
    pub(super) missing: u64,
}

impl Unread {
    /// The pipeline's own consumer continues: it has delivered the messages up to `position`, the last one as `last_delivery`.
    /// Nobody else reads with it, so what did not arrive here is delivered again.
    pub(in super::super) fn resume_own(&mut self, position: u64, last_delivery: u64, pending: u64) {
        let count = last_delivery.saturating_sub(self.last_delivery);
        let sequences = self.position + 1..position + 1;
        if count > 0 && !sequences.is_empty() {
            if self.lost.is_none() && count == sequences.end - sequences.start {
                // As many deliveries as sequences: each one has a message for this source.
                self.expect_all(position);
            }
            let lost = self.lost.get_or_insert(LostDeliveries {
                sequences: sequences.clone(),
                checked: sequences.start,
                expected_to: 0,
                count: 0,
                missing: 0,
            });
            lost.sequences.end = sequences.end;
            lost.expected_to = lost.expected_to.max(self.end);
            lost.count += count;
        }
        self.last_delivery = last_delivery;
        self.resume_at(position, pending);
    }

    /// Each sequence behind the end and up to `last` has a message for the source, whatever else the stream has.
    fn expect_all(&mut self, last: u64) {
        let is_mixed = self.is_mixed;
        self.extend(last);
        self.is_mixed = is_mixed;
    }

    /// A message up to the position was received for the first time.
    pub(super) fn find_lost(&mut self, sequence: u64) {
        let Some(lost) = self.lost.as_mut().filter(|lost| lost.sequences.contains(&sequence)) else { return };
        lost.count = lost.count.saturating_sub(1);
        if sequence <= lost.expected_to {
            match lost.missing {
                0 => self.expected = self.expected.saturating_sub(1),
                _ => lost.missing -= 1,
            }
        }
        if lost.count == 0 {
            self.settle_lost();
        }
    }

    /// Whether deliveries were lost, and may still come again.
    pub(in super::super) fn has_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// The sequences among which messages may be that come again.
    pub(in super::super) fn unchecked_lost(&self) -> Option<Range<u64>> {
        self.lost.as_ref().map(|lost| lost.checked..lost.sequences.end)
    }

    /// Before the sequence `checked`, none comes again.
    pub(in super::super) fn check_lost(&mut self, checked: u64) {
        if let Some(lost) = &mut self.lost {
            lost.checked = checked;
        }
    }

    /// None comes again: what was not received is missing.
    pub(in super::super) fn settle_lost(&mut self) {
        let Some(lost) = self.lost.take() else { return };
        if lost.missing > 0 {
            self.widen(lost.sequences.start - 1, lost.sequences.end);
            self.missing += lost.missing;
        }
    }

    /// It cannot be seen whether any comes again: as many are not missing as there may be.
    pub(in super::super) fn forget_lost(&mut self) {
        let Some(lost) = self.lost.take() else { return };
        self.elsewhere += lost.count;
        self.lose(lost.missing);
    }
}
