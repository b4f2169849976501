//! What operators count: rows that arrived too late, and rows that could not be computed.

use pathway::Running;
use pathway::prelude::*;
use pathway::stats::Stats;

use super::{Number, number};

/// The statistics of a pipeline over commits of numbers, which must be the same for any number of workers.
fn stats(build: impl Fn(&Table<Number>)) -> Stats {
    let [one, two, four] = [1, 2, 4].map(|workers| {
        let pipeline = Pipeline::new();
        build(&pipeline.commits([100, 200, 10, 20, 150, 300].map(|value| vec![Change::insert(number(value))])));
        pipeline.start_with(workers).and_then(Running::join).expect("a run")
    });
    for other in [&two, &four] {
        assert_eq!(format!("{:?}", other.operators), format!("{:?}", one.operators));
    }
    one
}

fn operator(stats: &Stats, name: &str) -> (u64, u64) {
    let operator = stats.operators.iter().find(|operator| operator.name == name);
    operator.map(|operator| (operator.late, operator.errors)).unwrap_or_else(|| panic!("{name}: {stats:?}"))
}

#[test]
fn late_rows_are_counted_by_the_operator_that_drops_them() {
    let stats = stats(|numbers| {
        let _ = reduce!(n in numbers window tumbling(n.value, 10).emit_on_close() as w => { start: w.start, rows: count() })
            .collect();
        let _ =
            reduce!(n in numbers window session(n.value, 5).emit_on_close() as w => { start: w.start, rows: count() })
                .collect();
        let _ = numbers.ignore_late(|n| n.value, 100).collect();
    });
    // Behind 200: 10, 20 and 150. `ignore_late` accepts what is at most 100 behind.
    assert_eq!(operator(&stats, "window"), (3, 0));
    assert_eq!(operator(&stats, "window-2"), (3, 0));
    assert_eq!(operator(&stats, "ignore_late"), (2, 0));
}

#[test]
fn groups_without_a_value_are_counted() {
    let stats = stats(|numbers| {
        let large = numbers.select(|n| number(i64::MAX - n.value));
        let _ = reduce!(n in large => { total: sum(n.value) }).collect();
    });
    // The sum of two numbers does not fit any more.
    assert_eq!(operator(&stats, "reduce"), (0, 5));
}

#[test]
fn failed_calls_are_counted_with_and_without_a_fallback() {
    let stats = stats(|numbers| {
        let failing = || {
            numbers.map_async(async |n| if n.value < 100 { Err("too small") } else { Ok(number(n.value)) }).retries(0)
        };
        let _ = failing().or_skip().collect();
        let _ = failing().or_else(|_, _| Some(number(0))).collect();
    });
    assert_eq!(operator(&stats, "map_async"), (0, 2));
    assert_eq!(operator(&stats, "map_async-2"), (0, 2));
}
