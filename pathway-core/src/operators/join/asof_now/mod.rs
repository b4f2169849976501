//! `asof_now`: joins each left row once, with the right side as it is at that time.

mod of_arrivals;
mod side;
mod with_results;

use std::fmt;
use std::sync::Arc;

use super::Join;
use super::asof_now::side::Side;
use super::kind::JoinSpec;
use crate::data::{Datum, KeptRow, Schema};
use crate::plan::Table;
use with_results::AsofNow;

impl<L: Schema, R: Schema, K: Datum, A: KeptRow, B: KeptRow> Join<L, R, K, A, B> {
    /// Joins each left row once, with the right side as it is at that time. Later changes of the right side do not change the
    /// result.
    ///
    /// Which right rows a left row finds:
    /// - If both sides are read from sources as messages arrive, or the right side is a bucket: those that have arrived before it,
    ///   wherever commits begin.
    /// - If the right side is a static table: all of it.
    /// - If the right side is a table that changes by commits, such as the groups of a `reduce!` or a source with a primary key:
    ///   those at the end of the commit of the left row.
    ///
    /// If the left side is a table of arrivals, the result is one, too, in the order of the left rows.
    ///
    /// When a left row is removed, its result is removed. Left rows and their results are kept in memory only if the left table
    /// can lose rows.
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
    pub fn asof_now(self) -> AsofNowJoin<L, R, K, A, B> {
        AsofNowJoin(self)
    }
}

/// A join that joins each left row once; see [`Join::asof_now`].
#[must_use = "call `.inner(..)` or `.left(..)` to make the table"]
pub struct AsofNowJoin<L, R, K, A = L, B = R>(Join<L, R, K, A, B>);

impl<L: Schema, R: Schema, K: Datum, A: KeptRow, B: KeptRow> AsofNowJoin<L, R, K, A, B> {
    /// A row for each left row with each right row of its key. A left row without a right row has none, also later.
    pub fn inner<O: Schema>(self, row: impl Fn(&A::View, &B::View) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::inner(row))
    }

    /// Like [`inner`](AsofNowJoin::inner), and a row for each left row without a right row of its key.
    pub fn left<O: Schema>(self, row: impl Fn(&A::View, Option<&B::View>) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::left(row))
    }

    fn table<O: Schema>(self, spec: JoinSpec<A, B, O>) -> Table<O> {
        let (left, kind) = (self.0.left.properties(), spec.kind);
        let spec = spec.with_condition(self.0.condition.clone());
        if left.append_only && left.is_sequence() {
            return of_arrivals::table(self.0, spec).with_parameter(kind);
        }
        let append_only = left.append_only;
        let (left_keep, right_keep) = (self.0.left_keep.clone(), self.0.right_keep.clone());
        let left_key = Arc::clone(&self.0.left_key);
        // A left row that is removed takes its own results along: it is known as a whole.
        let keep = (|row| row, move |row| right_keep.take(row));
        let joined = self.0.operator("asof_now_join", append_only, keep, move || {
            AsofNow::new(Arc::clone(&left_key), left_keep.clone(), append_only, spec.row.clone())
        });
        joined.with_parameter(kind)
    }
}

impl<L: Schema, R: Schema, K, A, B> fmt::Debug for AsofNowJoin<L, R, K, A, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsofNowJoin").field(&self.0).finish()
    }
}

/// The rows that one copy of a left row was joined to, and how many copies of each.
type Joined<O> = Vec<(O, i64)>;

/// Joins a left row with the current rows of the right side.
fn join<L, R: Datum, O>(left: &L, right: &Side<R>, row: impl Fn(Option<&L>, Option<&R>) -> Option<O>) -> Joined<O> {
    let mut joined = Vec::new();
    if right.count > 0 {
        let rows = right.rows.iter().map(|(right, copies)| (row(Some(left), Some(right)), copies));
        joined.extend(rows.filter_map(|(row, copies)| Some((row?, copies))));
    }
    // Of the rows on the right side, none may meet the condition of the join.
    if joined.is_empty() {
        joined.extend(row(Some(left), None).map(|row| (row, 1)));
    }
    joined
}
