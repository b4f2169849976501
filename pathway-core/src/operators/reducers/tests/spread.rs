//! Variances and standard deviations.

use super::float_oracle::Oracle;
use super::{Random, changes, reduce, with_seeds};
use crate::operators::reducers::{Measurable, Reducer, Stddev, StddevPop, Variance, VariancePop};

fn variance<T: Measurable + Copy>(changes: &[(T, i64)]) -> Option<f64> {
    Reducer::<T>::output(&Variance, &reduce(&Variance, changes)).unwrap()
}

fn variance_pop<T: Measurable<Population = f64> + Copy>(changes: &[(T, i64)]) -> f64 {
    Reducer::<T>::output(&VariancePop, &reduce(&VariancePop, changes)).unwrap()
}

fn stddev(values: &[f64]) -> Option<f64> {
    Reducer::<f64>::output(&Stddev, &reduce(&Stddev, &once(values))).unwrap()
}

fn once<T: Copy>(values: &[T]) -> Vec<(T, i64)> {
    values.iter().map(|value| (*value, 1)).collect()
}

/// Expected values are exact fractions (from Python), rounded once.
#[test]
fn a_variance_is_rounded_once() {
    let cases: [(&[f64], f64, f64); 9] = [
        (&[0.1, 0.2, 0.3], 0.009999999999999998, 0.006666666666666665),
        (&[1e16, 1.0, -1e16], 1e32, 6.666666666666667e31),
        (&[1e200, -1e200, 3.5], f64::INFINITY, f64::INFINITY),
        (&[1e-200, 2e-200, 4e-200], 0.0, 0.0),
        (&[1e154, 2e154], 5e307, 2.5e307),
        (&[1.0, 1.0000000000000002, 1.0000000000000004], 4.930380657631324e-32, 3.2869204384208823e-32),
        (
            &[1000000000.3333334, 1000000000.6666666, 1000000000.1428572, 1000000000.0],
            0.08314435516265324,
            0.062358266371989934,
        ),
        (
            &[std::f64::consts::PI, std::f64::consts::E, std::f64::consts::SQRT_2, 1.618033988749895],
            0.7030786418549768,
            0.5273089813912326,
        ),
        (&[1e-160, 1e-158, 7e-159], 2.577e-317, 1.718e-317),
    ];
    for (values, sample, all) in cases {
        assert_eq!((variance(&once(values)), variance_pop(&once(values))), (Some(sample), all), "{values:?}");
    }
}

#[test]
fn a_standard_deviation_is_finite_when_its_square_is_not() {
    assert_eq!(stddev(&[1e200, -1e200, 0.0]), Some(1e200));
    assert_eq!(stddev(&[1e-200, -1e-200, 0.0]), Some(1e-200));
    assert_eq!(stddev(&[f64::MAX, -f64::MAX, 0.0]), Some(f64::MAX));
    assert_eq!(stddev(&[5e-324, -5e-324, 0.0]), Some(5e-324));
    assert_eq!(stddev(&[3.0, 3.0]), Some(0.0));
}

#[test]
fn one_value_has_no_sample_variance() {
    assert_eq!((variance(&[(7_i64, 1)]), variance_pop(&[(7_i64, 1)])), (None, 0.0));
    assert_eq!((variance(&[(0.5, 1)]), variance(&[(0.5, 2), (0.25, 1), (0.25, -1)])), (None, Some(0.0)));
    assert_eq!(variance(&[(f64::NAN, 1)]), None);
    assert!(Reducer::<f64>::output(&StddevPop, &reduce(&StddevPop, &[(0.5, 1), (0.5, -1)])).is_err());
}

#[test]
fn none_is_skipped() {
    let rows = [(None, 5), (Some(1_i64), 1), (Some(3), 1)];
    assert_eq!((variance(&rows), variance::<Option<i64>>(&[(None, 2)])), (Some(2.0), None));
    let of_all = |rows: &[(Option<i64>, i64)]| {
        Reducer::<Option<i64>>::output(&VariancePop, &reduce(&VariancePop, rows)).unwrap()
    };
    assert_eq!((of_all(&rows), of_all(&[(None, 2)])), (Some(1.0), None));
}

