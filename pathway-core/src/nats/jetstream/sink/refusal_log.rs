//! Reports that a stream refuses messages for now: at once, and then less and less often.

use std::time::{Duration, Instant};

/// The time until the second report. It doubles with each, up to the longest.
const FIRST_INTERVAL: Duration = Duration::from_secs(5);
const LONGEST_INTERVAL: Duration = Duration::from_secs(60);

/// When to report that a stream refuses messages, and why it does.
#[derive(Debug, Default)]
pub(super) struct RefusalLog {
    current: Option<Current>,
}

#[derive(Debug)]
struct Current {
    since: Instant,
    next_report: Instant,
    interval: Duration,
    reason: String,
}

impl RefusalLog {
    /// A message is refused. Returns for how long messages have been, if that is to be reported.
    pub(super) fn on_refused(&mut self, reason: &str, now: Instant) -> Option<Duration> {
        let current = self.current.get_or_insert_with(|| Current {
            since: now,
            next_report: now,
            interval: FIRST_INTERVAL,
            reason: String::new(),
        });
        if current.reason != reason {
            reason.clone_into(&mut current.reason);
        }
        if now < current.next_report {
            return None;
        }
        current.next_report = now + current.interval;
        current.interval = (2 * current.interval).min(LONGEST_INTERVAL);
        Some(now - current.since)
    }

    /// Nothing is refused any more.
    pub(super) fn over(&mut self) {
        self.current = None;
    }

    /// Why the last message was refused, if messages still are.
    pub(super) fn reason(&self) -> Option<&str> {
        self.current.as_ref().map(|current| current.reason.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_reported_less_and_less_often() {
        let (mut log, begin) = (RefusalLog::default(), Instant::now());
        let reported: Vec<_> =
            (0..200).filter(|n| log.on_refused("full", begin + Duration::from_secs(*n)).is_some()).collect();
        assert_eq!((reported, log.reason()), (vec![0, 5, 15, 35, 75, 135, 195], Some("full")));
        log.over();
        assert_eq!(log.reason(), None);
        assert_eq!(log.on_refused("full", begin), Some(Duration::ZERO));
    }
}
