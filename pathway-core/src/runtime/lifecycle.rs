//! Says in the log what a pipeline does: that it is ready, has caught up, and has ended, with what it has processed.

use std::fmt;
use std::time::{Duration, Instant};

use super::stats_reader::StatsReader;
use crate::data::Error;
use crate::plan::Control;
use crate::telemetry::{Count, Level, Totals, has_subscriber, report};

/// All sources and sinks are connected, and what earlier runs have left is computed again.
pub(super) fn report_ready(sources: usize, sinks: usize, workers: usize) {
    let [sources, sinks, workers] =
        [(sources, "source"), (sinks, "sink"), (workers, "worker")].map(|(count, thing)| Count(count as u64, thing));
    report(Level::Info, "pipeline", format_args!("ready: {sources}, {sinks}, {workers}"));
}

/// All sources have ended by themselves: the pipeline does, too.
pub(super) fn report_end_of_sources() {
    report(Level::Info, "pipeline", format_args!("all sources have ended: it writes what is left"));
}

/// Since when a pipeline works off what servers had stored.
#[derive(Debug, Default)]
pub(super) struct CatchUp(Option<Instant>);

impl CatchUp {
    /// Says so when everything is taken that was stored.
    pub(super) fn observe(&mut self, is_behind: bool) {
        match (self.0, is_behind) {
            (None, true) => self.0 = Some(Instant::now()),
            (Some(since), false) => {
                self.0 = None;
                let seconds = since.elapsed().as_secs_f32();
                report(
                    Level::Info,
                    "pipeline",
                    format_args!("caught up after {seconds:.1} s: everything stored is read"),
                );
            }
            _ => {}
        }
    }
}

/// The pipeline could not start. The caller gets the error: only a subscriber does not see it.
pub(super) fn report_failed_start(error: &Error) {
    if has_subscriber() {
        report(Level::Error, "pipeline", format_args!("cannot start: {error:#}"));
    }
}

/// The pipeline has ended.
pub(super) fn report_end(control: &Control, reader: &StatsReader, since: Instant) {
    let (totals, seconds) = (Totals::of(&reader.stats()), since.elapsed());
    match control.error_text() {
        None => report(Level::Info, "pipeline", format_args!("stopped after {}: {totals}", Seconds(seconds))),
        // `run` and `join` return the error. A program without a subscriber has nothing but its stderr, where it prints it.
        Some(error) if has_subscriber() => {
            report(Level::Error, "pipeline", format_args!("failed after {}: {error}; {totals}", Seconds(seconds)));
        }
        Some(_) => report(Level::Info, "pipeline", format_args!("failed after {}: {totals}", Seconds(seconds))),
    }
}

struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s", self.0.as_secs_f32())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::capture::Log;

    #[test]
    fn each_time_that_a_pipeline_has_caught_up_is_one_line() {
        let (log, mut catch_up) = (Log::default(), CatchUp::default());
        tracing::subscriber::with_default(log.clone(), || {
            [false, true, true, false, false, true, false]
                .into_iter()
                .for_each(|is_behind| catch_up.observe(is_behind));
        });
        let line = "INFO pipeline: caught up after 0.0 s: everything stored is read";
        assert_eq!(log.lines(), [line, line]);
    }
}
