//! How the threads of one running pipeline wake, stop and fail together.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;

use tokio::sync::watch;

use crate::data::Error;

/// Shared by all threads of one running pipeline; cheap to clone.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

struct Shared {
    /// The worker that feeds the dataflow. It sleeps while nothing arrives. Set once, when it starts.
    worker: OnceLock<Thread>,
    /// All workers. They are woken when the pipeline fails.
    workers: Mutex<Vec<Thread>>,
    /// Becomes true once. From then on, sources read no more.
    stopping: watch::Sender<bool>,
    /// The first error that ended the pipeline; `run` returns it.
    failure: Mutex<Option<Error>>,
}

impl Default for Control {
    fn default() -> Self {
        Control::new()
    }
}

impl Control {
    /// The control of a pipeline that has not started.
    pub fn new() -> Self {
        let shared = Shared {
            worker: OnceLock::new(),
            workers: Mutex::default(),
            stopping: watch::Sender::new(false),
            failure: Mutex::new(None),
        };
        Control { shared: Arc::new(shared) }
    }

    /// Registers the calling thread as a worker. [`Control::wake`] wakes the first one.
    pub fn adopt_worker(&self, is_first: bool) {
        let worker = std::thread::current();
        self.shared.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker.clone());
        if is_first {
            let _ = self.shared.worker.set(worker);
        }
    }

    /// Wakes the first worker: there is something to read, or room to write again.
    pub fn wake(&self) {
        if let Some(worker) = self.shared.worker.get() {
            worker.unpark();
        }
    }

    /// Stops the pipeline: it reads no more, finishes the open commit, flushes, and ends.
    pub fn stop(&self) {
        self.shared.stopping.send_replace(true);
        self.wake();
    }

    /// Ends the pipeline with an error. Only the first error counts.
    pub fn fail(&self, error: Error) {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        self.stop();
        self.shared.workers.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Thread::unpark);
    }

    /// Whether the pipeline stops.
    pub fn is_stopping(&self) -> bool {
        *self.shared.stopping.borrow()
    }

    /// Waits until the pipeline stops.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.shared.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// Whether both belong to one pipeline.
    pub fn is(&self, other: &Control) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Takes the error that ended the pipeline.
    pub fn take_failure(&self) -> Option<Error> {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether the pipeline has failed.
    pub fn has_failed(&self) -> bool {
        self.shared.failure.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("stopping", &self.is_stopping()).finish_non_exhaustive()
    }
}
