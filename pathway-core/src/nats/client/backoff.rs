//! How long to wait before the next attempt at something that has failed.

use std::time::Duration;

/// The pause after the first failure.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
/// Pauses double up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Exponential back-off with jitter.
#[derive(Debug)]
pub(crate) struct Backoff {
    pause: Duration,
    first: Duration,
    longest: Duration,
}

impl Backoff {
    pub(crate) fn new() -> Self {
        Backoff::between(FIRST_PAUSE, LONGEST_PAUSE)
    }

    /// With other pauses: the one after the first failure, and the longest one.
    pub(crate) fn between(first: Duration, longest: Duration) -> Self {
        Backoff { pause: first, first, longest }
    }

    /// Records a failure and returns how long to wait before the next attempt.
    pub(crate) fn next_pause(&mut self) -> Duration {
        let pause = self.pause;
        self.pause = (2 * pause).min(self.longest);
        // Up to a quarter more, so that the clients of a server that returns do not all connect at the same moment.
        pause + pause.mul_f64(fastrand::f64() / 4.0)
    }

    /// Records a success.
    pub(crate) fn reset(&mut self) {
        self.pause = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_limit_and_start_again_after_a_success() {
        let mut backoff = Backoff::new();
        let mut shortest = FIRST_PAUSE;
        for _ in 0..20 {
            let pause = backoff.next_pause();
            assert!(pause >= shortest && pause <= shortest.mul_f64(1.25), "{pause:?} after {shortest:?}");
            shortest = (2 * shortest).min(LONGEST_PAUSE);
        }
        assert_eq!(shortest, LONGEST_PAUSE);
        backoff.reset();
        assert!(backoff.next_pause() < 2 * FIRST_PAUSE);
    }
}
