//! Values by rank, compared with a sorted list.

use jiff::SignedDuration;

use super::{Random, reduce, with_seeds};
use crate::operators::reducers::{Input, Quantile, QuantileCont, Ranks, ReduceError, Reducer, TopK};

const SHARES: [f64; 8] = [0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0];

/// The discrete and the interpolated quantile of a sorted list.
fn expected(sorted: &[i64], q: f64) -> (i64, f64) {
    let n = sorted.len() as f64;
    let disc = sorted.iter().enumerate().find(|(at, _)| (*at as f64 + 1.0) / n >= q - 1e-12).unwrap();
    let place = q * (n - 1.0);
    let (low, high) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    (*disc.1, low as f64 + (high - low) as f64 * place.fract())
}

fn near(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * right.abs().max(1.0)
}

#[test]
fn random_ranks_agree_with_what_is_left() {
    with_seeds(400, |random| {
        let (q, k) = (SHARES[random.below(SHARES.len())], 1 + random.below(6));
        let (disc, cont, top) = (Quantile::new(q), QuantileCont::new(q), TopK::new(k));
        let (mut values, mut ranks, mut greatest) = (Ranks::default(), Ranks::default(), Default::default());
        let mut left = Vec::<i64>::new();
        for step in 0..random.below(120) {
            let (value, diff) = change(random, &left);
            disc.update(&mut values, value, diff);
            cont.update(&mut ranks, value, diff);
            top.update(&mut greatest, value, diff);
            apply(&mut left, value, diff);
            if step % 7 == 0 {
                Reducer::<i64>::finish_commit(&disc, &mut values);
                Reducer::<i64>::finish_commit(&cont, &mut ranks);
            }
            let (seen, between) = (Reducer::<i64>::output(&disc, &values), Reducer::<i64>::output(&cont, &ranks));
            match left.as_slice() {
                [] => assert!(seen.is_err() && between.is_err()),
                sorted => {
                    let (value, place) = expected(sorted, q);
                    assert_eq!(seen, Ok(value), "{q} of {sorted:?}");
                    assert!(near(between.clone().unwrap(), place), "{q} of {sorted:?}: {between:?}, not {place}");
                }
            }
            let wanted: Vec<_> = left.iter().rev().take(k).copied().collect();
            assert_eq!(Reducer::<i64>::output(&top, &greatest), Ok(wanted));
        }
        for value in left {
            disc.update(&mut values, value, -1);
            top.update(&mut greatest, value, -1);
        }
        assert!(values.is_empty() && greatest.is_empty());
    });
}

/// A random insertion, or the removal of existing values.
fn change(random: &mut Random, left: &[i64]) -> (i64, i64) {
    let copies = 1 + random.below(4) as i64;
    match random.below(2) {
        0 if !left.is_empty() => {
            let value = left[random.below(left.len())];
            let there = left.iter().filter(|other| **other == value).count() as i64;
            (value, -copies.min(there))
        }
        _ => (random.below(20) as i64 - 10, copies),
    }
}

fn apply(left: &mut Vec<i64>, value: i64, diff: i64) {
    for _ in 0..diff.abs() {
        let at = left.partition_point(|other| *other < value);
        if diff > 0 {
            left.insert(at, value);
        } else {
            left.remove(at);
        }
    }
}

fn disc<A: Copy + crate::data::Datum>(q: f64, changes: &[(A, i64)]) -> Result<A, ReduceError> {
    Reducer::<A>::output(&Quantile::new(q), &reduce(&Quantile::new(q), changes))
}

fn cont<A: Copy + crate::operators::reducers::Interpolate>(q: f64, changes: &[(A, i64)]) -> A::Output {
    Reducer::<A>::output(&QuantileCont::new(q), &reduce(&QuantileCont::new(q), changes)).unwrap()
}

#[test]
fn rounding_errors_do_not_change_the_rank() {
    let hundred: Vec<_> = (1..=100_i64).map(|value| (value, 1)).collect();
    for percent in 1..=100_i64 {
        assert_eq!(disc(percent as f64 / 100.0, &hundred), Ok(percent), "{percent} %");
        // As in `0.07 * 100.0`, which is 7.000000000000001.
        assert_eq!(disc(percent as f64 * 0.01, &hundred), Ok(percent), "{percent} %");
    }
    assert_eq!((disc(0.0, &hundred), disc(0.011, &hundred)), (Ok(1), Ok(2)));
}

