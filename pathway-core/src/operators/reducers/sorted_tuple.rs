//! `sorted_tuple`: all values of a group, sorted.

use super::multiset::Multiset;
use super::{ReduceError, Reducer};
use crate::data::Datum;

/// All values of a group as a `Vec`, in the order of [`Datum::compare`]: `None` first, with all copies.
///
/// Every change of a group makes a new `Vec`: it is meant for groups of some dozens of rows.
///
/// ```
/// use pathway::reducers::{Reducer, SortedTuple};
///
/// let mut values = Default::default();
/// for value in [3_i64, 5, 3] {
///     SortedTuple.update(&mut values, value, 1);
/// }
/// assert_eq!(Reducer::<i64>::output(&SortedTuple, &values), Ok(vec![3, 3, 5]));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SortedTuple;

impl<A: Datum> Reducer<A> for SortedTuple {
    type State = Multiset<A>;
    type Output = Vec<A>;

    fn update(&self, values: &mut Multiset<A>, argument: A, diff: i64) {
        values.update(argument, diff);
    }

    fn output(&self, values: &Multiset<A>) -> Result<Vec<A>, ReduceError> {
        Ok(values.iter().flat_map(|(value, copies)| (0..copies).map(|_| value.clone_datum())).collect())
    }
}
