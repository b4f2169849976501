//! `join`: combines rows of two tables that have the same key. The typed forms of `join!`.

mod asof;
mod asof_now;
mod interval;
mod kind;
mod pending;
mod two_sided;

pub use super::join::asof::AsofJoin;
pub use super::join::asof_now::AsofNowJoin;
pub use super::join::interval::{Interval, IntervalJoin};

use std::fmt;
use std::sync::Arc;

use super::join::kind::{JoinKind, JoinSpec};
use super::join::pending::Key;
use super::join::two_sided::TwoSidedJoin;
use super::state::hash_of;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::plan::{Order, Table, TableProperties, TimeInput};

impl<L: Schema> Table<L> {
    /// Combines the rows of two tables that have the same key. [`on`](Joining::on) sets the keys.
    ///
    /// Both sides are live: a row that is inserted or removed on either side changes exactly the results that it is part of.
    /// Keys are equal if [`Datum::compare`](crate::data::Datum::compare) says so: `None` equals `None`.
    /// Both tables must belong to one pipeline; otherwise [`Pipeline::run`](crate::plan::Pipeline::run) returns an error that
    /// says so.
    ///
    /// Memory: the rows of both sides by key; for each key its own size, 84 bytes and its rows.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Order { id: i64, customer: i64 }
    /// # #[derive(Schema)] struct Customer { id: i64, name: String }
    /// # #[derive(Schema, Debug, PartialEq)] struct Named { order: i64, name: String }
    /// # let pipeline = Pipeline::new();
    /// let orders = pipeline.rows([(1, 7), (2, 8), (3, 7)].map(|(id, customer)| Order { id, customer }));
    /// let customers = pipeline.rows([Customer { id: 7, name: "Ann".into() }]);
    /// let named = orders
    ///     .join(&customers)
    ///     .on(|o| o.customer, |c| c.id)
    ///     .inner(|o, c| Named { order: o.id, name: c.name.clone() })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(named.rows(), [1, 3].map(|order| Named { order, name: "Ann".into() }));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn join<R: Schema>(&self, right: &Table<R>) -> Joining<L, R> {
        Joining { left: self.clone(), right: right.clone() }
    }
}

/// Two tables to join, still without keys; see [`Table::join`].
#[must_use = "call `.on(|left| .., |right| ..)` to set the keys"]
pub struct Joining<L, R> {
    left: Table<L>,
    right: Table<R>,
}

impl<L: Schema, R: Schema> Joining<L, R> {
    /// Sets the keys by which rows of both sides match. Use a tuple for several keys.
    pub fn on<K: Datum>(
        self,
        left: impl Fn(&L) -> K + Send + Sync + 'static,
        right: impl Fn(&R) -> K + Send + Sync + 'static,
    ) -> Join<L, R, K> {
        Join { left: self.left, right: self.right, left_key: Arc::new(left), right_key: Arc::new(right) }
    }
}

impl<L: Schema, R: Schema> fmt::Debug for Joining<L, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining").field("left", &self.left).field("right", &self.right).finish()
    }
}

/// Two tables to join, with their keys; see [`Table::join`].
#[must_use = "call `.inner(..)`, `.left(..)`, `.right(..)` or `.full(..)` to make the table"]
pub struct Join<L, R, K> {
    left: Table<L>,
    right: Table<R>,
    left_key: Key<L, K>,
    right_key: Key<R, K>,
}

impl<L: Schema, R: Schema, K: Datum> Join<L, R, K> {
    /// A row for each pair of rows with the same key.
    pub fn inner<O: Schema>(self, row: impl Fn(&L, &R) -> O + Send + Sync + 'static) -> Table<O> {
        self.table("join", JoinSpec::inner(row))
    }

