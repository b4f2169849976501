//! Sums and means of `Option` columns.

use super::{changes, reduce, with_seeds};
use crate::operators::reducers::{Avg, ReduceError, Reducer, Sum};

fn sum(changes: &[(Option<i64>, i64)]) -> Result<Option<i64>, ReduceError> {
    Sum.output(&reduce(&Sum, changes))
}

fn avg(changes: &[(Option<i64>, i64)]) -> Result<Option<f64>, ReduceError> {
    Reducer::<Option<i64>>::output(&Avg, &reduce(&Avg, changes))
}

#[test]
fn none_is_skipped() {
    let rows = [(None, 4), (Some(3), 1), (Some(4), 1)];
    assert_eq!((sum(&rows), avg(&rows)), (Ok(Some(7)), Ok(Some(3.5))));
    assert_eq!((sum(&[(None, 1)]), avg(&[(None, 1)])), (Ok(None), Ok(None)));
    assert_eq!((sum(&[(Some(0), 1)]), avg(&[(Some(0), 2)])), (Ok(Some(0)), Ok(Some(0.0))));
    assert_eq!((sum(&[(None, 1), (Some(9), 1), (Some(9), -1)]), avg(&[])), (Ok(None), Err(no_rows())));
}

fn no_rows() -> ReduceError {
    ReduceError::new("the mean of no rows")
}

#[test]
fn a_sum_that_does_not_fit_is_an_error() {
    let total: Result<Option<u8>, _> = Sum.output(&reduce(&Sum, &[(Some(200_u8), 1), (None, 1), (Some(100), 1)]));
    assert_eq!(total, Err(ReduceError::new("the sum does not fit a u8")));
}

#[test]
fn random_sums_agree_with_those_of_present_values() {
    with_seeds(500, |random| {
        let value = |random: &mut super::Random| (random.below(3) > 0).then(|| random.next() as i64 >> 20);
        let (changes, left) = changes(random, 8, value);
        let there: Vec<_> = left.iter().filter_map(|(value, copies)| Some(((*value)?, *copies))).collect();
        let (total, mean) = (reduce::<i64, _>(&Sum, &there), reduce::<i64, _>(&Avg, &there));
        assert_eq!(
            sum(&changes).ok(),
            if there.is_empty() { Some(None) } else { Reducer::<i64>::output(&Sum, &total).ok().map(Some) }
        );
        if !left.is_empty() && there.iter().try_fold(0_i64, |n, (_, copies)| n.checked_add(*copies)).is_some() {
            assert_eq!(avg(&changes), Ok(Reducer::<i64>::output(&Avg, &mean).ok()));
        }
    });
}
