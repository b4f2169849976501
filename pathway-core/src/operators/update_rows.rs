//! `update_rows`: the rows of one table, over those of another.

use std::sync::Arc;

use crate::data::{Datum, PrimaryKey, Schema};
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// The rows of `right`, and those of this table whose primary key no row of `right` has.
    ///
    /// TwoSidedJoin sides are live: when the last right row of a key goes, the left rows of that key stand again.
    /// It keeps what a [join](Table::join) keeps: the rows of both sides, by key.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Price {
    ///     #[schema(primary_key)]
    ///     article: i64,
    ///     price: f64,
    /// }
    ///
    /// let pipeline = Pipeline::new();
    /// let prices = pipeline.rows([Price { article: 1, price: 9.0 }, Price { article: 2, price: 5.0 }]);
    /// let offers = pipeline.rows([Price { article: 1, price: 7.5 }]);
    /// let today = prices.update_rows(&offers).collect();
    /// pipeline.run()?;
    /// assert_eq!(today.rows(), [Price { article: 1, price: 7.5 }, Price { article: 2, price: 5.0 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn update_rows(&self, right: &Table<R>) -> Table<R>
    where
        R: PrimaryKey,
    {
        self.update_rows_by(right, R::primary_key)
    }

    /// The same by a key that is said here. Several keys are a tuple.
    ///
    /// Where one side has several rows of a key, all of them stand.
    pub fn update_rows_by<K: Datum>(
        &self,
        right: &Table<R>,
        key: impl Fn(&R) -> K + Send + Sync + 'static,
    ) -> Table<R> {
        let left_key = Arc::new(key);
        let right_key = Arc::clone(&left_key);
        let others = self.join(right).on(move |row| left_key(row), move |row| right_key(row)).anti();
        // What `anti` found to be of two pipelines needs no second complaint.
        if others.plan().is(right.plan()) { others.concat(right) } else { others }
    }
}
