//! What is shown of a pipeline: a function of two moments, a few seconds apart.

use super::line::{Line, Tone};
use super::numbers::{bytes, clock, duration, quantile, rate, whole};
use super::progress::{self, Backlogs};
use super::table::{self, Row, Section};
use super::terminal::Size;
use crate::observation::{EndSnapshot, EndState, Snapshot};
use crate::telemetry::{OperatorStats, PipelineState, SourceStats, Stats};

/// How many sources, and how many sinks, are shown at most: those that need attention, and the fastest ones.
const MOST_ENDS: usize = 8;
/// How many operators are shown at most, of which most have nothing to tell.
const MOST_OPERATORS: usize = 5;
/// How many of them only because they work most.
const MOST_BUSY: usize = 3;
/// How many reasons of lost connections are shown at most.
const MOST_REASONS: usize = 2;
/// From this part of the time on, an operator counts as busy, and from that on as the one that holds the others up.
const BUSY: f64 = 0.01;
const VERY_BUSY: f64 = 0.9;
/// A source or an operator is behind if it is so many seconds late.
const BEHIND: f64 = 5.0;

/// A pipeline at one moment.
pub(super) struct View {
    /// In seconds, on a clock that never goes back.
    pub(super) at: f64,
    pub(super) snapshot: Snapshot,
}

/// The moment that is shown, and one a few seconds before it, for rates. At the start, they are the same.
pub(super) struct Moments<'a> {
    pub(super) before: &'a View,
    pub(super) now: &'a View,
}

impl Moments<'_> {
    /// How fast a number has grown; `None` where the moments are the same.
    pub(super) fn rate(&self, now: f64, before: f64) -> Option<f64> {
        let seconds = self.now.at - self.before.at;
        (seconds > 0.0).then(|| (now - before) / seconds)
    }

    /// How fast a counter has grown.
    fn growth<T>(&self, now: &T, before: Option<&T>, number: fn(&T) -> u64) -> Option<f64> {
        self.rate(number(now) as f64, before.map_or(0, number) as f64)
    }
}

/// What a view has of a source.
pub(super) fn source<'a>(view: &'a View, name: &str) -> Option<&'a SourceStats> {
    view.snapshot.stats.sources.iter().find(|source| source.name == name)
}

/// The lines of the status, on a terminal of this size.
pub(super) fn lines(moments: &Moments<'_>, backlogs: &Backlogs, size: Size) -> Vec<Line> {
    // The last column stays free: some terminals begin another line behind it.
    let (width, height) = (size.columns.saturating_sub(1), size.rows.saturating_sub(2));
    let mut lines = Vec::new();
    for most in (1..=MOST_ENDS).rev() {
        lines = head(moments, width);
        lines.extend(progress::of_pipeline(moments, width));
        let sections = [
            sources(moments, backlogs, most, width),
            operators(moments, most.min(MOST_OPERATORS)),
            sinks(moments, most),
        ];
        lines.extend(table::lines(&sections, width));
        if lines.len() <= height {
            break;
        }
    }
    lines.truncate(height);
    lines.into_iter().map(|line| line.cut(width)).collect()
}

/// The lines about the pipeline as a whole.
fn head(moments: &Moments<'_>, width: usize) -> Vec<Line> {
    let Snapshot { stuck, stats, sources, sinks, .. } = &moments.now.snapshot;
    let (word, tone) = match stats.state {
        PipelineState::Starting => ("starting", Tone::Warn),
        PipelineState::CatchingUp => ("catching up", Tone::Warn),
        PipelineState::Running => ("running", Tone::Good),
        PipelineState::Stopping => ("stopping", Tone::Warn),
        PipelineState::Ended => ("ended", Tone::Plain),
    };
    let mut pieces = vec![
        Line::of(Tone::Strong, &stats.pipeline),
        Line::of(tone, word),
        Line::of(Tone::Soft, "up ").add(Tone::Plain, clock(moments.now.at)),
    ];
    // Those that a restart computes again are left out.
    let commits = moments.growth(stats, Some(&moments.before.snapshot.stats), |it| it.commit_rows.count);
    pieces.push(Line::of(Tone::Plain, rate(commits)).add(Tone::Soft, " commits/s"));
    let earlier = &moments.before.snapshot.stats.latency.total;
    let [p50, p99] = [0.5, 0.99].map(|part| quantile(earlier, &stats.latency.total, part));
    if let (Some(p50), Some(p99)) = (p50, p99) {
        let p50 = Line::of(Tone::Soft, "latency p50 ").add(Tone::Plain, duration(p50));
        pieces.push(p50.add(Tone::Soft, ", p99 ").add(Tone::Plain, duration(p99)));
    }
    let states = || {
        let of_operators = stats.operators.iter().map(|it| (it.state_keys, it.state_bytes));
        of_operators.chain(stats.sources.iter().map(|it| (it.state_keys, it.state_bytes)))
    };
    let (keys, size) = (states().map(|(keys, _)| keys).sum(), states().map(|(_, bytes)| bytes).sum());
    if size > 0 {
        let state = format!("{} key{}, {}", whole(keys), if keys == 1 { "" } else { "s" }, bytes(size));
        pieces.push(Line::of(Tone::Soft, "state ").add(Tone::Plain, state));
    }
    if let Some(lag) = event_time_lags(stats).map(|(_, lag)| lag).max_by(f64::total_cmp) {
        let direction = if lag < 0.0 { " ahead" } else { " behind" };
        let lag = Line::of(Tone::Soft, "event time ").add(Tone::Plain, duration(lag.abs()));
        pieces.push(lag.add(Tone::Soft, direction));
    }
    let mut lines = flow(pieces, width);
    lines.extend(stuck.as_ref().map(|stuck| Line::of(Tone::Bad, format!("stuck: {stuck}"))));
    // Mostly, it is one server.
    let mut reasons: Vec<&str> = Vec::new();
    for end in sources.iter().chain(sinks) {
        if let EndState::Disconnected { reason, .. } = &end.state
            && !reasons.contains(&reason.as_str())
        {
            reasons.push(reason);
        }
    }
    lines
        .extend(reasons.iter().take(MOST_REASONS).map(|reason| Line::of(Tone::Bad, format!("disconnected: {reason}"))));
    lines
}

