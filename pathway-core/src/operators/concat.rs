//! `concat`: the rows of two tables in one.

use crate::data::Schema;
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// The rows of both tables: a row that is in both is there twice. [`Table::distinct`] makes it one.
    ///
    /// TwoSidedJoin must be of one pipeline; else [`Pipeline::run`](crate::plan::Pipeline::run) returns an error that says so.
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
        if !self.is_of_one_pipeline_with(other, "concat") {
            return self.clone();
        }
        let (one, two) = (self.node(), other.node());
        let name = self.plan().unique_name("concat");
        let append_only = self.shape().append_only && other.shape().append_only;
        let shape = TableProperties { order: Order::Sorted, append_only };
        let node = self.plan().add(name, shape, |node, _| {
            move |build| {
                let (one, two) = (build.get::<R>(one), build.get::<R>(two));
                let both = build.graph.concat(one, two);
                build.put::<R>(node, both);
            }
        });
        Table::new(self.plan().clone(), node)
    }
}
