//! Counts the messages that async-nats has received and dropped.

use std::sync::Arc;

use crate::telemetry::{Level, LogLimiter, SourceCounters};

/// Compares how many messages arrived over a connection with how many were taken from its subscriptions.
///
/// There is no other exact count: async-nats reports drops through a channel that drops, too.
pub(super) struct DropCounter {
    /// Messages that were taken from the subscriptions of this connection.
    received: u64,
    /// Dropped messages of this connection that are counted already.
    counted: u64,
    log: LogLimiter,
}

impl DropCounter {
    pub(super) fn new(source: &Arc<str>) -> Self {
        DropCounter { received: 0, counted: 0, log: LogLimiter::new(source) }
    }

    /// A new connection counts from 0.
    pub(super) fn start_connection(&mut self) {
        self.received = 0;
        self.counted = 0;
    }

    /// A message was taken from a subscription.
    pub(super) fn count_received(&mut self) {
        self.received += 1;
    }

    /// Counts new drops. To be called when all subscriptions are empty, after `messages_in` messages have arrived.
    pub(super) fn count_dropped(&mut self, messages_in: u64, subject: &str, counters: &SourceCounters) {
        let new = messages_in.saturating_sub(self.received + self.counted);
        if new == 0 {
            return;
        }
        self.counted += new;
        counters.dropped.add(new);
        let message = format_args!(
            "a message on `{subject}` was dropped because messages arrived faster than they could be taken"
        );
        self.log.report(Level::Error, new, message);
    }
}
