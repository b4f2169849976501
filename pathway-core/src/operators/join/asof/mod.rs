//! `asof`: each row with the row of another table that stood at its time.

mod state;

use std::sync::Arc;

use super::asof::state::{Asof, Direction, Times};
use super::{Join, MakeRow, Pair};
use crate::data::{Datum, Schema};
use crate::operators::window::EventTime;
use crate::plan::Table;

impl<L: Schema, R: Schema, K: Datum> Join<L, R, K> {
    /// Each left row with one right row of its key: the latest whose time is not after its own. [`forward`](AsofJoin::forward)
    /// and [`nearest`](AsofJoin::nearest) choose another.
    ///
    /// TwoSidedJoin sides are live: when a right row comes that is nearer, or the one that was found goes, the row that was made of it
    /// goes and the new one comes. ([`asof_now`](Join::asof_now) answers by arrival, once.) Of several right rows of one time the
    /// last in the rows' own order, column by column, is found; where the search goes [`forward`](AsofJoin::forward), the first.
    ///
    /// It keeps the rows of both sides in memory, by key and time: a key's own size and 76 bytes; of each time a row and 56 bytes
    /// on the left, 24 on the right, in nodes of up to eleven, of which the first is allocated whole; more rows of one time in a
    /// tree of their own.
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
        AsofJoin { join: self, times }
    }
}

/// A join of each left row with the right row of its time; see [`Join::asof`].
#[must_use = "say which rows are wanted: `.inner(..)` or `.left(..)`"]
pub struct AsofJoin<L, R, K> {
    join: Join<L, R, K>,
    times: Times<L, R>,
}

impl<L: Schema, R: Schema, K: Datum> AsofJoin<L, R, K> {
    /// Finds the earliest right row whose time is not before the left row's.
    pub fn forward(mut self) -> Self {
        self.times.direction = Direction::Forward;
        self
    }

    /// Finds the right row whose time is nearest to the left row's, before or after it; of two that are equally far, the earlier.
    pub fn nearest(mut self) -> Self {
        self.times.direction = Direction::Nearest;
        self
    }

    /// A row of each left row for which a right one is found.
    pub fn inner<O: Schema>(self, row: impl Fn(&L, &R) -> O + Send + Sync + 'static) -> Table<O> {
        self.joined(move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(left, right)),
            Pair::Left(_) | Pair::Right(_) => None,
        })
    }

    /// A row of each left row.
    pub fn left<O: Schema>(self, row: impl Fn(&L, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        self.joined(move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(left, Some(right))),
            Pair::Left(left) => Some(row(left, None)),
            Pair::Right(_) => None,
        })
    }

    fn joined<O: Schema>(self, row: impl Fn(Pair<'_, L, R>) -> Option<O> + Send + Sync + 'static) -> Table<O> {
        let AsofJoin { join, times } = self;
        let row: MakeRow<L, R, O> = Arc::new(row);
        join.operator("asof_join", false, row, move |left, right, row| Asof::new(left, right, times.clone(), row))
    }
}
