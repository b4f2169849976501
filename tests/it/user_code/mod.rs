//! Code of the user's own within a pipeline: subscribers, sources and sinks, calls.

mod calls;
mod contract;
mod sinks;
mod sources;
mod subscribe;

use std::time::{Duration, Instant};

use pathway::prelude::*;

#[derive(Clone, Debug, PartialEq, Schema)]
struct Number {
    value: i64,
}

fn number(value: i64) -> Number {
    Number { value }
}

/// Waits until something holds.
fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < Duration::from_secs(30), "waited 30 s until {what}");
        std::thread::yield_now();
    }
}
