//! What a running pipeline reports of its sources and sinks.

use super::{SinkCounters, SourceCounters};

/// What one source has counted: every received message became a row, was rejected, or waits.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SourceStats {
    /// The source's name.
    pub name: String,
    /// Messages that the pipeline received.
    pub received: u64,
    /// The payload bytes of these.
    pub bytes: u64,
    /// Messages that became rows.
    pub rows: u64,
    /// Messages that could not be read; each was reported with its reason.
    pub rejected: u64,
    /// How many of these went to the dead-letter subject, which is a sink of its own.
    pub dead_letters: u64,
    /// Messages that the server sent and the client lost before the pipeline could take them; or that a stream removed
    /// before they were read.
    pub dropped: u64,
    /// Messages that were received and wait to be worked off.
    pub backlog: u64,
    /// How often the connection came back. On core NATS each time may have lost messages, and nobody knows how many.
    pub reconnects: u64,
    /// Where the source stands behind the last message that the pipeline has taken: the sequence in a stream, for example.
    /// `None` where the source has no positions.
    pub position: Option<String>,
}

/// What one sink has counted.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SinkStats {
    /// The sink's name.
    pub name: String,
    /// Messages that the pipeline made for it.
    pub queued: u64,
    /// Messages that the server has taken.
    pub published: u64,
    /// Messages that were sent once more after a break.
    pub republished: u64,
    /// Messages that can't be published; reported with the reason.
    pub rejected: u64,
    /// How many of these the server has taken as dead letters.
    pub dead_letters: u64,
    /// How often the connection came back.
    pub reconnects: u64,
}

impl SourceStats {
    /// The counters' values, and what is not counted.
    pub(crate) fn new(name: &str, counters: &SourceCounters, backlog: usize, position: Option<String>) -> Self {
        SourceStats {
            name: name.to_owned(),
            received: counters.received.get(),
            bytes: counters.bytes.get(),
            rows: counters.rows.get(),
            rejected: counters.rejected.get(),
            dead_letters: counters.dead_letters.get(),
            dropped: counters.dropped.get(),
            backlog: backlog as u64,
            reconnects: counters.reconnects.get(),
            position,
        }
    }
}

impl SinkStats {
    /// The counters' values.
    pub(crate) fn new(name: &str, counters: &SinkCounters) -> Self {
        SinkStats {
            name: name.to_owned(),
            queued: counters.queued.get(),
            published: counters.published.get(),
            republished: counters.republished.get(),
            rejected: counters.rejected.get(),
            dead_letters: counters.dead_letters.get(),
            reconnects: counters.reconnects.get(),
        }
    }
}
