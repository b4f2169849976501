//! Gives the statistics of a running pipeline to the recorder of the `metrics` crate, once a second.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use super::stats_reader::StatsReader;
use crate::data::{Error, ErrorKind, Result};
use crate::telemetry::{RecordedStats, spawn};

/// How often the recorder gets the values.
const EVERY: Duration = Duration::from_secs(1);

/// The thread. Dropping this ends it: the recorder then has the last values.
pub(super) struct MetricsThread {
    /// Nothing is sent: the channel closes.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MetricsThread {
    /// Starts the thread, before the sources and sinks of the pipeline start.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn start(reader: StatsReader) -> Result<Self> {
        let (end, ended) = channel();
        let run = move || {
            let mut recorded = RecordedStats::default();
            loop {
                recorded.record(&reader.stats());
                if !matches!(ended.recv_timeout(EVERY), Err(RecvTimeoutError::Timeout)) {
                    return recorded.record(&reader.stats());
                }
            }
        };
        let thread = spawn("pathway-metrics", run).map_err(|error| {
            Error::new(ErrorKind::Config, "cannot start the thread that records metrics").with_source(error)
        })?;
        Ok(MetricsThread { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for MetricsThread {
    fn drop(&mut self) {
        self.end.take();
        // A recorder that panics ends nothing but its thread.
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}
