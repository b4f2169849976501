//! Limits how many log lines a frequent event writes.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::log::{Level, report};

/// Writes log lines about an event that may happen very often: the first lines immediately, then at most one a second,
/// with the number of events that it stands for.
///
/// No event is left out of the counts: events that no line has mentioned yet are reported when the limiter is flushed
/// or dropped.
///
/// A message describes one event and does not count. Where a line stands for more events than that one, the limiter
/// appends `(6 more like it, 20 in all)`.
#[derive(Debug)]
pub struct LogLimiter {
    component: Arc<str>,
    /// Events so far.
    events: u64,
    /// Lines so far, up to [`Self::FIRST`].
    lines: u32,
    last_line: Option<Instant>,
    /// Events that no line has mentioned yet.
    held_back: Option<HeldBack>,
}

#[derive(Debug)]
struct HeldBack {
    events: u64,
    level: Level,
    /// Describes the first of these events. The others are only counted: formatting each would cost more than it tells.
    message: String,
}

/// A line to write.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    level: Level,
    text: String,
}

impl LogLimiter {
    /// How many lines are written one by one before the limit applies.
    const FIRST: u32 = 10;
    /// The time between two lines from then on.
    const INTERVAL: Duration = Duration::from_secs(1);

    /// A limiter for lines about `component`: the name of a source, a sink or an operator.
    pub fn new(component: &Arc<str>) -> Self {
        LogLimiter { component: Arc::clone(component), events: 0, lines: 0, last_line: None, held_back: None }
    }

    /// Reports `n` events: writes a line, or counts them for the next one. `message` describes one of them.
    pub fn report(&mut self, level: Level, n: u64, message: fmt::Arguments<'_>) {
        let line = self.record(Instant::now(), level, n, message);
        self.write(line);
    }

    /// Reports the events that no line has mentioned yet. Dropping the limiter does the same.
    pub fn flush(&mut self) {
        let line = self.take_rest();
        self.write(line);
    }

    fn record(&mut self, now: Instant, level: Level, n: u64, message: fmt::Arguments<'_>) -> Option<Line> {
        if n == 0 {
            return None;
        }
        self.events += n;
        let is_limited = self.lines >= Self::FIRST
            && self.last_line.is_some_and(|last| now.saturating_duration_since(last) < Self::INTERVAL);
        if is_limited {
            let held_back =
                self.held_back.get_or_insert_with(|| HeldBack { events: 0, level, message: message.to_string() });
            held_back.events += n;
            return None;
        }
        self.lines += u32::from(self.lines < Self::FIRST);
        self.last_line = Some(now);
        let before = self.held_back.take().map_or(0, |held_back| held_back.events);
        Some(self.line(level, message, before + n))
    }

    fn take_rest(&mut self) -> Option<Line> {
        let HeldBack { events, level, message } = self.held_back.take()?;
        Some(self.line(level, format_args!("{message}"), events))
    }

    /// A line that stands for `n` events.
    fn line(&self, level: Level, message: fmt::Arguments<'_>, n: u64) -> Line {
        let text = match n {
            1 => message.to_string(),
            _ => format!("{message} ({} more like it, {} in all)", n - 1, self.events),
        };
        Line { level, text }
    }

    fn write(&self, line: Option<Line>) {
        if let Some(Line { level, text }) = line {
            report(level, &self.component, format_args!("{text}"));
        }
    }
}

