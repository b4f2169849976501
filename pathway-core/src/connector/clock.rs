//! A clock: time that enters the dataflow as rows.

use std::time::Duration;

use tokio::runtime;
use tokio::time::MissedTickBehavior;

use super::source::{Position, RowBatch, RowSender, Source, SourceSettings, attach_rows};
use super::{Failure, Tick};
use crate::data::{Change, DateTimeUtc, Error, ErrorKind};
use crate::plan::{Pipeline, Table};

impl Pipeline {
    /// A table of one row, the current time, which changes every `every`.
    ///
    /// It advances event time where no rows arrive ([`Windows::idle_timeout`](crate::operators::window::Windows::idle_timeout),
    /// [`Timed::idle_timeout`](crate::operators::Timed::idle_timeout)), and is what [`inactive_for`](crate::operators::TimedGroups::inactive_for)
    /// compares with. Operators read no clock: what they do depends on rows only, those of this table among them. A test
    /// uses another table in its place, and no time has to pass:
    ///
    /// ```
    /// use pathway::time::Tick;
    /// use pathway::prelude::*;
    ///
    /// # let start = "2026-01-01T08:00:00Z".parse::<DateTimeUtc>().unwrap();
    /// let pipeline = Pipeline::new();
    /// let clock = pipeline.commits((0..3).map(|minute| vec![Change::insert(Tick { at: start + minute.minutes() })]));
    /// # let seen = clock.collect();
    /// # pipeline.run()?;
    /// # assert_eq!(seen.rows().len(), 3);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    ///
    /// Each tick seals a commit with the rows that wait by then: it cuts a source's `commit_every` short. A tick is left out
    /// while the pipeline has not taken the previous one. A clock does not keep a pipeline running: that ends when all other
    /// sources have ended. If `every` is zero, [`run`](Pipeline::run) returns an error. The clock is one of the sources that
    /// [`Running::stats`](crate::runtime::Running::stats) counts.
    pub fn clock(&self, every: Duration) -> Table<Tick> {
        let plan = self.plan();
        if every.is_zero() {
            plan.control().fail(Error::new(ErrorKind::Config, "a clock needs an interval of more than 0 s"));
        }
        attach_rows(plan, ClockSource { every })
    }
}

struct ClockSource {
    every: Duration,
}

impl Source for ClockSource {
    type Item = Tick;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().default_name("clock").background()
    }

    fn run(self, rows: &RowSender<Tick>) -> Result<(), Failure> {
        let runtime = runtime::Builder::new_current_thread().enable_time().build()?;
        runtime.block_on(self.tick(rows));
        Ok(())
    }
}

impl ClockSource {
    /// Ticks until the pipeline stops or has ended.
    async fn tick(&self, rows: &RowSender<Tick>) {
        let mut interval = tokio::time::interval(self.every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // The row that an earlier run has left in the table.
        let mut last: Option<Tick> = rows.resume_after().and_then(tick_at);
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                () = rows.stopped() => return,
            }
            let tick = Tick { at: DateTimeUtc::now() };
            // When the system clock is set back, the table keeps its row until time has caught up.
            if rows.link().queue.backlog() > 0 || last.is_some_and(|last| tick <= last) {
                continue;
            }
            // Both in one batch, so that they are in one commit.
            let mut changes = vec![Change::insert(tick)];
            changes.extend(last.replace(tick).map(Change::remove));
            let mut batch = RowBatch::from(changes);
            batch.set_position(Position::from_bytes(tick.at.as_nanosecond().to_le_bytes()));
            if rows.send(&mut batch).is_err() {
                return;
            }
        }
    }
}

/// The tick whose position this is.
fn tick_at(position: &Position) -> Option<Tick> {
    let nanoseconds = i128::from_le_bytes(position.as_bytes()?.try_into().ok()?);
    Some(Tick { at: DateTimeUtc::from_nanosecond(nanoseconds).ok()? })
}
