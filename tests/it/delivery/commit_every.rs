//! `commit_every` collects the messages of an interval into one commit.

use super::support::{Client, Observer, server};
use crate::support::{Input, stop, value};
use pathway::prelude::*;

#[test]
fn messages_within_the_interval_are_one_commit() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let pipeline = Pipeline::new();
    let every = Duration::from_millis(200);
    let input = nats::read(&pipeline, server.url(), "connector_example").commit_every(every).json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, server.url(), "sum").json();
    let running = pipeline.start().expect("a running pipeline");

    let start = std::time::Instant::now();
    Client::new(&server.url()).publish("connector_example", (0..1000).map(value));
    observer.wait_for_sum(499_500);
    let elapsed = start.elapsed();
    // Each commit stays open for 200 ms.
    let most = elapsed.as_millis() as u64 / every.as_millis() as u64 + 1;
    let commits = running.stats().commits;
    assert!(elapsed >= every, "{elapsed:?}");
    assert!((1..=most).contains(&commits), "{commits} commits in {elapsed:?}");
    assert_eq!(observer.seen().len() as u64, 2 * commits - 1);
    stop(running);
}
