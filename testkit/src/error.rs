//! Errors, with what was tried and what to do.

use std::{fmt, io};

/// Why there is no server.
///
/// `Debug` is the same as `Display`, so that an `unwrap` in a test and a `main` that returns it print readable lines.
#[non_exhaustive]
pub enum Error {
    /// No usable nats-server program was found, and none could be downloaded.
    NoBinary {
        /// Each place that was tried, in order, with what was wrong there.
        tried: Vec<String>,
    },
    /// The server did not become ready.
    NotReady {
        /// What happened instead.
        why: String,
        /// What the server logged.
        log: String,
    },
    /// The operating system refused something.
    Io {
        /// What was being done.
        doing: String,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl Error {
    /// For `map_err`: an I/O error with what was being done.
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBinary { tried } => {
                writeln!(f, "no usable nats-server was found; tried:")?;
                for place in tried {
                    writeln!(f, "  - {place}")?;
                }
                write!(
                    f,
                    "install nats-server 2.10 or later (https://nats.io/download) and put it on PATH, \
                     or set NATS_SERVER to its path"
                )
            }
            Self::NotReady { why, log } => write!(f, "nats-server is not ready: {why}; its log:\n{}", log.trim_end()),
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            Self::NoBinary { .. } | Self::NotReady { .. } => None,
        }
    }
}
