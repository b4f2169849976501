//! Event time row by row, for tables whose rows are in the order of their arrival.
//!
//! A row is late or not because of the rows before it, wherever commits begin. The first worker therefore decides it, before
//! rows are exchanged by key.

use serde::{Deserialize, Serialize};

use super::event_time::{ClockInterval, Clocks, Observation};
use super::jump_reports::JumpReports;
use super::parts::{Parts, TimeParts};
use super::source_parts::{RowPart, SourceParts};
use crate::data::{Change, Schema};
use crate::dataflow::{Changes, InputId, Item, Stream};
use crate::plan::Build;

/// The event time of a table after each of its rows.
#[derive(Debug, Default)]
pub(crate) struct RowEventTime {
    now: Option<i128>,
    /// The latest time of any row that may move it.
    latest: Option<i128>,
    /// Whether it is the least time of the table's parts, instead of the latest time.
    parts: Option<Box<Parts>>,
    idle: Option<Idle>,
    ahead: Option<Ahead>,
}

/// Keeps rows from the future from moving event time.
#[derive(Debug)]
struct Ahead {
    /// How far ahead of the clock a row may be.
    limit: i128,
    /// The latest time of the clock.
    clock: Option<i128>,
}

/// Advances event time while no row arrives.
#[derive(Debug)]
struct Idle {
    /// How long no row must arrive before the table is idle.
    timeout: i128,
    /// The latest time of the clock.
    clock: Option<i128>,
    /// A row has arrived since the last tick.
    has_row: bool,
    /// The time of the first tick after the last row, and event time then.
    since: Option<(i128, i128)>,
}

impl RowEventTime {
    pub(crate) fn new(clocks: &Clocks) -> Self {
        let idle = |clock: &ClockInterval| Idle { timeout: clock.length(), clock: None, has_row: false, since: None };
        let ahead = |clock: &ClockInterval| Ahead { limit: clock.length(), clock: None };
        let (idle, ahead) = (clocks.idle.as_ref().map(idle), clocks.ahead.as_ref().map(ahead));
        RowEventTime { idle, ahead, ..RowEventTime::default() }
    }

    /// Event time is the least time of the table's parts.
    fn with_parts(self, parts: Option<Parts>) -> Self {
        RowEventTime { parts: parts.map(Box::new), ..self }
    }

    /// A change of a row with this time arrives. Returns event time before it.
    #[inline]
    pub(crate) fn arrive(&mut self, time: i128, diff: i64) -> Option<i128> {
        self.arrive_in(0, time, diff)
    }

    /// The same for a row of this part.
    #[inline]
    fn arrive_in(&mut self, part: u64, time: i128, diff: i64) -> Option<i128> {
        let before = self.now;
        if diff > 0 {
            if !self.is_ahead(time) {
                self.latest = self.latest.max(Some(time));
                let moved = match &mut self.parts {
                    None => Some(time),
                    Some(parts) => {
                        parts.arrive(part, time);
                        // None counts if all have ended, or are in the background.
                        if parts.is_empty() { self.latest } else { parts.least() }
                    }
                };
                self.now = before.max(moved);
            }
            self.idle.iter_mut().for_each(|idle| idle.has_row = true);
        }
        before
    }

    /// Whether a row with this time is too far ahead of the clock to move event time. Until the clock has said a time, no row is.
    #[inline]
    pub(crate) fn is_ahead(&self, time: i128) -> bool {
        let limit = |ahead: &Ahead| Some(ahead.clock?.saturating_add(ahead.limit));
        self.ahead.as_ref().and_then(limit).is_some_and(|limit| time > limit)
    }

    /// No more rows of a part arrive.
    fn end(&mut self, part: u64) {
        let Some(parts) = &mut self.parts else { return };
        parts.end(part);
        let moved = if parts.is_empty() { self.latest } else { parts.least() };
        self.now = self.now.max(moved);
    }

    /// The clock for rows that are ahead says a time.
    fn tick_ahead(&mut self, time: i128) {
        if let Some(ahead) = &mut self.ahead {
            ahead.clock = ahead.clock.max(Some(time));
        }
    }

