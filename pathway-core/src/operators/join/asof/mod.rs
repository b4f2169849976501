//! `asof`: joins each row with the row of another table that was current at its time.

mod operator;

use std::fmt;
use std::sync::Arc;

use super::Join;
use super::asof::operator::{Asof, Direction, Times};
use super::kind::JoinSpec;
use crate::data::{Datum, Schema};
use crate::operators::state::time_input;
use crate::operators::window::EventTime;
use crate::plan::{Table, TimeInput};

impl<L: Schema, R: Schema, K: Datum> Join<L, R, K> {
    /// Joins each left row with one right row of its key: the latest one whose time is not after its own. Use
    /// [`forward`](AsofJoin::forward) or [`nearest`](AsofJoin::nearest) to search in another direction.
    ///
    /// Both sides are live: when a better right row arrives, or the matched one is removed, the old result is removed and the
    /// new one inserted. ([`asof_now`](Join::asof_now) joins each left row once, on arrival.) If several right rows have the
    /// same time, the last one in the order of the rows themselves, column by column, matches; with
    /// [`forward`](AsofJoin::forward) the first one.
    ///
    /// The event time of the result is the least of its own and that of both sides, so that windows over it wait for the side that
    /// is read slower; see [`Windows::allowed_lateness`](crate::operators::window::Windows::allowed_lateness).
    ///
    /// Memory: the rows of both sides by key and time. For each key, its own size and 76 bytes. For each time, a row and 56 bytes
    /// on the left side, 24 bytes on the right side, in a list that grows from one entry; more than 32 times are in chunks.
    /// Further rows of the same time are in a list of their own.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Trade { id: i64, symbol: String, at: i64 }
    /// # #[derive(Schema)] struct Quote { symbol: String, at: i64, bid: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Priced { trade: i64, bid: Option<i64> }
    /// # let pipeline = Pipeline::new();
    /// # let trades = pipeline.rows([(1, 4), (2, 15), (3, 25)].map(|(id, at)| Trade { id, at, symbol: "A".into() }));
    /// # let quotes = pipeline.rows([(10, 100), (20, 101)].map(|(at, bid)| Quote { at, bid, symbol: "A".into() }));
    /// let priced = trades // At 4, 15 and 25.
    ///     .join(&quotes) // At 10 and 20.
    ///     .on(|t| t.symbol.clone(), |q| q.symbol.clone())
    ///     .asof(|t| t.at, |q| q.at)
    ///     .left(|t, q| Priced { trade: t.id, bid: q.map(|q| q.bid) })
    ///     .collect();
    /// # pipeline.run()?;
    /// let priced_at = |trade, bid| Priced { trade, bid };
    /// assert_eq!(priced.rows(), [priced_at(1, None), priced_at(2, Some(100)), priced_at(3, Some(101))]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn asof<T: EventTime>(
        self,
        left: impl Fn(&L) -> T + Send + Sync + 'static,
        right: impl Fn(&R) -> T + Send + Sync + 'static,
    ) -> AsofJoin<L, R, K> {
        let times = Times {
            left: Arc::new(move |row| left(row).ticks()),
            right: Arc::new(move |row| right(row).ticks()),
            direction: Direction::Backward,
        };
        if self.condition.is_some() {
            let (left, right) = (&self.left, &self.right);
            let error = "`asof` takes no condition: use `filter` on the tables before the join, or on its result";
            left.fail(format!("a join of {left:?} and {right:?}: {error}"));
        }
        let inputs = [time_input::<L, T>(&self.left, &times.left), time_input::<R, T>(&self.right, &times.right)];
        AsofJoin { join: self, times, inputs }
    }
}

/// A join of each left row with the right row at its time; see [`Join::asof`].
#[must_use = "call `.inner(..)` or `.left(..)` to make the table"]
pub struct AsofJoin<L, R, K> {
    join: Join<L, R, K>,
    times: Times<L, R>,
    /// Both sides with their times, which event time does not pass.
    inputs: [TimeInput; 2],
}

impl<L: Schema, R: Schema, K: Datum> AsofJoin<L, R, K> {
    /// Matches the earliest right row whose time is not before that of the left row.
    pub fn forward(mut self) -> Self {
        self.times.direction = Direction::Forward;
        self
    }

    /// Matches the right row whose time is nearest to that of the left row, before or after it. Of two rows at the same
    /// distance, the earlier one matches.
    pub fn nearest(mut self) -> Self {
        self.times.direction = Direction::Nearest;
        self
    }

    /// A row for each left row that matches a right row.
    pub fn inner<O: Schema>(self, row: impl Fn(&L, &R) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::inner(row))
    }

    /// A row for each left row.
    pub fn left<O: Schema>(self, row: impl Fn(&L, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::left(row))
    }

    fn table<O: Schema>(self, spec: JoinSpec<L, R, O>) -> Table<O> {
        let AsofJoin { join, times, inputs } = self;
        let parameter = format!("{}, {:?}", spec.kind, times.direction);
        let detail = parameter.to_lowercase();
        // Of several rows at one time, the least or the greatest is found: they are kept whole.
        let operator = move || Asof::new(times.clone(), Arc::clone(&spec.row));
        let joined = join.operator_by_time("asof_join", false, inputs, (|row| row, |row| row), operator);
        joined.with_state_parameter(parameter).with_details([detail])
    }
}

impl<L: Schema, R: Schema, K> fmt::Debug for AsofJoin<L, R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AsofJoin { join, times, .. } = self;
        f.debug_struct("AsofJoin").field("join", join).field("direction", &times.direction).finish_non_exhaustive()
    }
}
