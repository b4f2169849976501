//! `tuple`: all values of a group, in the order of arrival.

use super::arrivals::Arrivals;
use super::{ReduceError, Reducer};
use crate::data::Datum;

/// All values of a group as a `Vec`, in the order of arrival, with all copies and with `None`.
///
/// When a row is removed, its own value is removed; of rows that are equal in all columns, the one that arrived last. After rows were
/// grouped by key, those of one commit have no order of arrival, and are in the order of the rows themselves, column by column; in a
/// session window, rows are in the order of event time.
///
/// Every change of a group makes a new `Vec`: it is meant for groups of some dozens of rows.
///
/// ```
/// use pathway::reducers::{Reducer, Tuple};
///
/// let mut values = Default::default();
/// for (value, diff) in [(3_i64, 1), (5, 1), (3, 1), (3, -1)] {
///     Tuple.update(&mut values, value, diff);
/// }
/// assert_eq!(Reducer::<i64>::output(&Tuple, &values), Ok(vec![3, 5]));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Tuple;

impl<A: Datum> Reducer<A> for Tuple {
    const ORDERED: bool = true;

    type State = Arrivals<A>;
    type Output = Vec<A>;

    fn update(&self, values: &mut Arrivals<A>, argument: A, diff: i64) {
        values.update(0, argument, diff);
    }

    fn update_row(&self, values: &mut Arrivals<A>, row: u64, argument: A, diff: i64) {
        values.update(row, argument, diff);
    }

    fn output(&self, values: &Arrivals<A>) -> Result<Vec<A>, ReduceError> {
        Ok(values.each().map(A::clone_datum).collect())
    }
}
