//! What a running pipeline counts.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Sets the number, for a count that is kept elsewhere.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// The number so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// What one source has seen. `received = rows + rejected + what waits in the pipeline`.
#[derive(Debug, Default)]
pub struct SourceCounters {
    /// Messages that the pipeline received.
    pub received: Counter,
    /// The payload bytes of these.
    pub bytes: Counter,
    /// Messages that became rows.
    pub rows: Counter,
    /// Messages that could not be read; each was reported with its reason.
    pub rejected: Counter,
    /// How many of these went to the dead-letter subject.
    pub dead_letters: Counter,
    /// Messages that reached the connection and were lost there, before the pipeline could take them; or that a stream
    /// removed before they were read.
    pub dropped: Counter,
    /// How often the connection came back.
    pub reconnects: Counter,
}

/// What one sink has done.
#[derive(Debug, Default)]
pub struct SinkCounters {
    /// Messages that the sink was given.
    pub queued: Counter,
    /// Messages that the server has taken.
    pub published: Counter,
    /// Messages that were sent once more after a break, because the server had not confirmed them.
    pub republished: Counter,
    /// Messages that can't be published (too large, an invalid subject or header); reported.
    pub rejected: Counter,
    /// How many of these the server has taken as dead letters.
    pub dead_letters: Counter,
    /// How often the connection came back.
    pub reconnects: Counter,
}
