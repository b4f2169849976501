//! Reducers: what becomes of the rows of a group.
//!
//! What each does with a `None`, what it keeps and what a change costs is in one table, in the guide's page on
//! reducers. Every one is right under retraction, whatever the order of changes within a commit.

mod accumulator;
mod arg;
mod arrivals;
mod avg;
mod bool;
mod count;
mod distinct;
mod distinct_approx;
mod earliest_latest;
mod error;
mod exact;
mod float;
mod integer;
mod min_max;
mod multiset;
mod one;
mod optional;
mod quantile;
mod ranks;
mod sample;
mod several;
mod sorted_tuple;
mod string_join;
mod sum;
mod top_k;
mod tuple;
mod variance;

#[cfg(test)]
mod tests;

pub use super::reducers::accumulator::{Accumulator, Fold, Folded};
pub use super::reducers::arg::{ArgMax, ArgMin, Descending};
pub use super::reducers::arrivals::Arrivals;
pub use super::reducers::avg::{Averageable, Avg, AvgState};
pub use super::reducers::bool::{BoolAnd, BoolOr, Condition};
pub use super::reducers::count::Count;
pub use super::reducers::distinct::{CountDistinct, Distinct};
pub use super::reducers::distinct_approx::{ApproximateCount, CountDistinctApprox};
pub use super::reducers::earliest_latest::{Earliest, Latest};
pub use super::reducers::error::ReduceError;
pub use super::reducers::exact::ExactSum;
pub use super::reducers::integer::IntegerSum;
pub use super::reducers::min_max::{Max, Min};
pub use super::reducers::multiset::Multiset;
pub use super::reducers::one::{Any, Unique};
pub use super::reducers::optional::OptionalTotal;
pub use super::reducers::quantile::{Interpolate, Quantile, QuantileCont};
pub use super::reducers::ranks::Ranks;
pub use super::reducers::sorted_tuple::SortedTuple;
pub use super::reducers::string_join::{StringJoin, Text};
pub use super::reducers::sum::{Sum, Summable};
pub use super::reducers::top_k::{Top, TopK};
pub use super::reducers::tuple::Tuple;
pub use super::reducers::variance::{
    FloatMoments, IntegerMoments, Measurable, Spread, Stddev, StddevPop, Variance, VariancePop,
};

use crate::plan::TableProperties;

/// Turns the rows of a group into one value, and keeps it right while rows come and go.
///
/// `A` is what the reducer is fed for each row: the argument of `sum(o.price)`, a tuple of several, `()` of none.
/// A reducer is itself a value, so that it can carry parameters: `Quantile::new(0.95)`.
/// A tuple of reducers is a reducer of the tuple of their arguments.
///
/// # Contract
/// Unless it is [`ORDERED`](Reducer::ORDERED), the output depends only on the multiset of arguments, not on their
/// order: `update` with `diff` and then with `-diff` leaves a state that gives the same output as before.
///
/// # A reducer of one's own
/// ```
/// use pathway::prelude::*;
/// use pathway::reducers::ReduceError;
///
/// /// The geometric mean of positive numbers.
/// struct GeometricMean;
///
/// impl Reducer<f64> for GeometricMean {
///     type State = (f64, i64);
///     type Output = f64;
///
///     fn update(&self, (log_sum, rows): &mut (f64, i64), argument: f64, diff: i64) {
///         *log_sum += argument.ln() * diff as f64;
///         *rows += diff;
///     }
///
///     fn output(&self, (log_sum, rows): &(f64, i64)) -> Result<f64, ReduceError> {
///         Ok((log_sum / *rows as f64).exp())
///     }
/// }
/// ```
///
/// What can't take a row back implements [`Accumulator`] instead, and is called in the same way.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot reduce `{A}`",
    label = "not a reducer of `{A}`",
    note = "a reducer of your own is a type that implements `Reducer<{A}>`, or `Accumulator`"
)]
pub trait Reducer<A>: Send + Sync + 'static {
    /// Whether the output depends on the order in which rows came. Default: no.
    ///
    /// If so, a commit's changes come net: first what goes, then what comes, in the order of arrival. Where rows were
    /// gathered by key before, so that their arrival within a commit means nothing, they come in their own order,
    /// column by column; in a session window always in the order of event time. This costs a sorting of the commit's
    /// changes, where rows can go or have no order of arrival.
    const ORDERED: bool = false;

    /// What is kept for each group. Its default is the state of a group without rows.
    type State: Default + 'static;

    /// What the group's rows become.
    type Output: 'static;

    /// Called once, while the pipeline is declared, with what is known of the rows that will come. Default: nothing to
    /// do.
    ///
    /// # Errors
    /// A parameter has no meaning: the pipeline does not start.
    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        let _ = input;
        Ok(())
    }

    /// `diff` copies of `argument` come (`diff` > 0) or go (`diff` < 0).
    fn update(&self, state: &mut Self::State, argument: A, diff: i64);

    /// The same of a row that can be told from others. What is [`ORDERED`](Reducer::ORDERED) is updated in this way, so
    /// that of equal arguments that one goes whose row goes. `row` is a hash of the whole row. Default: `update`.
    #[inline]
    fn update_row(&self, state: &mut Self::State, row: u64, argument: A, diff: i64) {
        let _ = row;
        self.update(state, argument, diff);
    }

    /// The commit's last `update` of the group is through: does what is cheaper once for a commit than at each
    /// change. Default: nothing. `output` must be right without it.
    fn finish_commit(&self, state: &mut Self::State) {
        let _ = state;
    }

    /// The value of a group that has rows.
    ///
    /// # Errors
    /// The value cannot be told: an integer sum does not fit its type. The group then has no row
    /// until later changes make it tellable again; the error is reported and counted.
    fn output(&self, state: &Self::State) -> Result<Self::Output, ReduceError>;
}

/// What is known of the rows that a reducer will be fed; see [`Reducer::prepare`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// Rows come and never go: nothing need be kept that only takes a row back.
    pub append_only: bool,
}

impl Input {
    /// What a table's shape tells.
    pub(in crate::operators) fn of(shape: TableProperties) -> Self {
        Input { append_only: shape.append_only }
    }
}
