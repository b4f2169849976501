//! Says whether the stream has messages that were not handed over, so that the backlogs of several streams can be merged.

use std::sync::Arc;

use crate::connector::source::{BacklogProgress, MergedSources, MessageBatch, SourceLink};

/// Whether the stream has messages that were not handed over.
///
/// The source is behind from its start, and after each loss of its connection or its consumer, until the consumer has nothing
/// more to deliver. It falls behind again when the consumer has more to deliver than was requested.
///
/// The pipeline learns that the source has caught up behind the last message, so that it never believes that while messages
/// are missing.
#[derive(Debug)]
pub(super) struct BacklogReporter {
    /// `None`: the source is not merged with others.
    progress: Option<Arc<BacklogProgress>>,
    is_behind: bool,
    /// How many messages the consumer had to deliver, when it last said it.
    pending: Option<u64>,
    /// Whether it matters when its messages were stored: other sources are merged with this one, or the pipeline persists.
    records_stored: bool,
}

impl BacklogReporter {
    pub(super) fn new(merged: Option<&MergedSources>, link: &SourceLink) -> Self {
        let progress = merged.map(|_| Arc::clone(&link.backlog));
        let records_stored = merged.is_some_and(MergedSources::are_several) || link.control.persistent().is_some();
        let mut backlog = BacklogReporter { progress, is_behind: false, pending: None, records_stored };
        backlog.set_behind();
        backlog
    }

    /// The last message of a batch was stored at this time, in unix nanoseconds.
    pub(super) fn record(&self, batch: &mut MessageBatch, stored: i64) {
        batch.set_last_stored(stored);
        if self.records_stored {
            batch.set_stored(stored);
        }
    }

    /// There is no consumer at the moment.
    pub(super) fn set_behind(&mut self) {
        self.is_behind = true;
        self.progress.iter().for_each(|progress| progress.set_behind());
    }

    /// The consumer has `pending` messages to deliver, of which `requested` are on their way.
    pub(super) fn advance(&mut self, pending: u64, requested: u64) {
        self.pending = Some(pending);
        if pending == 0 {
            self.is_behind = false;
        } else if pending > requested && !self.is_behind {
            self.set_behind();
        }
    }

    /// The server was asked how many messages the consumer has to deliver.
    pub(super) fn set_pending(&mut self, pending: u64, link: &SourceLink) {
        self.pending = Some(pending);
        self.count(link);
    }

    /// Says in the statistics how far the source is behind.
    pub(super) fn count(&self, link: &SourceLink) {
        link.counters.is_behind.set(self.is_behind);
        self.pending.into_iter().for_each(|pending| link.counters.pending.set(pending));
    }

    /// Everything that was read is handed over.
    pub(super) fn handed_over(&self, link: &SourceLink) {
        self.count(link);
        if let Some(progress) = &self.progress
            && !self.is_behind
            && progress.is_behind()
        {
            progress.set_caught_up(link.queue.pushed());
            link.control.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connector::source::Bound;
    use crate::data::Metadata;

    fn link() -> SourceLink {
        SourceLink::new("s".into(), Metadata::NONE, Bound::default(), Default::default())
    }

    #[test]
    fn a_source_has_caught_up_when_the_last_message_is_handed_over() {
        let (link, merged) = (link(), MergedSources::default());
        let mut backlog = BacklogReporter::new(Some(&merged), &link);
        let is_behind = |backlog: &mut BacklogReporter, pending, requested| {
            backlog.advance(pending, requested);
            let before = link.backlog.is_behind();
            backlog.handed_over(&link);
            (before, link.backlog.is_behind())
        };
        assert_eq!(is_behind(&mut backlog, 2, 10), (true, true));
        assert_eq!(is_behind(&mut backlog, 0, 10), (true, false));
        // These are on their way.
        assert_eq!(is_behind(&mut backlog, 10, 10), (false, false));
        assert_eq!(is_behind(&mut backlog, 11, 10), (true, true));
        assert_eq!(is_behind(&mut backlog, 3, 10), (true, true));
        assert_eq!(is_behind(&mut backlog, 0, 0), (true, false));
        backlog.set_behind();
        assert_eq!(is_behind(&mut backlog, 1, 0), (true, true));
    }

    #[test]
    fn stored_times_are_recorded_where_several_sources_are_merged() {
        let merged = MergedSources::default();
        for expected in [None, None, Some(5)] {
            let backlog = BacklogReporter::new(Some(&merged), &link());
            let mut batch = MessageBatch::default();
            batch.push("a", b"");
            backlog.record(&mut batch, 5);
            assert_eq!(batch.stored_at(0), expected);
            merged.add();
        }
        let link = link();
        BacklogReporter::new(None, &link).handed_over(&link);
        assert!(!link.backlog.is_behind());
    }
}