#[test]
fn interpolation_agrees_with_numpy() {
    // numpy.quantile([1, 2, 3, 4], [0.1, 0.5, 0.9]), which also interpolates from the nearer end.
    let four: Vec<_> = (1..=4_i64).map(|value| (value, 1)).collect();
    assert_eq!([0.1, 0.5, 0.9].map(|q| cont(q, &four)), [1.3, 2.5, 3.7]);
    assert_eq!(cont(0.5, &[(f64::MAX, 1), (f64::MIN, 1)]), 0.0);
    assert_eq!(cont(0.75, &[(f64::MAX, 3)]), f64::MAX);
    assert_eq!(cont(0.5, &[(f64::NEG_INFINITY, 1), (1.0, 1)]), f64::NEG_INFINITY);
    assert_eq!(cont(0.5, &[(f64::INFINITY, 2), (1.0, 1)]), f64::INFINITY);
    assert_eq!(cont(0.5, &[(i64::MAX, 1), (i64::MIN, 1)]), 0.0);
    assert!(cont(1.0, &[(f64::NAN, 1), (1.0, 1)]).is_nan());
    let seconds = |seconds| SignedDuration::from_secs(seconds);
    assert_eq!(cont(0.5, &[(seconds(1), 1), (seconds(4), 1)]), SignedDuration::from_millis(2_500));
    assert_eq!(cont(0.5, &[(SignedDuration::MAX, 1), (SignedDuration::MAX, 1)]), SignedDuration::MAX);
}

#[test]
fn none_is_skipped() {
    let rows = [(None, 3), (Some(5_i64), 1), (Some(7), 1)];
    assert_eq!((disc(0.0, &rows), disc(0.5, &rows), disc(1.0, &rows)), (Ok(Some(5)), Ok(Some(5)), Ok(Some(7))));
    assert_eq!((cont(0.5, &rows), cont::<Option<i64>>(0.5, &[(None, 2)])), (Some(6.0), None));
    assert_eq!(disc::<Option<i64>>(0.5, &[(None, 2)]), Ok(None));
}

#[test]
fn any_ordered_values_have_quantiles() {
    assert_eq!(disc(0.5, &[(true, 2), (false, 3)]), Ok(false));
    assert!(disc(1.0, &[(f64::NAN, 1), (f64::INFINITY, 1)]).unwrap().is_nan());
    assert_eq!(disc(0.5, &[((1_i64, 'b' as i64), 1), ((1, 'a' as i64), 1), ((0, 0), 1)]), Ok((1, 'a' as i64)));
}

#[test]
fn an_append_only_table_needs_k_values() {
    let mut top = TopK::new(3);
    Reducer::<i64>::prepare(&mut top, Input { append_only: true }).unwrap();
    with_seeds(200, |random| {
        let (mut kept, mut all) = (Default::default(), Vec::new());
        for _ in 0..random.below(40) {
            let (value, copies) = (random.below(10) as i64, 1 + random.below(5) as i64);
            top.update(&mut kept, value, copies);
            all.extend((0..copies).map(|_| value));
            assert!(kept.kept() <= 3);
        }
        all.sort_unstable_by(|a, b| b.cmp(a));
        all.truncate(3);
        assert_eq!(Reducer::<i64>::output(&top, &kept), Ok(all));
    });
}

#[test]
fn invalid_parameters_are_errors() {
    let input = Input { append_only: false };
    let error = |result: Result<(), ReduceError>| result.unwrap_err().to_string();
    for q in [1.5, -0.1, f64::NAN, f64::INFINITY] {
        let expected = format!("`quantile` of {q}: the fraction must be between 0 and 1");
        assert_eq!(error(Reducer::<i64>::prepare(&mut Quantile::new(q), input)), expected);
        assert!(Reducer::<i64>::prepare(&mut QuantileCont::new(q), input).is_err());
    }
    assert_eq!(
        error(Reducer::<i64>::prepare(&mut TopK::new(0), input)),
        "`top_k` of 0 values: it must be at least one"
    );
    let mut all = (TopK::new(1), Quantile::new(2.0));
    assert!(Reducer::<(i64, i64)>::prepare(&mut all, input).is_err());
}
