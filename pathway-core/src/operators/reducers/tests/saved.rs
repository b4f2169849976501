//! States that are saved and loaded, compared with states that are not.

use std::fmt::Debug;

use jiff::SignedDuration;

use super::{Random, with_seeds};
use crate::data::{DateTimeUtc, Json};
use crate::operators::reducers::{
    Accumulator, Any, ApproximateCount, ArgMax, ArgMin, Avg, BoolAnd, BoolOr, Count, CountDistinct,
    CountDistinctApprox, Earliest, Filtered, Fold, Input, Latest, Max, Min, Quantile, QuantileCont, ReduceError,
    Reducer, Saved, SortedTuple, Stddev, StddevPop, StringJoin, Sum, TopK, Tuple, Unique, Variance, VariancePop,
};

fn reload<T: Saved>(state: &T) -> T {
    postcard::from_bytes(&postcard::to_stdvec(state).unwrap()).unwrap()
}

/// A group before and after `reload`, which must not show.
struct Twins<R, S> {
    reducer: R,
    undisturbed: S,
    reloaded: S,
}

impl<R, S: Saved> Twins<R, S> {
    fn update<A: Clone>(&mut self, random: &mut Random, row: u64, argument: &A, diff: i64)
    where
        R: Reducer<A, State = S>,
    {
        self.reducer.update_row(&mut self.undisturbed, row, argument.clone(), diff);
        self.reducer.update_row(&mut self.reloaded, row, argument.clone(), diff);
        if random.below(16) == 0 {
            self.reloaded = reload(&self.reloaded);
        }
    }

    /// Floats are compared with their signs, and NaN with NaN.
    fn check<A>(&self, context: impl Debug)
    where
        R: Reducer<A, State = S, Output: Debug>,
    {
        let (expected, seen) = (self.reducer.output(&self.undisturbed), self.reducer.output(&self.reloaded));
        assert_eq!(format!("{seen:?}"), format!("{expected:?}"), "{} {context:?}", std::any::type_name::<R>());
    }

    fn finish_commit<A>(&mut self, random: &mut Random)
    where
        R: Reducer<A, State = S>,
    {
        self.reducer.finish_commit(&mut self.undisturbed);
        self.reducer.finish_commit(&mut self.reloaded);
        if random.below(4) == 0 {
            self.reloaded = reload(&self.reloaded);
        }
    }
}

/// Commits of random insertions and removals, some of them removals of rows that come later in the commit.
fn check<A: Clone, R: Reducer<A, Output: Debug> + Clone>(reducer: R, argument: impl Fn(&mut Random) -> A) {
    for append_only in [false, true] {
        with_seeds(20, |random| {
            let mut reducer = reducer.clone();
            reducer.prepare(Input { append_only }).unwrap();
            let mut twins = Twins { reducer, undisturbed: R::State::default(), reloaded: R::State::default() };
            let mut rows: Vec<(u64, A, i64)> = Vec::new();
            let most = [3, 20, 90][random.below(3)];
            for commit in 0..12 {
                // A group that grows, and shrinks to nothing and back.
                let removals = if append_only { 0 } else { [1, 2, 5, 10][random.below(4)] };
                for _ in 0..random.below(most) {
                    let is_removal = random.below(6) < removals;
                    if is_removal && rows.is_empty() {
                        break;
                    }
                    if is_removal {
                        let (row, argument, copies) = rows.swap_remove(random.below(rows.len()));
                        twins.update(random, row, &argument, -copies);
                        continue;
                    }
                    let (row, argument, copies) =
                        (random.below(50) as u64, argument(random), 1 + random.below(3) as i64);
                    let early = if append_only { 0 } else { random.below(5).saturating_sub(3) as i64 };
                    if early > 0 {
                        twins.update(random, row, &argument, -early);
                        twins.check((append_only, commit));
                    }
                    twins.update(random, row, &argument, copies + early);
                    rows.push((row, argument, copies));
                }
                twins.check((append_only, commit));
                twins.finish_commit(random);
                twins.check((append_only, commit));
            }
        });
    }
}

const FLOATS: [f64; 12] =
    [f64::NAN, -f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, 1e300, -1e300, 5e-324, 0.1, -2.5, f64::MAX];

/// Mostly prices, so that sums leave the heap again when the others are removed.
fn float(random: &mut Random) -> f64 {
    match random.below(4) {
        0 => FLOATS[random.below(FLOATS.len())],
        1 => f64::from_bits(random.next()),
        _ => random.below(1_000) as f64 / 100.0,
    }
}

fn few(random: &mut Random) -> i64 {
    random.below(6) as i64 - 3
}

fn many(random: &mut Random) -> i64 {
    (random.next() as i64) >> random.below(64)
}

fn text(random: &mut Random) -> String {
    "ab".repeat(random.below(30))
}

fn optional<T>(argument: impl Fn(&mut Random) -> T) -> impl Fn(&mut Random) -> Option<T> {
    move |random| (random.below(4) > 0).then(|| argument(random))
}

fn both<A, B>(first: impl Fn(&mut Random) -> A, second: impl Fn(&mut Random) -> B) -> impl Fn(&mut Random) -> (A, B) {
    move |random| (first(random), second(random))
}

fn duration(random: &mut Random) -> SignedDuration {
    SignedDuration::from_nanos(many(random))
}

fn time(random: &mut Random) -> DateTimeUtc {
    DateTimeUtc::UNIX_EPOCH + duration(random)
}

fn json(random: &mut Random) -> Json {
    Json(serde_json::json!({ "n": random.below(4) }))
}

