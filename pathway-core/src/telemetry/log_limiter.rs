//! Limits how many log lines a frequent event writes.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tracing::Span;

use super::log::{self, Level};
use super::{log_flusher, recent};

/// Writes log lines about an event that may happen very often: the first lines immediately, then at most one a second,
/// with the number of events that it stands for.
///
/// No event is left out of the counts: events that no line has mentioned yet are reported a second after the last line, or
/// when the limiter is dropped.
///
/// A message describes one event and does not count. Where a line stands for more events than that one, the limiter
/// appends `(6 more like it, 20 in all)`.
#[derive(Debug)]
pub struct LogLimiter(Arc<Shared>);

/// The part of a limiter that the flusher's thread uses too.
#[derive(Debug)]
pub(super) struct Shared {
    component: Arc<str>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// Events so far.
    events: u64,
    /// Lines so far, up to [`State::FIRST`].
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
    /// The span in which the first one has happened.
    span: Span,
}

/// A line to write.
#[derive(Debug, PartialEq)]
struct Line {
    level: Level,
    text: String,
    /// How many events it stands for.
    events: u64,
    /// How much of the text describes one of them, in bytes.
    message: usize,
    /// Where it belongs.
    span: Span,
}

/// What follows from an event.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// A line is written at once.
    Line(Line),
    /// The event is the first one that is held back: its line is due at this time.
    HeldBackUntil(Instant),
    /// The event is counted.
    Counted,
}

impl LogLimiter {
    /// A limiter for lines about `component`: the name of a source, a sink or an operator.
    pub fn new(component: &Arc<str>) -> Self {
        LogLimiter(Arc::new(Shared { component: Arc::clone(component), state: Mutex::default() }))
    }

    /// Reports `n` events: writes a line, or counts them for the next one. `message` describes one of them.
    pub fn report(&mut self, level: Level, n: u64, message: fmt::Arguments<'_>) {
        let outcome = self.0.state().record(Instant::now(), level, n, message);
        match outcome {
            Outcome::Line(line) => self.0.write(line),
            Outcome::HeldBackUntil(due) => log_flusher::flush_at(due, &self.0),
            Outcome::Counted => {}
        }
    }
}

impl Drop for LogLimiter {
    fn drop(&mut self) {
        self.0.flush();
    }
}

impl Shared {
    /// Reports the events that no line has mentioned yet.
    pub(super) fn flush(&self) {
        let line = self.state().take_rest(Instant::now());
        if let Some(line) = line {
            self.write(line);
        }
    }

    fn write(&self, Line { level, text, events, message, span }: Line) {
        span.in_scope(|| log::write(level, &self.component, format_args!("{text}")));
        recent::keep(level, &self.component, events, format_args!("{}", &text[..message]));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// How many lines are written one by one before the limit applies.
    const FIRST: u32 = 10;
    /// The time between two lines from then on.
    const INTERVAL: Duration = Duration::from_secs(1);

    fn record(&mut self, now: Instant, level: Level, n: u64, message: fmt::Arguments<'_>) -> Outcome {
        if n == 0 {
            return Outcome::Counted;
        }
        self.events += n;
        let next_line = self.last_line.filter(|_| self.lines >= Self::FIRST).map(|last| last + Self::INTERVAL);
        if let Some(due) = next_line.filter(|due| now < *due) {
            if let Some(held_back) = &mut self.held_back {
                held_back.events += n;
                return Outcome::Counted;
            }
            self.held_back = Some(HeldBack { events: n, level, message: message.to_string(), span: Span::current() });
            return Outcome::HeldBackUntil(due);
        }
        self.lines += u32::from(self.lines < Self::FIRST);
        self.last_line = Some(now);
        let before = self.held_back.take().map_or(0, |held_back| held_back.events);
        Outcome::Line(self.line(level, message, before + n, Span::current()))
    }

    fn take_rest(&mut self, now: Instant) -> Option<Line> {
        let HeldBack { events, level, message, span } = self.held_back.take()?;
        self.last_line = Some(now);
        Some(self.line(level, format_args!("{message}"), events, span))
    }

    /// A line that stands for `n` events.
    fn line(&self, level: Level, message: fmt::Arguments<'_>, n: u64, span: Span) -> Line {
        let mut text = message.to_string();
        let message = text.len();
        if n > 1 {
            text += &format!(" ({} more like it, {} in all)", n - 1, self.events);
        }
        Line { level, text, events: n, message, span }
    }
}

#[cfg(test)]
mod tests {
    use super::super::capture::Log;
    use super::*;