impl Drop for LogLimiter {
    fn drop(&mut self) {
        self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> LogLimiter {
        LogLimiter::new(&Arc::from("test"))
    }

    /// Records `n` events, `milliseconds` after the start.
    fn record(limiter: &mut LogLimiter, start: Instant, milliseconds: u64, n: u64) -> Option<String> {
        let now = start + Duration::from_millis(milliseconds);
        let line = limiter.record(now, Level::Warn, n, format_args!("at {milliseconds}"))?;
        assert_eq!(line.level, Level::Warn);
        Some(line.text)
    }

    #[test]
    fn the_first_lines_are_written_at_once_and_later_ones_once_a_second() {
        let (mut limiter, start) = (limiter(), Instant::now());
        for milliseconds in 0..10 {
            assert_eq!(record(&mut limiter, start, milliseconds, 1), Some(format!("at {milliseconds}")));
        }
        for milliseconds in 10..1009 {
            assert_eq!(record(&mut limiter, start, milliseconds, 1), None);
        }
        let line = record(&mut limiter, start, 1009, 1);
        assert_eq!(line.as_deref(), Some("at 1009 (999 more like it, 1010 in all)"));
        assert_eq!(record(&mut limiter, start, 1010, 1), None);
        assert_eq!(limiter.take_rest().map(|line| line.text).as_deref(), Some("at 1010"));
        assert_eq!(limiter.take_rest(), None);
    }

    #[test]
    fn after_a_quiet_second_one_event_is_one_plain_line() {
        let (mut limiter, start) = (limiter(), Instant::now());
        for _ in 0..10 {
            record(&mut limiter, start, 0, 1);
        }
        assert_eq!(record(&mut limiter, start, 5_000, 1).as_deref(), Some("at 5000"));
        assert_eq!(record(&mut limiter, start, 5_999, 1), None);
    }

    #[test]
    fn every_event_is_in_a_count() {
        let (mut limiter, start) = (limiter(), Instant::now());
        assert_eq!(record(&mut limiter, start, 0, 0), None);
        assert_eq!(record(&mut limiter, start, 0, 5).as_deref(), Some("at 0 (4 more like it, 5 in all)"));
        for _ in 1..10 {
            record(&mut limiter, start, 0, 1);
        }
        assert_eq!(record(&mut limiter, start, 1, 3), None);
        assert_eq!(record(&mut limiter, start, 2, 4), None);
        // The line describes the first event that was held back.
        let rest = limiter.take_rest().map(|line| line.text);
        assert_eq!(rest.as_deref(), Some("at 1 (6 more like it, 21 in all)"));
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let (mut limiter, start) = (limiter(), Instant::now());
        for _ in 0..10 {
            record(&mut limiter, start, 1_000, 1);
        }
        assert_eq!(record(&mut limiter, start, 0, 1), None);
    }

    #[test]
    fn dropping_the_limiter_reports_the_rest() {
        let log = capture::Log::default();
        tracing::subscriber::with_default(log.clone(), || {
            let mut limiter = limiter();
            for number in 0..13 {
                limiter.report(Level::Error, 1, format_args!("event {number}"));
            }
            assert_eq!(log.lines().len(), 10);
            drop(limiter);
        });
        let lines = log.lines();
        assert_eq!(lines.len(), 11);
        assert_eq!(lines[10], "ERROR test: event 10 (2 more like it, 13 in all)");
    }

    #[test]
    fn dropping_a_limiter_with_nothing_held_back_is_silent() {
        let log = capture::Log::default();
        tracing::subscriber::with_default(log.clone(), || {
            let mut limiter = limiter();
            limiter.report(Level::Error, 1, format_args!("event"));
            limiter.flush();
        });
        assert_eq!(log.lines(), ["ERROR test: event"]);
    }

    /// A `tracing` subscriber that keeps the lines of one thread.
    mod capture {
        use std::fmt::{Debug, Write};
        use std::sync::{Arc, Mutex, PoisonError};

        use tracing::field::{Field, Visit};
        use tracing::{Event, Metadata, span};

        #[derive(Clone, Default)]
        pub(super) struct Log(Arc<Mutex<Vec<String>>>);

        impl Log {
            pub(super) fn lines(&self) -> Vec<String> {
                self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
            }
        }

        impl tracing::Subscriber for Log {
            fn enabled(&self, _: &Metadata<'_>) -> bool {
                true
            }

            fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
                span::Id::from_u64(1)
            }

            fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

            fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

            fn event(&self, event: &Event<'_>) {
                let mut fields = Fields::default();
                event.record(&mut fields);
                let line = format!("{} {}: {}", event.metadata().level(), fields.component, fields.message);
                self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }

            fn enter(&self, _: &span::Id) {}

            fn exit(&self, _: &span::Id) {}
        }

        #[derive(Default)]
        struct Fields {
            component: String,
            message: String,
        }

        impl Visit for Fields {
            fn record_str(&mut self, field: &Field, value: &str) {
                if field.name() == "component" {
                    value.clone_into(&mut self.component);
                }
            }

            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                if field.name() == "message" {
                    let _ = write!(self.message, "{value:?}");
                }
            }
        }
    }
}
