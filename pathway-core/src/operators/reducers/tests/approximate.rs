//! Estimates of the number of different values, measured.

use super::{Random, with_seeds};
use crate::operators::reducers::sample::Sample;
use crate::operators::reducers::{CountDistinctApprox, Input, Reducer};

/// A counter for a table that only grows, or for any table.
fn counter(append_only: bool) -> CountDistinctApprox {
    let mut counter = CountDistinctApprox::new();
    Reducer::<i64>::prepare(&mut counter, Input { append_only }).unwrap();
    counter
}

/// The relative error of an estimate.
fn error(counter: &CountDistinctApprox, values: impl Iterator<Item = u64>, truth: u64) -> f64 {
    let mut state = Default::default();
    values.for_each(|value| counter.update(&mut state, value, 1));
    let estimate = Reducer::<u64>::output(counter, &state).unwrap();
    estimate as f64 / truth as f64 - 1.0
}

/// Over 24 sets of each size, the root mean square and the largest error are as documented.
#[test]
fn the_error_is_as_documented() {
    for append_only in [true, false] {
        let counter = counter(append_only);
        for size in [1_000, 10_000, 100_000, 400_000] {
            let errors: Vec<f64> = (0..24)
                .map(|seed| {
                    let mut random = Random(seed);
                    // Consecutive integers, which a weak hash would not spread; the first ones are inserted twice.
                    let start = random.next();
                    error(&counter, (0..size).chain(0..1_000).map(|at| start.wrapping_add(at)), size)
                })
                .collect();
            let mean_square = errors.iter().map(|error| error * error).sum::<f64>() / errors.len() as f64;
            let largest = errors.iter().fold(0.0_f64, |largest, error| largest.max(error.abs()));
            println!(
                "append-only {append_only}, {size}: {:.2} %, at most {:.2} %",
                mean_square.sqrt() * 100.0,
                largest * 100.0
            );
            assert!(mean_square.sqrt() < 0.02 && largest < 0.05, "append-only {append_only}, {size}: {errors:?}");
        }
    }
}

#[test]
fn few_values_are_counted_exactly() {
    for (append_only, most) in [(true, 100), (false, Sample::CAPACITY as u64)] {
        for size in [1, 2, 10, 100, most] {
            assert_eq!(error(&counter(append_only), 0..size, size), 0.0, "append-only {append_only}, {size}");
        }
    }
}

#[test]
fn removed_values_are_counted_down() {
    let counter = counter(false);
    with_seeds(3, |random| {
        let (mut state, start, peak) = (Default::default(), random.next() >> 1, 100_000);
        (0..peak).for_each(|at| counter.update(&mut state, start + at, 1));
        for left in [50_000, 20_000] {
            let mut copy = Default::default();
            (0..peak).for_each(|at| counter.update(&mut copy, start + at, 1));
            (left..peak).for_each(|at| counter.update(&mut copy, start + at, -1));
            let estimate = Reducer::<u64>::output(&counter, &copy).unwrap();
            let standard = (peak as f64 / left as f64).sqrt() / 70.0;
            let error = estimate as f64 / left as f64 - 1.0;
            assert!(error.abs() < 4.0 * standard, "{left} of {peak}: {estimate}");
        }
        (0..peak).for_each(|at| counter.update(&mut state, start + at, -1));
        assert!(state.is_empty());
        assert_eq!(Reducer::<u64>::output(&counter, &state), Ok(0));
    });
}

#[test]
fn copies_of_a_value_count_once() {
    let counter = counter(false);
    let mut state = Default::default();
    for (value, diff) in [(1_i64, 3), (2, 1), (1, -2), (2, -1), (3, -1), (3, 1)] {
        counter.update(&mut state, value, diff);
    }
    assert_eq!(Reducer::<i64>::output(&counter, &state), Ok(1));
}