    /// The clock for idleness says a time.
    fn tick_idle(&mut self, time: i128) {
        let Some(idle) = &mut self.idle else { return };
        let clock = idle.clock.max(Some(time)).unwrap_or(time);
        idle.clock = Some(clock);
        if let Some(at) = self.now.max(self.latest)
            && std::mem::take(&mut idle.has_row)
        {
            idle.since = Some((clock, at));
        }
        if let Some(parts) = &mut self.parts {
            parts.tick(clock, idle.timeout);
            if !parts.is_empty() {
                self.now = self.now.max(parts.least());
                return;
            }
        }
        if let Some((since, at)) = idle.since
            && clock - since >= idle.timeout
        {
            self.now = self.now.max(Some(at + clock - since));
        }
    }

    /// Event time after all that has arrived.
    pub(crate) fn now(&self) -> Option<i128> {
        self.now
    }

    /// Event time is at least this: somebody else, who has all rows, says so.
    pub(crate) fn advance_to(&mut self, time: Option<i128>) {
        self.now = self.now.max(time);
    }
}

/// What moves event time besides rows.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Signal {
    /// The time of the clock for idleness.
    Idle(i128),
    /// That of the clock for rows that are ahead.
    Ahead(i128),
    /// A source has ended.
    Ended(InputId),
}

/// What arrives at a table: a change, or a signal.
type Arrival<R> = (Option<Change<R>>, Option<Signal>);

/// The changes of a table in the order of arrival, with the ticks of its clocks and the ends of its sources among them.
fn arrivals<R: Schema>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &str,
    RowTimes { clocks, parts, .. }: &RowTimes<'_, R, impl Sized>,
) -> Stream<Arrival<R>> {
    let mut all = build.dataflow.each(changes, name, |changes: &mut Vec<Change<R>>, arrivals| {
        arrivals.extend(changes.drain(..).map(|change| (Some(change), None)));
    });
    if let TimeParts::BySource(_) = parts {
        let ends = build.source_ends();
        let ends = build.dataflow.each(ends, name, |ends: &mut Vec<InputId>, arrivals: &mut Vec<Arrival<R>>| {
            arrivals.extend(ends.drain(..).map(|input| (None, Some(Signal::Ended(input)))));
        });
        all = build.dataflow.concat(all, ends);
    }
    for (clock, is_idle) in [(&clocks.idle, true), (&clocks.ahead, false)] {
        let Some(clock) = clock else { continue };
        let times = clock.times(build, name);
        let clock = clock.clone();
        let ticks = build.dataflow.each(times, name, move |times: &mut Vec<_>, arrivals: &mut Vec<Arrival<R>>| {
            if is_idle && clock.is_catching_up() {
                times.clear();
            }
            let signal = if is_idle { Signal::Idle } else { Signal::Ahead };
            arrivals.extend(times.drain(..).filter_map(|observed| match observed {
                (0, Observation::Clock(tick)) => Some((None, Some(signal(tick)))),
                _ => None,
            }));
        });
        all = build.dataflow.concat(all, ticks);
    }
    all
}

/// How the rows of a table move its event time.
pub(crate) struct RowTimes<'a, R, F> {
    /// The time of a row, in ticks; `None` if event time is not needed.
    pub(crate) time: F,
    pub(crate) clocks: &'a Clocks,
    pub(crate) parts: TimeParts<R>,
}

/// Makes items of the changes of a table, one by one in the order of their arrival, on the first worker.
///
/// `step` is called with each change, the time of its row and event time before it, and without a change when a clock has moved
/// event time. It also gets event time afterwards. It is called at the end of each batch, too.
pub(crate) fn by_row<R: Schema, D: Item>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &str,
    times: RowTimes<'_, R, impl Fn(&R) -> Option<i128> + 'static>,
    mut reports: JumpReports,
    mut step: impl FnMut(RowStep<R>, &mut Vec<D>) + 'static,
) -> Stream<D> {
    let arrivals = arrivals(build, changes, name, &times);
    let RowTimes { time, clocks, parts } = times;
    let mut sources = SourceParts::new(build, &parts);
    let part = RowPart::new(build, parts);
    let mut event_time = RowEventTime::new(clocks).with_parts(part.start(&sources));
    build.dataflow.each(arrivals, name, move |arrivals: &mut Vec<Arrival<R>>, items| {
        for (change, signal) in arrivals.drain(..) {
            let before = event_time.now();
            let time = change.as_ref().and_then(|change| time(&change.row));
            if let (Some(Change { row, diff }), Some(time)) = (&change, time) {
                let part = part.of(row);
                event_time.arrive_in(part, time, *diff);
                reports.arrived(row, *diff, &event_time, before, time);
                let slowest = event_time.parts.as_ref().and_then(|parts| parts.slowest());
                if let Some(waiting) = sources.waiting(part, 1, slowest) {
                    reports.waiting(waiting);
                }
            }
            match signal {
                Some(Signal::Idle(time)) => event_time.tick_idle(time),
                Some(Signal::Ahead(time)) => event_time.tick_ahead(time),
                Some(Signal::Ended(source)) => sources.end(source, |part| event_time.end(part)),
                None => {}
            }
            step(RowStep::Next { change, time, before, after: event_time.now() }, items);
        }
        step(RowStep::End { now: event_time.now() }, items);
    })
}

