//! The statistics of a source.

use serde::Serialize;

use crate::telemetry::SourceCounters;
use crate::telemetry::meter::age_in_seconds;

/// The statistics of a source.
///
/// Once nothing is on its way, `received` is `rows` + `rejected` + `backlog`, where each message is one row. Three sources differ:
/// in a format of many rows a message (`json_lines`), `rows` and `rejected` count rows; what a source of rows has inserted and not
/// committed when it ends is in `received` only; and where a decode error stops the pipeline, so are the messages behind the bad
/// one.
#[derive(Clone, Debug, Default, Serialize)]
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
    /// Messages that the server has stored for the source and not delivered to it yet, as it said with its last delivery. They
    /// come on top of the `backlog`. `None` if it has not said it: core NATS, a broker in memory and sources of your own never do.
    pub lag_messages: Option<u64>,
    /// How old the oldest message is that the pipeline has not taken, in seconds: since the server has stored it. If that message
    /// has not arrived, since the one before it was stored. 0 if the source has caught up: nothing waits, here or on the server.
    /// `None` if it is not known when messages are stored, as on core NATS.
    pub lag_seconds: Option<f64>,
    /// Whether the source is catching up: with what its stream had at the start, or after an interruption, or because more
    /// messages come than the pipeline processes.
    pub is_behind: bool,
    /// How many keys the first contents of a bucket have, those with a deletion included: the rows of what it held when this run
    /// began to read it are passed on together. `None` for all other sources, and before the server has said it.
    pub first_contents: Option<u64>,
    /// How many of these keys have arrived; all of them, once the first contents are complete.
    pub first_contents_received: Option<u64>,
    /// How often the connection was established again. On core NATS, messages may be lost each time; their number is not
    /// known.
    pub reconnects: u64,
    /// The position after the last message that the pipeline has processed: the sequence in a stream, for example. `None` if
    /// the source has no positions.
    pub position: Option<String>,
    /// How long the first worker has decoded messages, in seconds, with what makes their rows replace earlier ones by primary key.
    pub busy_seconds: f64,
    /// The keys of the state that the source keeps: for rows with a primary key, and for what is checked. All workers together.
    pub state_keys: u64,
    /// About how many bytes that state takes in memory, as for [`OperatorStats::state_bytes`](super::OperatorStats::state_bytes).
    pub state_bytes: u64,
}

/// What waits in the queue of a source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Waiting {
    /// How many messages.
    pub messages: usize,
    /// When the first one was stored, in unix nanoseconds, if it is known.
    pub stored: Option<i64>,
}

impl SourceStats {
    /// The values of the counters, what waits and the position.
    pub(crate) fn new(name: &str, counters: &SourceCounters, waiting: Waiting, position: Option<String>) -> Self {
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
            backlog: waiting.messages as u64,
            is_behind: counters.is_behind.get(),
            lag_messages: counters.pending.get(),
            lag_seconds: lag_seconds(counters, waiting),
            first_contents: counters.first_contents.get(),
            first_contents_received: counters.first_contents_received.get(),
            reconnects: counters.reconnects.get(),
            position,
            ..SourceStats::default()
        }
    }
}

/// How old the oldest message is that was not taken.
fn lag_seconds(counters: &SourceCounters, waiting: Waiting) -> Option<f64> {
    let before = || counters.stored.get().and_then(|stored| i64::try_from(stored).ok());
    match (waiting.messages, counters.pending.get()) {
        // The server says when messages were stored, and has none.
        (0, Some(0)) => Some(0.0),
        (0, None) => None,
        (0, Some(_)) => before().map(age_in_seconds),
        (_, _) => waiting.stored.or_else(before).map(age_in_seconds),
    }
    .map(|seconds| seconds.max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This many seconds ago.
    fn ago(seconds: i64) -> i64 {
        let now = -(age_in_seconds(0) * -1e9) as i64;
        now - seconds * 1_000_000_000
    }

    #[test]
    fn the_lag_is_the_age_of_the_oldest_message_that_was_not_taken() {
        let lag = |waiting: Option<Option<i64>>, pending: Option<u64>, stored: Option<i64>| {
            let counters = SourceCounters::default();
            pending.into_iter().for_each(|pending| counters.pending.set(pending));
            stored.into_iter().for_each(|stored| counters.stored.set(stored as u64));
            let waiting = waiting.map_or(Waiting::default(), |stored| Waiting { messages: 2, stored });
            let stats = SourceStats::new("s", &counters, waiting, None);
            assert_eq!((stats.backlog, stats.lag_messages), (waiting.messages as u64, pending));
            stats.lag_seconds.map(|seconds| seconds.round() as i64)
        };
        let (hour, minute) = (Some(ago(3600)), Some(ago(60)));
        // Caught up, however old the last message is.
        assert_eq!(lag(None, Some(0), hour), Some(0));
        // The one that waits counts.
        assert_eq!(lag(Some(minute), Some(0), hour), Some(60));
        assert_eq!(lag(Some(minute), Some(9), None), Some(60));
        // On the server: it was stored behind the last one.
        assert_eq!(lag(None, Some(9), hour), Some(3600));
        assert_eq!(lag(None, Some(9), None), None);
        // Nothing is known on core NATS.
        assert_eq!(lag(Some(None), None, None), None);
        assert_eq!(lag(None, None, None), None);
        // The server's clock is ahead.
        assert_eq!(lag(Some(Some(ago(-60))), Some(0), None), Some(0));
    }
}
