//! A stream to be read, as a pipeline declares it.

use super::jetstream::source::Start;

/// A stream to be read, and how; see [`Read::jetstream`](super::Read::jetstream).
///
/// ```
/// use pathway::nats::{self, Start};
///
/// let orders = nats::stream("ORDERS").start(Start::LastPerSubject);
/// # let _ = orders;
/// ```
pub fn stream(name: impl Into<String>) -> Stream {
    Stream { name: name.into(), start: Start::All, durable: None }
}

/// A stream to be read, and how; made by [`stream`], or from its name.
#[derive(Clone, Debug)]
#[must_use = "give it to `.jetstream(..)`"]
pub struct Stream {
    pub(super) name: String,
    pub(super) start: Start,
    pub(super) durable: Option<String>,
}

impl Stream {
    /// Where in the stream to begin. Default: at the oldest message.
    ///
    /// A durable consumer that exists already continues where it stopped.
    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    /// Reads with an existing durable consumer instead of one of the pipeline's own. It must be a pull consumer with
    /// explicit acknowledgements whose filter is the subject. Programs that use the same consumer share its messages.
    ///
    /// ```
    /// use pathway::nats;
    ///
    /// let orders = nats::stream("ORDERS").durable("billing");
    /// # let _ = orders;
    /// ```
    pub fn durable(mut self, name: impl Into<String>) -> Self {
        self.durable = Some(name.into());
        self
    }
}

impl From<&str> for Stream {
    fn from(name: &str) -> Self {
        stream(name)
    }
}

impl From<String> for Stream {
    fn from(name: String) -> Self {
        stream(name)
    }
}
