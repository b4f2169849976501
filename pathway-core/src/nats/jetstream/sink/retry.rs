//! What is known of a letter under way, and of what keeps others from it.

use std::sync::Arc;
use std::time::Instant;

/// A letter that was handed to the connection, and is not done with.
pub(super) struct InFlight {
    pub(super) fate: AckState,
    /// Its id, where it was sent into the stream.
    pub(super) id: Option<String>,
    /// Its sequence there, once the stream has told.
    pub(super) sequence: Option<u64>,
    /// The subject, where that is to be remembered.
    pub(super) subject: Option<Arc<str>>,
}

/// What has become of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AckState {
    /// There is no answer yet.
    Open,
    /// It is stored, or can't be.
    Done,
    /// It is to be sent again.
    Refused,
}

/// Why nothing is sent until those under way have been answered, and a pause is over.
pub(super) struct RetryState {
    /// Nobody takes the subject: is the stream still there?
    pub(super) is_stream_gone: bool,
    /// When to go on; known when everything under way was answered.
    pub(super) until: Option<Instant>,
}
