//! Where in a stream to start reading.

use serde::Serialize;

use crate::data::DateTimeUtc;

/// Where in a stream to start reading. Later messages follow in any case.
///
/// ```
/// use pathway::nats::{self, Start};
///
/// let orders = nats::stream("ORDERS").start(Start::New);
/// # let _ = orders;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Start {
    /// With the oldest message in the stream.
    #[default]
    All,
    /// With the first message that is stored after the pipeline has started.
    New,
    /// With the message of this stream sequence, or the next one that exists.
    Sequence(u64),
    /// With the first message that was stored at this time or later. A time in the future is an error at start, because the
    /// server would begin with its next message.
    Time(DateTimeUtc),
    /// With the last message of each subject, in the order in which they were stored.
    LastPerSubject,
}

impl Start {
    /// Why it cannot be kept, if it cannot.
    pub(super) fn refusal(self, now: DateTimeUtc) -> Option<String> {
        match self {
            Start::Time(first) if first > now => Some(format!(
                "reading cannot start at {first}, which is in the future: the server would begin with its next message, \
                 whatever the time is then; start the pipeline at that time, or use `Start::New` and filter the rows by \
                 a column `#[schema(published_at)]`"
            )),
            _ => None,
        }
    }
}

/// Where a consumer starts, as JetStream's API writes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "deliver_policy", rename_all = "snake_case")]
pub(super) enum DeliverPolicy {
    #[default]
    All,
    New,
    ByStartSequence {
        opt_start_seq: u64,
    },
    ByStartTime {
        opt_start_time: String,
    },
    LastPerSubject,
}

impl From<Start> for DeliverPolicy {
    fn from(start: Start) -> Self {
        match start {
            Start::All => DeliverPolicy::All,
            Start::New => DeliverPolicy::New,
            Start::Sequence(first) => DeliverPolicy::ByStartSequence { opt_start_seq: first.max(1) },
            Start::Time(first) => DeliverPolicy::ByStartTime { opt_start_time: first.to_string() },
            Start::LastPerSubject => DeliverPolicy::LastPerSubject,
        }
    }
}
