//! `flatten` and `filter_map`: make any number of rows of each row.

use std::sync::Arc;

use crate::data::{Change, Schema};
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// All rows that `rows` makes of each row: for example, one for each element of a list.
    ///
    /// `rows` must always return equal rows for equal rows: when a row is removed, the rows that it returns then are removed.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Order { id: i64, items: Vec<String> }
    /// # #[derive(Schema, Debug, PartialEq)] struct Item { order: i64, name: String }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.rows(vec![
    ///     Order { id: 1, items: vec!["pen".into(), "ink".into()] },
    ///     Order { id: 2, items: vec![] },
    /// ]);
    /// let items = orders
    ///     .flatten(|o| {
    ///         let order = o.id;
    ///         o.items.clone().into_iter().map(move |name| Item { order, name })
    ///     })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(items.rows(), [Item { order: 1, name: "ink".into() }, Item { order: 1, name: "pen".into() }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn flatten<O: Schema, I: IntoIterator<Item = O>>(
        &self,
        rows: impl Fn(&R) -> I + Send + Sync + 'static,
    ) -> Table<O> {
        self.flatten_named("flatten", rows)
    }

    /// The row that `row` makes of each row, where it returns `Some`.
    ///
    /// `row` must always return equal rows for equal rows.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Line { text: String }
    /// # #[derive(Schema, Debug, PartialEq)] struct Number { value: i64 }
    /// # let pipeline = Pipeline::new();
    /// let lines = pipeline.rows(["7", "seven"].map(|text| Line { text: text.into() }));
    /// let numbers = lines.filter_map(|line| Some(Number { value: line.text.parse().ok()? })).collect();
    /// # pipeline.run()?;
    /// assert_eq!(numbers.rows(), [Number { value: 7 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn filter_map<O: Schema>(&self, row: impl Fn(&R) -> Option<O> + Send + Sync + 'static) -> Table<O> {
        self.flatten_named("filter_map", row)
    }

    fn flatten_named<O: Schema, I: IntoIterator<Item = O>>(
        &self,
        verb: &str,
        rows: impl Fn(&R) -> I + Send + Sync + 'static,
    ) -> Table<O> {
        let rows = Arc::new(rows);
        let flattened = self.operator(verb, self.properties(), move |build, changes, name| {
            let rows = Arc::clone(&rows);
            build.dataflow.each(changes, name, move |changes, flattened| {
                for Change { row, diff } in changes.drain(..) {
                    flattened.extend(rows(&row).into_iter().map(|row| Change { row, diff }));
                }
            })
        });
        flattened.with_time_inputs_of(self)
    }
}
