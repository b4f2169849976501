//! A stream to be read or written, as a pipeline declares it.

use super::client::ApiSettings;
use super::jetstream::source::Start;
use crate::data::{Error, ErrorKind, Result};

/// A stream to be read or written, and how; see [`Read::jetstream`](super::Read::jetstream) and
/// [`Write::jetstream`](super::Write::jetstream).
///
/// ```
/// use pathway::nats::{self, Start};
///
/// let orders = nats::stream("ORDERS").start(Start::LastPerSubject);
/// # let _ = orders;
/// ```
pub fn stream(name: impl Into<String>) -> Stream {
    Stream { name: name.into(), start: None, durable: None, api: ApiSettings::default() }
}

/// A stream to be read or written, and how; made by [`stream`], or from its name.
#[derive(Clone, Debug)]
#[must_use = "give it to `.jetstream(..)`"]
pub struct Stream {
    pub(super) name: String,
    pub(super) start: Option<Start>,
    pub(super) durable: Option<String>,
    pub(super) api: ApiSettings,
}

impl Stream {
    /// Where in the stream to begin. Default: at the oldest message. It is for reading.
    ///
    /// A durable consumer that exists already continues where it stopped.
    pub fn start(mut self, start: Start) -> Self {
        self.start = Some(start);
        self
    }

    /// Reads with an existing durable consumer instead of one of the pipeline's own. It must be a pull consumer with
    /// explicit acknowledgements whose filter is the subject. Programs that use the same consumer share its messages. It is
    /// for reading.
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

    /// The JetStream domain of the stream, if it is not the one that answers on the server: that of a hub, seen from a leaf
    /// node, for example. Default: the server's own domain, also if another one has a stream of the same name.
    ///
    /// ```
    /// use pathway::nats;
    ///
    /// let orders = nats::stream("ORDERS").domain("hub");
    /// # let _ = orders;
    /// ```
    pub fn domain(mut self, domain: impl Into<String>) -> Self {
        self.api.domain = Some(domain.into());
        self
    }

    /// What the subjects of JetStream's API begin with, if this account imports that of another account. Default: `$JS.API`.
    ///
    /// ```
    /// use pathway::nats;
    ///
    /// let orders = nats::stream("ORDERS").api_prefix("JS.other.API");
    /// # let _ = orders;
    /// ```
    pub fn api_prefix(mut self, prefix: impl Into<String>) -> Self {
        self.api.api_prefix = Some(prefix.into());
        self
    }

    /// # Errors
    /// A setting is only for reading.
    pub(super) fn check_for_writing(&self, sink: &str) -> Result<()> {
        let setting = match (&self.start, &self.durable) {
            (None, None) => return Ok(()),
            (Some(_), _) => "start",
            (None, Some(_)) => "durable",
        };
        let message =
            format!("sink `{sink}`: `.{setting}(..)` says how a stream is read, and means nothing here: remove it");
        Err(Error::new(ErrorKind::Config, message))
    }
}

impl From<&str> for Stream {
    fn from(name: &str) -> Self {
        stream(name)
    }
}

impl From<&String> for Stream {
    fn from(name: &String) -> Self {
        stream(name)
    }
}

impl From<String> for Stream {
    fn from(name: String) -> Self {
        stream(name)
    }
}
