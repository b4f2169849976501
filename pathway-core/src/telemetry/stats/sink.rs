//! The statistics of a sink.

use std::time::Duration;

use serde::Serialize;

use crate::telemetry::SinkCounters;

/// The statistics of a sink.
#[derive(Clone, Debug, Default, Serialize)]
#[non_exhaustive]
pub struct SinkStats {
    /// The name of the sink.
    pub name: String,
    /// Messages that were handed to the sink.
    pub queued: u64,
    /// Messages that the server has confirmed.
    pub published: u64,
    /// Messages that were sent again after the connection was lost.
    pub republished: u64,
    /// Messages that cannot be published. They are reported with the reason.
    pub rejected: u64,
    /// Rejected messages that the server has confirmed as dead letters.
    pub dead_letters: u64,
    /// How often the connection was established again.
    pub reconnects: u64,
    /// Messages that were handed to the sink, and neither confirmed nor rejected yet. They are counted by whole commits.
    pub unconfirmed: u64,
    /// How long the sink's queue was full, in seconds: the pipeline reads nothing new meanwhile.
    pub full_seconds: f64,
    /// Whether the queue is full now.
    pub is_full: bool,
    /// How long the first worker has encoded messages, in seconds.
    pub busy_seconds: f64,
}

/// The queue of a sink.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutboxStats {
    /// Messages that the sink has not confirmed.
    pub messages: u64,
    /// How long it was full.
    pub full: Duration,
    /// Whether it is full now.
    pub is_full: bool,
}

impl SinkStats {
    /// The values of the counters and of the queue.
    pub(crate) fn new(name: &str, counters: &SinkCounters, outbox: OutboxStats) -> Self {
        SinkStats {
            name: name.to_owned(),
            queued: counters.queued.get(),
            published: counters.published.get(),
            republished: counters.republished.get(),
            rejected: counters.rejected.get(),
            dead_letters: counters.dead_letters.get(),
            reconnects: counters.reconnects.get(),
            unconfirmed: outbox.messages,
            full_seconds: outbox.full.as_secs_f64(),
            is_full: outbox.is_full,
            busy_seconds: 0.0,
        }
    }
}
