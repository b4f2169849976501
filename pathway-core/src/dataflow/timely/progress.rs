//! Which commits all sinks of a timely dataflow have completed.

use std::rc::Rc;

use ::timely::dataflow::operators::probe::Handle as Probe;

use super::SinkFrontier;
use crate::data::Commit;

/// How far the ends of the dataflow have come.
#[derive(Default)]
pub(super) struct Frontiers {
    /// One for each sink. The sink itself sets it, because a probe behind the sink would cost every commit a round of the
    /// dataflow.
    sinks: Vec<SinkFrontier>,
    /// Watches the streams that no operator reads.
    unread: Probe<Commit>,
}

impl Frontiers {
    /// The frontier of a new sink, for the sink to set.
    pub(super) fn add_sink(&mut self) -> SinkFrontier {
        let sink = Rc::default();
        self.sinks.push(Rc::clone(&sink));
        sink
    }

    /// For streams that no operator reads.
    pub(super) fn unread(&self) -> &Probe<Commit> {
        &self.unread
    }

    /// Whether the sinks have completed all commits before `next`.
    pub(super) fn are_complete_before(&self, next: Commit) -> bool {
        self.sinks.iter().all(|sink| sink.get() >= next) && !self.unread.less_than(&next)
    }
}
