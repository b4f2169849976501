//! Says in the log what a pipeline does: that it is ready, has caught up, and has ended, with what it has processed.

use std::fmt;
use std::time::{Duration, Instant};

use super::stats_reader::StatsReader;
use crate::data::Error;
use crate::plan::Control;
use crate::telemetry::{Level, Stats, has_subscriber, report};

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

/// What a pipeline has processed since its start.
#[derive(Debug, Default)]
struct Totals {
    commits: u64,
    read: u64,
    written: u64,
    /// Kinds of losses, which are left out if there were none.
    losses: [(u64, &'static str); 4],
}

impl Totals {
    fn of(stats: &Stats) -> Self {
        let sum = |numbers: &mut dyn Iterator<Item = u64>| numbers.sum();
        let late = stats.operators.iter().map(|operator| operator.late);
        Totals {
            commits: stats.commit_rows.count,
            read: sum(&mut stats.sources.iter().map(|source| source.received)),
            written: sum(&mut stats.sinks.iter().map(|sink| sink.published)),
            losses: [
                (sum(&mut stats.sources.iter().map(|source| source.rejected)), "rejected when read"),
                (sum(&mut stats.sources.iter().map(|source| source.dropped)), "dropped before they were read"),
                (sum(&mut stats.sinks.iter().map(|sink| sink.rejected)), "rejected when written"),
                (late.sum(), "rows late"),
            ],
        }
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Totals { commits, read, written, losses } = self;
        write!(f, "{}, {} read, {written} written", Count(*commits, "commit"), Count(*read, "message"))?;
        losses.iter().filter(|(count, _)| *count > 0).try_for_each(|(count, what)| write!(f, ", {count} {what}"))
    }
}

/// A number of things.
struct Count(u64, &'static str);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Count(count, thing) = self;
        write!(f, "{count} {thing}{}", if *count == 1 { "" } else { "s" })
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
    fn totals_name_losses_only_if_there_are_any() {
        let none = Totals { commits: 1, read: 2, written: 3, ..Totals::default() };
        assert_eq!(none.to_string(), "1 commit, 2 messages read, 3 written");
        let losses = [(0, "a"), (4, "rejected when read"), (0, "b"), (5, "rows late")];
        let some = Totals { commits: 2, read: 1, written: 0, losses };
        assert_eq!(some.to_string(), "2 commits, 1 message read, 0 written, 4 rejected when read, 5 rows late");
    }

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
