//! `asof_now`: joins each left row once, with the right side as it is at that time.

use std::fmt;

use super::Join;
use super::kind::{JoinSpec, MakeRow};
use super::pending::{Key, Pending};
use super::two_sided::Side;
use crate::data::{Change, Datum, Schema};
use crate::dataflow::BinaryStatefulOperator;
use crate::operators::state::KeyedState;
use crate::plan::Table;

impl<L: Schema, R: Schema, K: Datum> Join<L, R, K> {
    /// Joins each left row once, with the right side as it is at the end of the same commit.
    /// Later changes of the right side do not change the result.
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
    pub fn asof_now(self) -> AsofNowJoin<L, R, K> {
        AsofNowJoin(self)
    }
}

/// A join that joins each left row once; see [`Join::asof_now`].
#[must_use = "call `.inner(..)` or `.left(..)` to make the table"]
pub struct AsofNowJoin<L, R, K>(Join<L, R, K>);

impl<L: Schema, R: Schema, K: Datum> AsofNowJoin<L, R, K> {
    /// A row for each left row with each right row of its key. A left row without a right row has none, also later.
    pub fn inner<O: Schema>(self, row: impl Fn(&L, &R) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::inner(row))
    }

    /// Like [`inner`](AsofNowJoin::inner), and a row for each left row without a right row of its key.
    pub fn left<O: Schema>(self, row: impl Fn(&L, Option<&R>) -> O + Send + Sync + 'static) -> Table<O> {
        self.table(JoinSpec::left(row))
    }

    fn table<O: Schema>(self, spec: JoinSpec<L, R, O>) -> Table<O> {
        let append_only = self.0.left.properties().append_only;
        self.0.operator("asof_now_join", append_only, move |left, right| {
            AsofNow::new(left, right, append_only, spec.row.clone())
        })
    }
}

impl<L: Schema, R: Schema, K> fmt::Debug for AsofNowJoin<L, R, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsofNowJoin").field(&self.0).finish()
    }
}

/// Keeps the rows of the right side by key.
struct AsofNow<L, R, K, O> {
    keys: KeyedState<K, RightRows<R>>,
    left: Pending<L, K>,
    right: Pending<R, K>,
    /// How many keys the open commit has changed.
    dirty_keys: u32,
    /// The results of each left row, one for each copy. Kept only if left rows can be removed.
    results: Option<KeyedState<L, Vec<Joined<O>>>>,
    row: MakeRow<L, R, O>,
}

/// The rows that one copy of a left row was joined to, and how many copies of each.
type Joined<O> = Vec<(O, i64)>;

struct RightRows<R> {
    rows: Side<R>,
    /// The number of the key among those that the open commit has changed.
    number: u32,
}

impl<R> Default for RightRows<R> {
    fn default() -> Self {
        RightRows { rows: Side::default(), number: 0 }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> AsofNow<L, R, K, O> {
    fn new(left: Key<L, K>, right: Key<R, K>, append_only: bool, row: MakeRow<L, R, O>) -> Self {
        AsofNow {
            keys: KeyedState::new(),
            left: Pending::new(left),
            right: Pending::new(right),
            dirty_keys: 0,
            results: (!append_only).then(KeyedState::new),
            row,
        }
    }
}

impl<L: Schema, R: Schema, K: Datum, O: Schema> BinaryStatefulOperator<Change<L>, Change<R>, Change<O>>
    for AsofNow<L, R, K, O>
{
    fn apply_left(&mut self, items: &mut Vec<Change<L>>) {
        self.left.apply(items, &mut self.keys, &mut self.dirty_keys, |right| &mut right.number);
    }

    fn apply_right(&mut self, items: &mut Vec<Change<R>>) {
        self.right.apply(items, &mut self.keys, &mut self.dirty_keys, |right| &mut right.number);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let AsofNow { keys, left, right, dirty_keys, results, row } = self;
        *dirty_keys = 0;
        keys.seal(|_, RightRows { rows, number }| {
            right.take(*number).drain(..).for_each(|(row, diff)| rows.update(row, diff));
            for (left, diff) in left.take(*number).drain(..) {
                let join = || join(&left, rows, &**row);
                match results {
                    None => join().into_iter().for_each(|(row, copies)| emit(Change { row, diff: copies * diff })),
                    Some(results) => update_results(results, left.clone_datum(), diff, join, emit),
                }
            }
            !rows.is_empty()
        });
        left.clear();
        right.clear();
        if let Some(results) = results {
            results.seal(|_, results| !results.is_empty());
        }
    }
}

/// Joins a left row with the current rows of the right side.
fn join<L, R: Datum, O>(left: &L, right: &Side<R>, row: impl Fn(Option<&L>, Option<&R>) -> Option<O>) -> Joined<O> {
    if right.count > 0 {
        let rows = right.rows.iter().map(|(right, copies)| (row(Some(left), Some(right)), copies));
        rows.filter_map(|(row, copies)| Some((row?, copies))).collect()
    } else {
        row(Some(left), None).into_iter().map(|row| (row, 1)).collect()
    }
}

/// Joins the copies of a left row that are inserted, and takes back the newest results of those that are removed.
fn update_results<L: Datum, O: Schema>(
    results: &mut KeyedState<L, Vec<Joined<O>>>,
    left: L,
    diff: i64,
    join: impl Fn() -> Joined<O>,
    emit: &mut dyn FnMut(Change<O>),
) {
    let (slot, _) = results.entry(left);
    let results = results.value(slot);
    for _ in 0..diff {
        let joined = join();
        joined.iter().for_each(|(row, copies)| emit(Change { row: row.clone_datum(), diff: *copies }));
        results.push(joined);
    }
    for _ in diff..0 {
        let removed = results.pop().unwrap_or_default();
        removed.into_iter().for_each(|(row, copies)| emit(Change { row, diff: -copies }));
    }
}
