//! The thread of a source or a sink.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::Failure;
use crate::data::{Error, ErrorKind, Result};
use crate::plan::Control;
use crate::telemetry::{self, Level, LogLimiter, PATIENCE, receive_patiently, sink_span, source_span};

/// Tells the thread that starts a source or a sink, once, that it is ready, or why it is not. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct Ready(Arc<Mutex<Option<mpsc::Sender<Result<()>>>>>);

impl Ready {
    /// Whether the outcome was told.
    pub(crate) fn is_sent(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Further calls do nothing, and return the outcome.
    pub(crate) fn send(&self, outcome: Result<()>) -> Option<Result<()>> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(starter) => {
                // The other side waits for this. It can only be gone together with the whole pipeline.
                let _ = starter.send(outcome);
                None
            }
            None => Some(outcome),
        }
    }
}

/// What runs on a thread of its own.
pub(crate) struct Component {
    pub(crate) kind: Kind,
    pub(crate) name: Arc<str>,
    pub(crate) control: Control,
    /// What it must do to be ready, for a log line where the start has waited for [`PATIENCE`]. `None`: no such line.
    pub(crate) ready_hint: Option<&'static str>,
}

#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// When it fails, the pipeline writes what it has handed over before.
    Source,
    /// When it fails, nothing can be finished.
    Sink,
}

/// Starts a thread, and waits until it is ready.
///
/// `body` receives the means to say so; it counts as ready, too, when it returns. A failure or a panic before is the error
/// that is returned here; later, it ends the pipeline.
pub(crate) fn spawn<F>(component: Component, body: F) -> Result<JoinHandle<()>>
where
    F: FnOnce(Ready) -> Result<(), Failure> + Send + 'static,
{
    spawn_with(component, PATIENCE, body)
}

fn spawn_with<F>(component: Component, patience: Duration, body: F) -> Result<JoinHandle<()>>
where
    F: FnOnce(Ready) -> Result<(), Failure> + Send + 'static,
{
    let Component { kind, name, control, ready_hint } = component;
    let (sender, receiver) = mpsc::channel();
    let ready = Ready(Arc::new(Mutex::new(Some(sender))));
    let (component, pipeline) = (Arc::clone(&name), control.span());
    let guarded = move || {
        let outcome = match catch_unwind(AssertUnwindSafe(|| body(ready.clone()))) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(failure)) => Err(of_failure(kind, &component, failure)),
            Err(panic) => {
                let (kind, panic) = (kind.name(), panic_message(&*panic));
                let message = format!("{kind} `{component}` panicked, and the pipeline ended: {panic}");
                Err(Error::new(ErrorKind::Panic, message))
            }
        };
        if let Some(Err(error)) = ready.send(outcome) {
            match kind {
                Kind::Source => control.stop_with(error),
                Kind::Sink => control.fail(error),
            }
        }
    };
    let span = match kind {
        Kind::Source => source_span(&pipeline, &name),
        Kind::Sink => sink_span(&pipeline, &name),
    };
    let thread = span.in_scope(|| telemetry::spawn(&*name, guarded)).map_err(|error| {
        let message = format!("cannot start a thread for {} `{name}`", kind.name());
        Error::new(ErrorKind::Config, message).with_source(error)
    })?;
    match span.in_scope(|| wait_until_ready(&receiver, &name, kind, ready_hint, patience)) {
        Ok(()) => Ok(thread),
        Err(error) => {
            let _ = thread.join();
            Err(error)
        }
    }
}

fn wait_until_ready(
    receiver: &mpsc::Receiver<Result<()>>,
    name: &Arc<str>,
    kind: Kind,
    hint: Option<&str>,
    patience: Duration,
) -> Result<()> {
    let mut log = LogLimiter::new(name);
    let outcome = receive_patiently(receiver, patience, |waited| {
        if let Some(hint) = hint {
            let kind = kind.name();
            let message = format_args!("the start has waited {waited} s for this {kind} to be ready: {hint}");
            log.report(Level::Warn, 1, message);
        }
    });
    outcome.unwrap_or_else(|| {
        // The thread has ended without an outcome, which it never does.
        let message = format!("{} `{name}` ended before it was ready", kind.name());
        Err(Error::new(ErrorKind::Panic, message))
    })
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Source => "source",
            Kind::Sink => "sink",
        }
    }
}

/// The pipeline's error for the failure of a source or a sink. An error of this crate needs no context.
fn of_failure(kind: Kind, name: &str, failure: Failure) -> Error {
    let kind = kind.name();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::capture::Log;

    fn source(name: &str, control: &Control) -> Component {
        let ready_hint = Some("call `Sender::ready`");
        Component { kind: Kind::Source, name: name.into(), control: control.clone(), ready_hint }
    }

    #[test]
    fn a_component_that_is_not_ready_is_reported_again_and_again() {
        let (log, control) = (Log::default(), Control::new());
        let seen = log.clone();
        let thread = tracing::subscriber::with_default(log.clone(), || {
            spawn_with(source("slow", &control), Duration::from_millis(10), move |_| {
                while seen.lines().len() < 2 {
                    std::thread::yield_now();
                }
                Ok(())
            })
        });
        thread.expect("ready at its end").join().expect("no panic");
        let expected = "WARN slow: the start has waited 0 s for this source to be ready: call `Sender::ready`";
        assert_eq!(log.lines()[..2], [expected, expected]);
    }

    /// Something else keeps the means to say that it is ready.
    #[test]
    fn a_panic_before_it_is_ready_is_the_error_of_the_start() {
        let (control, (keep, kept)) = (Control::new(), mpsc::channel());
        let error = spawn(source("bomb", &control), move |ready| {
            keep.send(ready)?;
            panic!("tick")
        });
        let error = error.map(drop).expect_err("a panic");
        assert_eq!(error.to_string(), "source `bomb` panicked, and the pipeline ended: tick");
        assert!(!control.is_stopping());
        assert!(kept.recv().expect("the means").send(Ok(())).is_some());
    }
}
