//! The handle on a running pipeline.

use std::sync::{Arc, Mutex, PoisonError};

use timely::communication::WorkerGuards;

use super::start::Threads;
use crate::connector::sink::{Outbox, SinkLink};
use crate::connector::source::SourceLink;
use crate::data::{Error, ErrorKind, Result};
use crate::plan::Control;
use crate::telemetry::Counter;

/// A running pipeline, inside a larger program. Dropping it stops the pipeline and waits for its end.
#[must_use = "a pipeline stops when its handle is dropped: keep it, and call `join`"]
pub struct Running {
    control: Control,
    commits: Arc<Counter>,
    ends: Vec<End>,
    parts: Mutex<Option<Parts>>,
}

/// What has to be waited for.
struct Parts {
    workers: WorkerGuards<()>,
    ends: Threads,
}

/// A source or a sink of the running pipeline.
pub(super) enum End {
    Source(SourceLink),
    Sink(SinkLink),
}

impl End {
    pub(super) fn outbox(&self) -> Option<Arc<Outbox>> {
        match self {
            End::Source(_) => None,
            End::Sink(sink) => Some(Arc::clone(&sink.outbox)),
        }
    }

    /// Says that the dataflow has ended: nothing more is taken from a source, nothing more comes for a sink.
    pub(super) fn finish(&self) {
        match self {
            End::Source(source) => source.queue.close(),
            End::Sink(sink) => sink.outbox.finish(),
        }
    }

    /// Says to a source that nothing more becomes of its messages: `all` are done with, or the pipeline has failed.
    pub(super) fn settle(&self, all: bool) {
        if let End::Source(source) = self {
            source.queue.settled().end(all);
        }
    }
}

impl Running {
    pub(super) fn new(
        control: Control,
        commits: Arc<Counter>,
        ends: Vec<End>,
        threads: Threads,
        workers: WorkerGuards<()>,
    ) -> Self {
        let parts = Mutex::new(Some(Parts { workers, ends: threads }));
        Running { control, commits, ends, parts }
    }

    /// Asks the pipeline to stop in good order: read no more, finish the open commit, publish the rest. It returns
    /// at once; [`Running::join`] waits.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Waits until the pipeline has ended: by [`Running::stop`], because all sources have ended, or by an error.
    ///
    /// # Errors
    /// What ended the pipeline, as for [`Pipeline::run`](crate::plan::Pipeline::run).
    pub fn join(self) -> Result<()> {
        self.wait()
    }

    /// What the pipeline has counted so far.
    pub fn stats(&self) -> Stats {
        let mut stats = Stats { commits: self.commits.get(), sources: Vec::new(), sinks: Vec::new() };
        for end in &self.ends {
            match end {
                End::Source(source) => stats.sources.push(SourceStats::of(source)),
                End::Sink(sink) => stats.sinks.push(SinkStats::of(sink)),
            }
        }
        stats
    }

    fn wait(&self) -> Result<()> {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(Parts { workers, ends }) = parts {
            let died = workers.join().into_iter().any(|worker| worker.is_err());
            if died {
                self.control.fail(Error::new(ErrorKind::Panic, "a worker died, and the pipeline ended"));
            }
            self.ends.iter().for_each(End::finish);
            let join = |thread: std::thread::JoinHandle<()>| {
                if thread.join().is_err() {
                    self.control.fail(Error::new(ErrorKind::Panic, "the thread of a source or sink panicked"));
                }
            };
            ends.sinks.into_iter().for_each(join);
            // Now all that was written is confirmed, and sources can acknowledge the last messages.
            let all = !self.control.has_failed();
            self.ends.iter().for_each(|end| end.settle(all));
            ends.sources.into_iter().for_each(join);
        }
        self.control.take_failure().map_or(Ok(()), Err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if let Err(error) = self.wait() {
            crate::telemetry::report(crate::telemetry::Level::Error, "pipeline", format_args!("{error}"));
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

/// What one source has counted. Every message is a row, rejected, or waiting; what never got in was dropped.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SourceStats {
    /// The source's name.
    pub name: String,
    /// Messages that the pipeline received.
    pub received: u64,
    /// The payload bytes of these.
    pub bytes: u64,
    /// Messages that became rows.
    pub rows: u64,
    /// Messages that could not be read; each was reported with its reason.
    pub rejected: u64,
    /// How many of these went to the dead-letter subject, which is a sink of its own.
    pub dead_letters: u64,
    /// Messages that the server sent and the client lost before the pipeline could take them; or that a stream removed
    /// before they were read.
    pub dropped: u64,
    /// Messages that were received and wait to be worked off.
    pub backlog: u64,
    /// How often the connection came back. On core NATS each time may have lost messages, and nobody knows how many.
    pub reconnects: u64,
}

/// What one sink has counted.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct SinkStats {
    /// The sink's name.
    pub name: String,
    /// Messages that the pipeline made for it.
    pub queued: u64,
    /// Messages that the server has taken.
    pub published: u64,
    /// Messages that were sent once more after a break.
    pub republished: u64,
    /// Messages that can't be published; reported with the reason.
    pub rejected: u64,
    /// How many of these the server has taken as dead letters.
    pub dead_letters: u64,
    /// How often the connection came back.
    pub reconnects: u64,
}

impl SourceStats {
    fn of(source: &SourceLink) -> Self {
        let counters = &source.counters;
        SourceStats {
            name: source.name.to_string(),
            received: counters.received.get(),
            bytes: counters.bytes.get(),
            rows: counters.rows.get(),
            rejected: counters.rejected.get(),
            dead_letters: counters.dead_letters.get(),
            dropped: counters.dropped.get(),
            backlog: source.queue.backlog() as u64,
            reconnects: counters.reconnects.get(),
        }
    }
}

impl SinkStats {
    fn of(sink: &SinkLink) -> Self {
        let counters = &sink.counters;
        SinkStats {
            name: sink.name.to_string(),
            queued: counters.queued.get(),
            published: counters.published.get(),
            republished: counters.republished.get(),
            rejected: counters.rejected.get(),
            dead_letters: counters.dead_letters.get(),
            reconnects: counters.reconnects.get(),
        }
    }
}