    fn limiter() -> LogLimiter {
        LogLimiter::new(&Arc::from("test"))
    }

    /// Records `n` events, `milliseconds` after the start.
    fn record(state: &mut State, start: Instant, milliseconds: u64, n: u64) -> Option<String> {
        let now = start + Duration::from_millis(milliseconds);
        match state.record(now, Level::Warn, n, format_args!("at {milliseconds}")) {
            Outcome::Line(line) => Some(line.text),
            Outcome::HeldBackUntil(_) | Outcome::Counted => None,
        }
    }

    #[test]
    fn the_first_lines_are_written_at_once_and_later_ones_once_a_second() {
        let (mut state, start) = (State::default(), Instant::now());
        for milliseconds in 0..10 {
            assert_eq!(record(&mut state, start, milliseconds, 1), Some(format!("at {milliseconds}")));
        }
        for milliseconds in 10..1009 {
            assert_eq!(record(&mut state, start, milliseconds, 1), None);
        }
        let line = record(&mut state, start, 1009, 1);
        assert_eq!(line.as_deref(), Some("at 1009 (999 more like it, 1010 in all)"));
        assert_eq!(record(&mut state, start, 1010, 1), None);
        assert_eq!(state.take_rest(start).map(|line| line.text).as_deref(), Some("at 1010"));
        assert_eq!(state.take_rest(start), None);
    }

    #[test]
    fn after_a_quiet_second_one_event_is_one_plain_line() {
        let (mut state, start) = (State::default(), Instant::now());
        for _ in 0..10 {
            record(&mut state, start, 0, 1);
        }
        assert_eq!(record(&mut state, start, 5_000, 1).as_deref(), Some("at 5000"));
        assert_eq!(record(&mut state, start, 5_999, 1), None);
    }

    #[test]
    fn every_event_is_in_a_count() {
        let (mut state, start) = (State::default(), Instant::now());
        assert_eq!(record(&mut state, start, 0, 0), None);
        assert_eq!(record(&mut state, start, 0, 5).as_deref(), Some("at 0 (4 more like it, 5 in all)"));
        for _ in 1..10 {
            record(&mut state, start, 0, 1);
        }
        assert_eq!(record(&mut state, start, 1, 3), None);
        assert_eq!(record(&mut state, start, 2, 4), None);
        // The line describes the first event that was held back.
        let rest = state.take_rest(start).map(|line| line.text);
        assert_eq!(rest.as_deref(), Some("at 1 (6 more like it, 21 in all)"));
    }

    #[test]
    fn a_clock_that_goes_back_does_no_harm() {
        let (mut state, start) = (State::default(), Instant::now());
        for _ in 0..10 {
            record(&mut state, start, 1_000, 1);
        }
        assert_eq!(record(&mut state, start, 0, 1), None);
    }

    #[test]
    fn dropping_the_limiter_reports_the_rest() {
        let log = Log::default();
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

    /// A burst, then silence: the rest is reported without another event.
    #[test]
    fn a_quiet_second_reports_the_rest() {
        let log = Log::default();
        tracing::subscriber::with_default(log.clone(), || {
            let mut limiters = [limiter(), limiter()];
            for limiter in &mut limiters {
                (0..1_000).for_each(|number| limiter.report(Level::Error, 1, format_args!("event {number}")));
            }
            assert_eq!(log.lines().len(), 20);
            let deadline = Instant::now() + Duration::from_secs(20);
            while log.lines().len() < 22 {
                assert!(Instant::now() < deadline, "{:?}", log.lines());
                std::thread::yield_now();
            }
        });
        let lines = log.lines();
        assert_eq!(lines[20..], ["ERROR test: event 10 (989 more like it, 1000 in all)"; 2]);
    }

    #[test]
    fn dropping_a_limiter_with_nothing_held_back_is_silent() {
        let log = Log::default();
        tracing::subscriber::with_default(log.clone(), || {
            let mut limiter = limiter();
            limiter.report(Level::Error, 1, format_args!("event"));
        });
        assert_eq!(log.lines(), ["ERROR test: event"]);
    }
}
