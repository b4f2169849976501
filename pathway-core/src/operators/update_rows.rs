//! `update_rows`: replaces rows by those of another table.

use std::sync::Arc;

use crate::data::{Datum, PrimaryKey, Schema};
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// The rows of `right`, and the rows of this table whose primary key is not in `right`.
    ///
    /// Both sides are live: when the last right row of a key is removed, the left rows of that key reappear.
    /// Memory: that of a [join](Table::join), the rows of both sides by key.
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

    /// Like [`update_rows`](Table::update_rows), with a key of your choice. Use a tuple for several keys.
    ///
    /// If a side has several rows of a key, the result has all of them.
    pub fn update_rows_by<K: Datum>(
        &self,
        right: &Table<R>,
        key: impl Fn(&R) -> K + Send + Sync + 'static,
    ) -> Table<R> {
        let left_key = Arc::new(key);
        let right_key = Arc::clone(&left_key);
        let others = self.join(right).on(move |row| left_key(row), move |row| right_key(row)).anti();
        // If the tables belong to two pipelines, `anti` has reported it.
        if others.plan().is(right.plan()) { others.concat(right) } else { others }
    }
}
