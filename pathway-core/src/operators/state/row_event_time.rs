//! Event time row by row, for tables whose rows are in the order of their arrival.
//!
//! A row is late or not because of the rows before it, wherever commits begin. The first worker therefore decides it, before
//! rows are exchanged by key.

use super::event_time::IdleClock;
use crate::data::{Change, Schema};
use crate::dataflow::{Changes, Item, Stream};
use crate::plan::Build;

/// The event time of a table after each of its rows.
#[derive(Debug, Default)]
pub(crate) struct RowEventTime {
    now: Option<i128>,
    idle: Option<Idle>,
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
    pub(crate) fn new(clock: Option<&IdleClock>) -> Self {
        let idle = |clock: &IdleClock| Idle { timeout: clock.timeout(), clock: None, has_row: false, since: None };
        RowEventTime { now: None, idle: clock.map(idle) }
    }

    /// A change of a row with this time arrives. Returns event time before it.
    pub(crate) fn arrive(&mut self, time: i128, diff: i64) -> Option<i128> {
        let before = self.now;
        if diff > 0 {
            self.now = before.max(Some(time));
            self.idle.iter_mut().for_each(|idle| idle.has_row = true);
        }
        before
    }

    /// The clock says this time.
    pub(crate) fn tick(&mut self, time: i128) {
        let Some(idle) = &mut self.idle else { return };
        let clock = idle.clock.max(Some(time)).unwrap_or(time);
        idle.clock = Some(clock);
        let Some(now) = self.now else { return };
        if std::mem::take(&mut idle.has_row) {
            idle.since = Some((clock, now));
        }
        if let Some((since, at)) = idle.since
            && clock - since >= idle.timeout
        {
            self.now = Some(now.max(at + clock - since));
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

/// What arrives at a table with a clock: a change of the table, or the time of a tick.
pub(crate) type Arrival<R> = (Option<Change<R>>, i128);

/// The changes of a table in the order of arrival, and the ticks of its clock among them.
pub(crate) fn arrivals<R: Schema>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &str,
    clock: Option<&IdleClock>,
) -> Stream<Arrival<R>> {
    let rows = build.dataflow.each(changes, name, |changes: &mut Vec<Change<R>>, arrivals| {
        arrivals.extend(changes.drain(..).map(|change| (Some(change), 0)));
    });
    let Some(clock) = clock else { return rows };
    let times = clock.times(build, name);
    let ticks = build.dataflow.each(times, name, |times: &mut Vec<_>, arrivals: &mut Vec<Arrival<R>>| {
        arrivals.extend(times.drain(..).filter_map(|(worker, _, tick)| Some((None, tick.filter(|_| worker == 0)?))));
    });
    build.dataflow.concat(rows, ticks)
}

/// What a worker receives: an item with event time before it, or event time after all items so far. The number is that of the
/// worker for which the event time is.
pub(crate) type Stamped<D> = (Option<D>, u64, Option<i128>);

/// Gives each change of a table the event time before it. `items` makes the items of a change that are sent to the workers;
/// `time` returns `None` if event time is not needed.
pub(crate) fn stamped<R: Schema, D: Item>(
    build: &mut Build<'_>,
    changes: Changes<R>,
    name: &str,
    clock: Option<&IdleClock>,
    time: impl Fn(&R) -> Option<i128> + 'static,
    items: impl Fn(Change<R>, &mut dyn FnMut(D)) + 'static,
) -> Stream<Stamped<D>> {
    let (mut event_time, mut announced) = (RowEventTime::new(clock), None);
    let workers = build.dataflow.workers();
    let arrivals = arrivals(build, changes, name, clock);
    build.dataflow.each(arrivals, name, move |arrivals: &mut Vec<Arrival<R>>, stamped| {
        for (change, tick) in arrivals.drain(..) {
            match change {
                Some(change) => {
                    let before = time(&change.row).and_then(|time| event_time.arrive(time, change.diff));
                    items(change, &mut |item| stamped.push((Some(item), 0, before)));
                }
                None => event_time.tick(tick),
            }
        }
        let now = event_time.now();
        if now > announced {
            announced = now;
            stamped.extend((0..workers).map(|worker| (None, worker, now)));
        }
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
        let mut time = RowEventTime { now: None, idle: Some(idle) };
        let mut check = |row: Option<i128>, tick, expected| {
            if let Some(row) = row {
                time.arrive(row, 1);
            }
            time.tick(tick);
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
}
