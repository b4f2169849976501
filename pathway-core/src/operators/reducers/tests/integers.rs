//! Sums and means of integers and durations.

use jiff::SignedDuration;

use super::{changes, reduce, with_seeds};
use crate::operators::reducers::{Avg, Count, ReduceError, Reducer, Sum};

fn sum<T: crate::operators::reducers::Summable + Copy>(changes: &[(T, i64)]) -> Result<T, ReduceError> {
    Sum.output(&reduce(&Sum, changes))
}

fn avg(changes: &[(i64, i64)]) -> f64 {
    Reducer::<i64>::output(&Avg, &reduce(&Avg, changes)).unwrap()
}

#[test]
fn the_sum_of_nothing_is_zero() {
    assert_eq!(sum::<i64>(&[]), Ok(0));
    assert_eq!(sum::<SignedDuration>(&[]), Ok(SignedDuration::ZERO));
}

#[test]
fn an_intermediate_overflow_is_harmless() {
    assert_eq!(sum(&[(i64::MAX, 3), (5, 1), (i64::MAX, -3)]), Ok(5));
    assert_eq!(
        sum(&[(u64::MAX, i64::MAX), (7, 1), (u64::MAX, i64::MAX), (u64::MAX, -i64::MAX), (u64::MAX, -i64::MAX)]),
        Ok(7)
    );
    assert_eq!(
        sum(&[(i64::MIN, i64::MIN), (i64::MIN, i64::MIN), (i64::MAX, i64::MIN), (i64::MAX, i64::MIN)]),
        Err(does_not_fit("an i64"))
    );
}

#[test]
fn a_sum_that_does_not_fit_is_an_error_and_recovers() {
    assert_eq!(sum(&[(200_u8, 1), (100, 1)]), Err(does_not_fit("a u8")));
    assert_eq!(sum(&[(200_u8, 1), (100, 1), (100, -1)]), Ok(200));
    assert_eq!(sum(&[(1_u32, -1)]), Err(does_not_fit("a u32")));
    assert_eq!(sum(&[(i64::MAX, 1), (1, 1)]), Err(does_not_fit("an i64")));
    assert_eq!(sum(&[(i64::MAX, 1), (1, 1), (-1, 1)]), Ok(i64::MAX));
    assert_eq!(sum(&[(SignedDuration::MAX, 2)]), Err(does_not_fit("a SignedDuration")));
    assert_eq!(sum(&[(SignedDuration::MAX, 2), (SignedDuration::MAX, -1)]), Ok(SignedDuration::MAX));
}

fn does_not_fit(what: &str) -> ReduceError {
    ReduceError::new(format!("the sum does not fit {what}"))
}

#[test]
fn random_sums_agree_with_what_is_left() {
    with_seeds(2_000, |random| {
        let (changes, left) = changes(random, 20, |random| (random.next() as i64) >> random.below(64));
        // At most 20 terms below 2¹²⁶ overflow an i128, and a sum in two halves does not.
        let (mut high, mut low) = (0_i128, 0_i128);
        for (value, copies) in &left {
            let product = i128::from(*value) * i128::from(*copies);
            high += product >> 64;
            low += product & i128::from(u64::MAX);
        }
        let total = high
            .checked_add(low >> 64)
            .and_then(|high| i64::try_from(high).ok())
            .filter(|high| *high == 0 || *high == -1);
        let expected = total.and_then(|high| i64::try_from(i128::from(high) << 64 | (low & i128::from(u64::MAX))).ok());
        assert_eq!(sum(&changes).ok(), expected);
    });
}

#[test]
fn small_sums_agree_in_every_type() {
    with_seeds(500, |random| {
        let (changes, _) = changes(random, 10, |random| random.below(128) as i8);
        let (exact, changes): (i128, Vec<_>) = {
            let small: Vec<_> = changes.iter().map(|(value, copies)| (*value, copies % 1_000)).collect();
            (small.iter().map(|(value, copies)| i128::from(*value) * i128::from(*copies)).sum(), small)
        };
        macro_rules! agree {
            ($($integer:ty),+) => {$({
                let changes: Vec<_> = changes.iter().map(|(value, copies)| (*value as $integer, *copies)).collect();
                assert_eq!(sum(&changes).ok(), <$integer>::try_from(exact).ok(), stringify!($integer));
            })+};
        }
        agree!(i8, i16, i32, i64, u8, u16, u32, u64);
    });
}

#[test]
fn a_mean_is_rounded_once() {
    assert_eq!(avg(&[(1, 1), (2, 1)]), 1.5);
    assert_eq!(avg(&[(1, 1), (0, 2)]), 1.0 / 3.0);
    assert_eq!(avg(&[(-7, 1), (0, 1)]), -3.5);
    assert_eq!(avg(&[(i64::MAX, 4)]), i64::MAX as f64);
    // The sum, 3 × (2⁵³ + 1), rounds to 3 × 2⁵³ + 4; a third of that rounds up, while the mean is a tie that rounds down.
    assert_eq!(avg(&[((1 << 53) + 1, 3)]), (1_i64 << 53) as f64);
    assert_eq!(((3 * ((1_i64 << 53) + 1)) as f64) / 3.0, ((1_i64 << 53) + 2) as f64);
}

#[test]
fn a_mean_of_no_rows_is_an_error() {
    assert!(Reducer::<i64>::output(&Avg, &reduce(&Avg, &[(1_i64, 1), (1, -1)])).is_err());
}

#[test]
fn a_mean_of_durations_is_a_duration() {
    let mean = |changes: &[(i64, i64)]| {
        let changes: Vec<_> = changes.iter().map(|(n, diff)| (SignedDuration::from_nanos(*n), *diff)).collect();
        Reducer::<SignedDuration>::output(&Avg, &reduce(&Avg, &changes)).unwrap().as_nanos()
    };
    assert_eq!(mean(&[(1, 1), (4, 1)]), 2);
    assert_eq!(mean(&[(1, 1), (2, 1)]), 2);
    assert_eq!(mean(&[(-1, 1), (-2, 1)]), -2);
    assert_eq!(mean(&[(-1, 1), (0, 1)]), 0);
    assert_eq!(mean(&[(2, 2), (1, 1)]), 2);
    assert_eq!(mean(&[(2, -2), (1, -1)]), 2);
    assert_eq!(mean(&[(1, 2), (2, 1)]), 1);
    assert_eq!(mean(&[(-1, 2), (-2, 1)]), -1);
}

#[test]
fn count_counts_rows_of_anything() {
    assert_eq!(Reducer::<()>::output(&Count, &reduce(&Count, &[((), 3), ((), -1)])), Ok(2));
    assert_eq!(Reducer::<Option<i64>>::output(&Count, &reduce(&Count, &[(None, 3), (Some(1), 1)])), Ok(4));
}
