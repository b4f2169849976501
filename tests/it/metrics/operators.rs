//! Rows, time, state and event time of operators.

use std::time::{Duration, Instant};

use pathway::Running;
use pathway::jiff::Timestamp;
use pathway::prelude::*;
use pathway::stats::{OperatorStats, Stats};

use crate::support::Input;

fn operator<'a>(stats: &'a Stats, name: &str) -> &'a OperatorStats {
    let operator = stats.operators.iter().find(|operator| operator.name == name);
    operator.unwrap_or_else(|| panic!("{name} is not there: {stats:?}"))
}

/// The statistics of a pipeline over two commits of the numbers 0 to 999, with so many workers.
fn stats(workers: usize, build: impl Fn(&Table<Input>)) -> Stats {
    let pipeline = Pipeline::new();
    let commit = |values: std::ops::Range<i64>| values.map(|value| Change::insert(Input { value })).collect::<Vec<_>>();
    build(&pipeline.commits([commit(0..600), commit(600..1000)]));
    pipeline.start_with(workers).and_then(Running::join).expect("a run")
}

#[test]
fn rows_and_keys_do_not_depend_on_the_workers() {
    for workers in [1, 2, 4] {
        let stats = stats(workers, |numbers| {
            let even = filter!(n in numbers => n.value % 2 == 0);
            let groups = reduce!(n in even by n.value % 10 => { digit: n.value % 10, rows: count() });
            let _seen = join!(n in numbers, g in groups on n.value == g.digit => { n.value, g.rows }).collect();
        });
        assert_eq!(operator(&stats, "filter").rows, 500, "{workers} workers");
        // Five groups, each of which changes once: 5 + 2 * 5.
        let reduce = operator(&stats, "reduce");
        assert_eq!((reduce.rows, reduce.state_keys), (15, 5), "{workers} workers");
        assert_eq!(operator(&stats, "join").rows, 15, "{workers} workers");
        for operator in &stats.operators {
            let sum =
                |number: fn(&pathway::stats::OperatorWorkerStats) -> u64| operator.workers.iter().map(number).sum();
            assert_eq!(operator.workers.len(), workers, "{operator:?}");
            assert_eq!((operator.rows, operator.state_keys), (sum(|it| it.rows), sum(|it| it.state_keys)));
            assert_eq!(operator.state_bytes, sum(|it| it.state_bytes), "{operator:?}");
        }
        assert_eq!(operator(&stats, "filter").state_bytes, 0);
        // A key, a count, and what the map needs.
        assert!((5 * 16..100_000).contains(&reduce.state_bytes), "{reduce:?}");
        assert_eq!((stats.commit_rows.count, stats.commit_rows.sum), (2, 1000.0));
    }
}

#[test]
fn state_is_what_is_left() {
    let pipeline = Pipeline::new();
    let (feed, numbers) = pipeline.input::<Input>();
    let _seen = numbers.distinct().named("numbers").collect();
    let running = pipeline.start().expect("a start");
    (0..1000).for_each(|value| feed.insert(Input { value }));
    feed.commit();
    let keys = |keys: u64| {
        crate::support::wait_for(&format!("{keys} keys"), || operator(&running.stats(), "numbers").state_keys == keys);
        operator(&running.stats(), "numbers").state_bytes
    };
    let full = keys(1000);
    assert!(full >= 8 * 1000, "{full} bytes");
    (0..1000).for_each(|value| feed.remove(Input { value }));
    feed.commit();
    assert!(keys(0) < full / 10);
    drop(feed);
    running.join().expect("the end");
}

/// Runs for a while, and says yes.
fn work(duration: Duration) -> bool {
    let begin = Instant::now();
    while begin.elapsed() < duration {}
    true
}

#[test]
fn an_operator_is_busy_while_it_runs_and_not_while_others_do() {
    for workers in [1, 2] {
        let stats = stats(workers, |numbers| {
            let slow = numbers.filter(|n| n.value % 100 > 0 || work(Duration::from_millis(20))).named("slow");
            let quick = slow.filter(|n| n.value >= 0).named("quick");
            let _seen = reduce!(n in quick => { sum: sum(n.value) }).collect();
        });
        let busy = |name| operator(&stats, name).busy_seconds;
        // Ten of them.
        assert!(busy("slow") >= 0.2, "{stats:?}");
        assert!(busy("quick") > 0.0 && busy("quick") < busy("slow") / 4.0, "{stats:?}");
        assert!(busy("reduce") > 0.0 && busy("reduce") < busy("slow") / 4.0, "{stats:?}");
    }
}

/// The rows of a table whose results meet again go through its readers one by one.
#[test]
fn the_time_of_rows_one_by_one_is_estimated() {
    let stats = stats(1, |numbers| {
        let slow = numbers.filter(|n| n.value >= 0 && work(Duration::from_micros(100))).named("slow");
        let quick = numbers.filter(|n| n.value < 0).named("quick");
        let _seen = reduce!(n in slow.concat(&quick) => { sum: sum(n.value) }).collect();
    });
    assert_eq!(operator(&stats, "slow").rows, 1000);
    let busy = |name| operator(&stats, name).busy_seconds;
    // 1000 rows of 0.1 ms. One of 16 is measured, which another program may have interrupted.
    assert!(busy("slow") >= 0.099 && busy("slow") < 10.0, "{stats:?}");
    assert!(busy("quick") < busy("slow"), "{stats:?}");
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Reading {
    at: DateTimeUtc,
    number: i64,
}

#[test]
fn event_time_is_compared_with_the_clock_if_it_is_one() {
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let hour_ago = Timestamp::now() - Duration::from_secs(3600);
        let rows =
            [0, 60, 30].map(|seconds| Reading { at: hour_ago + Duration::from_secs(seconds), number: seconds as i64 });
        let readings = pipeline.rows(rows);
        let _by_time =
            reduce!(r in readings window tumbling(r.at, 1.minutes()).emit_on_close() as w => { start: w.start, n: count() }).named("dates");
        let _by_number =
            reduce!(r in readings window tumbling(r.number, 10).emit_on_close() as w => { start: w.start, n: count() })
                .named("numbers");
        let _late = readings.timed(|r| r.at).ignore_late(1.hours()).named("policy");
        let _seen = (_by_time.collect(), _by_number.collect(), _late.collect());
        let stats = pipeline.start_with(workers).and_then(Running::join).expect("a run");
        for name in ["dates", "policy"] {
            let lag = operator(&stats, name).event_time_lag_seconds.expect("event time");
            // One minute later than an hour ago, and what the test takes.
            assert!((3540.0..3570.0).contains(&lag), "{name}: {lag}");
        }
        assert_eq!(operator(&stats, "numbers").event_time_lag_seconds, None);
    }
}
