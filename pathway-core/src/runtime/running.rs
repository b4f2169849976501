//! The handle on a running pipeline.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use timely::communication::WorkerGuards;

use super::start::{ConnectorThreads, close};
use crate::data::{Error, ErrorKind, Result};
use crate::plan::{Connectors, Control};
use crate::telemetry::{Counter, Level, SinkStats, SourceStats, report};

/// A running pipeline inside a larger program. Dropping it stops the pipeline and waits until it has ended.
#[must_use = "a pipeline stops when its handle is dropped: keep it, and call `join`"]
pub struct Running {
    control: Control,
    commits: Arc<Counter>,
    connectors: Arc<Connectors>,
    threads: Mutex<Option<AllThreads>>,
}

/// The threads that `join` waits for.
struct AllThreads {
    workers: WorkerGuards<()>,
    connectors: ConnectorThreads,
}

impl Running {
    pub(super) fn new(
        control: Control,
        commits: Arc<Counter>,
        connectors: Arc<Connectors>,
        threads: ConnectorThreads,
        workers: WorkerGuards<()>,
    ) -> Self {
        let threads = Mutex::new(Some(AllThreads { workers, connectors: threads }));
        Running { control, commits, connectors, threads }
    }

    /// Stops the pipeline gracefully: it reads no more, finishes the open commit and publishes the rest. Returns at once;
    /// [`Running::join`] waits.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Waits until the pipeline has ended: after [`Running::stop`], because all sources have ended, or by an error.
    ///
    /// # Errors
    /// The error that ended the pipeline, as for [`Pipeline::run`](crate::plan::Pipeline::run).
    pub fn join(self) -> Result<()> {
        self.wait()
    }

    /// What the pipeline has counted so far.
    pub fn stats(&self) -> Stats {
        let Connectors { sources, sinks } = &*self.connectors;
        Stats {
            commits: self.commits.get(),
            sources: sources.iter().map(|source| source.stats()).collect(),
            sinks: sinks.iter().map(|sink| sink.stats()).collect(),
        }
    }

    fn wait(&self) -> Result<()> {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(AllThreads { workers, connectors }) = threads {
            let died = workers.join().into_iter().any(|worker| worker.is_err());
            if died {
                self.control.fail(Error::new(ErrorKind::Panic, "a worker died, and the pipeline ended"));
            }
            close(&self.connectors);
            let join = |thread: std::thread::JoinHandle<()>| {
                if thread.join().is_err() {
                    self.control.fail(Error::new(
                        ErrorKind::Panic,
                        "the thread of a source or sink panicked, and the pipeline ended",
                    ));
                }
            };
            connectors.sinks.into_iter().for_each(join);
            // Everything that was written is confirmed now, so the sources can acknowledge their last messages.
            let all = !self.control.has_failed();
            self.connectors.sources.iter().for_each(|source| source.end_acknowledgements(all));
            connectors.sources.into_iter().for_each(join);
        }
        self.control.take_failure().map_or(Ok(()), Err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if let Err(error) = self.wait() {
            report(Level::Error, "pipeline", format_args!("{error:#}"));
        }
    }
}

/// What a running pipeline has counted; see [`Running::stats`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Commits that were sealed.
    pub commits: u64,
    /// The sources, in the order of their declaration.
    pub sources: Vec<SourceStats>,
    /// The sinks, in the order of their declaration.
    pub sinks: Vec<SinkStats>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("commits", &self.commits.get()).finish_non_exhaustive()
    }
}
