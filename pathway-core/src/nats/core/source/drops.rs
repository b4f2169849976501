//! Counts the messages that a connection has read and dropped.

use crate::telemetry::Tally;
use crate::telemetry::{Level, SourceCounters, report};

/// Compares what came in over a connection with what was taken from its subscriptions.
///
/// Nothing else has the number: async-nats tells of a drop through a channel that drops, too.
#[derive(Default)]
pub(super) struct Drops {
    /// Messages that were taken from the subscriptions of this connection.
    taken: u64,
    /// Drops of this connection that are counted already.
    counted: u64,
    total: u64,
    tally: Tally,
}

impl Drops {
    /// A new connection counts from 0.
    pub(super) fn new_connection(&mut self) {
        self.taken = 0;
        self.counted = 0;
    }

    /// A message was taken from a subscription.
    pub(super) fn take(&mut self) {
        self.taken += 1;
    }

    /// All subscriptions are drained, after `messages_in` have come in.
    pub(super) fn settle(&mut self, messages_in: u64, subject: &str, part: &str, counters: &SourceCounters) {
        let new = messages_in.saturating_sub(self.taken + self.counted);
        if new == 0 {
            return;
        }
        self.counted += new;
        self.total += new;
        counters.dropped.add(new);
        let unsaid = self.tally.note(new);
        self.say(unsaid, subject, part);
    }

    /// Reports what was not reported yet.
    pub(super) fn say_rest(&mut self, subject: &str, part: &str) {
        let unsaid = self.tally.rest();
        self.say(unsaid, subject, part);
    }

    fn say(&self, unsaid: Option<u64>, subject: &str, part: &str) {
        if let Some(n) = unsaid {
            let total = self.total;
            report(
                Level::Error,
                part,
                format_args!(
                    "{n} messages on `{subject}` were dropped, because they came faster than they could be taken ({total} in all)"
                ),
            );
        }
    }
}
