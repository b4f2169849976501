//! The tokio runtime of one connection.

use tokio::runtime::{self, Runtime};

use crate::data::{Error, ErrorKind, Result};

/// Creates a runtime that runs on the calling thread.
pub(crate) fn runtime() -> Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Error::new(ErrorKind::Network, "the I/O of a connection could not be set up").with_source(error)
    })
}
