//! `concat`: the rows of two tables in one.

use crate::data::Schema;
use crate::plan::{Order, Table, TableProperties};

impl<R: Schema> Table<R> {
    /// The rows of both tables. A row that is in both tables appears twice; [`Table::distinct`] removes the duplicates.
    ///
    /// The event time of arrivals from two sources is the least time of the two, so that a source which is read faster makes no
    /// row of the other one late; see [`Windows::allowed_lateness`](crate::operators::window::Windows::allowed_lateness).
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
        let (first, second) = (self.properties(), other.properties());
        let is_arrival = |input: TableProperties| input.order == Order::Arrival && input.is_sequence();
        let append_only = first.append_only && second.append_only;
        let properties = match is_arrival(first) && is_arrival(second) {
            true => TableProperties {
                order: Order::Arrival,
                append_only,
                forgets: !append_only,
                is_static: first.is_static && second.is_static,
            },
            // An operator emits rows at the end of a commit, each at its own.
            false => TableProperties { append_only, ..TableProperties::default() },
        };
        let all = self.binary_operator(other, "concat", properties, |build, first, second, _| {
            build.dataflow.concat(first, second)
        });
        all.with_time_inputs_of(self).with_time_inputs_of(other)
    }
}
