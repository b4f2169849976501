//! `any` and `unique`: one value that represents a group.

use super::multiset::Multiset;
use super::{Input, ReduceError, Reducer};
use crate::data::Datum;

/// One value of a group: for columns that have the same value in all rows of a group, or if it does not matter which.
///
/// It is the least value, so that it depends neither on the order of rows nor on the number of workers.
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

/// The value that all rows of a group have.
///
/// While there are several values, the group has no row: its old row is removed and an error is reported. The row comes back when
/// one value is left. `None` is a value like any other.
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
            values.keep_least(argument);
        }
    }

    fn output(&self, values: &Multiset<A>) -> Result<A, ReduceError> {
        values.first().map(A::clone_datum).ok_or_else(ReduceError::nothing_left)
    }
}

impl<A: Datum> Reducer<A> for Unique {
    type State = Multiset<A>;
    type Output = A;

    fn update(&self, values: &mut Multiset<A>, argument: A, diff: i64) {
        values.update(argument, diff);
    }

    fn output(&self, values: &Multiset<A>) -> Result<A, ReduceError> {
        match (values.first(), values.last()) {
            (Some(first), Some(last)) if first.compare(last).is_eq() => Ok(first.clone_datum()),
            (Some(_), Some(_)) => Err(ReduceError::new("`unique` of a column that has several values in the group")),
            _ => Err(ReduceError::nothing_left()),
        }
    }
}
