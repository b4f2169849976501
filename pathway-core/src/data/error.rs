//! The error of a pipeline.

use std::fmt;

/// The result of an operation of this crate that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a pipeline could not start, or why it stopped.
///
/// The message says what happened, where (the name of the source or sink, the subject, the server), and what to do.
/// A message that cannot be decoded is not an error of the pipeline: it is counted, reported and skipped (see
/// `on_decode_error`).
///
/// `Display` writes the message alone, and [`source`](std::error::Error::source) returns the cause where there is one, so
/// that libraries which print chains of errors print each message once. `{:#}` and `Debug` write the whole chain on one
/// line; a `main` that returns [`Result`] prints it that way.
///
/// ```
/// use pathway::{Error, ErrorKind};
///
/// let cause = std::io::Error::other("no such device");
/// let error = Error::new(ErrorKind::Custom, "source `thermometer` failed").with_source(cause);
/// assert_eq!(format!("{error}"), "source `thermometer` failed");
/// assert_eq!(format!("{error:#}"), "source `thermometer` failed: no such device");
/// assert_eq!(format!("{error:?}"), "source `thermometer` failed: no such device");
/// ```
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The kind of an [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting is invalid: a URI, a subject, an environment variable.
    Config,
    /// The server could not be reached in time.
    Connect,
    /// The server refused the credentials, or does not permit an operation with them.
    Authorization,
    /// The connection was lost for good, or messages could not be published.
    Network,
    /// A stream that is read or written changed while the pipeline ran: the stream or its consumer was deleted, or the
    /// stream was created again.
    Stream,
    /// The directory of a pipeline that persists cannot be used, or what it needs is gone.
    Persistence,
    /// Another process of the pipeline was lost.
    Cluster,
    /// A message could not be decoded, and its source stops at such a message.
    Decode,
    /// A source, a sink or an asynchronous function of your own failed.
    Custom,
    /// A thread of the pipeline panicked: a bug in this crate or in one of your closures.
    Panic,
}

impl Error {
    /// An error with a message for people.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), source: None }
    }

    /// Adds the cause.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The kind of error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Puts the name of a source or sink before the message.
    pub(crate) fn of_component(mut self, component: &str) -> Self {
        self.message.insert_str(0, ": ");
        self.message.insert_str(0, component);
        self
    }
}

/// The whole chain on one line, as `{:#}`: it is what a `main` that returns [`Result`] prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:#}")
    }
}

/// The message; with `{:#}` the messages of all causes, too.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if f.alternate() {
            let mut cause = std::error::Error::source(self);
            while let Some(error) = cause {
                write!(f, ": {error}")?;
                cause = error.source();
            }
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An error of three: ours, one with a source of its own, and that source.
    fn error() -> Error {
        let inner =
            Error::new(ErrorKind::Network, "the file cannot be read").with_source(std::io::Error::other("disk"));
        Error::new(ErrorKind::Custom, "source `a` failed").with_source(inner)
    }

    /// What libraries such as anyhow print: the message and those of all causes, each by its plain `Display`.
    fn chain(error: &dyn std::error::Error) -> Vec<String> {
        let mut messages = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            messages.push(error.to_string());
            cause = error.source();
        }
        messages
    }

    #[test]
    fn each_message_of_a_chain_is_printed_once() {
        let messages = ["source `a` failed", "the file cannot be read", "disk"];
        assert_eq!(chain(&error()), messages);
        assert_eq!(format!("{:#}", error()), messages.join(": "));
        assert_eq!(format!("{:?}", error()), messages.join(": "));
        assert_eq!(format!("{:#?}", error()), messages.join(": "));
    }

    #[test]
    fn a_component_comes_before_the_message_and_keeps_the_cause() {
        let error = error().of_component("sum");
        assert_eq!(format!("{error:#}"), "sum: source `a` failed: the file cannot be read: disk");
        assert_eq!(error.kind(), ErrorKind::Custom);
    }
}
