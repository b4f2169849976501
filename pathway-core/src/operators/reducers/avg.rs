//! `avg`: the mean of a column of numbers or durations.

use super::{ReduceError, Reducer, Summable};

/// The arithmetic mean of a group's values: an `f64`, or a duration where the column is one.
///
/// It is the exact sum divided by the number of rows, rounded once: the float nearest to the true mean,
/// also where the sum itself is too large for its type.
///
/// ```
/// use pathway::reducers::{Avg, Reducer};
///
/// let mut state = Default::default();
/// Avg.update(&mut state, i64::MAX, 2);
/// Avg.update(&mut state, 1_i64, 1);
/// Avg.update(&mut state, i64::MAX, -2);
/// Avg.update(&mut state, 2_i64, 1);
/// assert_eq!(Reducer::<i64>::output(&Avg, &state), Ok(1.5));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Avg;

/// What [`Avg`] keeps for a group: the total, and how many rows are in it.
#[derive(Clone, Debug, Default)]
pub struct AvgState<Total> {
    total: Total,
    rows: i64,
}

impl<T: Averageable> Reducer<T> for Avg {
    type State = AvgState<T::Total>;
    type Output = T::Mean;

    #[inline]
    fn update(&self, state: &mut Self::State, value: T, diff: i64) {
        T::add(&mut state.total, value, diff);
        state.rows = state.rows.wrapping_add(diff);
    }

    fn output(&self, state: &Self::State) -> Result<T::Mean, ReduceError> {
        match state.rows {
            0 => Err(ReduceError::new("there are no rows to take the mean of")),
            rows => Ok(T::mean(&state.total, rows)),
        }
    }
}

/// A value that `avg` can take the mean of.
///
/// The mean of integers and floats is an `f64`; that of [`SignedDuration`](jiff::SignedDuration)s is a duration,
/// rounded to the nearest nanosecond. That of an `Option` of these is an `Option`, as in SQL: the mean of what is
/// there, `None` while nothing is.
#[diagnostic::on_unimplemented(
    message = "cannot take the `avg` of a column of `{Self}`",
    label = "this column is not numeric",
    note = "use `count` to count rows",
    note = "of an `Option` of a number it passes over what is missing"
)]
pub trait Averageable: Summable {
    /// The type of the mean.
    type Mean: 'static;

    /// The mean of the values that are there. `rows`, how many they are, is never 0.
    fn mean(total: &Self::Total, rows: i64) -> Self::Mean;
}
