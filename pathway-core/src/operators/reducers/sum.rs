//! `sum`: the total of a column of numbers or durations.

use super::{ReduceError, Reducer, Saved};

/// The sum of the values of a group, in the type of the column.
///
/// The sum is exact, in whatever order rows are inserted and removed. An integer sum never wraps: while it does not fit the type of
/// the column, the group has no row and the error is reported; it recovers when later changes bring the sum back into range.
/// A float sum is the true sum of the current rows, rounded once.
///
/// ```
/// use pathway::reducers::{ReduceError, Reducer, Sum};
///
/// let mut total = Default::default();
/// Sum.update(&mut total, 0.1, 10);
/// Sum.update(&mut total, 1e308, 2);
/// Sum.update(&mut total, 1e308, -2);
/// assert_eq!(Reducer::<f64>::output(&Sum, &total), Ok(1.0)); // Added one by one, floats give 0.9999999999999999.
///
/// let mut total = Default::default();
/// Sum.update(&mut total, 100_i8, 2);
/// assert_eq!(Reducer::<i8>::output(&Sum, &total), Err(ReduceError::new("the sum does not fit an i8")));
/// Sum.update(&mut total, 100_i8, -1);
/// assert_eq!(Reducer::<i8>::output(&Sum, &total), Ok(100));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Sum;

impl<T: Summable> Reducer<T> for Sum {
    type State = T::Total;
    type Output = T;

    #[inline]
    fn update(&self, total: &mut T::Total, value: T, diff: i64) {
        T::add(total, value, diff);
    }

    fn output(&self, total: &T::Total) -> Result<T, ReduceError> {
        T::sum(total)
    }
}

/// A value that `sum` can add up.
///
/// | type | the sum |
/// |---|---|
/// | `i8` … `i64`, `u8` … `u64` | the same type, or an error while it does not fit |
/// | `f32`, `f64` | the same type, rounded once; infinite beyond the largest finite number |
/// | [`SignedDuration`](jiff::SignedDuration) | a duration, or an error while it does not fit |
/// | `Option` of these | as in SQL, the sum of the values that are not `None`; `None` if there are none |
///
/// Implement it for your own newtype by delegating to the inner type:
/// ```
/// use pathway::reducers::{ReduceError, Summable};
///
/// struct Cents(i64);
///
/// impl Summable for Cents {
///     type Total = <i64 as Summable>::Total;
///
///     fn add(total: &mut Self::Total, value: Self, diff: i64) {
///         i64::add(total, value.0, diff);
///     }
///
///     fn sum(total: &Self::Total) -> Result<Self, ReduceError> {
///         i64::sum(total).map(Cents)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "cannot `sum` a column of `{Self}`",
    label = "this column is not numeric",
    note = "use `count` to count rows",
    note = "for an `Option` of a number, `None` is skipped"
)]
pub trait Summable: Sized + 'static {
    /// The state of a group. Its default is the total of no values.
    type Total: Default + Saved;

    /// Adds `diff` copies of `value`, or removes them if `diff` is negative.
    fn add(total: &mut Self::Total, value: Self, diff: i64);

    /// The sum of the current values.
    ///
    /// # Errors
    /// The sum does not fit the type.
    fn sum(total: &Self::Total) -> Result<Self, ReduceError>;
}
