//! How much a source moves into the dataflow before the commit loop decides again.

use std::time::{Duration, Instant};

use crate::plan::Control;

/// Counts what a source moves into the dataflow at a time. With a single worker, the operators run meanwhile: where they are
/// slow, and the source is not, the commit would otherwise never be sealed, and a failure never be noticed.
#[derive(Default)]
pub(super) struct IngestLimit {
    taken: usize,
    batches: usize,
    /// When the second batch was through. Most commits have one batch, and never ask the clock.
    begin: Option<Instant>,
}

impl IngestLimit {
    /// How many messages or rows are moved at a time, unless one batch has more.
    const MAX_MESSAGES: usize = 64 * 1024;
    /// How long it may take, unless one batch takes longer.
    const MAX_TIME: Duration = Duration::from_millis(10);

    /// Counts a batch.
    pub(super) fn add(&mut self, messages: usize) {
        self.taken += messages;
        self.batches += 1;
    }

    /// How many messages or rows were moved.
    pub(super) fn taken(&self) -> usize {
        self.taken
    }

    /// Whether the commit loop should decide now.
    pub(super) fn is_reached(&mut self, control: &Control) -> bool {
        if self.batches < 2 {
            return self.taken >= Self::MAX_MESSAGES;
        }
        let begin = *self.begin.get_or_insert_with(Instant::now);
        self.taken >= Self::MAX_MESSAGES || begin.elapsed() >= Self::MAX_TIME || control.has_failed()
    }
}
