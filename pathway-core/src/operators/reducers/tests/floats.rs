//! Sums and means of floats.

use super::float_oracle::Oracle;
use super::{Changes, Random, changes, reduce, with_seeds};
use crate::operators::reducers::{Avg, ExactSum, Reducer, Sum, Summable};

fn sum<T: Summable + Copy>(changes: &[(T, i64)]) -> T {
    Sum.output(&reduce(&Sum, changes)).unwrap()
}

fn avg(changes: &[(f64, i64)]) -> f64 {
    Reducer::<f64>::output(&Avg, &reduce(&Avg, changes)).unwrap()
}

#[test]
fn a_sum_is_rounded_once() {
    assert_eq!(sum(&[(0.1, 10)]), 1.0);
    assert_eq!(sum(&[(1e100, 1), (1.0, 1), (-1e100, 1)]), 1.0);
    // The cases of Python's `math.fsum`: ties that the lowest bits decide.
    assert_eq!(sum(&[(1e-16, 1), (1.0, 1), (1e16, 1)]), 10_000_000_000_000_002.0);
    assert_eq!(sum(&[(1e16, 1), (1.0, 1)]), 1e16);
    assert_eq!(sum(&[(1e16, 1), (1.0, 1), (-1e-300, 1)]), 1e16);
    assert_eq!(sum(&[(1e16 - 2.0, 1), (1.0 - f64::EPSILON / 2.0, 1), (-1e16 + 2.0, -1)]), 2e16 - 4.0);
    assert_eq!(sum(&[(16_777_216_f32, 1), (1.0, 1), (1e-20, 1)]), 16_777_218.0);
    assert_eq!(sum(&[(2_f32.powi(100), 1), (2_f32.powi(76), 1), (1e-45, 1)]), 2_f32.powi(100).next_up());
}

#[test]
fn an_intermediate_overflow_is_harmless() {
    assert_eq!(sum(&[(1e308, 10)]), f64::INFINITY);
    assert_eq!(sum(&[(1e308, 10), (1e308, -9)]), 1e308);
    assert_eq!(sum(&[(-1e308, 10), (1e-300, 1), (-1e308, -10)]), 1e-300);
    assert_eq!(sum(&[(f64::MAX, i64::MAX), (f64::MAX, i64::MIN), (f64::MAX, 2)]), f64::MAX);
    assert_eq!(sum(&[(f64::MIN, i64::MAX)]), f64::NEG_INFINITY);
    assert_eq!(sum(&[(f32::MAX, 2)]), f32::INFINITY);
    assert_eq!(sum(&[(f32::MAX, 2), (f32::MAX, -1)]), f32::MAX);
    assert_eq!(avg(&[(f64::MAX, 1 << 40)]), f64::MAX);
}

#[test]
fn sums_near_the_largest_float() {
    let half_ulp = 2_f64.powi(970);
    assert_eq!(sum(&[(f64::MAX, 1), (half_ulp, 1)]), f64::INFINITY);
    assert_eq!(sum(&[(f64::MAX, 1), (half_ulp, 1), (5e-324, -1)]), f64::MAX);
    assert_eq!(sum(&[(5e-324, 3)]), 1.5e-323);
    assert_eq!(sum(&[(f64::MIN_POSITIVE, 1), (5e-324, -1)]), f64::MIN_POSITIVE.next_down());
    assert_eq!(sum(&[(1e-45_f32, 3)]), 4e-45);
    assert_eq!(avg(&[(5e-324, 1), (0.0, 1)]), 0.0);
    assert_eq!(avg(&[(5e-324, 3), (0.0, 1)]), 5e-324);
    assert_eq!(avg(&[(5e-324, 1), (0.0, i64::MAX - 1)]), 0.0);
}

#[test]
fn nan_and_infinities_can_be_removed() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    assert!(sum(&[(0.5, 1), (nan, 1)]).is_nan());
    assert_eq!(sum(&[(0.5, 1), (nan, 1), (nan, -1)]), 0.5);
    assert_eq!(sum(&[(0.5, 1), (inf, 2), (inf, -1)]), inf);
    assert_eq!(sum(&[(0.5, 1), (-inf, 1)]), -inf);
    assert!(sum(&[(inf, 1), (-inf, 1)]).is_nan());
    assert_eq!(sum(&[(inf, 1), (-inf, 1), (inf, -1)]), -inf);
    assert_eq!(sum(&[(f32::INFINITY, 1), (1.0, 1)]), f32::INFINITY);
    assert_eq!(avg(&[(inf, 1), (1.0, 1)]), inf);
    assert_eq!(avg(&[(inf, 1), (1.0, 2), (inf, -1)]), 1.0);
}

