//! The one error that users of the crate meet at run time.

use std::fmt;

/// The result of what can fail in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a pipeline could not start, or stopped.
///
/// It says what happened, where (the source's or sink's name, the subject, the server), and what to do.
/// A bad *message* is not an error: it is counted, reported and skipped (see `on_decode_error`).
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// What kind of trouble an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting cannot be used: a URI, a subject, an environment variable.
    Config,
    /// The server could not be reached in time.
    Connect,
    /// The server refused the credentials, or what was asked with them.
    Authorization,
    /// The connection broke for good, or what was to be published could not be.
    Network,
    /// What a stream's reader or writer stands on was taken away while the pipeline ran: the stream or its consumer was
    /// deleted, or the stream was made anew.
    Stream,
    /// A message could not be read, and its source was told to stop at that.
    Decode,
    /// A source, a sink or a call of the user's own failed.
    Custom,
    /// A thread of the pipeline panicked: a bug, in the crate or in a closure that it was given.
    Panic,
}

impl Error {
    /// An error of a kind, with the sentence that a person will read.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error { kind, message: message.into(), source: None }
    }

    /// The same with what caused it.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

/// The same sentence as `Display`: it is what a `main` that returns [`Result`] prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(source) = &self.source {
            write!(f, ": {source}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}
