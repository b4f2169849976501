//! Event time row by row, for tables whose rows are in the order of their arrival.
//!
//! A row is late or not because of the rows before it, wherever commits begin. The first worker therefore decides it, before
//! rows are exchanged by key.

use std::marker::PhantomData;

use serde::{Deserialize, Serialize};

use super::event_time::{ClockInterval, Clocks, Observation};
use super::jump_reports::JumpReports;
use super::parts::{Parts, TimeParts};
use super::source_parts::{RowPart, SourceParts};
use super::whole::{Whole, WholeState};
use crate::data::{Change, Schema};
use crate::dataflow::{Changes, InputId, Item, StatePart, Stateful, StatefulStep, Stream};
use crate::plan::Build;

/// The event time of a table after each of its rows.
#[derive(Default)]
pub(crate) struct RowEventTime {
    reached: WholeState<Reached>,
    /// Whether it is the least time of the table's parts, instead of the latest time.
    parts: Option<Box<Parts>>,
}

/// Event time, and what it depends on besides the parts.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Reached {
    now: Option<i128>,
    /// The latest time of any row that may move it.
    latest: Option<i128>,
    idle: Option<Idle>,
    ahead: Option<Ahead>,
}

/// Keeps rows from the future from moving event time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Ahead {
    /// How far ahead of the clock a row may be.
    #[serde(skip)]
    limit: i128,
    /// The latest time of the clock.
    clock: Option<i128>,
}

/// Advances event time while no row arrives.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Idle {
    /// How long no row must arrive before the table is idle.
    #[serde(skip)]
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
        let length = |clock: &Option<ClockInterval>| clock.as_ref().map(ClockInterval::length);
        RowEventTime::with_lengths(length(&clocks.idle), length(&clocks.ahead))
    }

    /// A clock counts after a timeout, and rows that are ahead of one by more than a limit do not.
    fn with_lengths(timeout: Option<i128>, limit: Option<i128>) -> Self {
        let idle = timeout.map(|timeout| Idle { timeout, clock: None, has_row: false, since: None });
        let ahead = limit.map(|limit| Ahead { limit, clock: None });
        RowEventTime { reached: WholeState::new(Reached { idle, ahead, ..Reached::default() }), parts: None }
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
        let before = self.now();
        if diff > 0 {
            if !self.is_ahead(time) {
                self.reached.latest = self.reached.latest.max(Some(time));
                let moved = match &mut self.parts {
                    None => Some(time),
                    Some(parts) => {
                        parts.arrive(part, time);
                        // None counts if all have ended, or are in the background.
                        if parts.is_empty() { self.reached.latest } else { parts.least() }
                    }
                };
                self.advance_to(moved);
            }
            self.reached.idle.iter_mut().for_each(|idle| idle.has_row = true);
        }
        before
    }

    /// Whether a row with this time is too far ahead of the clock to move event time. Until the clock has said a time, no row is.
    #[inline]
    pub(crate) fn is_ahead(&self, time: i128) -> bool {
        let limit = |ahead: &Ahead| Some(ahead.clock?.saturating_add(ahead.limit));
        self.reached.ahead.as_ref().and_then(limit).is_some_and(|limit| time > limit)
    }

    /// No more rows of a part arrive.
    fn end(&mut self, part: u64) {
        let Some(parts) = &mut self.parts else { return };
        parts.end(part);
        let moved = if parts.is_empty() { self.reached.latest } else { parts.least() };
        self.advance_to(moved);
    }

    /// The clock for rows that are ahead says a time.
    fn tick_ahead(&mut self, time: i128) {
        if let Some(ahead) = &mut self.reached.ahead {
            ahead.clock = ahead.clock.max(Some(time));
        }
    }

    /// The clock for idleness says a time.
    fn tick_idle(&mut self, time: i128) {
        let Reached { now, latest, idle, .. } = &mut *self.reached;
        let Some(idle) = idle else { return };
        let clock = idle.clock.max(Some(time)).unwrap_or(time);
        idle.clock = Some(clock);
        if let Some(at) = (*now).max(*latest)
            && std::mem::take(&mut idle.has_row)
        {
            idle.since = Some((clock, at));
        }
        if let Some(parts) = &mut self.parts {
            parts.tick(clock, idle.timeout);
            if !parts.is_empty() {
                *now = (*now).max(parts.least());
                return;
            }
        }
        if let Some((since, at)) = idle.since
            && clock - since >= idle.timeout
        {
            *now = (*now).max(Some(at + clock - since));
        }
    }

    /// Event time after all that has arrived.
    #[inline]
    pub(crate) fn now(&self) -> Option<i128> {
        self.reached.now
    }

    /// Event time is at least this.
    #[inline]
    pub(crate) fn advance_to(&mut self, time: Option<i128>) {
        self.reached.now = self.reached.now.max(time);
    }

    /// What checkpoints save, on the worker where the rows arrive.
    pub(crate) fn states(&mut self) -> Vec<StatePart<'_>> {
        let mut states = vec![StatePart::first(EVENT_TIME, &mut self.reached)];
        states.extend(self.parts.iter_mut().map(|parts| StatePart::first("times of parts", parts.state())));
        states
    }

    /// What a worker loads that is told event time by the one where the rows arrive.
    pub(crate) fn told(&mut self) -> StatePart<'_> {
        StatePart::load_only(EVENT_TIME, &mut self.reached)
    }

    /// The state was loaded.
    pub(crate) fn loaded(&mut self) {
        self.parts.iter_mut().for_each(|parts| parts.loaded());
    }
}