#[test]
fn nan_and_infinities_can_be_removed() {
    let rows = [(1.0, 1), (f64::NAN, 1), (3.0, 1)];
    assert!(variance(&rows).unwrap().is_nan());
    assert_eq!(variance(&[(1.0, 1), (f64::NAN, 1), (3.0, 1), (f64::NAN, -1)]), Some(2.0));
    assert!(variance(&[(f64::INFINITY, 1), (1.0, 1)]).unwrap().is_nan());
}

#[test]
fn integers_of_any_size_are_exact() {
    let ends = [(i64::MAX, 1), (i64::MIN, 1)];
    assert_eq!((variance(&ends), variance_pop(&ends)), (Some(2_f64.powi(127)), 2_f64.powi(126)));
    assert_eq!(variance_pop(&[(u64::MAX, i64::MAX / 2), (0, i64::MAX / 2)]), 2_f64.powi(126));
    assert_eq!(variance(&[(i64::MAX, i64::MAX), (4, 1), (2, 1), (i64::MAX, -i64::MAX)]), Some(2.0));
    with_seeds(1_000, |random| {
        let (changes, left) = changes(random, 8, |random| random.below(2_000) as i64 - 1_000);
        let left: Vec<_> = left.iter().map(|(value, copies)| (*value, copies % 1_000)).collect();
        let gone = changes.iter().map(|(value, copies)| (*value, copies % 1_000));
        let n: i64 = left.iter().map(|(_, copies)| copies).sum();
        let (sum, squares) = left
            .iter()
            .fold((0, 0), |(sum, squares), (value, copies)| (sum + value * copies, squares + value * value * copies));
        // Both fit 53 bits, so that their quotient is rounded once.
        let distances = n * squares - sum * sum;
        let all: Vec<_> =
            left.iter().copied().chain(gone.clone()).chain(gone.map(|(v, copies)| (v, -copies))).collect();
        let expected = (n > 1).then(|| distances as f64 / (n * (n - 1)) as f64);
        assert_eq!(variance(&all), expected, "{left:?}");
    });
}

/// Numbers with few digits, so that their distances and squares are exact.
fn short(random: &mut Random) -> f64 {
    (random.below(1 << 20) as f64 - 500_000.0) * 2_f64.powi(random.below(6) as i32 - 3)
}

#[test]
fn random_variances_agree_with_the_distances_of_all_pairs() {
    with_seeds(500, |random| {
        let values: Vec<_> = (0..2 + random.below(10)).map(|_| short(random)).collect();
        let pairs =
            values.iter().enumerate().flat_map(|(at, a)| values[at + 1..].iter().map(move |b| ((a - b) * (a - b), 1)));
        let (distances, n) = (Oracle::of(&pairs.collect::<Vec<_>>()), values.len() as i64);
        distances.check(n * (n - 1), variance(&once(&values)).unwrap());
        distances.check(n * n, variance_pop(&once(&values)));
        let (root, squared) = (stddev(&values).unwrap(), variance(&once(&values)).unwrap());
        assert!((root - squared.sqrt()).abs() <= f64::EPSILON * root, "{root} of {squared}");
    });
}

/// Any finite float.
fn wild(random: &mut Random) -> f64 {
    Some(f64::from_bits(random.next())).filter(|float| float.is_finite()).unwrap_or(1.0)
}

#[test]
fn the_history_of_the_rows_does_not_matter() {
    for kind in [wild, short] {
        with_seeds(500, |random| {
            let (mut changes, left) = changes(random, 8, kind);
            let seen = variance(&left);
            random.shuffle(&mut changes);
            assert_eq!(variance(&changes).map(f64::to_bits), seen.map(f64::to_bits));
            assert!(seen.is_none_or(|variance| variance >= 0.0), "{seen:?}");
            let mut state = reduce(&Variance, &changes);
            for (value, copies) in left {
                Variance.update(&mut state, value, -copies);
            }
            assert!(state.is_zero());
        });
    }
}

#[test]
fn an_f32_is_measured_as_its_f64() {
    assert_eq!(variance(&[(0.5_f32, 1), (1.5, 1)]), Some(0.5));
    assert_eq!(variance(&[(1_u8, 1), (255, 1)]), Some(32_258.0));
}
