//! `filter`: keeps the rows for which a condition holds.

use std::sync::Arc;

use crate::data::Schema;
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// The rows for which `keep` is true.
    ///
    /// `keep` must give the same answer for equal rows, whenever it is asked.
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
        let input = self.node();
        let keep = Arc::new(keep);
        let name = self.plan().unique_name("filter");
        let node = self.plan().add(name, self.shape(), |node, name| {
            move |build| {
                let keep = Arc::clone(&keep);
                let changes = build.get::<R>(input);
                let kept = build.graph.each(changes, &name, move |changes, kept| {
                    changes.retain(|change| keep(&change.row));
                    std::mem::swap(changes, kept);
                });
                build.put::<R>(node, kept);
            }
        });
        Table::new(self.plan().clone(), node)
    }
}
