//! `join`: the rows of two tables that belong together by a key. The typed forms of `join!`.

mod asof;
mod asof_now;
mod both;
mod interval;

pub use super::join::asof::AsofJoin;
pub use super::join::interval::{Interval, IntervalJoin};

use std::sync::Arc;

use super::join::asof_now::AsofNow;
use super::join::both::{Emits, TwoSidedJoin};

use super::state::keyed::hash_of;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::plan::{Order, Table, TableProperties};

/// What a joined row is made of.
pub(super) enum Pair<'a, L, R> {
    /// A row of each side.
    TwoSidedJoin(&'a L, &'a R),
    /// A row of the left side, without one of the right side or whatever its number.
    Left(&'a L),
    /// A row of the right side, without one of the left side.
    Right(&'a R),
}

/// Makes a row of a pair, or none where there is none to be made.
type MakeRow<L, R, O> = Arc<dyn Fn(Pair<'_, L, R>) -> Option<O> + Send + Sync>;

impl<L: Schema> Table<L> {
    /// Puts the rows of two tables together that have the same key; [`on`](Joining::on) says which.
    ///
    /// TwoSidedJoin sides are live: a row that comes or goes on either side changes the result by exactly the pairs that it is in.
    /// Keys are equal as [`Datum::compare`](crate::data::Datum::compare) has it: `None` is equal to `None`.
    /// TwoSidedJoin tables must be of one pipeline; else [`Pipeline::run`](crate::plan::Pipeline::run) returns an error that says so.
    ///
    /// It keeps the rows of both sides in memory, by key: a key's own size, 84 bytes and its rows.
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

/// Two tables that are to be joined; see [`Table::join`].
#[must_use = "say by which keys: `.on(|left| .., |right| ..)`"]
pub struct Joining<L, R> {
    left: Table<L>,
    right: Table<R>,
}

impl<L: Schema, R: Schema> Joining<L, R> {
    /// By which key a row of either side is found. Several keys are a tuple.
    pub fn on<K: Datum>(
        self,
        left: impl Fn(&L) -> K + Send + Sync + 'static,
        right: impl Fn(&R) -> K + Send + Sync + 'static,
    ) -> Join<L, R, K> {
        Join { left: self.left, right: self.right, left_key: Arc::new(left), right_key: Arc::new(right) }
    }
}

/// Two tables with a common key; see [`Table::join`].
#[must_use = "say which rows are wanted: `.inner(..)`, `.left(..)`, `.right(..)` or `.full(..)`"]
pub struct Join<L, R, K> {
    left: Table<L>,
    right: Table<R>,
    left_key: Key<L, K>,
    right_key: Key<R, K>,
}

type Key<T, K> = Arc<dyn Fn(&T) -> K + Send + Sync>;

impl<L: Schema, R: Schema, K: Datum> Join<L, R, K> {
    /// A row of each pair of rows with the same key.
    pub fn inner<O: Schema>(self, row: impl Fn(&L, &R) -> O + Send + Sync + 'static) -> Table<O> {
        let append_only = self.left.shape().append_only && self.right.shape().append_only;
        let emits = Emits { pairs: true, ..Emits::default() };
        self.joined("join", emits, append_only, move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(left, right)),
            Pair::Left(_) | Pair::Right(_) => None,
        })
    }

    /// The same, and a row of each left row without a right one. When one comes, that row goes.
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
        let emits = Emits { pairs: true, left_unmatched: true, ..Emits::default() };
        self.joined("join", emits, false, move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(left, Some(right))),
            Pair::Left(left) => Some(row(left, None)),
            Pair::Right(_) => None,
        })
    }

    /// A row of each pair, and one of each right row without a left one.
    pub fn right<O: Schema>(self, row: impl Fn(Option<&L>, &R) -> O + Send + Sync + 'static) -> Table<O> {
        let emits = Emits { pairs: true, right_alone: true, ..Emits::default() };
        self.joined("join", emits, false, move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(Some(left), right)),
            Pair::Right(right) => Some(row(None, right)),
            Pair::Left(_) => None,
        })
    }

    /// A row of each pair, one of each left row without a right one, and one of each right row without a left one.
    pub fn full<O: Schema>(self, row: impl Fn(Option<&L>, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        let emits = Emits { pairs: true, left_unmatched: true, right_alone: true, ..Emits::default() };
        self.joined("join", emits, false, move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(Some(left), Some(right))),
            Pair::Left(left) => Some(row(Some(left), None)),
            Pair::Right(right) => Some(row(None, Some(right))),
        })
    }

    /// The left rows whose key a right row has, each as often as it is there.
    pub fn semi(self) -> Table<L> {
        let append_only = self.left.shape().append_only && self.right.shape().append_only;
        let emits = Emits { left_met: true, ..Emits::default() };
        self.joined("semi_join", emits, append_only, |pair| match pair {
            Pair::Left(left) => Some(left.clone_datum()),
            Pair::TwoSidedJoin(..) | Pair::Right(_) => None,
        })
    }

    /// The left rows whose key no right row has.
    pub fn anti(self) -> Table<L> {
        let emits = Emits { left_unmatched: true, ..Emits::default() };
        self.joined("anti_join", emits, false, |pair| match pair {
            Pair::Left(left) => Some(left.clone_datum()),
            Pair::TwoSidedJoin(..) | Pair::Right(_) => None,
        })
    }

    /// Each left row is an event that is answered once, by the right side as it stands in the same commit.
    /// What changes there later does not change the answer.
    ///
    /// An event that goes takes its answer with it. Only where the left table can lose rows at all, its rows and their
    /// answers are kept in memory.
    ///
    /// ```
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Trade { amount: i64, currency: String }
    /// # #[derive(Schema)] struct Rate { currency: String, rate: i64 }
    /// # #[derive(Schema, Debug, PartialEq)] struct Value { value: i64 }
    /// # let pipeline = Pipeline::new();
    /// let rate = |rate| Rate { currency: "EUR".into(), rate };
    /// let trade = |amount| Trade { amount, currency: "EUR".into() };
    /// let rates = pipeline.commits([
    ///     vec![Change::insert(rate(2))],
    ///     vec![Change::remove(rate(2)), Change::insert(rate(3))],
    /// ]);
    /// let trades = pipeline.commits([vec![Change::insert(trade(10))], vec![Change::insert(trade(100))]]);
    /// let values = trades
    ///     .join(&rates)
    ///     .on(|t| t.currency.clone(), |r| r.currency.clone())
    ///     .asof_now()
    ///     .inner(|t, r| Value { value: t.amount * r.rate })
    ///     .collect();
    /// # pipeline.run()?;
    /// assert_eq!(values.rows(), [Value { value: 20 }, Value { value: 300 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn asof_now(self) -> AsofNowJoin<L, R, K> {
        AsofNowJoin(self)
    }

    fn joined<O: Schema>(
        self,
        verb: &str,
        emits: Emits,
        append_only: bool,
        row: impl Fn(Pair<'_, L, R>) -> Option<O> + Send + Sync + 'static,
    ) -> Table<O> {
        self.operator(verb, append_only, Arc::new(row), move |left, right, row| {
            TwoSidedJoin::new(left, right, emits, row)
        })
    }

    /// Adds the node of an operator on both sides.
    fn operator<O: Schema, P: BinaryStatefulOperator<Change<L>, Change<R>, O>>(
        self,
        verb: &str,
        append_only: bool,
        row: MakeRow<L, R, O>,
        operator: impl Fn(Key<L, K>, Key<R, K>, MakeRow<L, R, O>) -> P + Send + Sync + 'static,
    ) -> Table<O> {
        let Join { left, right, left_key, right_key } = self;
        let plan = left.plan().clone();
        if !left.is_of_one_pipeline_with(&right, verb) {
            return left.never();
        }
        let (left, right) = (left.node(), right.node());
        let shape = TableProperties { order: Order::Sorted, append_only };
        let node = plan.add(plan.unique_name(verb), shape, |node, name| {
            move |build| {
                let (left, right) = (build.get::<L>(left), build.get::<R>(right));
                let operator = operator(Arc::clone(&left_key), Arc::clone(&right_key), Arc::clone(&row));
                let (left_key, right_key) = (Arc::clone(&left_key), Arc::clone(&right_key));
                let joined = build.graph.stateful_binary(
                    (left, move |change| hash_of(&left_key(&change.row))),
                    (right, move |change| hash_of(&right_key(&change.row))),
                    &name,
                    operator,
                );
                build.put::<O>(node, joined);
            }
        });
        Table::new(plan, node)
    }
}

