//! `group_by` and `reduce`: the typed forms of `reduce!`.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::reduce::{ReduceSpec, reduce};
use super::reducers::{Input, Reducer};
use super::state::hash_of;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::StatefulOperator;
use crate::plan::{Table, TableProperties, columns_of};

impl<R: Schema> Table<R> {
    /// Groups the rows by a key, to [reduce](Grouped::reduce) each group, to take its [first rows](Grouped::top) in an order, to
    /// see each row with its [neighbours](Grouped::neighbours), or to [scan](Grouped::scan) its rows. Use a tuple for several keys.
    pub fn group_by<K: Datum>(&self, key: impl Fn(&R) -> K + Send + Sync + 'static) -> Grouped<R, K> {
        Grouped { table: self.clone(), key: Arc::new(key) }
    }

    /// Reduces all rows to one row. The result is empty before the first row arrives, and after the last one is removed.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # use pathway::reducers::{Count, Sum};
    /// # #[derive(Schema)] struct Input { value: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Total { sum: i64, n: i64 }
    /// # let pipeline = Pipeline::new();
    /// let input = pipeline.rows(vec![Input { value: 3 }, Input { value: 4 }]);
    /// let total = input.reduce((Sum, Count), |row| (row.value, ()), |(sum, n)| Total { sum, n }).collect();
    /// # pipeline.run()?;
    /// assert_eq!(total.rows(), [Total { sum: 7, n: 2 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn reduce<A: Datum, G: Reducer<A>, O: Schema>(
        &self,
        reducers: G,
        arguments: impl Fn(&R) -> A + Send + Sync + 'static,
        output: impl Fn(G::Output) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        self.group_by(|_| ()).reduce(reducers, arguments, move |(), reduced| output(reduced))
    }
}

/// The rows of a table, grouped by a key; see [`Table::group_by`].
#[must_use = "groups do nothing until they are reduced"]
pub struct Grouped<R, K> {
    pub(super) table: Table<R>,
    pub(super) key: Arc<dyn Fn(&R) -> K + Send + Sync>,
}

impl<R: Schema, K: Datum> Grouped<R, K> {
    /// Reduces each group to one row.
    ///
    /// `arguments` computes the arguments of the reducers from a row; `output` makes the row of a group from its key and the
    /// values of the reducers.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # use pathway::reducers::{Count, Sum};
    /// # #[derive(Schema)] struct Order { city: String, price: f64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct City { city: String, total: f64, n: i64 }
    /// # let pipeline = Pipeline::new();
    /// # let orders = pipeline.rows([("Oslo", 2.0), ("Rome", 3.0), ("Oslo", 5.0)].map(|(city, price)| Order { city: city.into(), price }));
    /// let cities = orders
    ///     .group_by(|o| o.city.clone())
    ///     .reduce((Sum, Count), |o| (o.price, ()), |city, (total, n)| City { city: city.clone(), total, n })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(cities.rows()[0], City { city: "Oslo".into(), total: 7.0, n: 2 });
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn reduce<A: Datum, G: Reducer<A>, O: Schema>(
        self,
        reducers: G,
        arguments: impl Fn(&R) -> A + Send + Sync + 'static,
        output: impl Fn(&K, G::Output) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        let Grouped { table, key } = self;
        let input = table.properties();
        let reducers = Arc::new(prepared(&table, reducers));
        let (arguments, output) = (Arc::new(arguments), Arc::new(output));
        let parameter = parameter_of::<O>(input);
        let reduced = table.operator("reduce", TableProperties::GROUPED, move |build, changes, name| {
            let spec = ReduceSpec {
                key: Arc::clone(&key),
                arguments: Arc::clone(&arguments),
                reducers: Arc::clone(&reducers),
                output: Arc::clone(&output),
                argument: PhantomData,
            };
            reduce(&mut build.dataflow, changes, name, input, spec)
        });
        reduced.with_state_parameter(parameter)
    }

    /// Declares an operator that gets whole rows, each on the worker that has its group. `make` makes that of one worker.
    pub(super) fn operator<O: Schema, P: StatefulOperator<Change<R>, Change<O>> + 'static>(
        self,
        verb: &str,
        make: impl Fn(Arc<dyn Fn(&R) -> K + Send + Sync>) -> P + Send + Sync + 'static,
    ) -> Table<O> {
        let Grouped { table, key } = self;
        table.operator(verb, TableProperties::GROUPED, move |build, changes, name| {
            let by_key = Arc::clone(&key);
            let route = move |change: &Change<R>| hash_of(&by_key(&change.row));
            build.dataflow.stateful(changes, name, route, make(Arc::clone(&key)))
        })
    }
}

impl<R: Schema, K> fmt::Debug for Grouped<R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Grouped").field("table", &self.table).finish_non_exhaustive()
    }
}

/// What the states of reducers mean: which column each makes; and what they are told of the rows.
pub(super) fn parameter_of<O: Schema>(input: TableProperties) -> String {
    let never_removed = if input.append_only { "; of rows that are never removed" } else { "" };
    format!("columns {}{never_removed}", columns_of::<O>())
}

/// Tells the reducers the properties of their input. An invalid parameter of a reducer fails the pipeline.
pub(super) fn prepared<R: Schema, A, G: Reducer<A>>(table: &Table<R>, mut reducers: G) -> G {
    if let Err(error) = reducers.prepare(Input::of(table.properties())) {
        table.fail(format!("a reduction of {table:?}: {error}"));
    }
    reducers
}