/// What has happened to a table of arrivals.
pub(crate) enum RowStep<R> {
    /// A change has arrived, or a clock has moved event time.
    Next {
        change: Option<Change<R>>,
        /// The time of its row.
        time: Option<i128>,
        before: Option<i128>,
        after: Option<i128>,
    },
    /// The end of a batch.
    End { now: Option<i128> },
}

/// What a worker receives: an item with event time before it, or event time after all items so far. The number is that of the
/// worker for which the event time is.
pub(crate) type Stamped<D> = (Option<D>, u64, Option<i128>);

/// Gives each change of a table the event time before it. `items` makes the items of a change that are sent to the workers.
pub(crate) fn stamped<R: Schema, D: Item>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &str,
    times: RowTimes<'_, R, impl Fn(&R) -> Option<i128> + 'static>,
    reports: JumpReports,
    items: impl Fn(Change<R>, &mut dyn FnMut(D)) + 'static,
) -> Stream<Stamped<D>> {
    let (mut announced, workers) = (None, build.dataflow.workers());
    by_row(build, changes, name, times, reports, move |step, stamped| match step {
        RowStep::Next { change: Some(change), before, .. } => {
            items(change, &mut |item| stamped.push((Some(item), 0, before)));
        }
        RowStep::Next { change: None, .. } => {}
        RowStep::End { now } if now > announced => {
            announced = now;
            stamped.extend((0..workers).map(|worker| (None, worker, now)));
        }
        RowStep::End { .. } => {}
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_moves_event_time() {
        let mut time = RowEventTime::default();
        let before = [(5, 1), (3, 1), (9, -1), (8, 1), (8, 1)].map(|(at, diff)| time.arrive(at, diff));
        assert_eq!(before, [None, Some(5), Some(5), Some(5), Some(8)]);
        time.advance_to(Some(20));
        time.advance_to(Some(10));
        assert_eq!(time.arrive(9, 1), Some(20));
    }

    #[test]
    fn a_clock_advances_it_after_the_timeout() {
        let idle = Idle { timeout: 10, clock: None, has_row: false, since: None };
        let mut time = RowEventTime { idle: Some(idle), ..RowEventTime::default() };
        let mut check = |row: Option<i128>, tick, expected| {
            if let Some(row) = row {
                time.arrive(row, 1);
            }
            time.tick_idle(tick);
            assert_eq!(time.now(), expected, "at {tick}");
        };
        check(None, 1_000, None);
        // The timeout begins with the first tick after the row.
        check(Some(50), 1_001, Some(50));
        check(None, 1_010, Some(50));
        check(None, 1_011, Some(60));
        // A clock that is set back has no effect.
        check(None, 900, Some(60));
        check(None, 1_012, Some(61));
        // A late row restarts the timeout, from the current event time.
        check(Some(20), 1_013, Some(61));
        check(None, 1_022, Some(61));
        check(None, 1_023, Some(71));
    }

    #[test]
    fn a_row_from_the_future_does_not_move_it() {
        let ahead = Ahead { limit: 10, clock: None };
        let mut time = RowEventTime { ahead: Some(ahead), ..RowEventTime::default() };
        time.arrive(5, 1);
        time.tick_ahead(100);
        assert!(!time.is_ahead(110) && time.is_ahead(111));
        time.arrive(111, 1);
        assert_eq!(time.now(), Some(5));
        // A clock that is set back has no effect.
        time.tick_ahead(90);
        time.arrive(110, 1);
        assert_eq!(time.now(), Some(110));
    }
}
