//! Policies by event time: rows are forgotten, held back or ignored, and keys are found inactive.

mod buffer;
mod forget;
mod ignore_late;
mod inactive_for;
mod policy;
mod rows_by_time;

use std::fmt;
use std::sync::Arc;

use super::state::{ClockInterval, Clocks, TimeParts, part_of};
use super::window::{EventTime, Length};
use crate::data::{Datum, Schema};
use crate::plan::Table;

pub use super::timed::inactive_for::TimedGroups;

impl<R: Schema> Table<R> {
    /// The rows with their event time, to [`forget`](Timed::forget), [`buffer`](Timed::buffer) or
    /// [ignore late rows](Timed::ignore_late), or to find [inactive keys](TimedGroups::inactive_for).
    ///
    /// The event time of a table is the latest time of the rows that have arrived so far; of a table that changes, the latest time
    /// of any row up to and including the commit; of arrivals from several sources, the least time of these. Behind a join
    /// [within](crate::operators::Join::within) an interval or [as of](crate::operators::Join::asof) a time, it is not later than that
    /// of either side. It never decreases, not even when rows are removed, and is the same for any number of workers. A row with a
    /// time far in the future advances event time to there, so that all other rows are late: drop impossible times with `filter!`.
    pub fn timed<T: EventTime>(&self, time: impl Fn(&R) -> T + Send + Sync + 'static) -> Timed<R, T> {
        Timed { table: self.clone(), time: Arc::new(time), clocks: Clocks::default(), parts: TimeParts::of::<T>(self) }
    }
}

/// The rows of a table with their event time; see [`Table::timed`].
#[must_use = "call `.forget(..)`, `.buffer(..)`, `.ignore_late(..)` or `.group_by(..)`"]
pub struct Timed<R, T> {
    pub(in crate::operators) table: Table<R>,
    pub(in crate::operators) time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    pub(in crate::operators) clocks: Clocks,
    pub(in crate::operators) parts: TimeParts<R>,
}

impl<R: Schema, T: EventTime> Timed<R, T> {
    /// Advances event time by a clock once no row has arrived for `timeout`. Default: event time does not advance while no row
    /// arrives.
    ///
    /// It works as for windows; see [`Windows::idle_timeout`](super::window::Windows::idle_timeout).
    pub fn idle_timeout<C: Schema>(
        mut self,
        timeout: impl Length<T>,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        self.clocks.idle = Some(ClockInterval::new(self.ticks(timeout), clock, time));
        self.clocks.check(&self.table);
        self
    }

    /// Keeps rows that are more than `limit` ahead of a clock from moving event time, so that one wrong time does not make all
    /// other rows late. Such a row is otherwise handled like any other; it is counted and reported. Default: no limit.
    ///
    /// It works as for windows; see [`Windows::max_ahead`](super::window::Windows::max_ahead).
    pub fn max_ahead<C: Schema>(
        mut self,
        limit: impl Length<T>,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        self.clocks.ahead = Some(ClockInterval::new(self.ticks(limit), clock, time));
        self.clocks.check(&self.table);
        self
    }

    /// Makes event time the least time of the table's parts, such as devices or partitions. Default: each source is a part.
    ///
    /// It works as for windows; see [`Windowed::time_by`](super::window::Windowed::time_by).
    pub fn time_by<P: Datum>(mut self, part: impl Fn(&R) -> P + Send + Sync + 'static) -> Self {
        self.parts = part_of(&self.table, part);
        self
    }

    /// Groups the rows by a key, to [scan](TimedGroups::scan) them or to find [inactive](TimedGroups::inactive_for) keys. Use a tuple
    /// for several keys.
    pub fn group_by<K: Datum>(self, key: impl Fn(&R) -> K + Send + Sync + 'static) -> TimedGroups<R, T, K> {
        TimedGroups::new(self, key)
    }

    /// A length in ticks. An invalid or negative length fails the pipeline.
    pub(super) fn ticks(&self, length: impl Length<T>) -> i128 {
        let ticks = length.ticks().and_then(|ticks| match ticks {
            0.. => Ok(ticks),
            _ => Err("the length must not be negative".to_owned()),
        });
        ticks.unwrap_or_else(|error| {
            self.table.fail(format!("an event-time policy of {:?}: {error}", self.table));
            0
        })
    }
}

impl<R: Schema, T> fmt::Debug for Timed<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timed").field("table", &self.table).finish_non_exhaustive()
    }
}
