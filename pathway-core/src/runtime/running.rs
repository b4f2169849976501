//! The handle on a running pipeline.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::data::{Error, ErrorKind, Result};
use crate::plan::{Connectors, Control};
use crate::telemetry::{
    Counter, Level, OperatorContext, OperatorStats, RecordingStats, SinkStats, SourceStats, report,
};

/// A running pipeline inside a larger program. Dropping it stops the pipeline and waits until it has ended.
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Order { id: i64 }
///
/// let pipeline = Pipeline::new();
/// let (feed, orders) = pipeline.input::<Order>();
/// # let _seen = orders.collect();
/// let running = pipeline.start()?;
/// feed.insert(Order { id: 1 });
/// feed.commit();
/// assert!(!running.is_finished());
///
/// running.stop();
/// let stats = running.join()?;
/// assert_eq!(stats.commits, 1);
/// # Ok::<(), pathway::Error>(())
/// ```
#[must_use = "a pipeline stops when its handle is dropped: keep it, and call `join`"]
pub struct Running {
    control: Control,
    commits: Arc<Counter>,
    connectors: Arc<Connectors>,
    operators: Vec<OperatorContext>,
    /// Waits for the end of all others.
    ending: Mutex<Option<JoinHandle<()>>>,
}

impl Running {
    pub(super) fn new(
        control: Control,
        commits: Arc<Counter>,
        connectors: Arc<Connectors>,
        operators: Vec<OperatorContext>,
        ending: JoinHandle<()>,
    ) -> Self {
        Running { control, commits, connectors, operators, ending: Mutex::new(Some(ending)) }
    }

    /// Stops the pipeline gracefully. Returns at once: nothing is complete yet, and [`Running::join`] waits for it.
    ///
    /// The sources read no more, what they have read is committed and written, the sinks close, and the sources acknowledge.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Whether the pipeline has ended, with or without an error: [`Running::join`] returns at once, and
    /// [`Running::stats`] no longer changes.
    pub fn is_finished(&self) -> bool {
        let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner);
        ending.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Waits until the pipeline has ended: after [`Running::stop`], because all sources have ended, or by an error. Returns
    /// what it has counted.
    ///
    /// With `Ok`, everything is complete: each row that a source has handed over and committed is processed, every sink has
    /// confirmed all of its commits and has closed, the sources have been told, and all threads have ended.
    ///
    /// # Errors
    /// The error that ended the pipeline, as for [`Pipeline::run`](crate::plan::Pipeline::run). Where it is that of a source,
    /// what the source has handed over before is written. To read what a failed pipeline has counted, wait until it
    /// [is finished](Running::is_finished), and ask for its [`stats`](Running::stats).
    pub fn join(self) -> Result<Stats> {
        self.wait()?;
        Ok(self.stats())
    }

    /// What the pipeline has counted so far.
    pub fn stats(&self) -> Stats {
        let Connectors { sources, sinks } = &*self.connectors;
        Stats {
            commits: self.commits.get(),
            sources: sources.iter().map(|source| source.stats()).collect(),
            operators: self.operators.iter().map(OperatorContext::stats).collect(),
            sinks: sinks.iter().map(|sink| sink.stats()).collect(),
            recording: self.control.recorder().map(|recorder| recorder.stats()),
        }
    }

    fn wait(&self) -> Result<()> {
        let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner).take();
        if ending.is_some_and(|thread| thread.join().is_err()) {
            self.control.fail(Error::new(ErrorKind::Panic, "the end of the pipeline panicked"));
        }
        self.control.take_error().map_or(Ok(()), Err)
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

/// What a pipeline has counted; see [`Running::stats`], and [`Running::join`].
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// Commits that were sealed.
    pub commits: u64,
    /// The sources, in the order of their declaration.
    pub sources: Vec<SourceStats>,
    /// The operators, in the order of their declaration.
    pub operators: Vec<OperatorStats>,
    /// The sinks, in the order of their declaration.
    pub sinks: Vec<SinkStats>,
    /// The recording, if the pipeline is [recorded](crate::plan::Pipeline::record).
    pub recording: Option<RecordingStats>,
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("commits", &self.commits.get()).finish_non_exhaustive()
    }
}