/// The pieces, in as many lines as they need.
fn flow(pieces: Vec<Line>, width: usize) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for piece in pieces {
        match lines.pop() {
            None => lines.push(piece),
            Some(last) if last.width() + 3 + piece.width() <= width => {
                lines.push(last.add(Tone::Plain, "   ").join(piece));
            }
            Some(last) => lines.extend([last, piece]),
        }
    }
    lines
}

fn event_time_lags(stats: &Stats) -> impl Iterator<Item = (&OperatorStats, f64)> {
    stats.operators.iter().filter_map(|operator| Some((operator, operator.event_time_lag_seconds?)))
}

/// What needs attention about a source, an operator or a sink.
#[derive(Default)]
struct Note {
    line: Line,
    /// 0: nothing does.
    urgency: u8,
}

impl Note {
    fn add(&mut self, tone: Tone, text: String) {
        let gap = if self.line.is_empty() { "" } else { ", " };
        self.line = std::mem::take(&mut self.line).add(Tone::Plain, gap).add(tone, text);
        self.urgency = self.urgency.max(match tone {
            Tone::Bad => 2,
            Tone::Warn => 1,
            _ => 0,
        });
    }

    /// So many things were lost, in a tone that says whether it goes on.
    fn add_lost(&mut self, now: u64, before: Option<u64>, tone: Tone, what: &str) {
        if now > 0 {
            let is_new = now > before.unwrap_or_default();
            self.add(if is_new { tone } else { Tone::Soft }, format!("{} {what}", whole(now)));
        }
    }

    fn add_connection(&mut self, end: Option<&EndSnapshot>, now: &Snapshot) {
        match end.map(|end| &end.state) {
            Some(EndState::Starting) => self.add(Tone::Warn, "connecting".to_owned()),
            Some(EndState::Disconnected { since, .. }) => {
                let seconds = now.time.saturating_sub(*since) as f64 / 1e3;
                self.add(Tone::Bad, format!("disconnected for {}", clock(seconds)));
            }
            Some(EndState::Connected) | None => {}
        }
    }
}

/// The rows that are shown of all, at most so many, in their order: the urgent ones first, then those with the highest rates.
fn select(mut rows: Vec<(Row, u8, f64)>, most: usize) -> (Vec<Row>, usize) {
    let others = rows.len().saturating_sub(most);
    if others > 0 {
        let mut ranks: Vec<usize> = (0..rows.len()).collect();
        ranks.sort_by(|one, other| {
            let [one, other] = [one, other].map(|number| (rows[*number].1, rows[*number].2));
            other.0.cmp(&one.0).then(other.1.total_cmp(&one.1))
        });
        ranks.truncate(most);
        let mut number = 0..;
        rows.retain(|_| number.next().is_some_and(|number| ranks.contains(&number)));
    }
    (rows.into_iter().map(|(row, ..)| row).collect(), others)
}

fn plain(text: String) -> Line {
    Line::of(Tone::Plain, text)
}

