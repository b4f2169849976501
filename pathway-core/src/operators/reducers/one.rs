//! `any` and `unique`: one value that represents a group.

use super::missing_last::MissingLast;
use super::multiset::Multiset;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// One value of a group: for columns that have the same value in all rows of a group, or if it does not matter which.
///
/// It is the least value, so that it depends neither on the order of rows nor on the number of workers. `None` is skipped, as in
/// SQL: the result is `None` only if there is no other value.
///
/// Memory: one value if the table only grows, otherwise all values.
///
/// ```
/// use pathway::reducers::{Any, Reducer};
///
/// let mut values = Default::default();
/// Any.update(&mut values, 7_i64, 2);
/// assert_eq!(Reducer::<i64>::output(&Any, &values), Ok(7));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Any {
    append_only: bool,
}

/// The reducer.
#[expect(non_upper_case_globals, reason = "a reducer without parameters is written as its type")]
pub const Any: Any = Any { append_only: false };

/// The value that all rows of a group have which have one.
///
/// While there are several values, the group has no row: its old row is removed and an error is reported. The row comes back when
/// one value is left. `None` is skipped, as in SQL: the result is `None` only if there is no other value.
///
/// ```
/// use pathway::reducers::{Reducer, Unique};
///
/// let mut values = Default::default();
/// Unique.update(&mut values, 7_i64, 2);
/// assert_eq!(Reducer::<i64>::output(&Unique, &values), Ok(7));
/// Unique.update(&mut values, 8_i64, 1);
/// assert!(Reducer::<i64>::output(&Unique, &values).is_err());
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Unique;

impl<A: Datum> Reducer<A> for Any {
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

impl<A: Datum> Reducer<A> for Unique {
    type State = Multiset<MissingLast<A>>;
    type Output = A;

    fn update(&self, values: &mut Self::State, argument: A, diff: i64) {
        values.update(MissingLast(argument), diff);
    }

    fn output(&self, values: &Self::State) -> Result<A, ReduceError> {
        let mut different = values.iter().map(|(value, _)| &value.0);
        let first = different.next().ok_or_else(ReduceError::nothing_left)?;
        // A missing value comes last.
        match different.next() {
            Some(second) if !second.is_missing() => {
                Err(ReduceError::new("`unique` of a column that has several values in the group"))
            }
            _ => Ok(first.clone_datum()),
        }
    }
}
