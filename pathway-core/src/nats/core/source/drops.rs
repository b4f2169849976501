//! Counts the messages that a connection has read and dropped.

use std::sync::Arc;

use crate::telemetry::{Level, LogLimiter, SourceCounters};

/// Compares what came in over a connection with what was taken from its subscriptions.
///
/// Nothing else has the number: async-nats tells of a drop through a channel that drops, too.
pub(super) struct Drops {
    /// Messages that were taken from the subscriptions of this connection.
    taken: u64,
    /// Drops of this connection that are counted already.
    counted: u64,
    log: LogLimiter,
}

impl Drops {
    pub(super) fn new(source: &Arc<str>) -> Self {
        Drops { taken: 0, counted: 0, log: LogLimiter::new(source) }
    }

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
    pub(super) fn settle(&mut self, messages_in: u64, subject: &str, counters: &SourceCounters) {
        let new = messages_in.saturating_sub(self.taken + self.counted);
        if new == 0 {
            return;
        }
        self.counted += new;
        counters.dropped.add(new);
        let message =
            format_args!("a message on `{subject}` was dropped, because messages came faster than they could be taken");
        self.log.report(Level::Error, new, message);
    }

    /// Reports what was not reported yet.
    pub(super) fn flush_log(&mut self) {
        self.log.flush();
    }
}
