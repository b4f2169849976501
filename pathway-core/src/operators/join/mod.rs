//! `join`: combines rows of two tables that have the same key. The typed forms of `join!`.

mod asof;
mod asof_now;
mod conditional;
mod interval;
mod keep;
mod kind;
mod parts;
mod pending;
mod ranges;
mod rank;
mod rows;
mod two_sided;

pub use super::join::asof::AsofJoin;
pub use super::join::asof_now::AsofNowJoin;
pub use super::join::interval::{Interval, IntervalJoin};
pub use super::join::rank::{Compared, WithoutRank};

use std::fmt;
use std::sync::Arc;

use super::join::conditional::Condition;
use super::join::keep::{Keep, keyed};
use super::join::kind::{JoinKind, JoinSpec};
use super::join::pending::{Key, Keyed};
use super::join::two_sided::TwoSidedJoin;
use super::state::hash_of;
use crate::data::{Change, Datum, KeptRow, Schema};
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
    /// Memory: the rows of both sides by key; for each key its own size, 76 bytes and its rows, in lists with room for half as many
    /// more at most. Rows are counted, at 8 bytes more for each, where many of a key are equal, or one of more than 16 is removed.
    /// `join!` keeps only the columns of a row that it mentions, where it can see that; this method does not know them, and keeps
    /// whole rows.
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
        Join {
            left: self.left,
            right: self.right,
            left_key: Arc::new(left),
            right_key: Arc::new(right),
            left_keep: Keep::whole(),
            right_keep: Keep::whole(),
            condition: None,
        }
    }
}

impl<L: Schema, R: Schema> fmt::Debug for Joining<L, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining").field("left", &self.left).field("right", &self.right).finish()
    }
}

/// Two tables to join, with their keys; see [`Table::join`].
#[must_use = "call `.inner(..)`, `.left(..)`, `.right(..)` or `.full(..)` to make the table"]
pub struct Join<L, R, K, A = L, B = R> {
    left: Table<L>,
    right: Table<R>,
    left_key: Key<L, K>,
    right_key: Key<R, K>,
    left_keep: Keep<L, A>,
    right_keep: Keep<R, B>,
    condition: Option<Condition<A, B>>,
}

impl<L: Schema, R: Schema, K: Datum> Join<L, R, K> {
    /// The left rows whose key is on the right side, each with as many copies as on the left side.
    pub fn semi(self) -> Table<L> {
        self.table("semi_join", JoinSpec::left_rows(JoinKind::Semi))
    }

    /// The left rows whose key is not on the right side.
    pub fn anti(self) -> Table<L> {
        self.table("anti_join", JoinSpec::left_rows(JoinKind::Anti))
    }
}

impl<L: Schema, R: Schema, K: Datum, A: KeptRow, B: KeptRow> Join<L, R, K, A, B> {
    /// A row for each pair of rows with the same key.
    pub fn inner<O: Schema>(self, row: impl Fn(&A::View, &B::View) -> O + Send + Sync + 'static) -> Table<O> {
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
    pub fn left<O: Schema>(self, row: impl Fn(&A::View, Option<&B::View>) -> O + Send + Sync + 'static) -> Table<O> {
        self.table("join", JoinSpec::left(row))
    }

    /// A row for each pair, and one for each right row without a left row.
    pub fn right<O: Schema>(self, row: impl Fn(Option<&A::View>, &B::View) -> O + Send + Sync + 'static) -> Table<O> {
        self.table("join", JoinSpec::right(row))
    }

    /// A row for each pair, one for each left row without a right row, and one for each right row without a left row.
    pub fn full<O: Schema>(
        self,
        row: impl Fn(Option<&A::View>, Option<&B::View>) -> O + Send + Sync + 'static,
    ) -> Table<O> {
        self.table("join", JoinSpec::full(row))
    }

    fn table<O: Schema>(self, verb: &str, spec: JoinSpec<A, B, O>) -> Table<O> {
        let (kind, append_only) = (spec.kind, self.is_append_only(spec.kind));
        let spec = spec.with_condition(self.condition.clone());
        let (left, right) = (self.left_keep.clone(), self.right_keep.clone());
        let keep = (move |row| left.take(row), move |row| right.take(row));
        self.operator(verb, append_only, keep, move || TwoSidedJoin::new(spec.clone())).with_parameter(kind)
    }

    fn is_append_only(&self, kind: JoinKind) -> bool {
        kind.is_monotonic() && self.left.properties().append_only && self.right.properties().append_only
    }

    /// Declares the table of an operator that joins both sides by time. These are its inputs with their times.
    fn operator_by_time<
        O: Schema,
        X: Datum,
        Y: Datum,
        P: BinaryStatefulOperator<Keyed<K, X>, Keyed<K, Y>, Change<O>>,
    >(
        self,
        verb: &str,
        append_only: bool,
        inputs: [TimeInput; 2],
        keep: (impl Fn(L) -> X + Clone + Send + Sync + 'static, impl Fn(R) -> Y + Clone + Send + Sync + 'static),
        operator: impl Fn() -> P + Send + Sync + 'static,
    ) -> Table<O> {
        let (left, right) = (self.left.clone(), self.right.clone());
        let table = self.operator(verb, append_only, keep, operator).with_time_inputs(inputs);
        table.with_time_inputs_of(&left).with_time_inputs_of(&right)
    }

    /// Declares the table of an operator on both sides. `keep` makes what it gets of the rows of each.
    fn operator<O: Schema, X: Datum, Y: Datum, P: BinaryStatefulOperator<Keyed<K, X>, Keyed<K, Y>, Change<O>>>(
        self,
        verb: &str,
        append_only: bool,
        keep: (impl Fn(L) -> X + Clone + Send + Sync + 'static, impl Fn(R) -> Y + Clone + Send + Sync + 'static),
        operator: impl Fn() -> P + Send + Sync + 'static,
    ) -> Table<O> {
        let Join { left, right, left_key, right_key, .. } = self;
        let properties = TableProperties { order: Order::Sorted, append_only, ..TableProperties::default() };
        left.binary_operator(&right, verb, properties, move |build, left, right, name| {
            let left = keyed(build, left, name, Arc::clone(&left_key), keep.0.clone());
            let right = keyed(build, right, name, Arc::clone(&right_key), keep.1.clone());
            let route_left = |(key, _): &Keyed<K, X>| hash_of(&key.0);
            let route_right = |(key, _): &Keyed<K, Y>| hash_of(&key.0);
            build.dataflow.stateful_binary((left, route_left), (right, route_right), name, operator())
        })
    }
}

impl<L: Schema, R: Schema, K, A, B> fmt::Debug for Join<L, R, K, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Join").field("left", &self.left).field("right", &self.right).finish_non_exhaustive()
    }
}
