//! Reducers of the rows that meet a condition, compared with the plain reducers of these rows.

use std::cell::Cell;
use std::fmt::Debug;

use super::{Random, with_seeds};
use crate::operators::reducers::{
    Accumulator, Any, ArgMax, Avg, Count, CountDistinct, CountDistinctApprox, Earliest, Filtered, Fold, Input, Latest,
    Max, Min, Quantile, ReduceError, Reducer, SortedTuple, StringJoin, Sum, TopK, Tuple, Unique, Variance,
};

/// A group of plain reducers, which loses its state with its last row.
struct Plain<S> {
    rows: i64,
    state: S,
}

impl<S: Default> Plain<S> {
    fn finish_commit<A, R: Reducer<A, State = S>>(&mut self, reducer: &R) {
        reducer.finish_commit(&mut self.state);
        if self.rows == 0 {
            self.state = S::default();
        }
    }

    fn output<A, R: Reducer<A, State = S>>(&self, reducer: &R) -> Option<Result<R::Output, ReduceError>> {
        (self.rows > 0).then(|| reducer.output(&self.state))
    }
}

/// Commits of random insertions and removals, half of them of rows that do not count.
fn check<A: Clone, R: Reducer<A, Output: Debug> + Clone>(reducer: R, argument: impl Fn(&mut Random) -> A) {
    let (with_rows, without) = (Cell::new(0), Cell::new(0));
    for append_only in [false, true] {
        with_seeds(60, |random| {
            let (mut plain, mut filtered) = (reducer.clone(), Filtered::new(reducer.clone()));
            plain.prepare(Input { append_only }).unwrap();
            filtered.prepare(Input { append_only }).unwrap();
            let (mut expected, mut state) = (Plain { rows: 0, state: R::State::default() }, Default::default());
            let mut rows: Vec<(u64, Option<A>, i64)> = Vec::new();
            for commit in 0..20 {
                // A group that grows, and shrinks to nothing and back.
                let removals = if append_only { 0 } else { [0, 2, 5, 6][random.below(4)] };
                let mut changes = Vec::new();
                for _ in 0..random.below(6) {
                    if random.below(6) < removals && !rows.is_empty() {
                        let (row, argument, copies) = rows.swap_remove(random.below(rows.len()));
                        changes.push((row, argument, -copies));
                    } else {
                        let argument = (random.below(2) == 0).then(|| argument(random));
                        let row = (random.below(50) as u64, argument, 1 + random.below(3) as i64);
                        changes.push(row.clone());
                        rows.push(row);
                    }
                }
                if R::ORDERED {
                    changes.sort_by_key(|(_, _, diff)| *diff > 0);
                } else {
                    random.shuffle(&mut changes);
                }
                for (row, argument, diff) in changes {
                    if let Some(argument) = argument.clone() {
                        expected.rows += diff;
                        plain.update_row(&mut expected.state, row, argument, diff);
                    }
                    filtered.update_row(&mut state, row, argument, diff);
                }
                expected.finish_commit(&plain);
                filtered.finish_commit(&mut state);
                let (seen, expected) = (filtered.output(&state).transpose(), expected.output(&plain));
                let outcome = if expected.is_some() { &with_rows } else { &without };
                outcome.set(outcome.get() + 1);
                let name = std::any::type_name::<R>();
                assert_eq!(format!("{seen:?}"), format!("{expected:?}"), "{name}, {append_only}, {commit}");
            }
        });
    }
    assert!(
        with_rows.get() > 100 && without.get() > 100,
        "{with_rows:?} commits with rows that count, {without:?} without"
    );
}

fn few(random: &mut Random) -> i64 {
    random.below(5) as i64 - 2
}

fn text(random: &mut Random) -> String {
    "ab".repeat(random.below(3))
}

/// Cannot take a row back, and depends on the order of rows.
#[derive(Clone)]
struct Digits;

impl Accumulator for Digits {
    type Argument = i64;
    type State = i64;
    type Output = i64;

    fn add(&self, digits: &mut i64, value: i64) {
        *digits = digits.wrapping_mul(10) + value;
    }

    fn output(&self, digits: &i64) -> Result<i64, ReduceError> {
        Ok(*digits)
    }
}

/// Has a state that is not what it was after a row has come and gone.
#[derive(Clone)]
struct Drifting;

impl Reducer<f64> for Drifting {
    type State = f64;
    type Output = f64;

    fn update(&self, sum: &mut f64, value: f64, diff: i64) {
        *sum += value * diff as f64;
    }

    fn output(&self, sum: &f64) -> Result<f64, ReduceError> {
        Ok(*sum)
    }
}

#[test]
fn the_value_is_that_of_the_rows_that_count() {
    check(Count, |_| ());
    check(CountDistinct, few);
    check(CountDistinctApprox::new(), few);
    check(Sum, few);
    check(Sum, |random: &mut Random| random.below(9) as u8 * 28);
    check(Sum, |random: &mut Random| (random.below(3) > 0).then(|| few(random)));
    check(Avg, few);
    check(Variance, |random: &mut Random| few(random) as f64 / 3.0);
    check(Min, few);
    check(Max, text);
    check(Any, few);
    check(Unique, |random: &mut Random| random.below(2) as i64);
    check(ArgMax, |random: &mut Random| (few(random), text(random)));
    check(Quantile::new(0.4), few);
    check(SortedTuple, few);
    check(TopK::new(2), few);
    check(Drifting, |random| random.below(1_000) as f64 / 7.0);
    check((Sum, Max), |random: &mut Random| (few(random), few(random)));
}

#[test]
fn the_order_is_that_of_the_rows_that_count() {
    check(Tuple, few);
    check(Earliest::new(), few);
    check(Latest::new(), text);
    check(StringJoin::new(","), text);
    check(Fold::new(Digits), few);
    check((Sum, Latest::new()), |random: &mut Random| (few(random), few(random)));
    const { assert!(<Filtered<Tuple> as Reducer<Option<i64>>>::ORDERED) };
    const { assert!(!<Filtered<Count> as Reducer<Option<()>>>::ORDERED) };
}

#[test]
fn an_invalid_parameter_is_refused() {
    let refused = Reducer::<Option<i64>>::prepare(&mut Filtered::new(TopK::new(0)), Input::default());
    assert!(refused.is_err());
}

#[test]
fn a_removal_before_its_insertion_has_no_value() {
    let (largest, mut state) = (Filtered::new(Max), Default::default());
    largest.update(&mut state, Some(3_i64), -1);
    assert_eq!(largest.output(&state), Ok(None));
    largest.update(&mut state, Some(3), 2);
    assert_eq!(largest.output(&state), Ok(Some(3)));
}

#[test]
fn the_work_of_a_commit_is_passed_on() {
    let (digits, mut state) = (Filtered::new(Fold::new(Digits)), Default::default());
    for (argument, diff) in [(Some(1), 1), (None, 1), (Some(2), 1), (Some(1), -1)] {
        digits.update_row(&mut state, 0, argument, diff);
    }
    assert!(format!("{state:?}").contains("stale: true"), "{state:?}");
    digits.finish_commit(&mut state);
    assert!(format!("{state:?}").contains("stale: false"), "{state:?}");
    assert_eq!(digits.output(&state), Ok(Some(2)));
}
