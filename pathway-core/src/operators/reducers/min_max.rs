//! `min` and `max`: the least and the greatest value of a group.

use super::missing_last::MissingLast;
use super::multiset::Multiset;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// The least value of a group, in the order of [`Datum::compare`].
///
/// `None` is skipped, as in SQL: the minimum of an `Option` column is `None` only if there is no other value.
/// Floats are ordered by value, with NaN above everything. Strings are ordered by their bytes,
/// tuples and `Vec`s element by element; within those, `None` is below every value.
///
/// Memory: one value if the table only grows, otherwise all values.
///
/// ```
/// use pathway::reducers::{Min, Reducer};
///
/// let mut values = Default::default();
/// Min.update(&mut values, 3_i64, 1);
/// Min.update(&mut values, 1_i64, 1);
/// assert_eq!(Reducer::<i64>::output(&Min, &values), Ok(1));
/// Min.update(&mut values, 1_i64, -1);
/// assert_eq!(Reducer::<i64>::output(&Min, &values), Ok(3));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Min {
    append_only: bool,
}

/// The reducer.
#[expect(non_upper_case_globals, reason = "a reducer without parameters is written as its type")]
pub const Min: Min = Min { append_only: false };

/// The greatest value of a group, in the order of [`Datum::compare`].
///
/// `None` is skipped, as in SQL: the maximum of an `Option` column is `None` only if there is no other value.
/// Floats are ordered by value, with NaN above everything.
///
/// Memory: one value if the table only grows, otherwise all values.
///
/// ```
/// use pathway::reducers::{Max, Reducer};
///
/// let mut values = Default::default();
/// Max.update(&mut values, None, 1);
/// assert_eq!(Reducer::<Option<i64>>::output(&Max, &values), Ok(None));
/// Max.update(&mut values, Some(7_i64), 1);
/// assert_eq!(Reducer::<Option<i64>>::output(&Max, &values), Ok(Some(7)));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Max {
    append_only: bool,
}

/// The reducer.
#[expect(non_upper_case_globals, reason = "a reducer without parameters is written as its type")]
pub const Max: Max = Max { append_only: false };

impl<A: Datum> Reducer<A> for Min {
    type State = Multiset<MissingLast<A>>;
    type Output = A;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        Ok(())
    }

    #[inline]
    fn update(&self, values: &mut Self::State, argument: A, diff: i64) {
        let value = MissingLast(argument);
        if !self.append_only {
            values.update(value, diff);
        } else if diff > 0 {
            values.keep_least(value);
        }
    }

    fn output(&self, values: &Self::State) -> Result<A, ReduceError> {
        values.first().map(|least| least.0.clone_datum()).ok_or_else(ReduceError::nothing_left)
    }
}

impl<A: Datum> Reducer<A> for Max {
    type State = Multiset<A>;
    type Output = A;

    fn prepare(&mut self, input: Input) -> Result<(), ReduceError> {
        self.append_only = input.append_only;
        Ok(())
    }

    #[inline]
    fn update(&self, values: &mut Multiset<A>, argument: A, diff: i64) {
        if !self.append_only {
            values.update(argument, diff);
        } else if diff > 0 {
            values.keep_greatest(argument);
        }
    }

    fn output(&self, values: &Multiset<A>) -> Result<A, ReduceError> {
        values.last().map(A::clone_datum).ok_or_else(ReduceError::nothing_left)
    }
}
