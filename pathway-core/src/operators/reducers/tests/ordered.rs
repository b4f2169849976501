//! The least and the greatest value.

use super::{changes, reduce, with_seeds};
use crate::operators::reducers::{Max, Min, Reducer};

#[test]
fn random_extremes_agree_with_what_is_left() {
    with_seeds(2_000, |random| {
        let (rows, values) = (1 + random.below(12), 1 + random.below(8));
        let (changes, left) = changes(random, rows, |random| random.below(values) as i64);
        let (min, max) = (reduce(&Min, &changes), reduce(&Max, &changes));
        let mut left: Vec<i64> = left.into_iter().map(|(value, _)| value).collect();
        left.sort_unstable();
        assert_eq!(Reducer::<i64>::output(&Min, &min).ok().as_ref(), left.first());
        assert_eq!(Reducer::<i64>::output(&Max, &max).ok().as_ref(), left.last());
    });
}

#[test]
fn within_a_tuple_none_is_below_every_value() {
    let changes = [((0, Some(1_i64)), 1), ((0, None), 1), ((0, Some(i64::MIN)), 1)];
    assert_eq!(Min.output(&reduce(&Min, &changes)), Ok((0_i64, None)));
    assert_eq!(Max.output(&reduce(&Max, &changes)), Ok((0_i64, Some(1))));
}

#[test]
fn nan_is_above_every_value_and_can_be_removed() {
    let mut max = reduce(&Max, &[(f64::NAN, 1), (f64::INFINITY, 1), (1.0, 1)]);
    assert!(Reducer::<f64>::output(&Max, &max).is_ok_and(f64::is_nan));
    Max.update(&mut max, f64::NAN, -1);
    assert_eq!(Reducer::<f64>::output(&Max, &max), Ok(f64::INFINITY));
}

#[test]
fn a_value_removed_more_often_than_inserted_is_absent() {
    let mut min = reduce(&Min, &[(1_i64, -1), (2, 1)]);
    assert_eq!(Reducer::<i64>::output(&Min, &min), Ok(2));
    Min.update(&mut min, 2, -1);
    assert!(Reducer::<i64>::output(&Min, &min).is_err());
    Min.update(&mut min, 1, 2);
    assert_eq!(Reducer::<i64>::output(&Min, &min), Ok(1));
}

#[test]
fn strings_are_ordered_by_their_bytes() {
    let mut max = Default::default();
    for word in ["Zebra", "apple", "Äpfel"] {
        Max.update(&mut max, word.to_string(), 1);
    }
    assert_eq!(Reducer::<String>::output(&Max, &max), Ok("Äpfel".to_string()));
}
