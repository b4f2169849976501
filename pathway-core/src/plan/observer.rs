//! What shows a running pipeline to others. Sources and sinks bring it along, and the runtime starts and ends it.

use std::sync::Arc;

use super::Plan;
use crate::telemetry::Stats;

/// A pipeline that runs, as an observer sees it, on any thread.
pub(crate) trait ObservedPipeline: Send + Sync {
    /// What it has counted and measured so far.
    fn stats(&self) -> Stats;

    /// Whether this source or sink has all of its connections. One that does not tell counts as connected.
    fn is_connected(&self, name: &str) -> bool;
}

/// Something that shows a pipeline to others.
pub(crate) trait Observer: Send {
    /// Starts, when all sources and sinks of the pipeline are ready, and returns at once. What is returned is dropped at the end
    /// of the pipeline, which must not wait long for that.
    ///
    /// Nothing that happens to an observer concerns the pipeline: it reports no errors.
    fn start(self: Box<Self>, pipeline: Arc<dyn ObservedPipeline>) -> Option<Box<dyn Send>>;
}

impl Plan {
    /// Adds what shows the pipeline to others, while it runs.
    pub(crate) fn add_observer(&self, observer: impl Observer + 'static) {
        self.lock().observers.push(Box::new(observer));
    }
}
