//! [`Table::map_async`](pathway::Table::map_async).

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

use pathway::operators::CallError;
use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::{Number, number};
use crate::support::assert_error;

#[derive(Clone, Debug, PartialEq, Schema)]
struct Made {
    value: i64,
    made: i64,
}

fn made(value: i64, made: i64) -> Made {
    Made { value, made }
}

/// Counts the calls of each value.
#[derive(Clone, Default)]
struct Calls(Arc<Mutex<BTreeMap<i64, i64>>>);

impl Calls {
    /// Counts a call, and returns the number of calls of this value so far.
    fn note(&self, value: i64) -> i64 {
        let mut calls = self.0.lock().unwrap();
        let calls = calls.entry(value).or_default();
        *calls += 1;
        *calls
    }

    fn all(&self) -> Vec<(i64, i64)> {
        self.0.lock().unwrap().iter().map(|(value, calls)| (*value, *calls)).collect()
    }
}

/// The function returns another answer each time. A retraction must have the answer that was inserted.
#[test]
fn a_retraction_has_the_answer_of_its_insertion() {
    for workers in [1, 2, 4] {
        let pipeline = Pipeline::new();
        let numbers = pipeline.commits([
            vec![Change::insert(number(1)), Change::insert(number(2)), Change::insert(number(2))],
            vec![Change::remove(number(2)), Change::insert(number(1))],
            vec![Change::remove(number(2)), Change { row: number(1), diff: -2 }],
            vec![Change::insert(number(1)), Change::insert(number(3)), Change::remove(number(3))],
            vec![Change::remove(number(1))],
        ]);
        let calls = Calls::default();
        let counted = calls.clone();
        let seen = numbers
            .map_async(async move |n: &Number| {
                tokio::task::yield_now().await;
                Ok::<_, String>(made(n.value, counted.note(n.value)))
            })
            .or_skip()
            .collect();
        pipeline.start_with(workers).and_then(Running::join).unwrap();
        let expected = [
            (0, made(1, 1), 1),
            (0, made(2, 1), 2),
            (1, made(2, 1), -1),
            (1, made(1, 1), 1),
            (2, made(1, 1), -2),
            (2, made(2, 1), -1),
            (3, made(1, 2), 1),
            (4, made(1, 2), -1),
        ];
        assert_eq!(seen.changes(), expected, "{workers} workers");
        // The row that was inserted and removed within a commit was not looked up.
        assert_eq!(calls.all(), [(1, 2), (2, 1)]);
    }
}

/// The answers arrive in reverse order, and the commit has them all.
#[test]
fn the_order_of_answers_does_not_change_the_output() {
    let pipeline = Pipeline::new();
    let (feed, numbers) = pipeline.input::<Number>();
    let waiting = Arc::new(AtomicI64::new(9));
    let seen = numbers
        .map_async(async move |n: &Number| {
            // The last row is answered first.
            while waiting.load(Ordering::Relaxed) != n.value {
                tokio::task::yield_now().await;
            }
            waiting.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, String>(made(n.value, 10 * n.value))
        })
        .or_skip()
        .collect();
    let running = pipeline.start().unwrap();
    (0..10).for_each(|value| feed.insert(number(value)));
    feed.commit();
    assert_eq!(seen.changes(), (0..10).map(|value| (0, made(value, 10 * value), 1)).collect::<Vec<_>>());
    drop(feed);
    running.join().unwrap();
}

#[test]
fn the_number_of_concurrent_calls_is_limited() {
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let pipeline = Pipeline::new();
    let numbers = pipeline.rows((0..50).map(number));
    let seen_most = Arc::clone(&most);
    let seen = numbers
        .map_async(async move |n: &Number| {
            most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
            now.fetch_sub(1, Ordering::Relaxed);
            Ok::<_, String>(made(n.value, 0))
        })
        .concurrency(7)
        .or_skip()
        .collect();
    pipeline.start_with(1).and_then(Running::join).unwrap();
    assert_eq!((seen.rows().len(), seen_most.load(Ordering::Relaxed)), (50, 7));
}

#[test]
fn a_failed_call_is_retried() {
    let calls = Calls::default();
    let counted = calls.clone();
    let pipeline = Pipeline::new();
    let seen = pipeline
        .rows([1, 2, 3, 4].map(number))
        .map_async(async move |n: &Number| match counted.note(n.value) {
            // Number n succeeds on attempt n.
            tries if tries == n.value => Ok(made(n.value, tries)),
            tries => Err(format!("try {tries}")),
        })
        .retries(2)
        .back_off(Duration::from_millis(1))
        .or_else(|n, error| {
            assert!(matches!(error, CallError::Failed(_)));
            assert_eq!(error.to_string(), "try 3");
            Some(made(n.value, -1))
        })
        .collect();
    pipeline.run().unwrap();
    assert_eq!(seen.rows(), [made(1, 1), made(2, 2), made(3, 3), made(4, -1)]);
    assert_eq!(calls.all(), [(1, 1), (2, 2), (3, 3), (4, 3)]);
}

