//! The statistics of sources, operators, sinks and recordings: the values of their counters at one moment.

use super::{SinkCounters, SourceCounters};

/// The statistics of a source.
///
/// Once nothing is on its way, `received` is `rows` + `rejected` + `backlog`, where each message is one row. Three sources differ:
/// in a format of many rows a message (`json_lines`), `rows` and `rejected` count rows; what a source of rows has inserted and not
/// committed when it ends is in `received` only; and where a decode error stops the pipeline, so are the messages behind the bad
/// one.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SourceStats {
    /// The name of the source.
    pub name: String,
    /// Messages that the pipeline has received.
    pub received: u64,
    /// The bytes of their payloads.
    pub bytes: u64,
    /// Messages that were decoded into rows; rows, in a format of many rows a message.
    pub rows: u64,
    /// Messages that could not be decoded; rows, in a format of many rows a message. They are reported with the reason.
    pub rejected: u64,
    /// Rejected messages that were sent to the dead-letter subject, which is a sink with its own statistics.
    pub dead_letters: u64,
    /// Messages that reached the connection and were lost before the pipeline received them, or that a stream removed before
    /// they were read.
    pub dropped: u64,
    /// Markers (`Nats-Marker-Reason`), with which a server notes that it has removed the last message of a subject. They are
    /// skipped, and not among the `received`.
    pub markers: u64,
    /// Keys whose rows were removed because a bucket does not store them any more, although no message said so: they have
    /// expired, or were purged, or removed by a limit. Each is also among the `received`, as a deletion.
    pub removed_keys: u64,
    /// Messages that have been received and wait to be processed.
    pub backlog: u64,
    /// How often the connection was established again. On core NATS, messages may be lost each time; their number is not
    /// known.
    pub reconnects: u64,
    /// The position after the last message that the pipeline has processed: the sequence in a stream, for example. `None` if
    /// the source has no positions.
    pub position: Option<String>,
}

/// The statistics of a sink.
#[derive(Clone, Debug, Default)]
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
}

/// The statistics of an operator, all workers together.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct OperatorStats {
    /// The name of the operator: `reduce`, `reduce-2` for the second one.
    pub name: String,
    /// Changes of rows that arrived too late, and were dropped. A row that is too late for several windows counts in each.
    pub late: u64,
    /// Rows that did not move event time because they were further ahead of a clock than `max_ahead` allows.
    pub ahead: u64,
    /// How often a row could not be computed: a group without a value, such as an overflowing sum, or a call of `map_async` that
    /// failed after all retries, also if a fallback took its place.
    pub errors: u64,
}

/// The statistics of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecordingStats {
    /// Commits that were recorded.
    pub commits: u64,
    /// The bytes that were written for them.
    pub bytes: u64,
    /// Commits that were not recorded, because a write has failed before: the disk was full, for example.
    pub missed: u64,
}

impl SourceStats {
    /// The values of the counters, the backlog and the position.
    pub(crate) fn new(name: &str, counters: &SourceCounters, backlog: usize, position: Option<String>) -> Self {
        SourceStats {
            name: name.to_owned(),
            received: counters.received.get(),
            bytes: counters.bytes.get(),
            rows: counters.rows.get(),
            rejected: counters.rejected.get(),
            dead_letters: counters.dead_letters.get(),
            dropped: counters.dropped.get(),
            markers: counters.markers.get(),
            removed_keys: counters.removed_keys.get(),
            backlog: backlog as u64,
            reconnects: counters.reconnects.get(),
            position,
        }
    }
}

impl SinkStats {
    /// The values of the counters.
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
