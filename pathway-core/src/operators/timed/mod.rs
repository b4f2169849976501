//! Policies of time: rows are forgotten, held back or refused by how far event time has come.

mod buffer;
mod forget;
mod ignore_late;
mod inactive_for;
mod operator;

use std::sync::Arc;

use super::state::event_time::Clock;
use super::window::{EventTime, Length};
use crate::data::{Datum, Error, ErrorKind, Schema};
use crate::plan::Table;

pub use super::timed::inactive_for::TimedGroups;

impl<R: Schema> Table<R> {
    /// The rows with their event time, for policies of time: [`forget`](Timed::forget), [`buffer`](Timed::buffer),
    /// [`ignore_late`](Timed::ignore_late); and for who is [silent](TimedGroups::inactive_for).
    ///
    /// The event time of a table is the latest time of any of its rows up to and including the commit: it never goes back, and a
    /// row that goes does not move it. It does not depend on the number of workers. (A row with a time far in the future moves it
    /// there, and makes all others old: `filter!` what can't be.)
    pub fn timed<T: EventTime>(&self, time: impl Fn(&R) -> T + Send + Sync + 'static) -> Timed<R, T> {
        Timed { table: self.clone(), time: Arc::new(time), clock: None }
    }
}

/// The rows of a table with their event time; see [`Table::timed`].
#[must_use = "say what becomes of the rows: `.forget(..)`, `.buffer(..)` or `.ignore_late(..)`"]
pub struct Timed<R, T> {
    table: Table<R>,
    time: Arc<dyn Fn(&R) -> T + Send + Sync>,
    clock: Option<Clock>,
}

impl<R: Schema, T: EventTime> Timed<R, T> {
    /// Lets event time go on by a clock once no row has come for so long. Default: it stands still while no row comes.
    ///
    /// The same as for windows: see [`Windows::idle_timeout`](super::window::Windows::idle_timeout).
    pub fn idle_timeout<C: Schema>(
        mut self,
        silence: impl Length<T>,
        clock: &Table<C>,
        time: impl Fn(&C) -> T + Send + Sync + 'static,
    ) -> Self {
        let clock = Clock::new(self.ticks(silence), clock, time);
        clock.is_of_one_pipeline_with(&self.table, "idle_timeout");
        self.clock = Some(clock);
        self
    }

    /// Groups the rows by a key, to see which groups are [silent](TimedGroups::inactive_for). Several keys are a tuple.
    pub fn group_by<K: Datum>(self, key: impl Fn(&R) -> K + Send + Sync + 'static) -> TimedGroups<R, T, K> {
        TimedGroups::new(self, key)
    }

    /// A length in ticks. One that has none, or is below zero, ends the pipeline.
    fn ticks(&self, length: impl Length<T>) -> i128 {
        let ticks = length.ticks().and_then(|ticks| match ticks {
            0.. => Ok(ticks),
            _ => Err("a length of time that is below zero".to_owned()),
        });
        ticks.unwrap_or_else(|mistake| {
            let message = format!("a policy of time of {:?}: {mistake}", self.table);
            self.table.plan().control().fail(Error::new(ErrorKind::Config, message));
            0
        })
    }
}
