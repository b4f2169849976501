//! Reducers: what becomes of the rows of a group.
//!
//! | reducer | takes | gives | a `None` | where the value can't be told |
//! |---|---|---|---|---|
//! | [`Count`] | anything, or nothing | `i64` | counts like any other | never |
//! | [`Sum`] | integers, floats, durations ([`Summable`]) | the column's type | does not compile: `unwrap_or` says what it counts | an integer or a duration that does not fit: an error that heals; a float is infinite |
//! | [`Avg`] | the same ([`Averageable`]) | `f64`, or a duration | does not compile, likewise | never |
//! | [`Min`], [`Max`] | any [`Datum`](crate::data::Datum) | the column's type | is below every value | never |
//! | [`ArgMin`], [`ArgMax`] | a pair of them | the second's type | is below every value | never |
//! | [`Any`] | any | the column's type | is below every value | never |
//! | [`Unique`] | any | the column's type | is a value | two different values: an error that heals |
//! | [`CountDistinct`] | any | `i64` | is a value | never |
//! | [`SortedTuple`] | any | a `Vec` of the column's type | stands first | never |
//! | [`BoolAnd`], [`BoolOr`] | `bool` ([`Condition`]) | `bool` | does not compile: `unwrap_or` says what it counts | never |
//!
//! Every one is right under retraction, whatever the order of changes within a commit:
//!
//! | reducer | a change costs | bytes a group |
//! |---|---|---|
//! | `Count` | an addition | 8 |
//! | `Sum` of integers or durations | a 128-bit addition, no overflow on the way | 16 |
//! | `Sum` of floats | a 128-bit shift and addition, exact | 24; and 312 more on the heap while the values lie more than 2¹²⁷ apart, or one is not finite |
//! | `Avg` | that of `Sum` and of `Count` | 24, floats 32 |
//! | `Min`, `Max` | a comparison with one distinct value, else a search in a B-tree | 16 for 8-byte columns while one distinct value is there; else about 216 more on the heap, for up to 11 of them |
//! | `ArgMin`, `ArgMax`, `Any`, `Unique`, `SortedTuple` | the same | the same |
//! | `CountDistinct` | a look into a hash table | 40, and on the heap 9 to 18 more than its size for each different value |
//! | `BoolAnd`, `BoolOr` | an addition | 8 |

mod arg;
mod avg;
mod bool;
mod count;
mod distinct;
mod error;
mod exact;
mod float;
mod integer;
mod min_max;
mod multiset;
mod one;
mod sorted_tuple;
mod sum;
mod tuple;

#[cfg(test)]
mod tests;

pub use arg::{ArgMax, ArgMin, Descending};
pub use avg::{Averageable, Avg, AvgState};
pub use bool::{BoolAnd, BoolOr, Condition};
pub use count::Count;
pub use distinct::{CountDistinct, Distinct};
pub use error::ReduceError;
pub use exact::ExactSum;
pub use integer::IntegerSum;
pub use min_max::{Max, Min};
pub use multiset::Multiset;
pub use one::{Any, Unique};
pub use sorted_tuple::SortedTuple;
pub use sum::{Sum, Summable};

/// Turns the rows of a group into one value, and keeps it right while rows come and go.
///
/// `A` is what the reducer is fed for each row: the argument of `sum(o.price)`, a tuple of several, `()` of none.
/// A reducer is itself a value, so that it can carry parameters: `Quantile(0.95)`.
/// A tuple of reducers is a reducer of the tuple of their arguments.
///
/// # Contract
/// The output depends only on the multiset of arguments, not on their order:
/// `update` with `diff` and then with `-diff` leaves a state that gives the same output as before.
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot reduce `{A}`",
    label = "not a reducer of `{A}`",
    note = "a reducer of your own is a type that implements `Reducer<{A}>`"
)]
pub trait Reducer<A>: Send + Sync + 'static {
    /// What is kept for each group. Its default is the state of a group without rows.
    type State: Default + 'static;

    /// What the group's rows become.
    type Output: 'static;

    /// `diff` copies of `argument` come (`diff` > 0) or go (`diff` < 0).
    fn update(&self, state: &mut Self::State, argument: A, diff: i64);

    /// The value of a group that has rows.
    ///
    /// # Errors
    /// The value cannot be told: an integer sum does not fit its type. The group then has no row
    /// until later changes make it tellable again; the error is reported and counted.
    fn output(&self, state: &Self::State) -> Result<Self::Output, ReduceError>;
}
