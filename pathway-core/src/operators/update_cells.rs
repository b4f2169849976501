//! `update_cells`: updates rows from the rows of another table.

use std::fmt;

use crate::data::{Datum, Schema};
use crate::plan::Table;

impl<L: Schema> Table<L> {
    /// Each row of this table, updated from the row of `right` with the same key. Rows without such a row stay unchanged.
    ///
    /// Both sides are live. If `right` has several rows of a key, the result has one updated row for each of them.
    /// Memory: that of a [join](Table::join), the rows of both sides by key.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Clone, Debug, PartialEq)] struct Price { article: i64, name: String, price: f64 }
    /// # #[derive(Schema)] struct Offer { article: i64, price: f64 }
    /// # let pipeline = Pipeline::new();
    /// # let price = |article, price| Price { article, name: "pen".into(), price };
    /// let prices = pipeline.rows([price(1, 9.0), price(2, 5.0)]);
    /// let offers = pipeline.rows([Offer { article: 1, price: 7.5 }]);
    /// let today = prices
    ///     .update_cells(&offers)
    ///     .on(|p| p.article, |o| o.article, |p, o| Price { price: o.price, ..p.clone() })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(today.rows(), [price(1, 7.5), price(2, 5.0)]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn update_cells<R: Schema>(&self, right: &Table<R>) -> UpdateCells<L, R> {
        UpdateCells { left: self.clone(), right: right.clone() }
    }
}

/// A table and the one that updates it; see [`Table::update_cells`].
#[must_use = "call `.on(|left| .., |right| .., |left, right| ..)` with the keys of both sides and the updated row"]
pub struct UpdateCells<L, R> {
    left: Table<L>,
    right: Table<R>,
}

impl<L: Schema, R: Schema> fmt::Debug for UpdateCells<L, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateCells").field("left", &self.left).field("right", &self.right).finish()
    }
}

impl<L: Schema, R: Schema> UpdateCells<L, R> {
    /// Sets the keys by which rows of both sides match, and the function that makes the updated row.
    pub fn on<K: Datum>(
        self,
        left: impl Fn(&L) -> K + Send + Sync + 'static,
        right: impl Fn(&R) -> K + Send + Sync + 'static,
        row: impl Fn(&L, &R) -> L + Send + Sync + 'static,
    ) -> Table<L> {
        self.left.join(&self.right).on(left, right).left(move |left, right| match right {
            Some(right) => row(left, right),
            None => left.clone_datum(),
        })
    }
}