#[test]
fn zeros_sum_to_a_positive_zero() {
    assert_eq!(sum(&[(-0.0_f64, 3)]).to_bits(), 0);
    assert_eq!(sum(&[(-1.5_f64, 1), (-1.5, -1)]).to_bits(), 0);
    assert_eq!(sum(&[(-0.0_f32, 1)]).to_bits(), 0);
}

/// Any finite float: every exponent is as likely as any other.
fn any(random: &mut Random) -> f64 {
    Some(f64::from_bits(random.next())).filter(|float| float.is_finite()).unwrap_or(1.0)
}

/// Floats of a range of exponents, about 2^-range to 2^range; some with few digits, so that sums are ties.
fn near(random: &mut Random, range: usize) -> f64 {
    let exponent = 1023 - range as u64 + random.below(2 * range + 1) as u64;
    let digits = u64::MAX << (12 + random.below(52)) >> 12;
    f64::from_bits(random.next() & (1 << 63) | exponent << 52 | random.next() & digits)
}

fn check_f64((changes, left): Changes<f64>, random: &mut Random) {
    let (mut changes, mut left) = (changes, left);
    let oracle = Oracle::of(&left);
    let seen = sum(&changes);
    oracle.check(1, seen);
    random.shuffle(&mut changes);
    random.shuffle(&mut left);
    assert_eq!(sum(&changes).to_bits(), seen.to_bits());
    assert_eq!(sum(&left).to_bits(), seen.to_bits());
    let rows = left.iter().try_fold(0_i64, |rows, (_, copies)| rows.checked_add(*copies));
    if let Some(rows @ 1..) = rows {
        let mean = avg(&changes);
        oracle.check(rows, mean);
        assert_eq!(avg(&left).to_bits(), mean.to_bits());
    }
    // The remaining rows are removed too: then the state is zero and not on the heap.
    let mut state = reduce(&Sum, &changes);
    for (value, copies) in left {
        Sum.update(&mut state, value, -copies);
    }
    assert!(state.is_zero());
}

#[test]
fn sums_over_all_exponents_are_exact() {
    with_seeds(1_500, |random| check_f64(changes(random, 12, any), random));
}

#[test]
fn sums_over_near_exponents_are_exact() {
    for range in [0, 3, 30, 60, 80, 200] {
        with_seeds(300, |random| check_f64(changes(random, 12, |random| near(random, range)), random));
    }
}

#[test]
fn sums_of_subnormals_are_exact() {
    let tiny =
        |random: &mut Random| f64::from_bits(random.next() & (1 << 63) | random.next() >> (10 + random.below(53)));
    with_seeds(500, |random| check_f64(changes(random, 8, tiny), random));
}

#[test]
fn sums_of_short_floats_are_rounded_once() {
    let any = |random: &mut Random| {
        Some(f32::from_bits(random.next() as u32)).filter(|float| float.is_finite()).unwrap_or(1.0)
    };
    let near = |random: &mut Random| {
        let exponent = 110 + random.below(40) as u32;
        f32::from_bits((random.next() as u32) & (1 << 31 | 0x7f_ffff << random.below(23) & 0x7f_ffff) | exponent << 23)
    };
    let tiny = |random: &mut Random| f32::from_bits(random.next() as u32 & 0x81ff_ffff);
    with_seeds(1_000, |random| {
        for (mut changes, left) in [changes(random, 8, any), changes(random, 8, near), changes(random, 8, tiny)] {
            let seen = sum(&changes);
            Oracle::of(&left.iter().map(|(value, copies)| (f64::from(*value), *copies)).collect::<Vec<_>>())
                .check_f32(seen);
            random.shuffle(&mut changes);
            assert_eq!(sum(&changes).to_bits(), seen.to_bits());
            assert_eq!(sum(&left).to_bits(), seen.to_bits());
        }
    });
}

#[test]
fn a_sum_leaves_the_heap_when_an_outlier_is_removed() {
    let mut sum = ExactSum::default();
    for value in [0.1, 2.5, 1e300] {
        sum.add(value, 1);
    }
    assert!(sum.is_on_the_heap());
    sum.add(1e300, -1);
    assert!(!sum.is_on_the_heap());
    assert_eq!(sum.to_f64(), 2.6);
}