#[test]
fn counts_and_conditions() {
    check(Count, |_| ());
    check(BoolAnd, |random| random.below(4) > 0);
    check(BoolOr, |random| random.below(4) == 0);
    check(CountDistinct, many);
    check(CountDistinct, optional(float));
    check(CountDistinct, both(text, few));
}

#[test]
fn sums_and_means() {
    check(Sum, few);
    check(Sum, |random| many(random) as u64);
    check(Sum, float);
    check(Sum, |random| float(random) as f32);
    check(Sum, duration);
    check(Sum, optional(many));
    check(Sum, optional(float));
    check(Avg, many);
    check(Avg, float);
    check(Avg, |random| float(random) as f32);
    check(Avg, duration);
    check(Avg, optional(few));
    check(Avg, optional(float));
}

#[test]
fn spreads() {
    check(Variance, many);
    check(Variance, float);
    check(Variance, optional(float));
    check(VariancePop, |random| few(random) as i8);
    check(VariancePop, optional(|random: &mut Random| float(random) as f32));
    check(Stddev, float);
    check(StddevPop, float);
}

#[test]
fn extremes() {
    check(Min, few);
    check(Min, optional(float));
    check(Min, text);
    check(Max, many);
    check(Max, float);
    check(Max, both(few, optional(text)));
    check(Max, |random: &mut Random| vec![few(random), few(random)]);
    check(ArgMin, both(float, text));
    check(ArgMin, both(optional(few), few));
    check(ArgMax, both(float, few));
    check(ArgMax, both(few, many));
    check(TopK::new(3), few);
    check(TopK::new(40), both(float, text));
}

#[test]
fn ranks() {
    for q in [0.0, 0.3, 0.5, 0.95, 1.0] {
        check(Quantile::new(q), few);
        check(Quantile::new(q), optional(many));
        check(Quantile::new(q), text);
        check(QuantileCont::new(q), float);
        check(QuantileCont::new(q), optional(duration));
    }
    check(QuantileCont::median(), few);
}

#[test]
fn representatives_and_lists() {
    check(Any, many);
    check(Any, optional(float));
    check(Unique, |random| random.below(8) as i64 / 7);
    check(Unique, float);
    check(SortedTuple, few);
    check(SortedTuple, float);
    check(SortedTuple, time);
}

#[test]
fn arrivals() {
    check(Earliest::new(), few);
    check(Earliest::new(), float);
    check(Latest::new(), many);
    check(Latest::new(), optional(text));
    check(Tuple, few);
    check(Tuple, optional(float));
    check(Tuple, json);
    check(StringJoin::new(", "), text);
    check(StringJoin::new("; "), optional(text));
}

#[test]
fn filtered_rows() {
    check(Filtered::new(Count), optional(|_: &mut Random| ()));
    check(Filtered::new(Sum), optional(float));
    check(Filtered::new(Sum), optional(optional(few)));
    check(Filtered::new(ArgMax), optional(both(float, text)));
    check(Filtered::new(Tuple), optional(json));
    check(Filtered::new(Fold::new(Digits)), optional(float));
    check((Filtered::new(Latest::new()), Count), both(optional(text), |_: &mut Random| ()));
}

/// Keeps the order of its values, and has a state of its own type.
#[derive(Clone)]
struct Digits;

#[derive(Default, serde::Serialize, serde::Deserialize)]
struct DigitsState {
    text: String,
    sum: f64,
}

impl Accumulator for Digits {
    type Argument = f64;
    type State = DigitsState;
    type Output = String;

    fn add(&self, state: &mut DigitsState, value: f64) {
        state.sum = state.sum / 2.0 + value;
        state.text = format!("{} {}", state.text.len() % 7, state.sum);
    }

    fn output(&self, state: &DigitsState) -> Result<String, ReduceError> {
        Ok(state.text.clone())
    }
}

#[test]
fn accumulators_and_tuples_of_reducers() {
    check(Fold::new(Digits), float);
    check((Sum, Latest::new(), Max), |random: &mut Random| (float(random), few(random), text(random)));
}

/// Through all forms of a sketch and a sample: a list, a table, registers; all values, and one in 2, 4 ….
#[test]
fn approximate_counts() {
    let estimate =
        |counter: &CountDistinctApprox, state: &ApproximateCount<u64>| Reducer::<u64>::output(counter, state).unwrap();
    for append_only in [true, false] {
        check(CountDistinctApprox::new(), many);
        with_seeds(3, |random| {
            let mut counter = CountDistinctApprox::new();
            Reducer::<u64>::prepare(&mut counter, Input { append_only }).unwrap();
            let (mut undisturbed, mut reloaded) = (Default::default(), Default::default());
            let (start, mut next_reload) = (random.next() >> 1, 0);
            let mut removed = 0;
            for at in 0..40_000 {
                let mut change = |value: u64, diff| {
                    counter.update(&mut undisturbed, start + value, diff);
                    counter.update(&mut reloaded, start + value, diff);
                };
                change(at, 1);
                if !append_only && random.below(3) == 0 {
                    change(removed, -1);
                    removed += 1;
                }
                if at == next_reload {
                    reloaded = reload(&reloaded);
                    next_reload += 1 + random.below(1 + at as usize / 8) as u64;
                }
                if at < 1_000 || at % 100 == 0 {
                    let (seen, expected) = (estimate(&counter, &reloaded), estimate(&counter, &undisturbed));
                    assert_eq!(seen, expected, "append-only {append_only}, {at}");
                }
            }
            assert_eq!(estimate(&counter, &reloaded), estimate(&counter, &undisturbed));
        });
    }
}