/// A join whose left rows are events; see [`Join::asof_now`].
#[must_use = "say which rows are wanted: `.inner(..)` or `.left(..)`"]
pub struct AsofNowJoin<L, R, K>(Join<L, R, K>);

impl<L: Schema, R: Schema, K: Datum> AsofNowJoin<L, R, K> {
    /// A row of each event with each right row of its key. An event without one has none, and gets none later.
    pub fn inner<O: Schema>(self, row: impl Fn(&L, &R) -> O + Send + Sync + 'static) -> Table<O> {
        self.answered(move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(left, right)),
            Pair::Left(_) | Pair::Right(_) => None,
        })
    }

    /// The same, and a row of each event without a right row of its key.
    pub fn left<O: Schema>(self, row: impl Fn(&L, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        self.answered(move |pair| match pair {
            Pair::TwoSidedJoin(left, right) => Some(row(left, Some(right))),
            Pair::Left(left) => Some(row(left, None)),
            Pair::Right(_) => None,
        })
    }

    fn answered<O: Schema>(self, row: impl Fn(Pair<'_, L, R>) -> Option<O> + Send + Sync + 'static) -> Table<O> {
        let append_only = self.0.left.shape().append_only;
        self.0.operator("asof_now_join", append_only, Arc::new(row), move |left, right, row| {
            AsofNow::new(left, right, append_only, row)
        })
    }
}
