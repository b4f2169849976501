//! What is said of a join between its keys and its kind: the condition that pairs meet, and the columns that are kept.

use std::sync::Arc;

use super::Join;
use super::conditional::Condition;
use super::keep::Keep;
use super::ranges::{Range, Ranges};
use crate::data::{Datum, Kept, KeptColumns, KeptRow, Schema};
use crate::plan::Table;

impl<L: Schema, R: Schema, K: Datum, A: KeptRow, B: KeptRow> Join<L, R, K, A, B> {
    /// Restricts the join to pairs that meet a condition, besides having the same key, as a condition behind `ON` in SQL. Of several
    /// conditions, a pair must meet all.
    ///
    /// In a left, right or full join, a row of which no pair meets the condition appears once, without the other side. A
    /// [`filter`](Table::filter) on the result would remove it. It works with [`within`](Join::within) and
    /// [`asof_now`](Join::asof_now), but not with [`asof`](Join::asof): with it, [`Pipeline::run`](crate::plan::Pipeline::run)
    /// returns an error.
    ///
    /// The condition must be deterministic: it is called again for the same rows.
    ///
    /// A change is compared with all rows of the other side that have its key, and with `within` those that are close enough. For
    /// each match that an outer, semi or anti join gains or loses, it also searches the other matches of the matched row. Memory: nothing.
    /// `join!` finds conditions that are ranges, such as `a.at <= b.at && b.at <= a.expires`, and compares a change only with rows
    /// whose range it is in. Where more than 32 rows of a key are searched often, they are put into an index, which takes about 40 bytes a row.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Auction { id: i64, expires: i64 }
    /// # #[derive(Schema)] struct Bid { auction: i64, at: i64, price: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Offer { auction: i64, price: Option<i64> }
    /// # let pipeline = Pipeline::new();
    /// let auctions = pipeline.rows([(1, 10), (2, 10)].map(|(id, expires)| Auction { id, expires }));
    /// let bids = pipeline.rows([(1, 5, 100), (1, 15, 200), (2, 15, 300)].map(|(auction, at, price)| Bid { auction, at, price }));
    /// let offers = auctions
    ///     .join(&bids)
    ///     .on(|a| a.id, |b| b.auction)
    ///     .and(|a, b| b.at <= a.expires)
    ///     .left(|a, b| Offer { auction: a.id, price: b.map(|b| b.price) })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(offers.rows(), [Offer { auction: 1, price: Some(100) }, Offer { auction: 2, price: None }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn and(mut self, condition: impl Fn(&A::View, &B::View) -> bool + Send + Sync + 'static) -> Self {
        let condition = match self.condition.take() {
            None => Condition::new(move |left: &A, right: &B| condition(left.view(), right.view())),
            Some(Condition { meets, ranges, .. }) => {
                let both = Condition::new(move |left: &A, right: &B| {
                    meets(left, right) && condition(left.view(), right.view())
                });
                Condition { ranges, ..both }
            }
        };
        self.condition = Some(condition);
        self
    }
}

/// What `join!` says of the condition, and of the columns that it mentions.
impl<L: Schema, R: Schema, K: Datum, A: KeptRow, B: KeptRow> Join<L, R, K, A, B> {
    /// Says that only pairs whose ranges overlap meet the condition. A range is given by the ranks of its ends, if they have one.
    #[doc(hidden)]
    pub fn ranges(
        mut self,
        left: impl Fn(&A::View) -> (Option<i128>, Option<i128>) + Send + Sync + 'static,
        right: impl Fn(&B::View) -> (Option<i128>, Option<i128>) + Send + Sync + 'static,
    ) -> Self {
        if let Some(condition) = &mut self.condition {
            let left = Arc::new(move |row: &A| Range::between(left(row.view())));
            let right = Arc::new(move |row: &B| Range::between(right(row.view())));
            condition.ranges = Some(Ranges { left, right });
        }
        self
    }

    /// Keeps only these columns of the left rows.
    #[doc(hidden)]
    pub fn left_columns<P: KeptColumns>(
        self,
        columns: impl Fn(&mut L) -> P + Send + Sync + 'static,
    ) -> Join<L, R, K, Kept<L, P>, B> {
        let Join { left, right, left_key, right_key, right_keep, condition, .. } = self;
        without_condition(&left, condition.is_some());
        Join { left, right, left_key, right_key, left_keep: Keep::columns(columns), right_keep, condition: None }
    }

    /// Keeps only these columns of the right rows.
    #[doc(hidden)]
    pub fn right_columns<P: KeptColumns>(
        self,
        columns: impl Fn(&mut R) -> P + Send + Sync + 'static,
    ) -> Join<L, R, K, A, Kept<R, P>> {
        let Join { left, right, left_key, right_key, left_keep, condition, .. } = self;
        without_condition(&left, condition.is_some());
        Join { left, right, left_key, right_key, left_keep, right_keep: Keep::columns(columns), condition: None }
    }
}

/// What `join!` of three or more tables says of the rows that it has joined so far.
impl<L: Schema, R: Schema, K: Datum, B: KeptRow> Join<L, R, K, L, B> {
    /// Keeps only these parts of the left rows.
    #[doc(hidden)]
    pub fn left_parts<A: KeptRow>(self, parts: impl Fn(&L) -> A + Send + Sync + 'static) -> Join<L, R, K, A, B> {
        let Join { left, right, left_key, right_key, right_keep, condition, .. } = self;
        without_condition(&left, condition.is_some());
        let left_keep = Keep::Columns(Arc::new(move |row: &mut L| parts(row)));
        Join { left, right, left_key, right_key, left_keep, right_keep, condition: None }
    }
}

/// A condition on rows as they were kept before cannot be asked about what is kept now.
fn without_condition<T: Schema>(table: &Table<T>, has_condition: bool) {
    if has_condition {
        table.fail(format!("a join of {table:?}: the columns that are kept must be named before the condition"));
    }
}
