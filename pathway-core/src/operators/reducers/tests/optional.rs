//! Reducers of `Option` columns, which skip `None`, except those that list or pick rows.

use super::{Random, changes, reduce, with_seeds};
use crate::operators::reducers::{
    Any, ArgMax, ArgMin, Avg, CountDistinct, CountDistinctApprox, Earliest, Filtered, Input, Latest, Max, Min,
    ReduceError, Reducer, SortedTuple, Sum, TopK, Tuple, Unique,
};

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

fn output<A: Copy, R: Reducer<A>>(reducer: &R, changes: &[(A, i64)]) -> Result<R::Output, ReduceError> {
    reducer.output(&reduce(reducer, changes))
}

#[test]
fn none_is_skipped_beside_other_values() {
    let rows = [(Some(2_i64), 1), (None, 2), (Some(3), 1)];
    assert_eq!((output(&Min, &rows), output(&Max, &rows)), (Ok(Some(2)), Ok(Some(3))));
    assert_eq!(output(&Any, &rows), Ok(Some(2)));
    assert_eq!((output(&CountDistinct, &rows), output(&CountDistinctApprox::new(), &rows)), (Ok(2), Ok(2)));
    assert_eq!(output(&TopK::new(3), &rows), Ok(vec![Some(3), Some(2)]));
    assert!(output(&Unique, &rows).is_err());
    assert_eq!(output(&Unique, &rows[..2]), Ok(Some(2)));
    let pairs = [((None, 7_i64), 1), ((Some(f64::NAN), 8), 1), ((Some(1.0), 9), 1)];
    assert_eq!((output(&ArgMin, &pairs), output(&ArgMax, &pairs)), (Ok(9), Ok(8)));
}

#[test]
fn without_other_values_the_result_is_that_of_none() {
    let rows = [(None::<i64>, 2)];
    assert_eq!((output(&Min, &rows), output(&Max, &rows)), (Ok(None), Ok(None)));
    assert_eq!((output(&Any, &rows), output(&Unique, &rows)), (Ok(None), Ok(None)));
    assert_eq!((output(&CountDistinct, &rows), output(&CountDistinctApprox::new(), &rows)), (Ok(0), Ok(0)));
    assert_eq!(output(&TopK::new(3), &rows), Ok(vec![]));
    let pairs = [((None::<i64>, 8_i64), 1), ((None, 7), 1)];
    assert_eq!((output(&ArgMin, &pairs), output(&ArgMax, &pairs)), (Ok(7), Ok(7)));
}

#[test]
fn lists_and_picked_rows_have_none() {
    let rows = [(None, 1), (Some(2_i64), 1), (None, 1)];
    assert_eq!(output(&SortedTuple, &rows), Ok(vec![None, None, Some(2)]));
    assert_eq!(output(&Tuple, &rows), Ok(vec![None, Some(2), None]));
    assert_eq!((output(&Earliest::new(), &rows), output(&Latest::new(), &rows)), (Ok(None), Ok(None)));
    // What is picked beside a value is a column of the row, whatever it has.
    let pairs = [((1_i64, None), 1), ((2, Some(3_i64)), 1), ((1, Some(4)), 1)];
    assert_eq!((output(&ArgMin, &pairs), output(&ArgMax, &pairs)), (Ok(None), Ok(Some(3))));
}

#[test]
fn a_condition_makes_no_option_of_an_option() {
    let rows = [(Some(None::<i64>), 1), (Some(Some(5)), 1), (None, 1)];
    assert_eq!(output(&Filtered::new(Min), &rows), Ok(Some(Some(5))));
    assert_eq!(output(&Filtered::new(CountDistinct), &rows), Ok(Some(1)));
}

/// Random changes of an `Option` column: the result is that of the values which are left.
#[test]
fn random_values_agree_with_what_is_left() {
    with_seeds(2_000, |random| {
        let value = |random: &mut Random| (random.below(3) > 0).then(|| random.below(4) as i64);
        let rows = 1 + random.below(12);
        let (changes, left) = changes(random, rows, value);
        if left.is_empty() {
            return;
        }
        let mut values: Vec<i64> = left.iter().filter_map(|(value, _)| *value).collect();
        values.sort_unstable();
        values.dedup();
        assert_eq!(output(&Min, &changes), Ok(values.first().copied()));
        assert_eq!(output(&Any, &changes), Ok(values.first().copied()));
        assert_eq!(output(&Max, &changes), Ok(values.last().copied()));
        assert_eq!(output(&CountDistinct, &changes), Ok(values.len() as i64));
        assert_eq!(output(&CountDistinctApprox::new(), &changes), Ok(values.len() as i64));
        assert_eq!(output(&Unique, &changes).ok(), (values.len() < 2).then(|| values.first().copied()));
        let greatest = output(&TopK::new(1), &changes);
        assert_eq!(greatest, Ok(values.last().map(|value| Some(*value)).into_iter().collect()));
        let pairs: Vec<_> = changes.iter().map(|(value, diff)| ((*value, value.map(|value| -value)), *diff)).collect();
        assert_eq!(output(&ArgMin, &pairs), Ok(values.first().map(|value| -value)));
        assert_eq!(output(&ArgMax, &pairs), Ok(values.last().map(|value| -value)));

        let removed = changes.iter().copied().chain(left.iter().map(|(value, copies)| (*value, -copies)));
        let removed: Vec<_> = removed.collect();
        assert!(reduce(&Min, &removed).is_empty() && reduce(&Max, &removed).is_empty());
        assert!(reduce(&CountDistinct, &removed).is_empty() && reduce(&TopK::new(2), &removed).is_empty());
        assert!(reduce(&CountDistinctApprox::new(), &removed).is_empty());
    });
}

/// The one value that is kept is the right one, whenever `None` comes.
#[test]
fn random_values_of_an_append_only_table() {
    with_seeds(500, |random| {
        let values: Vec<_> =
            (0..1 + random.below(9)).map(|_| (random.below(2) > 0).then(|| random.below(5) as i64)).collect();
        let once: Vec<_> = values.iter().map(|value| (*value, 1)).collect();
        let pairs: Vec<_> = values.iter().enumerate().map(|(at, value)| ((*value, at as i64), 1)).collect();
        fn grown<A: Copy, R: Reducer<A>>(mut reducer: R, changes: &[(A, i64)]) -> Result<R::Output, ReduceError> {
            reducer.prepare(Input { append_only: true })?;
            output(&reducer, changes)
        }
        assert_eq!(grown(Min, &once), output(&Min, &once));
        assert_eq!(grown(Max, &once), output(&Max, &once));
        assert_eq!(grown(Any, &once), output(&Any, &once));
        assert_eq!(grown(TopK::new(2), &once), output(&TopK::new(2), &once));
        assert_eq!(grown(ArgMin, &pairs), output(&ArgMin, &pairs));
        assert_eq!(grown(ArgMax, &pairs), output(&ArgMax, &pairs));
        assert_eq!(grown(CountDistinctApprox::new(), &once), output(&CountDistinct, &once));
    });
}
