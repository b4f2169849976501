//! `arg_min` and `arg_max`: another column of the row with the least or the greatest value.

use std::cmp::Reverse;

use super::missing_last::MissingLast;
use super::multiset::Multiset;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// The second argument of the row with the least first argument: `arg_min(o.price, o.id)` is the `id` of the cheapest order.
///
/// The row is one that has the value which [`Min`](struct@super::Min) returns: rows whose first argument is `None` are skipped, unless
/// there are no others. If several rows have the least value, the least second argument is the result, so that it does not depend on
/// the order of rows. The second argument can be `None`, which is below every other value.
///
/// Memory: one row if the table only grows, otherwise all rows.
///
/// ```
/// use pathway::reducers::{ArgMin, Reducer};
///
/// let mut rows = Default::default();
/// for row in [(3.0, "c"), (1.0, "b"), (1.0, "a")] {
///     ArgMin.update(&mut rows, (row.0, row.1.to_owned()), 1);
/// }
/// assert_eq!(Reducer::<(f64, String)>::output(&ArgMin, &rows), Ok("a".to_owned()));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ArgMin {
    append_only: bool,
}

/// The reducer.
#[expect(non_upper_case_globals, reason = "a reducer without parameters is written as its type")]
pub const ArgMin: ArgMin = ArgMin { append_only: false };

/// The second argument of the row with the greatest first argument: `arg_max(o.price, o.id)` is the `id` of the most expensive
/// order.
///
/// The row is one that has the value which [`Max`](struct@super::Max) returns: NaN is above every other value, and rows whose first
/// argument is `None` are skipped, unless there are no others. If several rows have the greatest value, the least second argument is
/// the result, so that it does not depend on the order of rows. The second argument can be `None`, which is below every other value.
///
/// Memory: one row if the table only grows, otherwise all rows.
///
/// ```
/// use pathway::reducers::{ArgMax, Reducer};
///
/// let mut rows = Default::default();
/// ArgMax.update(&mut rows, (3.0, 7_i64), 1);
/// ArgMax.update(&mut rows, (9.0, 8_i64), 1);
/// assert_eq!(Reducer::<(f64, i64)>::output(&ArgMax, &rows), Ok(8));
/// ArgMax.update(&mut rows, (9.0, 8_i64), -1);
/// assert_eq!(Reducer::<(f64, i64)>::output(&ArgMax, &rows), Ok(7));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct ArgMax {
    append_only: bool,
}

/// The reducer.
#[expect(non_upper_case_globals, reason = "a reducer without parameters is written as its type")]
pub const ArgMax: ArgMax = ArgMax { append_only: false };

impl<A: Datum, B: Datum> Reducer<(A, B)> for ArgMin {
    type State = Multiset<(MissingLast<A>, B)>;
    type Output = B;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        Ok(())
    }

    fn update(&self, rows: &mut Self::State, (value, argument): (A, B), diff: i64) {
        let row = (MissingLast(value), argument);
        if !self.append_only {
            rows.update(row, diff);
        } else if diff > 0 {
            rows.keep_least(row);
        }
    }

    fn output(&self, rows: &Self::State) -> Result<B, ReduceError> {
        rows.first().map(|(_, argument)| argument.clone_datum()).ok_or_else(ReduceError::nothing_left)
    }
}

impl<A: Datum, B: Datum> Reducer<(A, B)> for ArgMax {
    type State = Multiset<(Reverse<A>, B)>;
    type Output = B;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        Ok(())
    }

    fn update(&self, rows: &mut Self::State, (value, argument): (A, B), diff: i64) {
        let row = (Reverse(value), argument);
        if !self.append_only {
            rows.update(row, diff);
        } else if diff > 0 {
            rows.keep_least(row);
        }
    }

    fn output(&self, rows: &Self::State) -> Result<B, ReduceError> {
        rows.first().map(|(_, argument)| argument.clone_datum()).ok_or_else(ReduceError::nothing_left)
    }
}
