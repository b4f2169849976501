//! The handle on a running pipeline.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::observation::Observation;
use super::signals::Signals;
use crate::data::{Error, ErrorKind, Result};
use crate::plan::Graph;
use crate::telemetry::{Level, Stats, report};

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
    observation: Arc<Observation>,
    #[cfg_attr(not(feature = "monitor"), expect(dead_code, reason = "there is no monitor"))]
    monitor_address: Option<SocketAddr>,
    /// Waits for the end of all others.
    ending: Mutex<Option<JoinHandle<()>>>,
}

impl Running {
    pub(super) fn new(
        observation: Arc<Observation>,
        monitor_address: Option<SocketAddr>,
        ending: JoinHandle<()>,
    ) -> Self {
        Running { observation, monitor_address, ending: Mutex::new(Some(ending)) }
    }

    /// Stops the pipeline gracefully. Returns at once: nothing is complete yet, and [`Running::join`] waits for it.
    ///
    /// The sources read no more, what they have read is committed and written, the sinks close, and the sources acknowledge.
    pub fn stop(&self) {
        self.observation.control.stop();
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

    /// Waits until SIGINT or SIGTERM stops the pipeline, or it ends by itself. Returns what it has counted.
    ///
    /// It is [`join`](Running::join), with the signals of [`Pipeline::run`](crate::plan::Pipeline::run): for a program that also
    /// wants the statistics, or does something between the start and the end.
    ///
    /// # Errors
    /// The process cannot listen for signals, or those of [`join`](Running::join).
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Order { id: i64 }
    ///
    /// let pipeline = Pipeline::named("orders");
    /// let orders = pipeline.rows(vec![Order { id: 1 }]);
    /// # let _seen = orders.collect();
    /// let running = pipeline.start()?;
    /// println!("it runs");
    /// let stats = running.run_until_signal()?;
    /// println!("{} commits", stats.commits);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn run_until_signal(self) -> Result<Stats> {
        let _signals = Signals::listen(self.observation.control.clone())?;
        self.join()
    }

    /// What the pipeline has counted and measured so far. It can be called as often as you want, and stops nothing.
    pub fn stats(&self) -> Stats {
        self.observation.reader.stats()
    }

    /// The pipeline as it was declared: the same as that of [`Pipeline::graph`](crate::plan::Pipeline::graph) before it started.
    pub fn graph(&self) -> &Graph {
        &self.observation.graph
    }

    /// Where the pipeline serves its page and its metrics until it ends, if it does; see
    /// [`Pipeline::monitor`](crate::plan::Pipeline::monitor).
    #[cfg(feature = "monitor")]
    pub fn monitor_address(&self) -> Option<SocketAddr> {
        self.monitor_address
    }

    fn wait(&self) -> Result<()> {
        let ending = self.ending.lock().unwrap_or_else(PoisonError::into_inner).take();
        if ending.is_some_and(|thread| thread.join().is_err()) {
            self.observation.control.fail(Error::new(ErrorKind::Panic, "the end of the pipeline panicked"));
        }
        self.observation.control.take_error().map_or(Ok(()), Err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
        if let Err(error) = self.wait() {
            let span = self.observation.control.span();
            span.in_scope(|| report(Level::Error, "pipeline", format_args!("{error:#}")));
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("commits", &self.observation.reader.commits()).finish_non_exhaustive()
    }
}
