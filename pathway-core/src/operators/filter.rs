//! `filter`: keeps the rows that meet a condition.

use std::sync::Arc;

use crate::data::Schema;
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// The rows for which `keep` returns true.
    ///
    /// `keep` must always return the same for equal rows.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Clone, Debug, PartialEq)] struct Order { id: i64, price: f64 }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.rows(vec![Order { id: 1, price: 250.0 }, Order { id: 2, price: 5.0 }]);
    /// let big = orders.filter(|o| o.price > 100.0).collect();
    /// # pipeline.run()?;
    /// assert_eq!(big.rows(), [Order { id: 1, price: 250.0 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn filter(&self, keep: impl Fn(&R) -> bool + Send + Sync + 'static) -> Table<R> {
        let keep = Arc::new(keep);
        let kept = self.operator("filter", self.properties(), move |build, changes, name| {
            let keep = Arc::clone(&keep);
            build.dataflow.each(changes, name, move |changes, kept| {
                changes.retain(|change| keep(&change.row));
                std::mem::swap(changes, kept);
            })
        });
        kept.with_time_inputs_of(self)
    }
}
