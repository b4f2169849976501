//! Reducers: turn the rows of a group into one value.
//!
//! A table in the guide's page on reducers lists how each of them treats `None`, what it keeps and what a change costs. All are
//! correct when rows are removed, in whatever order the changes of a commit come.

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
mod filtered;
mod float;
mod integer;
mod min_max;
mod missing_last;
pub(super) mod multiset;
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
pub use super::reducers::arg::{ArgMax, ArgMin};
pub use super::reducers::arrivals::Arrivals;
pub use super::reducers::avg::{Averageable, Avg, AvgState};
pub use super::reducers::bool::{BoolAnd, BoolOr, Condition};
pub use super::reducers::count::Count;
pub use super::reducers::distinct::{CountDistinct, Distinct};
pub use super::reducers::distinct_approx::{ApproximateCount, CountDistinctApprox};
pub use super::reducers::earliest_latest::{Earliest, Latest};
pub use super::reducers::error::ReduceError;
pub use super::reducers::exact::ExactSum;
pub use super::reducers::filtered::{Filtered, FilteredState};
pub use super::reducers::integer::IntegerSum;
pub use super::reducers::min_max::{Max, Min};
pub use super::reducers::missing_last::MissingLast;
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

pub use crate::data::Saved;
use crate::plan::TableProperties;

/// Turns the rows of a group into one value, and keeps it up to date as rows are inserted and removed.
///
/// `A` is the argument for each row: that of `sum(o.price)`, a tuple for several arguments, `()` for none.
/// A reducer is a value, so it can have parameters: `Quantile::new(0.95)`.
/// A tuple of reducers is a reducer of the tuple of their arguments.
///
/// # Contract
/// Unless the reducer is [`ORDERED`](Reducer::ORDERED), its output depends only on the multiset of arguments, not on their order:
/// after `update` with `diff` and then with `-diff`, the state gives the same output as before.
///
/// # A custom reducer
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
/// If a reducer cannot take a row back, implement [`Accumulator`] instead; it is called in the same way.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot reduce `{A}`",
    label = "not a reducer of `{A}`",
    note = "a reducer of your own is a type that implements `Reducer<{A}>`, or `Accumulator`"
)]
pub trait Reducer<A>: Send + Sync + 'static {
    /// Whether the output depends on the order of rows. Default: no.
    ///
    /// If so, the reducer gets the net changes of each commit: removals first, then insertions in the order of arrival. Rows
    /// that were grouped by key have no order of arrival within a commit: they are ordered by their values, column by column. In a
    /// session window, rows are always in the order of event time. The cost: the changes of each commit are sorted, if rows can be
    /// removed or have no order of arrival.
    const ORDERED: bool = false;

    /// The state of a group. Its default is the state without rows.
    ///
    /// A state that is saved and loaded must behave as if it had not been: with serde's derives it does.
    type State: Default + Saved;

    /// The value of a group.
    type Output: 'static;

    /// Called once, when the pipeline is declared, with the properties of the input. Default: does nothing.
    ///
    /// # Errors
    /// A parameter is invalid: the pipeline does not start.
    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        let _ = input;
        Ok(())
    }

    /// Adds `diff` copies of `argument`, or removes them if `diff` is negative.
    fn update(&self, state: &mut Self::State, argument: A, diff: i64);

    /// Like `update`, with the identity of the row: `row` is a hash of the whole row, or 0 if no row is ever removed. An [`ORDERED`](Reducer::ORDERED) reducer is
    /// updated by this method, so that of equal arguments it can remove the one whose row is removed. Default: calls `update`.
    #[inline]
    fn update_row(&self, state: &mut Self::State, row: u64, argument: A, diff: i64) {
        let _ = row;
        self.update(state, argument, diff);
    }

    /// Called after the last `update` of a group in a commit, for work that is cheaper once per commit than for each change.
    /// Default: does nothing. `output` must be correct without it.
    fn finish_commit(&self, state: &mut Self::State) {
        let _ = state;
    }

    /// The value of a group that has rows.
    ///
    /// # Errors
    /// The group has no value, for example because an integer sum does not fit its type. Then the group has no row until later changes
    /// give it a value again; the error is counted and reported.
    fn output(&self, state: &Self::State) -> Result<Self::Output, ReduceError>;
}

/// The properties of a reducer's input; see [`Reducer::prepare`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// Rows are inserted and never removed: state that is only needed for removals can be omitted.
    pub append_only: bool,
}

impl Input {
    pub(super) fn of(properties: TableProperties) -> Self {
        Input { append_only: properties.append_only }
    }
}
