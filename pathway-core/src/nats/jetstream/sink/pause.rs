//! Notices that the process was stopped, or that its machine has paused: another one may have taken over meanwhile.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use tokio::task::AbortHandle;

/// How often a task looks at the clock.
const TICK: Duration = Duration::from_millis(250);
/// How long the clock has not been looked at after a pause.
const PAUSE: Duration = Duration::from_secs(1);

/// Looks at the clock again and again, whatever the session waits for meanwhile, until it is dropped.
pub(super) struct PauseDetector {
    clock: Arc<Mutex<Clock>>,
    ticking: AbortHandle,
}

struct Clock {
    last: Instant,
    /// It goes on while a machine sleeps.
    last_wall_time: SystemTime,
    has_paused: bool,
}

impl PauseDetector {
    /// Begins to look. The calling task runs on a runtime.
    pub(super) fn new() -> Self {
        let clock = Arc::new(Mutex::new(Clock::new()));
        let ticks = Arc::clone(&clock);
        let tick = async move {
            loop {
                tokio::time::sleep(TICK).await;
                ticks.lock().unwrap_or_else(PoisonError::into_inner).look();
            }
        };
        PauseDetector { clock, ticking: tokio::spawn(tick).abort_handle() }
    }

    /// Whether there was a pause since the last call.
    pub(super) fn has_paused(&mut self) -> bool {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner).take_pause()
    }
}

impl Drop for PauseDetector {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

impl Clock {
    fn new() -> Self {
        Clock { last: Instant::now(), last_wall_time: SystemTime::now(), has_paused: false }
    }

    fn look(&mut self) {
        let (now, wall_time) = (Instant::now(), SystemTime::now());
        let passed = now.saturating_duration_since(self.last);
        let passed = passed.max(wall_time.duration_since(self.last_wall_time).unwrap_or_default());
        (self.last, self.last_wall_time) = (now, wall_time);
        self.has_paused |= passed >= PAUSE;
    }

    fn take_pause(&mut self) -> bool {
        self.look();
        std::mem::take(&mut self.has_paused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_noticed_once_by_either_clock() {
        let mut clock = Clock::new();
        assert!(!clock.take_pause());
        clock.last -= PAUSE;
        assert!(clock.take_pause() && !clock.take_pause());
        clock.last_wall_time -= PAUSE;
        // Somebody has looked meanwhile.
        clock.look();
        assert!(clock.take_pause() && !clock.take_pause());
        // A clock that was set back is no pause.
        clock.last_wall_time += 10 * PAUSE;
        assert!(!clock.take_pause());
    }

    /// The session may wait longer than that for the stream, and that is no pause.
    #[test]
    fn time_that_a_session_waits_is_no_pause() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let mut pauses = PauseDetector::new();
            tokio::time::sleep(PAUSE + TICK).await;
            assert!(!pauses.has_paused());
        });
    }
}
