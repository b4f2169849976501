//! A commit of one row as a user has it: a message comes, is decoded, changes a table, and leaves as messages.

use std::time::{Duration, Instant};

use pathway::prelude::*;
use pathway::reducers::Count;
use pathway::testing::Broker;

use super::ours::{Counted, Numbered};
use super::{Commits, Operator};

/// The time from the end of the first commit to that of the last one, on a broker in memory.
pub(super) fn play(operator: Operator, commits: &Commits) -> Duration {
    let broker = Broker::new();
    let pipeline = Pipeline::new();
    let rows = nats::read(&pipeline, &broker, "in").json::<Numbered>();
    let sides = || (rows.filter(|r| r.number % 2 == 0), rows.filter(|r| r.number % 2 == 1));
    match operator {
        Operator::Reduce => {
            let counts = rows.group_by(|r| r.key).reduce(Count, |_| (), |key, n| Counted { key: *key, n });
            nats::write(&counts, &broker, "out").json();
        }
        Operator::Join => {
            let (even, odd) = sides();
            let joined = even.join(&odd).on(|e| e.key, |o| o.key);
            nats::write(&joined.inner(|e, o| Numbered { key: e.key, number: o.number }), &broker, "out").json();
        }
        _ => nats::write(&rows.distinct(), &broker, "out").json(),
    }
    let running = pipeline.start_with(1).unwrap_or_else(|error| panic!("{error}"));
    let mut begin = Instant::now();
    for (number, commit) in commits.iter().enumerate() {
        for ((key, number), _) in commit {
            broker.publish("in", format!(r#"{{"key":{key},"number":{number}}}"#));
        }
        broker.commit();
        if number == 0 {
            begin = Instant::now();
        }
    }
    let time = begin.elapsed();
    broker.close();
    running.join().unwrap_or_else(|error| panic!("{error}"));
    time
}
