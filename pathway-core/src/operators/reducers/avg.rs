//! `avg`: the mean of a column of numbers or durations.

use serde::{Deserialize, Serialize};

use super::{ReduceError, Reducer, Summable};

/// The arithmetic mean of the values of a group: an `f64`, or a duration for a column of durations.
///
/// It is the exact sum divided by the number of rows, rounded once: the float nearest to the true mean, even if the sum does not
/// fit its type.
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

/// The state of [`Avg`] for a group: the total and the number of rows.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
            0 => Err(ReduceError::new("the mean of no rows")),
            rows => Ok(T::mean(&state.total, rows)),
        }
    }
}

/// A value that `avg` can take the mean of.
///
/// The mean of integers and floats is an `f64`. The mean of [`SignedDuration`](jiff::SignedDuration)s is a duration, rounded to
/// the nearest nanosecond. The mean of an `Option` of these is an `Option`, as in SQL: the mean of the values that are not `None`;
/// `None` if there are none.
#[diagnostic::on_unimplemented(
    message = "cannot take the `avg` of a column of `{Self}`",
    label = "this column is not numeric",
    note = "use `count` to count rows",
    note = "for an `Option` of a number, `None` is skipped"
)]
pub trait Averageable: Summable {
    /// The type of the mean.
    type Mean: 'static;

    /// The mean of the values. `rows` is their number, and never 0.
    fn mean(total: &Self::Total, rows: i64) -> Self::Mean;
}
