//! `concat`: the rows of two tables in one.

use crate::data::Schema;
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// The rows of both tables. A row that is in both tables appears twice; [`Table::distinct`] removes the duplicates.
    ///
    /// Both tables must belong to one pipeline; otherwise [`Pipeline::run`](crate::plan::Pipeline::run) returns an error that
    /// says so.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema, Debug, PartialEq)] struct Reading { sensor: i64 }
    /// # let pipeline = Pipeline::new();
    /// let north = pipeline.rows([Reading { sensor: 1 }]);
    /// let south = pipeline.rows([Reading { sensor: 7 }]);
    /// let all = north.concat(&south).collect();
    /// # pipeline.run()?;
    /// assert_eq!(all.rows(), [Reading { sensor: 1 }, Reading { sensor: 7 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn concat(&self, other: &Table<R>) -> Table<R> {
        let append_only = self.properties().append_only && other.properties().append_only;
        let properties = TableProperties { order: Order::Sorted, append_only };
        self.binary_operator(other, "concat", properties, |build, first, second, _| {
            build.dataflow.concat(first, second)
        })
    }
}
