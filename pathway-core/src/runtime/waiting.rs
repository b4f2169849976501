//! Says in the log what the end of a pipeline waits for, where it takes long.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::plan::SourceOperator;
use crate::telemetry::{Level, PATIENCE, receive_patiently, report, seconds_since, spawn};

/// Joins the thread of a source or a sink, and says what the end waits for meanwhile.
pub(super) fn join(thread: JoinHandle<()>, kind: &str, hint: &'static str) -> thread::Result<()> {
    if thread.is_finished() {
        return thread.join();
    }
    let name: Arc<str> = thread.thread().name().unwrap_or("unnamed").into();
    let (joined, wait) = mpsc::channel::<()>();
    let kind = kind.to_owned();
    // Without this thread, the wait is the same, and silent.
    let reporter = spawn("pathway-wait", move || {
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

/// A stop that waits for sources.
pub(super) struct Stop {
    since: Instant,
    lines: u32,
}

impl Default for Stop {
    fn default() -> Self {
        Stop { since: Instant::now(), lines: 0 }
    }
}

impl Stop {
    /// Says in the log which sources have not ended, from time to time.
    pub(super) fn report(&mut self, sources: &[Box<dyn SourceOperator>]) {
        if self.since.elapsed() < PATIENCE * (self.lines + 1) {
            return;
        }
        self.lines += 1;
        for source in sources.iter().filter(|source| !source.is_finished()) {
            let hint = "its `run` has to return once the pipeline stops";
            still_waiting(source.name(), "source", seconds_since(self.since), hint);
        }
    }
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
