//! The cost of one change of a group, and of one output: `cargo bench -p pathway-core --bench reducers`.
//!
//! The best of many rounds over 262 144 changes of 1 024 groups, or over the outputs of these groups. A sum of integers should
//! take a few nanoseconds for each change.

use std::hint::black_box;
use std::time::Instant;

use pathway_core::operators::reducers::{
    Avg, Count, CountDistinct, CountDistinctApprox, Latest, Min, Quantile, Reducer, Sum, TopK, Variance,
};

const GROUPS: usize = 1_024;
const CHANGES: usize = 1 << 18;
const ROUNDS: usize = 40;

fn main() {
    let small = |random: u64| (random % 1_000) as i64;
    let price = |random: u64| (random % 100_000) as f64 / 100.0;
    // Exponents from 2⁻³⁰⁰ to 2³⁰⁰: sums that take the long form.
    let wild = |random: u64| f64::from_bits((random % 600 + 723) << 52 | random >> 12);
    measure("count", &Count, small);
    measure("sum of i64", &Sum, small);
    measure("sum of f64, prices", &Sum, price);
    measure("sum of f64, all magnitudes", &Sum, wild);
    measure("avg of i64", &Avg, small);
    measure("avg of f64, prices", &Avg, price);
    measure("min of i64, one value a group", &Min, |_| 7_i64);
    measure("min of i64, 1 000 values a group", &Min, small);
    measure("variance of i64", &Variance, small);
    measure("variance of f64, prices", &Variance, price);
    measure("variance of f64, all magnitudes", &Variance, wild);
    measure("quantile, 1 000 values a group", &Quantile::new(0.95), small);
    measure("top_k, 1 000 values a group", &TopK::new(10), small);
    measure("latest", &Latest::new(), small);
    measure("count_distinct", &CountDistinct, small);
    measure("count_distinct_approx", &CountDistinctApprox::new(), small);
}

fn measure<A: Copy, R: Reducer<A>>(name: &str, reducer: &R, argument: impl Fn(u64) -> A) {
    let mut random = 1_u64;
    let changes: Vec<(usize, A)> = (0..CHANGES)
        .map(|_| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((random >> 33) as usize % GROUPS, argument(random >> 16))
        })
        .collect();
    let mut groups: Vec<R::State> = (0..GROUPS).map(|_| R::State::default()).collect();
    let mut best = f64::INFINITY;
    for round in 0..ROUNDS {
        // Every second round removes what the previous one inserted.
        let diff = if round % 2 == 0 { 1 } else { -1 };
        let start = Instant::now();
        for (group, argument) in &changes {
            reducer.update(&mut groups[*group], black_box(*argument), diff);
        }
        groups.iter_mut().for_each(|group| reducer.finish_commit(group));
        best = best.min(start.elapsed().as_nanos() as f64 / CHANGES as f64);
    }
    // Of groups that have rows.
    for (group, argument) in &changes {
        reducer.update(&mut groups[*group], *argument, 1);
    }
    groups.iter_mut().for_each(|group| reducer.finish_commit(group));
    let mut output = f64::INFINITY;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        groups.iter().for_each(|group| drop(black_box(reducer.output(black_box(group)))));
        output = output.min(start.elapsed().as_nanos() as f64 / GROUPS as f64);
    }
    println!("{name:35} {best:7.1} ns a change {output:9.1} ns an output");
}
