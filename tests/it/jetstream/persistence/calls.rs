//! The answers of `map_async` are part of the log: no call is made again, and no row gets another answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::Store;

use crate::support::Input;

#[derive(Clone, Debug, PartialEq, Schema)]
struct Answered {
    value: i64,
    answer: i64,
}

/// Runs a pipeline whose calls answer with how many calls there were. Returns what it computes.
fn run(
    store: &Store,
    every: Duration,
    workers: usize,
    calls: &Arc<AtomicI64>,
    changes: &[i64],
) -> Vec<(Answered, i64)> {
    let pipeline = Pipeline::named("calls").persist(Persistence::from(store).checkpoint_every(every));
    let (feed, input) = pipeline.input::<Input>();
    let counted = Arc::clone(calls);
    let answered = input
        .map_async(async move |input: &Input| {
            tokio::task::yield_now().await;
            let answer = 1 + counted.fetch_add(1, Ordering::SeqCst);
            if input.value == 3 { Err("no answer") } else { Ok(Answered { value: input.value, answer }) }
        })
        .retries(0)
        .or_else(|input, _| Some(Answered { value: input.value, answer: -1 }));
    let seen = answered.collect();
    let running = pipeline.start_with(workers).unwrap();
    for value in changes {
        let row = Input { value: value.abs() };
        if *value > 0 {
            feed.insert(row)
        } else {
            feed.remove(row)
        }
        feed.commit();
    }
    drop(feed);
    running.join().unwrap();
    seen.changes().into_iter().map(|(_, row, diff)| (row, diff)).collect()
}

#[test]
fn calls_are_not_made_again_and_answers_stay_the_same() {
    let row = |value: i64, answer: i64, diff: i64| (Answered { value, answer }, diff);
    // Without checkpoints, all commits are computed again. With one at the end of each run, none is.
    for (every, is_computed_again) in [(Duration::MAX, true), (Duration::from_secs(10), false)] {
        for workers in [1, 2] {
            let (store, calls) = (Store::new(), Arc::<AtomicI64>::default());
            let first = [row(1, 1, 1), row(2, 2, 1), row(3, -1, 1)];
            assert_eq!(run(&store, every, workers, &calls, &[1, 2, 3]), first);
            let next = [row(2, 2, -1), row(3, -1, -1), row(4, 4, 1)];
            let expected = if is_computed_again { [first.as_slice(), &next].concat() } else { next.to_vec() };
            assert_eq!(run(&store, every, 3 - workers, &calls, &[-2, -3, 4]), expected);
            let last = [row(1, 1, -1), row(4, 4, -1)];
            let expected = if is_computed_again { [expected.as_slice(), &last].concat() } else { last.to_vec() };
            assert_eq!(run(&store, every, workers, &calls, &[-1, -4]), expected);
            assert_eq!(calls.load(Ordering::SeqCst), 4);
        }
    }
}
