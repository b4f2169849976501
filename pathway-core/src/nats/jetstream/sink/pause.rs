//! Notices that the process was stopped, or that its machine has paused: another one may have taken over meanwhile.

use std::time::{Duration, Instant, SystemTime};

/// How often it looks at the clock while nothing happens.
const TICK: Duration = Duration::from_millis(500);
/// How long the clock has not been looked at after a pause.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at the clock again and again.
pub(super) struct PauseDetector {
    last: Instant,
    /// It goes on while a machine sleeps.
    last_wall_time: SystemTime,
}

impl PauseDetector {
    pub(super) fn new() -> Self {
        PauseDetector { last: Instant::now(), last_wall_time: SystemTime::now() }
    }

    /// Whether there was a pause since the last call.
    pub(super) fn has_paused(&mut self) -> bool {
        let (now, wall_time) = (Instant::now(), SystemTime::now());
        let passed = now.saturating_duration_since(self.last);
        let passed = passed.max(wall_time.duration_since(self.last_wall_time).unwrap_or_default());
        (self.last, self.last_wall_time) = (now, wall_time);
        passed >= PAUSE
    }

    /// When to look at the clock at the latest.
    pub(super) fn next_look(&self) -> Instant {
        self.last + TICK
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_noticed_once_by_either_clock() {
        let mut detector = PauseDetector::new();
        assert!(!detector.has_paused());
        detector.last -= PAUSE;
        assert!(detector.has_paused() && !detector.has_paused());
        detector.last_wall_time -= PAUSE;
        assert!(detector.has_paused() && !detector.has_paused());
        // A clock that was set back is no pause.
        detector.last_wall_time += 10 * PAUSE;
        assert!(!detector.has_paused());
    }
}
