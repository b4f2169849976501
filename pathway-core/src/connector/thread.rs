//! The thread of a source or a sink.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};

use super::Failure;
use crate::data::{Error, ErrorKind, Result};
use crate::plan::Control;

/// Tells the thread that starts a source or a sink, once, that it is ready, or why it is not.
pub(crate) struct Ready(mpsc::Sender<Result<()>>);

impl Ready {
    pub(crate) fn send(self, outcome: Result<()>) {
        // The other side waits for this. It can only be gone together with the whole pipeline.
        let _ = self.0.send(outcome);
    }
}

/// Starts a thread, and waits until it is ready.
///
/// `body` receives the means to say so. It returns why it failed, and that [`Ready`] where it has not used it.
/// A failure or a panic before is the error that is returned here; later, it ends the pipeline.
pub(crate) fn spawn<F>(kind: &'static str, name: &Arc<str>, control: &Control, body: F) -> Result<JoinHandle<()>>
where
    F: FnOnce(Ready) -> (Option<Ready>, Result<(), Failure>) + Send + 'static,
{
    let (sender, receiver) = mpsc::channel();
    let (component, control) = (Arc::clone(name), control.clone());
    let guarded = move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| body(Ready(sender))));
        let (ready, error) = match outcome {
            Ok((ready, Ok(()))) => (ready, None),
            Ok((ready, Err(failure))) => (ready, Some(of_failure(kind, &component, failure))),
            Err(panic) => {
                let message =
                    format!("{kind} `{component}` panicked, and the pipeline ended: {}", panic_message(&*panic));
                (None, Some(Error::new(ErrorKind::Panic, message)))
            }
        };
        match (ready, error) {
            (Some(ready), error) => ready.send(error.map_or(Ok(()), Err)),
            (None, Some(error)) => control.fail(error),
            (None, None) => {}
        }
    };
    // A thread's name cannot contain NUL.
    let thread = Builder::new().name(name.replace('\0', "")).spawn(guarded).map_err(|error| {
        Error::new(ErrorKind::Config, format!("cannot start a thread for {kind} `{name}`")).with_source(error)
    })?;
    match receiver.recv() {
        Ok(Ok(())) => Ok(thread),
        Ok(Err(error)) => {
            let _ = thread.join();
            Err(error)
        }
        Err(_) => {
            let _ = thread.join();
            Err(Error::new(ErrorKind::Panic, format!("{kind} `{name}` panicked before it was ready")))
        }
    }
}

/// The pipeline's error for the failure of a source or a sink. An error of this crate needs no context.
fn of_failure(kind: &str, name: &str, failure: Failure) -> Error {
    match failure.downcast::<Error>() {
        Ok(error) => *error,
        Err(failure) => match failure.downcast::<StageFailure>() {
            Ok(stage) => {
                Error::new(ErrorKind::Custom, format!("{kind} `{name}` {}", stage.what)).with_source(stage.cause)
            }
            Err(failure) => Error::new(ErrorKind::Custom, format!("{kind} `{name}` failed")).with_source(failure),
        },
    }
}

/// A failure, and what failed: `could not be opened`.
#[derive(Debug)]
pub(crate) struct StageFailure {
    pub(crate) what: &'static str,
    pub(crate) cause: Failure,
}

impl std::fmt::Display for StageFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.what)
    }
}

impl std::error::Error for StageFailure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.cause)
    }
}

/// The message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message")
}