    /// A row for each pair, and one for each left row without a right row. The latter is removed when a right row arrives.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Order { id: i64, customer: i64 }
    /// # #[derive(Schema)] struct Customer { id: i64, name: String }
    /// # #[derive(Schema, Debug, PartialEq)] struct Named { order: i64, name: Option<String> }
    /// # let pipeline = Pipeline::new();
    /// # let orders = pipeline.rows([(1, 7), (2, 8)].map(|(id, customer)| Order { id, customer }));
    /// # let customers = pipeline.rows([Customer { id: 7, name: "Ann".into() }]);
    /// let named = orders
    ///     .join(&customers)
    ///     .on(|o| o.customer, |c| c.id)
    ///     .left(|o, c| Named { order: o.id, name: c.map(|c| c.name.clone()) })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(named.rows()[1], Named { order: 2, name: None });
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn left<O: Schema>(self, row: impl Fn(&L, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        self.table("join", JoinSpec::left(row))
    }

    /// A row for each pair, and one for each right row without a left row.
    pub fn right<O: Schema>(self, row: impl Fn(Option<&L>, &R) -> O + Send + Sync + 'static) -> Table<O> {
        self.table("join", JoinSpec::right(row))
    }

    /// A row for each pair, one for each left row without a right row, and one for each right row without a left row.
    pub fn full<O: Schema>(self, row: impl Fn(Option<&L>, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        self.table("join", JoinSpec::full(row))
    }

    /// The left rows whose key is on the right side, each with as many copies as on the left side.
    pub fn semi(self) -> Table<L> {
        self.table("semi_join", JoinSpec::left_rows(JoinKind::Semi))
    }

    /// The left rows whose key is not on the right side.
    pub fn anti(self) -> Table<L> {
        self.table("anti_join", JoinSpec::left_rows(JoinKind::Anti))
    }

    fn table<O: Schema>(self, verb: &str, spec: JoinSpec<L, R, O>) -> Table<O> {
        let (kind, append_only) = (spec.kind, self.is_append_only(spec.kind));
        let joined = self.operator(verb, append_only, move |left, right| TwoSidedJoin::new(left, right, spec.clone()));
        joined.with_parameter(kind)
    }

    fn is_append_only(&self, kind: JoinKind) -> bool {
        kind.is_monotonic() && self.left.properties().append_only && self.right.properties().append_only
    }

    /// Declares the table of an operator that joins both sides by time. These are its inputs with their times.
    fn operator_by_time<O: Schema, P: BinaryStatefulOperator<Change<L>, Change<R>, Change<O>>>(
        self,
        verb: &str,
        append_only: bool,
        inputs: [TimeInput; 2],
        operator: impl Fn(Key<L, K>, Key<R, K>) -> P + Send + Sync + 'static,
    ) -> Table<O> {
        let (left, right) = (self.left.clone(), self.right.clone());
        let table = self.operator(verb, append_only, operator).with_time_inputs(inputs);
        table.with_time_inputs_of(&left).with_time_inputs_of(&right)
    }

    /// Declares the table of an operator on both sides.
    fn operator<O: Schema, P: BinaryStatefulOperator<Change<L>, Change<R>, Change<O>>>(
        self,
        verb: &str,
        append_only: bool,
        operator: impl Fn(Key<L, K>, Key<R, K>) -> P + Send + Sync + 'static,
    ) -> Table<O> {
        let Join { left, right, left_key, right_key } = self;
        let properties = TableProperties { order: Order::Sorted, append_only, ..TableProperties::default() };
        left.binary_operator(&right, verb, properties, move |build, left, right, name| {
            let operator = operator(Arc::clone(&left_key), Arc::clone(&right_key));
            let (left_key, right_key) = (Arc::clone(&left_key), Arc::clone(&right_key));
            build.dataflow.stateful_binary(
                (left, move |change| hash_of(&left_key(&change.row))),
                (right, move |change| hash_of(&right_key(&change.row))),
                name,
                operator,
            )
        })
    }
}

impl<L: Schema, R: Schema, K> fmt::Debug for Join<L, R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("left", &self.left).field("right", &self.right).finish_non_exhaustive()
    }
}
