//! What can be set about a connection beside the URI.

use std::time::Duration;

/// What can be set about a connection beside the URI.
///
/// ```
/// use std::time::Duration;
/// use pathway_core::nats::Options;
///
/// let options = Options::new().connect_deadline(Duration::from_secs(5));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Options {
    pub(crate) connect_deadline: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Options::new()
    }
}

impl Options {
    /// The defaults.
    pub fn new() -> Self {
        Options { connect_deadline: Duration::from_secs(30) }
    }

    /// How long a pipeline that starts tries to reach the server before it gives up: 30 s by default.
    ///
    /// Once it runs, it tries for ever to get a broken connection back.
    pub fn connect_deadline(mut self, deadline: Duration) -> Self {
        self.connect_deadline = deadline;
        self
    }
}
