//! Selected, counted and listed values, compared with the remaining rows.

use std::fmt::Debug;

use super::{Random, changes, reduce, with_seeds};
use crate::data::Datum;
use crate::operators::reducers::{
    Any, ArgMax, ArgMin, BoolAnd, BoolOr, CountDistinct, Input, Max, Min, ReduceError, Reducer, SortedTuple, Unique,
};

fn output<A: Copy, R: Reducer<A>>(reducer: &R, changes: &[(A, i64)]) -> Result<R::Output, ReduceError> {
    reducer.output(&reduce(reducer, changes))
}

/// Few copies, because lists contain all of them.
fn few(random: &mut Random) -> (Vec<(i64, i64)>, Vec<i64>) {
    let (mut changes, mut left) = (Vec::new(), Vec::new());
    for _ in 0..1 + random.below(12) {
        let (value, copies) = (random.below(4) as i64, 1 + random.below(3) as i64);
        let gone = random.below(copies as usize + 1) as i64;
        changes.extend([(value, copies), (value, -gone)]);
        left.extend((gone..copies).map(|_| value));
    }
    random.shuffle(&mut changes);
    left.sort_unstable();
    (changes, left)
}

#[test]
fn random_values_agree_with_what_is_left() {
    with_seeds(2_000, |random| {
        let (changes, left) = few(random);
        assert_eq!(output(&SortedTuple, &changes), Ok(left.clone()));
        assert_eq!(output(&Any, &changes).ok().as_ref(), left.first());
        let mut different = left.clone();
        different.dedup();
        assert_eq!(output(&CountDistinct, &changes), Ok(different.len() as i64));
        assert_eq!(output(&Unique, &changes).ok().as_ref(), different.first().filter(|_| different.len() == 1));
        let odd: Vec<_> = changes.iter().map(|(value, diff)| (value % 2 == 1, *diff)).collect();
        assert_eq!(output(&BoolAnd, &odd), Ok(left.iter().all(|value| value % 2 == 1)));
        assert_eq!(output(&BoolOr, &odd), Ok(left.iter().any(|value| value % 2 == 1)));
    });
}

#[test]
fn random_rows_beside_the_extremes() {
    with_seeds(2_000, |random| {
        let rows = 1 + random.below(12);
        let (changes, left) = changes(random, rows, |random| (random.below(4) as i64, random.below(4) as i64));
        let left = left.into_iter().map(|(row, _)| row);
        let least = left.clone().min().map(|(_, beside)| beside);
        let greatest = left.min_by_key(|(value, beside)| (-value, *beside)).map(|(_, beside)| beside);
        assert_eq!(output(&ArgMin, &changes).ok(), least);
        assert_eq!(output(&ArgMax, &changes).ok(), greatest);
    });
}

/// Where rows are never removed, one value is kept, and the result is that of all values.
#[test]
fn an_append_only_table_needs_one_value() {
    fn kept<A: Datum + Copy, O: PartialEq + Debug, S: Default>(
        mut reducer: impl Reducer<A, State = S, Output = O> + Copy,
        rows: &[A],
        len: impl Fn(&S) -> usize,
    ) {
        let all = reduce(&reducer, &rows.iter().map(|row| (*row, 1)).collect::<Vec<_>>());
        let expected = reducer.output(&all);
        reducer.prepare(Input { append_only: true }).expect("it is valid");
        let mut state = S::default();
        for row in rows {
            reducer.update(&mut state, *row, 2);
            assert_eq!(len(&state), 1);
        }
        assert_eq!(reducer.output(&state), expected);
    }
    with_seeds(500, |random| {
        let numbers: Vec<i64> = (0..1 + random.below(40)).map(|_| random.below(20) as i64).collect();
        let floats: Vec<f64> = numbers.iter().map(|n| [*n as f64, f64::NAN, -0.0][random.below(3)]).collect();
        let pairs: Vec<(i64, i64)> = numbers.iter().map(|n| (n % 5, random.below(9) as i64)).collect();
        kept(Min, &numbers, |state| state.iter().count());
        kept(Max, &numbers, |state| state.iter().count());
        kept(Any, &numbers, |state| state.iter().count());
        kept(ArgMin, &pairs, |state| state.iter().count());
        kept(ArgMax, &pairs, |state| state.iter().count());
        let bits = |rows: &[f64], reducer: &dyn Fn(&[f64]) -> f64| reducer(rows).to_bits();
        let max = |rows: &[f64]| {
            let mut max = Max;
            Reducer::<f64>::prepare(&mut max, Input { append_only: true }).expect("it is valid");
            let mut state = Default::default();
            rows.iter().for_each(|row| max.update(&mut state, *row, 1));
            Reducer::<f64>::output(&max, &state).expect("a value")
        };
        let all = |rows: &[f64]| output(&Max, &rows.iter().map(|row| (*row, 1)).collect::<Vec<_>>()).expect("a value");
        assert_eq!(bits(&floats, &max), bits(&floats, &all));
    });
}

#[test]
fn removed_rows_leave_no_state() {
    with_seeds(200, |random| {
        let (mut changes, left) = few(random);
        changes.extend(left.iter().map(|value| (*value, -1)));
        let distinct = reduce(&CountDistinct, &changes);
        assert!(distinct.is_empty());
        assert!(reduce(&Min, &changes).is_empty() && reduce(&Max, &changes).is_empty());
        assert!(reduce(&Any, &changes).is_empty() && reduce(&Unique, &changes).is_empty());
        assert!(reduce(&SortedTuple, &changes).is_empty());
        let pairs: Vec<_> = changes.iter().map(|(value, diff)| ((*value, -value), *diff)).collect();
        assert!(reduce(&ArgMin, &pairs).is_empty() && reduce(&ArgMax, &pairs).is_empty());
        assert_eq!(output(&SortedTuple, &changes), Ok(vec![]));
        assert!(output(&Any, &changes).is_err() && output(&Unique, &changes).is_err());
    });
}

#[test]
fn the_zeros_are_one_value_and_so_are_nans() {
    let changes = [(0.0, 1), (-0.0, 1), (f64::NAN, 1), (-f64::NAN, 1)];
    assert_eq!(output(&CountDistinct, &changes), Ok(2));
}
