//! A real clock: event time advances while a source is inactive.

use crate::support::{stop, wait_for};
use pathway::prelude::*;

#[derive(Schema)]
struct Click {
    at: i64,
}

#[test]
fn a_clock_closes_the_last_window() {
    let pipeline = Pipeline::new();
    let (feed, clicks) = pipeline.input::<Click>();
    let clock = pipeline.clock(Duration::from_millis(5));
    let closed = reduce!(c in clicks window tumbling(c.at, 50).emit_on_close().idle_timeout(20, &clock, |tick| tick.at.as_millisecond()) as w => {
        w.start,
        n: count(),
    });
    let (closed, ticks) = (closed.collect(), clock.collect());
    let running = pipeline.start().unwrap();
    feed.insert(Click { at: 1 });
    feed.commit();
    wait_for("the end of the window", || !closed.rows().is_empty());
    let rows = closed.rows();
    assert_eq!((rows[0].start, rows[0].n), (0, 1));
    // The clock has one row, and does not keep a pipeline running.
    drop(feed);
    running.join().unwrap();
    assert_eq!(ticks.rows().len(), 1);
    assert!(ticks.changes().is_sorted_by_key(|(commit, tick, diff)| (*commit, *diff, tick.at)));
}

#[test]
fn a_clock_without_an_interval_is_an_error() {
    let pipeline = Pipeline::new();
    let _ = pipeline.clock(Duration::ZERO).collect();
    let error = pipeline.run().unwrap_err().to_string();
    assert!(error.contains("a clock needs an interval of more than 0 s"), "{error}");
}

/// A pipeline ends without waiting for the next tick.
#[test]
fn a_slow_clock_does_not_delay_the_end() {
    let pipeline = Pipeline::new();
    let seen = pipeline.clock(Duration::from_secs(3600)).collect();
    pipeline.start().unwrap().join().unwrap();
    assert!(seen.rows().len() <= 1);
    let pipeline = Pipeline::new();
    let (_feed, clicks) = pipeline.input::<Click>();
    let (clock, _clicks) = (pipeline.clock(Duration::from_secs(3600)).collect(), clicks.collect());
    let running = pipeline.start().unwrap();
    wait_for("the first tick", || !clock.rows().is_empty());
    stop(running);
}
