//! `sum`: the total of a column of numbers or durations.

use super::{ReduceError, Reducer};

/// The sum of a group's values, in the type of the column.
///
/// The sum is exact, whatever the order in which rows come and go. An integer sum never wraps: while it does not
/// fit the column's type the group has no row and the error is reported; it heals when later changes bring it back.
/// A float sum is the true sum of the rows that are there, rounded once.
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
/// | `f32`, `f64` | the same type, rounded once; beyond the largest finite number it is infinite |
/// | [`SignedDuration`](jiff::SignedDuration) | a duration, or an error while it does not fit |
/// | `Option` of these | as in SQL, that of the values that are there; `None` while there are none |
///
/// A newtype of one's own borrows what the type inside it does:
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
    note = "of an `Option` of a number it passes over what is missing"
)]
pub trait Summable: Sized + 'static {
    /// What is kept for a group. Its default is the total of nothing.
    type Total: Default + 'static;

    /// `diff` copies of `value` come (`diff` > 0) or go (`diff` < 0).
    fn add(total: &mut Self::Total, value: Self, diff: i64);

    /// The sum of the values that are there.
    ///
    /// # Errors
    /// It does not fit the type.
    fn sum(total: &Self::Total) -> Result<Self, ReduceError>;
}
