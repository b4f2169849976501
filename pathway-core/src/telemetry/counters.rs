//! The counters of sources and sinks.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// A number that only grows, shared between threads.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Sets the number, for a count that is kept elsewhere and only grows.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// The number so far.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A number that goes up and down, shared between threads, and that may not be known.
#[derive(Debug)]
pub struct Gauge(AtomicU64);

impl Gauge {
    const UNKNOWN: u64 = u64::MAX;

    /// Sets the number.
    pub fn set(&self, n: u64) {
        self.0.store(n, Ordering::Relaxed);
    }

    /// The last number; `None` if there was none.
    pub fn get(&self) -> Option<u64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|n| *n != Gauge::UNKNOWN)
    }
}

impl Default for Gauge {
    /// A number that is not known.
    fn default() -> Self {
        Gauge(AtomicU64::new(Gauge::UNKNOWN))
    }
}

/// Yes or no, shared between threads.
#[derive(Debug, Default)]
pub struct Flag(AtomicBool);

impl Flag {
    /// Sets it.
    pub fn set(&self, is: bool) {
        self.0.store(is, Ordering::Relaxed);
    }

    /// What it was set to; no at first.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counters of a source. `received` is `rows` + `rejected` + the messages that wait in the pipeline.
#[derive(Debug, Default)]
pub struct SourceCounters {
    /// Messages that the pipeline has received.
    pub received: Counter,
    /// The bytes of their payloads.
    pub bytes: Counter,
    /// Messages that were decoded into rows.
    pub rows: Counter,
    /// Messages that could not be decoded. They are reported with the reason.
    pub rejected: Counter,
    /// Rejected messages that were sent to the dead-letter subject.
    pub dead_letters: Counter,
    /// Messages that reached the connection and were lost before the pipeline received them, or that a stream removed before
    /// they were read.
    pub dropped: Counter,
    /// Markers (`Nats-Marker-Reason`), with which a server notes that it has removed the last message of a subject. They are
    /// skipped, and not among the `received`.
    pub markers: Counter,
    /// Keys that a bucket does not store any more, although no message said so. Each is also a received deletion.
    pub removed_keys: Counter,
    /// How often the connection was established again.
    pub reconnects: Counter,
    /// Messages that the server has stored for the source and not delivered yet, as of its last answer.
    pub pending: Gauge,
    /// When the last message that the pipeline has taken was stored, in unix nanoseconds.
    pub stored: Gauge,
    /// Whether the server has more for the source than was asked for: what it had at the start, or has stored since.
    pub is_behind: Flag,
    /// How many keys the first contents of a bucket have.
    pub first_contents: Gauge,
    /// How many of them have arrived.
    pub first_contents_received: Gauge,
}

/// The counters of a sink.
#[derive(Debug, Default)]
pub struct SinkCounters {
    /// Messages that were handed to the sink.
    pub queued: Counter,
    /// Messages that the server has confirmed.
    pub published: Counter,
    /// Messages that were sent again after the connection was lost, because the server had not confirmed them.
    pub republished: Counter,
    /// Messages that cannot be published: too large, or with an invalid subject or header. They are reported.
    pub rejected: Counter,
    /// Rejected messages that the server has confirmed as dead letters.
    pub dead_letters: Counter,
    /// How often the connection was established again.
    pub reconnects: Counter,
}
