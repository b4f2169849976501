//! Work that has an end: backlogs, the first contents of buckets, the commits of a log or a recording.

use std::collections::HashMap;

use super::line::{Line, Tone};
use super::numbers::{UNKNOWN, clock, whole};
use super::status::{Moments, View, source};
use crate::telemetry::{PersistenceStats, PipelineState, ReplayStats, SourceStats};

/// A source that falls behind for a moment, which happens under load, has no bar.
const BEHIND_FOR: f64 = 1.0;
/// A bar is not wider than this, and is left out if it would be less wide than that.
const WIDEST: usize = 30;
const NARROWEST: usize = 8;

/// Since when sources work off a backlog.
#[derive(Debug, Default)]
pub(super) struct Backlogs {
    sources: HashMap<String, Begin>,
    has_begun: bool,
}

#[derive(Debug)]
struct Begin {
    /// In seconds, as in a [`View`].
    at: f64,
    /// How many messages the pipeline had taken.
    taken: u64,
}

impl Backlogs {
    /// Takes notice of a moment.
    pub(super) fn update(&mut self, view: &View) {
        for source in &view.snapshot.stats.sources {
            if !source.is_behind {
                self.sources.remove(&source.name);
                continue;
            }
            // What there is at the start is shown at once, and as a whole.
            let begin = match self.has_begun {
                true => Begin { at: view.at, taken: taken(source) },
                false => Begin { at: view.at - BEHIND_FOR, taken: 0 },
            };
            self.sources.entry(source.name.clone()).or_insert(begin);
        }
        self.has_begun |= view.snapshot.stats.state != PipelineState::Starting;
    }

    /// How much of its backlog a source has worked off, if it has one.
    fn of(&self, source: &SourceStats, at: f64) -> Option<(u64, u64)> {
        let begin = self.sources.get(&source.name).filter(|begin| at - begin.at >= BEHIND_FOR)?;
        let left = left(source)?;
        let done = taken(source).saturating_sub(begin.taken);
        (left > 0).then_some((done, done + left))
    }
}

/// How many messages the pipeline has processed.
fn taken(source: &SourceStats) -> u64 {
    source.received.saturating_sub(source.backlog)
}

/// How many messages it has not processed.
fn left(source: &SourceStats) -> Option<u64> {
    Some(source.lag_messages? + source.backlog)
}

/// Work of which a part is done.
struct Work {
    what: &'static str,
    unit: &'static str,
    done: u64,
    total: u64,
    /// How much of what is left is done in a second.
    rate: Option<f64>,
}

/// The work of a source.
pub(super) fn of_source(
    source: &SourceStats,
    moments: &Moments<'_>,
    backlogs: &Backlogs,
    width: usize,
) -> Option<Line> {
    first_contents(source, moments).or_else(|| backlog(source, moments, backlogs)).map(|work| work.line(width))
}

fn first_contents(now: &SourceStats, moments: &Moments<'_>) -> Option<Work> {
    let (done, total) = (now.first_contents_received?, now.first_contents?);
    let before = |view: &View| source(view, &now.name)?.first_contents_received;
    let rate = moments.rate(done as f64, before(moments.before).unwrap_or(0) as f64);
    (done < total).then_some(Work { what: "first contents", unit: "keys", done, total, rate })
}

fn backlog(now: &SourceStats, moments: &Moments<'_>, backlogs: &Backlogs) -> Option<Work> {
    let (done, total) = backlogs.of(now, moments.now.at)?;
    let before = source(moments.before, &now.name);
    // New messages make the backlog longer.
    let rate = match before.and_then(left) {
        Some(left) => moments.rate(left as f64, (total - done) as f64),
        None => moments.rate(taken(now) as f64, before.map_or(0, taken) as f64),
    };
    Some(Work { what: "backlog", unit: "messages", done, total, rate })
}

/// The work of the pipeline before it goes on where it was, or in place of its sources.
pub(super) fn of_pipeline(moments: &Moments<'_>, width: usize) -> Option<Line> {
    let [before, now] = [moments.before, moments.now].map(|view| &view.snapshot.stats);
    let log = |state: &PersistenceStats| (state.replayed_commits, state.logged_commits);
    let recording = |replay: &ReplayStats| Some((replay.commits, replay.recorded_commits?));
    let of_log = now.persistence.as_ref().filter(|_| now.state == PipelineState::Starting).map(log);
    let (what, (done, total), earlier) = match of_log {
        Some(work) => ("computing again", work, before.persistence.as_ref().map(log)),
        None => ("replay", now.replay.as_ref().and_then(recording)?, before.replay.as_ref().and_then(recording)),
    };
    let rate = moments.rate(done as f64, earlier.map_or(0, |(done, _)| done) as f64);
    let is_open = done < total && !matches!(now.state, PipelineState::Stopping | PipelineState::Ended);
    is_open.then(|| Work { what, unit: "commits", done, total, rate }.line(width))
}

impl Work {
    fn line(&self, width: usize) -> Line {
        let Work { what, unit, done, total, rate } = self;
        let part = *done as f64 / *total as f64;
        // It is not done yet.
        let percent = (part * 100.0).floor().min(99.0);
        let left = rate.map(|rate| (total - done) as f64 / rate).filter(|left| *left >= 0.0 && left.is_finite());
        let left = match rate {
            Some(rate) if *rate < 0.0 => Line::of(Tone::Warn, "growing"),
            _ => Line::of(Tone::Plain, format!("ETA {}", left.map_or(UNKNOWN.to_owned(), clock))),
        };
        let begin = Line::of(Tone::Plain, format!("  {what} "));
        let end = Line::of(Tone::Strong, format!("{percent:3}%  "))
            .add(Tone::Plain, format!("{} of {} {unit}  ", whole(*done), whole(*total)))
            .join(left);
        let bar = width.saturating_sub(begin.width() + end.width() + 1).min(WIDEST);
        if bar < NARROWEST {
            return begin.join(end);
        }
        let filled = (part * bar as f64).floor() as usize;
        let bar = begin.add(Tone::Good, "█".repeat(filled)).add(Tone::Soft, "░".repeat(bar - filled));
        bar.add(Tone::Plain, " ").join(end)
    }
}
