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
        assert_eq!(counts(other), counts(&one));
    }
    one
}

/// What does not depend on the workers.
fn counts(stats: &Stats) -> Vec<(&str, u64, u64, u64)> {
    stats.operators.iter().map(|operator| (&*operator.name, operator.late, operator.ahead, operator.errors)).collect()
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
fn operators_have_the_names_that_the_user_gives_them() {
    let stats = stats(|numbers| {
        let rollups = |name| {
            let windows = reduce!(n in numbers window tumbling(n.value, 10).emit_on_close() as w => { start: w.start, rows: count() });
            windows.named(name)
        };
        let (_, _) = (rollups("rollups").collect(), rollups("window").collect());
        let _ = numbers.ignore_late(|n| n.value, 100).named("in_time").collect();
    });
    assert_eq!(operator(&stats, "rollups"), (3, 0));
    assert_eq!(operator(&stats, "window"), (3, 0));
    assert_eq!(operator(&stats, "in_time"), (2, 0));
}

#[test]
fn a_name_that_cannot_be_given_is_an_error() {
    let error = |name: fn(Table<Number>) -> Table<Number>| {
        let pipeline = Pipeline::new();
        let _ = name(pipeline.rows([number(1)])).collect();
        pipeline.run().expect_err("an error").to_string()
    };
    let twice = error(|numbers| numbers.filter(|_| true).named("first").named("second"));
    assert!(twice.contains("`named(\"second\")`") && twice.contains("named `first`"), "{twice}");
    let source = error(|numbers| numbers.named("numbers"));
    assert!(source.contains("name the source"), "{source}");
}

/// One number is far in the future. With a limit it makes no other number late.
#[test]
fn a_row_from_the_future_is_counted_and_moves_no_event_time() {
    for workers in [1, 2, 4] {
        let pipeline = Pipeline::new();
        let values = [100, 9_000, 110, 104, 121].map(|value| Change::insert(number(value)));
        let numbers = pipeline.commits([vec![], values.into()]);
        let clock = pipeline.commits([vec![Change::insert(number(100))]]);
        let windows = || pathway::windows::tumbling(10).emit_on_close().max_ahead(50, &clock, |now: &Number| now.value);
        let sums = |windows| {
            let row = |w: pathway::windows::Window<i64>, sum| number(w.start * 1_000 + sum);
            numbers.window(|n| n.value, windows).reduce(pathway::reducers::Sum, |n| n.value, row)
        };
        let (sums, buffered) = (sums(windows()).collect(), {
            let timed = numbers.timed(|n| n.value).max_ahead(50, &clock, |now| now.value);
            timed.buffer(10).collect()
        });
        let stats = pipeline.start_with(workers).and_then(Running::join).expect("a run");
        // 104 is behind 110, and its window is closed; that of 110 closes at 121.
        assert_eq!(sums.changes(), [(1, number(100_100), 1), (1, number(110_110), 1)]);
        assert_eq!(buffered.changes(), [(1, number(100), 1), (1, number(104), 1), (1, number(110), 1)]);
        let ahead: Vec<_> = stats.operators.iter().filter(|operator| operator.ahead > 0).collect();
        assert_eq!(
            ahead.iter().map(|operator| (&*operator.name, operator.ahead)).collect::<Vec<_>>(),
            [("window", 1), ("buffer", 1)]
        );
        assert_eq!(operator(&stats, "window"), (1, 0));
    }
}

#[test]
fn a_limit_that_cannot_be_honoured_is_refused() {
    let refused = |build: fn(&Table<Number>, &Table<Number>)| {
        let pipeline = Pipeline::new();
        let changing = pipeline.commits([vec![Change { row: number(1), diff: -1 }], vec![Change::insert(number(1))]]);
        build(&changing, &pipeline.commits([vec![Change::insert(number(1))]]));
        pipeline.run().expect_err("an error").to_string()
    };
    let error = refused(|changing, clock| {
        let _ = changing.timed(|n| n.value).max_ahead(1, clock, |now| now.value).forget(5).collect();
    });
    assert!(error.contains("`max_ahead` of") && error.contains("it needs a table of arrivals"), "{error}");
    let error = refused(|numbers, clock| {
        let timed = numbers.timed(|n| n.value).idle_timeout(1, clock, |now| now.value).group_by(|n| n.value);
        let _ = timed.inactive_for(5, clock, |now| now.value, |_, last| number(last)).collect();
    });
    assert!(error.contains("`inactive_for`") && error.contains("remove `idle_timeout`"), "{error}");
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
