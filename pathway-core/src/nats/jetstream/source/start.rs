//! Where in a stream to begin.

use serde_json::{Value, json};

use crate::data::DateTimeUtc;

/// Where in a stream to begin reading; later messages follow in any case.
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
    /// With the oldest message that is there.
    #[default]
    All,
    /// With the first message that is stored after the start.
    New,
    /// With the message of that sequence in the stream, or the next one that is there.
    Sequence(u64),
    /// With the first message that was stored at that time or later.
    Time(DateTimeUtc),
    /// With the last message of each subject, in the order in which they were stored.
    LastPerSubject,
}

impl Start {
    /// The part of a consumer's settings that says so.
    pub(super) fn settings(self) -> Value {
        match self {
            Start::All => json!({"deliver_policy": "all"}),
            Start::New => json!({"deliver_policy": "new"}),
            Start::Sequence(first) => json!({"deliver_policy": "by_start_sequence", "opt_start_seq": first.max(1)}),
            Start::Time(first) => json!({"deliver_policy": "by_start_time", "opt_start_time": first.to_string()}),
            Start::LastPerSubject => json!({"deliver_policy": "last_per_subject"}),
        }
    }
}
