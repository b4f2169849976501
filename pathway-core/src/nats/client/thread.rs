//! The thread that an end of the pipeline lives on.

use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use tokio::runtime::{self, Runtime};

use crate::data::{Error, ErrorKind, Result};

/// Says, once, that the thread's work has begun, or why it could not.
pub(crate) struct Ready(mpsc::Sender<Result<()>>);

impl Ready {
    pub(crate) fn say(self, outcome: Result<()>) {
        // The other side waits for this; it can only be gone together with the whole pipeline.
        let _ = self.0.send(outcome);
    }
}

/// Starts a named thread, and waits until it says that it is ready.
pub(crate) fn spawn(name: &str, body: impl FnOnce(Ready) + Send + 'static) -> Result<JoinHandle<()>> {
    let (sender, receiver) = mpsc::channel();
    // A NUL, which a thread's name can't have, would be a panic.
    let thread = Builder::new()
        .name(name.replace('\0', ""))
        .spawn(move || body(Ready(sender)))
        .map_err(|error| Error::new(ErrorKind::Network, "a thread could not be started").with_source(error))?;
    match receiver.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => {
            let _ = thread.join();
            Err(error)
        }
        Err(_) => {
            let _ = thread.join();
            Err(Error::new(ErrorKind::Panic, format!("the thread `{name}` panicked before it was ready")))
        }
    }
}

/// A runtime for the calling thread alone.
pub(crate) fn runtime() -> Result<Runtime> {
    runtime::Builder::new_current_thread().enable_all().build().map_err(|error| {
        Error::new(ErrorKind::Network, "the I/O of a connection could not be set up").with_source(error)
    })
}
