//! `select`: makes one row of each row.

use std::sync::Arc;

use crate::data::{Change, Schema};
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// One row for each row of this table, made by `row`.
    ///
    /// `row` must always return equal rows for equal rows.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Clone)] struct Order { id: i64, price: f64, quantity: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Cost { id: i64, cost: f64 }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.rows(vec![Order { id: 1, price: 2.5, quantity: 4 }]);
    /// let costs = orders.select(|o| Cost { id: o.id, cost: o.price * o.quantity as f64 }).collect();
    /// # pipeline.run()?;
    /// assert_eq!(costs.rows(), [Cost { id: 1, cost: 10.0 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn select<O: Schema>(&self, row: impl Fn(&R) -> O + Send + Sync + 'static) -> Table<O> {
        let row = Arc::new(row);
        let selected = self.operator("select", self.properties(), move |build, changes, name| {
            let row = Arc::clone(&row);
            build.dataflow.each(changes, name, move |changes, selected| {
                selected.extend(changes.drain(..).map(|c| Change { row: row(&c.row), diff: c.diff }));
            })
        });
        selected.with_time_inputs_of(self)
    }
}