fn sources(moments: &Moments<'_>, backlogs: &Backlogs, most: usize, width: usize) -> Section {
    let snapshot = &moments.now.snapshot;
    let rows = snapshot.stats.sources.iter().map(|now| {
        let before = source(moments.before, &now.name);
        let messages = moments.growth(now, before, |it| it.received);
        let rows = moments.growth(now, before, |it| it.rows);
        let mut note = Note::default();
        note.add_connection(snapshot.sources.iter().find(|end| end.name == now.name), snapshot);
        note.add_lost(now.dropped, before.map(|it| it.dropped), Tone::Bad, "dropped");
        note.add_lost(now.rejected, before.map(|it| it.rejected), Tone::Bad, "rejected");
        let is_behind = now.is_behind || now.lag_seconds.is_some_and(|lag| lag > BEHIND);
        let tone = if is_behind { Tone::Warn } else { Tone::Plain };
        // Messages that have arrived wait, too.
        let lag = now.lag_messages.map(|lag| lag + now.backlog).or((now.backlog > 0).then_some(now.backlog));
        let numbers = [
            plain(rate(messages)),
            plain(rate(rows)),
            Line::of(tone, lag.map_or(String::new(), whole)),
            Line::of(tone, now.lag_seconds.map_or(String::new(), duration)),
        ];
        let below = progress::of_source(now, moments, backlogs, width);
        let urgency = note.urgency.max(u8::from(below.is_some()));
        (Row { name: now.name.clone(), numbers, note: note.line, below }, urgency, messages.unwrap_or_default())
    });
    let (rows, others) = select(rows.collect(), most);
    Section { title: "source", numbers: ["messages/s", "rows/s", "lag", "behind"], rows, others }
}

/// The operators that stand out.
fn operators(moments: &Moments<'_>, most: usize) -> Section {
    let stats = &moments.now.snapshot.stats;
    let newest = event_time_lags(stats).map(|(_, lag)| lag).min_by(f64::total_cmp);
    let mut rows: Vec<(Row, u8, f64)> = Vec::new();
    for now in &stats.operators {
        let before = moments.before.snapshot.stats.operators.iter().find(|it| it.name == now.name);
        let earlier = before.map_or(0.0, |it| it.busy_seconds);
        // Of each worker, on average.
        let busy = moments.rate(now.busy_seconds, earlier).unwrap_or_default() / now.workers.len().max(1) as f64;
        let mut note = Note::default();
        note.add_lost(now.errors, before.map(|it| it.errors), Tone::Bad, "errors");
        note.add_lost(now.late, before.map(|it| it.late), Tone::Warn, "late rows");
        note.add_lost(now.ahead, before.map(|it| it.ahead), Tone::Warn, "rows ahead of time");
        if let (Some(lag), Some(newest)) = (now.event_time_lag_seconds, newest)
            && lag - newest > BEHIND
        {
            note.add(Tone::Warn, format!("event time {} behind others", duration(lag - newest)));
        }
        if note.line.is_empty() && busy < BUSY {
            continue;
        }
        let tone = if busy > VERY_BUSY { Tone::Warn } else { Tone::Plain };
        let numbers = [
            plain(rate(moments.growth(now, before, |it| it.rows))),
            Line::of(tone, format!("{:.0}%", busy * 100.0)),
            plain(if now.state_keys > 0 { whole(now.state_keys) } else { String::new() }),
            Line::default(),
        ];
        let has_note = u8::from(!note.line.is_empty());
        rows.push((
            Row { name: now.name.clone(), numbers, note: note.line, below: None },
            note.urgency + has_note,
            busy,
        ));
    }
    let urgent = rows.iter().filter(|(_, urgency, _)| *urgency > 0).count();
    let (rows, _) = select(rows, most.min(urgent + MOST_BUSY));
    let others = stats.operators.len() - rows.len();
    Section { title: "operator", numbers: ["rows/s", "busy", "keys", ""], rows, others }
}

fn sinks(moments: &Moments<'_>, most: usize) -> Section {
    let snapshot = &moments.now.snapshot;
    let rows = snapshot.stats.sinks.iter().map(|now| {
        let before = moments.before.snapshot.stats.sinks.iter().find(|it| it.name == now.name);
        let published = moments.growth(now, before, |it| it.published);
        let mut note = Note::default();
        note.add_connection(snapshot.sinks.iter().find(|end| end.name == now.name), snapshot);
        if now.is_full {
            note.add(Tone::Bad, "full".to_owned());
        }
        note.add_lost(now.rejected, before.map(|it| it.rejected), Tone::Bad, "rejected");
        let numbers = [plain(rate(published)), Line::default(), plain(whole(now.unconfirmed)), Line::default()];
        (
            Row { name: now.name.clone(), numbers, note: note.line, below: None },
            note.urgency,
            published.unwrap_or_default(),
        )
    });
    let (rows, others) = select(rows.collect(), most);
    Section { title: "sink", numbers: ["published/s", "", "unconfirmed", ""], rows, others }
}
