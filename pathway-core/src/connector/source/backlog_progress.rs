//! How a source that reads what a server has stored says whether it is behind, and which sources are merged.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::plan::Backlog;

/// How much of the backlog of a source was handed over.
///
/// A source that never says that it is behind has no backlog, and is not merged with others.
#[derive(Debug)]
pub struct BacklogProgress {
    /// The backlog consists of so many messages, or is [`BEHIND`] or [`NONE`].
    end: AtomicU64,
}

/// The source does not read what a server has stored.
const NONE: u64 = u64::MAX;
/// More of the backlog is to come.
const BEHIND: u64 = u64::MAX - 1;

impl BacklogProgress {
    /// Messages are stored that the source has not handed over.
    pub fn set_behind(&self) {
        self.end.store(BEHIND, Ordering::Release);
    }

    /// The source has handed over `pushed` messages, and with them everything that is stored. Say so behind the last of them,
    /// and wake the worker.
    pub fn set_caught_up(&self, pushed: u64) {
        self.end.store(pushed, Ordering::Release);
    }

    /// Whether more of the backlog is to come.
    pub fn is_behind(&self) -> bool {
        self.end.load(Ordering::Acquire) == BEHIND
    }

    /// Whether the source reads what a server has stored.
    pub(super) fn reads_stored(&self) -> bool {
        self.end.load(Ordering::Acquire) != NONE
    }

    /// What is left of the backlog when the worker has taken so many messages. What the source had handed over before it said
    /// this can be seen in its queue afterwards.
    pub(super) fn left_after(&self, taken: u64) -> Option<Backlog> {
        match self.end.load(Ordering::Acquire) {
            NONE => None,
            BEHIND => Some(Backlog::Arriving),
            end if end > taken => Some(Backlog::Queued),
            _ => Some(Backlog::Done),
        }
    }
}

impl Default for BacklogProgress {
    fn default() -> Self {
        BacklogProgress { end: AtomicU64::new(NONE) }
    }
}

/// How many sources of a plan are merged in the order in which servers have stored their messages.
#[derive(Debug, Default)]
pub struct MergedSources(AtomicUsize);

impl MergedSources {
    /// Adds a source, when it is declared.
    pub fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether there are several, so that the stored times of their messages matter. It is known when the pipeline starts.
    pub fn are_several(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_is_done_when_all_that_was_handed_over_before_its_end_is_taken() {
        let progress = BacklogProgress::default();
        assert_eq!((progress.left_after(0), progress.reads_stored()), (None, false));
        progress.set_behind();
        assert_eq!((progress.left_after(10), progress.is_behind()), (Some(Backlog::Arriving), true));
        progress.set_caught_up(10);
        let left = [0, 9, 10, 11].map(|taken| progress.left_after(taken));
        assert_eq!(left, [Backlog::Queued, Backlog::Queued, Backlog::Done, Backlog::Done].map(Some));
        progress.set_behind();
        assert_eq!((progress.left_after(11), progress.reads_stored()), (Some(Backlog::Arriving), true));
    }
}
