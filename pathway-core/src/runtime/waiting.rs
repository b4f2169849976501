//! Says in the log what the end of a pipeline waits for, where it takes long.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use crate::telemetry::{Level, PATIENCE, receive_patiently, report};

/// Joins the thread of a source or a sink, and says what the end waits for meanwhile.
pub(super) fn join(thread: JoinHandle<()>, kind: &str, hint: &'static str) -> thread::Result<()> {
    if thread.is_finished() {
        return thread.join();
    }
    let name: Arc<str> = thread.thread().name().unwrap_or("unnamed").into();
    let (joined, wait) = mpsc::channel::<()>();
    let kind = kind.to_owned();
    // Without this thread, the wait is the same, and silent.
    let reporter = thread::Builder::new().name("pathway-wait".into()).spawn(move || {
        receive_patiently(&wait, PATIENCE, |waited| still_waiting(&name, &kind, waited, hint));
    });
    let outcome = thread.join();
    drop(joined);
    if let Ok(reporter) = reporter {
        let _ = reporter.join();
    }
    outcome
}

/// One line about one source or sink.
pub(super) fn still_waiting(name: &str, kind: &str, waited: f32, hint: &str) {
    report(Level::Warn, name, format_args!("the end of the pipeline has waited {waited} s for this {kind}: {hint}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_joined_with_its_outcome() {
        let (end, ended) = mpsc::channel::<()>();
        let running = thread::spawn(move || assert!(ended.recv().is_err()));
        let joining = thread::spawn(move || join(running, "sink", "it is a test").is_ok());
        drop(end);
        assert!(joining.join().expect("no panic"));
        assert!(join(thread::spawn(|| panic!("for a test")), "source", "").is_err());
    }
}
