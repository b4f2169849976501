//! Whether the commit loop works, waits, or is stuck.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the commit loop may work on one thing, such as a commit, before it counts as stuck. A commit takes milliseconds; one
/// of 200 000 messages through slow closures, seconds.
const STUCK_AFTER: Duration = Duration::from_secs(60);

/// The pulse of the commit loop. To beat costs one store.
#[derive(Debug, Default)]
pub(super) struct Heartbeat {
    /// Grows with each begin and end of a wait: odd while the loop works.
    beats: AtomicU64,
    /// The last value that was looked at, and since when it is that.
    seen: Mutex<Option<(u64, Instant)>>,
}

impl Heartbeat {
    /// The loop works from now on.
    pub(super) fn work(&self) {
        self.beat(1);
    }

    /// The loop waits from now on: for input, for room in a sink, for the answers to asynchronous calls, or it has ended.
    pub(super) fn wait(&self) {
        self.beat(0);
    }

    /// Only the first worker calls it.
    fn beat(&self, parity: u64) {
        let before = self.beats.load(Ordering::Relaxed);
        let step = if before % 2 == parity { 2 } else { 1 };
        self.beats.store(before + step, Ordering::Relaxed);
    }

    /// For how long the loop has worked without a beat, if it is stuck.
    ///
    /// It is as exact as it is called often: a loop is known to be stuck since the first call that has seen it so.
    pub(super) fn stuck_for(&self, now: Instant) -> Option<Duration> {
        let beats = self.beats.load(Ordering::Relaxed);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let since = match *seen {
            Some((before, since)) if before == beats => since,
            _ => now,
        };
        *seen = Some((beats, since));
        let is_working = beats % 2 == 1;
        Some(now.saturating_duration_since(since)).filter(|worked| is_working && *worked >= STUCK_AFTER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_is_stuck_that_works_on_one_thing_for_too_long() {
        let (heartbeat, start) = (Heartbeat::default(), Instant::now());
        let at = |seconds| start + Duration::from_secs(seconds);
        // It has not begun, or waits.
        assert_eq!([0, 100].map(|seconds| heartbeat.stuck_for(at(seconds))), [None; 2]);
        heartbeat.work();
        assert_eq!([100, 159].map(|seconds| heartbeat.stuck_for(at(seconds))), [None; 2]);
        assert_eq!(heartbeat.stuck_for(at(160)), Some(Duration::from_secs(60)));
        // The next commit.
        heartbeat.work();
        assert_eq!([170, 229].map(|seconds| heartbeat.stuck_for(at(seconds))), [None; 2]);
        heartbeat.wait();
        assert_eq!([300, 900].map(|seconds| heartbeat.stuck_for(at(seconds))), [None; 2]);
        heartbeat.wait();
        heartbeat.work();
        assert_eq!([1000, 1060].map(|seconds| heartbeat.stuck_for(at(seconds)).is_some()), [false, true]);
    }
}
