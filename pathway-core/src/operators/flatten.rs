//! `flatten` and `filter_map`: make any number of rows of each row.

use std::sync::Arc;

use crate::data::{Change, Schema};
use crate::plan::Table;

impl<R: Schema> Table<R> {
    /// All rows that `rows` makes of each row: for example, one for each element of a list.
    ///
    /// `rows` must always return equal rows for equal rows: when a row is removed, the rows that it returns then are removed.
    ///
    /// For the elements of a list, `select!(o in orders, item in &o.items => { o.id, item })` is shorter. What `rows` returns cannot
    /// borrow the row: collect rows that are made of parts of it.
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
    ///     .flatten(|o| o.items.iter().map(|name| row!(Item { order: o.id, name: name.clone() })).collect::<Vec<_>>())
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(items.rows(), [Item { order: 1, name: "ink".into() }, Item { order: 1, name: "pen".into() }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn flatten<O: Schema, I: IntoIterator<Item = O>>(
        &self,
        rows: impl Fn(&R) -> I + Send + Sync + 'static,
    ) -> Table<O> {
        self.flatten_into("flatten", move |row, flattened| flattened.extend(rows(row)))
    }

    /// The row that `row` makes of each row, where it returns `Some`.
    ///
    /// `row` must always return equal rows for equal rows. It can return an anonymous row, of `row!`, or a row of a struct.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Line { text: String }
    /// # let pipeline = Pipeline::new();
    /// let lines = pipeline.rows(["7", "seven"].map(|text| Line { text: text.into() }));
    /// let numbers = lines.filter_map(|line| Some(row! { value: line.text.parse::<i64>().ok()? })).collect();
    /// # pipeline.run()?;
    /// assert_eq!(numbers.rows()[0].value, 7);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn filter_map<O: Schema>(&self, row: impl Fn(&R) -> Option<O> + Send + Sync + 'static) -> Table<O> {
        self.flatten_into("filter_map", move |one, some| some.extend(row(one)))
    }

    /// All rows that `rows` pushes for each row.
    pub(crate) fn flatten_into<O: Schema>(
        &self,
        verb: &str,
        rows: impl Fn(&R, &mut NewRows<'_, O>) + Send + Sync + 'static,
    ) -> Table<O> {
        let rows = Arc::new(rows);
        let flattened = self.operator(verb, self.properties(), move |build, changes, name| {
            let rows = Arc::clone(&rows);
            build.dataflow.each(changes, name, move |changes, flattened| {
                for Change { row, diff } in changes.drain(..) {
                    rows(&row, &mut NewRows { changes: flattened, diff });
                }
            })
        });
        flattened.with_time_inputs_of(self)
    }
}

/// The rows that become of one row.
#[derive(Debug)]
pub struct NewRows<'a, O> {
    changes: &'a mut Vec<Change<O>>,
    diff: i64,
}

impl<O> NewRows<'_, O> {
    /// Adds a row.
    #[inline]
    pub fn push(&mut self, row: O) {
        self.changes.push(Change { row, diff: self.diff });
    }

    fn extend(&mut self, rows: impl IntoIterator<Item = O>) {
        let diff = self.diff;
        self.changes.extend(rows.into_iter().map(|row| Change { row, diff }));
    }
}
