//! `within`: joins of rows that happened at about the same time.

mod bounds;
mod state;

pub use super::interval::bounds::Interval;

use std::sync::Arc;

use super::both::Emits;
use super::interval::state::{Intervals, Near};
use super::{Join, MakeRow, Pair};
use crate::data::{Datum, Error, ErrorKind, Schema};
use crate::operators::window::EventTime;
use crate::plan::Table;

impl<L: Schema, R: Schema, K: Datum> Join<L, R, K> {
    /// Of the pairs with one key only those whose right row is so far from the left one in time: its time, less that of the
    /// left row, lies in the interval, both ends of which belong to it. Times before the left row's are below zero.
    ///
    /// TwoSidedJoin sides are live, as in any join. A pair is found by key and time: a change costs the pairs that it changes, and not
    /// a look at all rows of its key.
    ///
    /// It keeps the rows of both sides in memory, by key and time: a key's own size and 76 bytes; of each time of either side a
    /// row and 40 bytes, in nodes of up to eleven, of which the first is allocated whole; more rows of one time in a tree of
    /// their own. To bound that, [`forget`](Table::forget) rows of either side once the other can have none that is near enough.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Order { id: i64, user: i64, at: i64 }
    /// # #[derive(Schema)] struct Click { user: i64, at: i64, page: String }
    /// # #[derive(Schema, Debug, PartialEq)] struct Led { order: i64, page: String }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.rows([Order { id: 1, user: 7, at: 100 }]);
    /// let clicks = pipeline.rows([(7, 95, "tea"), (7, 30, "milk"), (8, 99, "rice")].map(|(user, at, page)| Click { user, at, page: page.into() }));
    /// let led = orders
    ///     .join(&clicks)
    ///     .on(|o| o.user, |c| c.user)
    ///     .within(|o| o.at, |c| c.at, -60..=0) // The click came up to 60 before the order.
    ///     .inner(|o, c| Led { order: o.id, page: c.page.clone() })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(led.rows(), [Led { order: 1, page: "tea".into() }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn within<T: EventTime>(
        self,
        left: impl Fn(&L) -> T + Send + Sync + 'static,
        right: impl Fn(&R) -> T + Send + Sync + 'static,
        interval: impl Interval<T>,
    ) -> IntervalJoin<L, R, K> {
        let bounds = interval.ticks().and_then(|(from, to)| match from <= to {
            true => Ok((from, to)),
            false => Err("an interval whose end is before its beginning: nothing lies in it".to_owned()),
        });
        let (from, to) = bounds.unwrap_or_else(|mistake| {
            let message = format!("a join of {:?} and {:?}: {mistake}", self.left, self.right);
            self.left.plan().control().fail(Error::new(ErrorKind::Config, message));
            (0, 0)
        });
        let near = Near {
            left: Arc::new(move |row| left(row).ticks()),
            right: Arc::new(move |row| right(row).ticks()),
            from,
            to,
        };
        IntervalJoin { join: self, near }
    }
}

/// A join of rows that are near in time; see [`Join::within`].
#[must_use = "say which rows are wanted: `.inner(..)`, `.left(..)`, `.right(..)` or `.full(..)`"]
pub struct IntervalJoin<L, R, K> {
    join: Join<L, R, K>,
    near: Near<L, R>,
}

impl<L: Schema, R: Schema, K: Datum> IntervalJoin<L, R, K> {
    /// A row of each pair.
    pub fn inner<O: Schema>(self, row: impl Fn(&L, &R) -> O + Send + Sync + 'static) -> Table<O> {
        let append_only = self.join.left.shape().append_only && self.join.right.shape().append_only;
        let emits = Emits { pairs: true, ..Emits::default() };
        self.joined(emits, append_only, move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(left, right)),
            Pair::Left(_) | Pair::Right(_) => None,
        })
    }

    /// The same, and a row of each left row without a right one that is near enough. When one comes, that row goes.
    pub fn left<O: Schema>(self, row: impl Fn(&L, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        let emits = Emits { pairs: true, left_unmatched: true, ..Emits::default() };
        self.joined(emits, false, move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(left, Some(right))),
            Pair::Left(left) => Some(row(left, None)),
            Pair::Right(_) => None,
        })
    }

    /// A row of each pair, and one of each right row without a left one.
    pub fn right<O: Schema>(self, row: impl Fn(Option<&L>, &R) -> O + Send + Sync + 'static) -> Table<O> {
        let emits = Emits { pairs: true, right_alone: true, ..Emits::default() };
        self.joined(emits, false, move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(Some(left), right)),
            Pair::Right(right) => Some(row(None, right)),
            Pair::Left(_) => None,
        })
    }

    /// A row of each pair, and one of each row of either side without one of the other.
    pub fn full<O: Schema>(self, row: impl Fn(Option<&L>, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        let emits = Emits { pairs: true, left_unmatched: true, right_alone: true, ..Emits::default() };
        self.joined(emits, false, move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(Some(left), Some(right))),
            Pair::Left(left) => Some(row(Some(left), None)),
            Pair::Right(right) => Some(row(None, Some(right))),
        })
    }

    fn joined<O: Schema>(
        self,
        emits: Emits,
        append_only: bool,
        row: impl Fn(Pair<'_, L, R>) -> Option<O> + Send + Sync + 'static,
    ) -> Table<O> {
        let IntervalJoin { join, near } = self;
        let row: MakeRow<L, R, O> = Arc::new(row);
        join.operator("interval_join", append_only, row, move |left, right, row| {
            Intervals::new(left, right, near.clone(), emits, row)
        })
    }
}