/// The label of event time in the states of a node, whichever operator of the node has it.
const EVENT_TIME: &str = "event time";

impl Whole for Reached {
    type Saved = Reached;

    fn to_saved(&self) -> Reached {
        *self
    }

    fn load(&mut self, saved: Reached) {
        let (timeout, limit) = (self.idle.map(|idle| idle.timeout), self.ahead.map(|ahead| ahead.limit));
        let idle = saved.idle.zip(timeout).map(|(idle, timeout)| Idle { timeout, ..idle });
        let ahead = saved.ahead.zip(limit).map(|(ahead, limit)| Ahead { limit, ..ahead });
        *self = Reached { idle: idle.or(self.idle), ahead: ahead.or(self.ahead), ..saved };
    }

    fn event_time(&self) -> Option<i128> {
        self.now
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
    reports: JumpReports,
    step: impl RowOperator<R, D>,
) -> Stream<D> {
    let arrivals = arrivals(build, changes, name, &times);
    let RowTimes { time, clocks, parts } = times;
    let sources = SourceParts::new(build, &parts);
    let part = RowPart::new(build, parts);
    let event_time = RowEventTime::new(clocks).with_parts(part.start(&sources));
    let sources = WholeState::new(sources);
    build.dataflow.step(arrivals, name, ByRow { time, part, sources, event_time, reports, step, items: PhantomData })
}

/// What is done with the changes of a table one by one: a closure, if it keeps nothing that checkpoints have to save.
pub(crate) trait RowOperator<R, D>: 'static {
    /// Something has happened to the table.
    fn step(&mut self, step: RowStep<R>, items: &mut Vec<D>);

    /// As [`Stateful::states`].
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }

    /// As [`Stateful::loaded`].
    fn loaded(&mut self) {}
}

impl<R, D, F: FnMut(RowStep<R>, &mut Vec<D>) + 'static> RowOperator<R, D> for F {
    fn step(&mut self, step: RowStep<R>, items: &mut Vec<D>) {
        self(step, items);
    }
}

/// Decides event time row by row.
struct ByRow<R, D, F, S> {
    time: F,
    part: RowPart<R>,
    sources: WholeState<SourceParts>,
    event_time: RowEventTime,
    reports: JumpReports,
    step: S,
    items: PhantomData<fn(D)>,
}

impl<R: Schema, D: Item, F: 'static, S: RowOperator<R, D>> Stateful for ByRow<R, D, F, S> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        let mut states = self.event_time.states();
        states.push(StatePart::first("ended sources", &mut self.sources));
        states.append(&mut self.step.states());
        states
    }

    fn loaded(&mut self) {
        self.event_time.loaded();
        self.step.loaded();
    }
}

impl<R: Schema, D: Item, F: Fn(&R) -> Option<i128> + 'static, S: RowOperator<R, D>> StatefulStep<Arrival<R>, D>
    for ByRow<R, D, F, S>
{
    fn run(&mut self, arrivals: &mut Vec<Arrival<R>>, items: &mut Vec<D>) {
        let ByRow { time, part, sources, event_time, reports, step, .. } = self;
        for (change, signal) in arrivals.drain(..) {
            let before = event_time.now();
            let time = change.as_ref().and_then(|change| time(&change.row));
            if let (Some(Change { row, diff }), Some(time)) = (&change, time) {
                let part = part.of(row);
                event_time.arrive_in(part, time, *diff);
                reports.arrived(row, *diff, event_time, before, time);
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
            step.step(RowStep::Next { change, time, before, after: event_time.now() }, items);
        }
        event_time.parts.iter_mut().for_each(|parts| parts.seal());
        step.step(RowStep::End { now: event_time.now() }, items);
    }
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

#[cfg(test)]
pub(super) mod tests;