/// A row without a result emits nothing, not even when it is removed. When it is inserted again, it is looked up again.
#[test]
fn a_row_with_a_failed_call_has_no_result() {
    let calls = Calls::default();
    let counted = calls.clone();
    let pipeline = Pipeline::new();
    let numbers = pipeline.commits([
        vec![Change::insert(number(1)), Change::insert(number(2))],
        vec![Change::remove(number(1)), Change::remove(number(2))],
        vec![Change::insert(number(1))],
    ]);
    let seen = numbers
        .map_async(async move |n: &Number| match counted.note(n.value) {
            1 if n.value == 1 => Err("not now"),
            tries => Ok(made(n.value, tries)),
        })
        .retries(0)
        .cache(10)
        .or_skip()
        .collect();
    pipeline.run().unwrap();
    assert_eq!(seen.changes(), [(0, made(2, 1), 1), (1, made(2, 1), -1), (2, made(1, 2), 1)]);
}

#[test]
fn a_call_without_an_answer_times_out() {
    let pipeline = Pipeline::new();
    let seen = pipeline
        .rows([1, 2].map(number))
        .map_async(async |n: &Number| {
            if n.value == 1 {
                pending::<()>().await;
            }
            Ok::<_, String>(made(n.value, 0))
        })
        .timeout(Duration::from_millis(20))
        .retries(1)
        .back_off(Duration::ZERO)
        .or_else(|n, error| {
            assert_eq!(error.to_string(), "no result within 20ms");
            Some(made(n.value, -1))
        })
        .collect();
    pipeline.run().unwrap();
    assert_eq!(seen.rows(), [made(1, -1), made(2, 0)]);
}

/// Numbers 0, 1 and 2 are inserted and removed in turn. Then each is inserted again.
#[test]
fn answers_of_removed_rows_are_cached() {
    let commit = |value: i64| [vec![Change::insert(number(value))], vec![Change::remove(number(value))]];
    for (cache, expected) in [(0, [2, 2, 2]), (1, [2, 2, 2]), (2, [2, 2, 2]), (3, [1, 1, 1])] {
        let calls = Calls::default();
        let counted = calls.clone();
        let pipeline = Pipeline::new();
        let numbers = pipeline.commits((0..3).chain(0..3).flat_map(commit));
        let mapped = numbers.map_async(async move |n: &Number| Ok::<_, String>(made(n.value, counted.note(n.value))));
        let seen = mapped.cache(cache).or_skip().collect();
        pipeline.run().unwrap();
        let counts: Vec<_> = calls.all().into_iter().map(|(_, calls)| calls).collect();
        assert_eq!(counts, expected, "a cache of {cache}");
        assert!(seen.rows().is_empty());
    }
}

/// If the row that was removed last is inserted again, a cache of one answer is enough.
#[test]
fn a_reused_answer_is_the_newest() {
    let calls = Calls::default();
    let counted = calls.clone();
    let pipeline = Pipeline::new();
    let commits = [0, 0, 1, 0]
        .into_iter()
        .flat_map(|value| [vec![Change::insert(number(value))], vec![Change::remove(number(value))]]);
    let numbers = pipeline.commits(commits);
    let mapped = numbers.map_async(async move |n: &Number| Ok::<_, String>(made(n.value, counted.note(n.value))));
    let _ = mapped.cache(1).or_skip().collect();
    pipeline.run().unwrap();
    assert_eq!(calls.all(), [(0, 2), (1, 1)]);
}

#[test]
fn an_append_only_table_keeps_no_answers_without_a_cache() {
    for (cache, expected) in [(0, 3), (5, 1)] {
        let calls = Calls::default();
        let counted = calls.clone();
        let pipeline = Pipeline::new();
        let numbers = pipeline.commits((0..3).map(|_| vec![Change::insert(number(1)), Change::insert(number(1))]));
        let mapped = numbers.map_async(async move |n: &Number| Ok::<_, String>(made(n.value, counted.note(n.value))));
        let seen = mapped.cache(cache).or_skip().collect();
        pipeline.run().unwrap();
        assert_eq!(calls.all(), [(1, expected)]);
        assert_eq!(seen.rows().len(), 6);
    }
}

#[test]
fn a_stop_waits_for_calls_only_until_the_deadline() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let (tell, told) = mpsc::channel();
        let numbers = pipeline.rows([1, 2, 3].map(number));
        let seen = numbers
            .map_async(async move |n: &Number| {
                if n.value > 1 {
                    tell.send(()).unwrap();
                    pending::<()>().await;
                }
                Ok::<_, String>(made(n.value, 0))
            })
            .timeout(Duration::from_secs(3_600))
            .stop_timeout(Duration::from_millis(50))
            .or_skip()
            .collect();
        // The rows exist when the pipeline starts, so the calls can begin before `start` returns.
        let starting = std::thread::spawn(move || pipeline.start_with(workers));
        told.recv().unwrap();
        let begin = Instant::now();
        let running = starting.join().unwrap().unwrap();
        running.stop();
        let error = running.join().unwrap_err();
        assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
        assert_error(&error, ErrorKind::Custom, &["calls of `map_async` were finished"]);
        drop(seen);
    }
}

#[test]
fn a_panic_in_a_call_ends_the_pipeline() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let numbers = pipeline.rows((0..10).map(number));
        let seen = numbers
            .map_async(async |n: &Number| {
                assert!(n.value != 7, "no sevens");
                // The other calls never end, and are dropped.
                pending::<Result<Made, String>>().await
            })
            .timeout(Duration::from_secs(3_600))
            .or_skip()
            .collect();
        let error = pipeline.start_with(workers).and_then(Running::join).unwrap_err();
        assert_error(&error, ErrorKind::Panic, &["no sevens"]);
        assert!(seen.rows().is_empty());
    }
}
