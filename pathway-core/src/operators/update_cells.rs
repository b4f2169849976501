//! `update_cells`: rows that are changed by those of another table.

use crate::data::{Datum, Schema};
use crate::plan::Table;

impl<L: Schema> Table<L> {
    /// Each row of this table, changed by the row of `right` that has its key; as it is where there is none.
    ///
    /// TwoSidedJoin sides are live. Where `right` has several rows of a key, there is one changed row for each of them.
    /// It keeps what a [join](Table::join) keeps: the rows of both sides, by key.
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

/// A table that is to be changed by another one; see [`Table::update_cells`].
#[must_use = "say by which keys, and what changes: `.on(|left| .., |right| .., |left, right| ..)`"]
pub struct UpdateCells<L, R> {
    left: Table<L>,
    right: Table<R>,
}

impl<L: Schema, R: Schema> UpdateCells<L, R> {
    /// By which key a row of either side is found, and what the right row makes of the left one.
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
