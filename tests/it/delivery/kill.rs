//! A server that is killed in the middle of a flood, at each end of a pipeline: what is lost is said, what is twice is counted.

use std::collections::HashSet;

use super::child::Child;
use super::support::{Client, Input, Witness, join, json, server, value, wait_for};
use pathway::prelude::*;
use pathway_testkit::Server;

/// Core NATS keeps nothing: messages are missing, but none comes twice, and none out of order.
#[test]
fn a_source_misses_what_the_server_lost_and_nothing_else() {
    const MESSAGES: i64 = 100_000;
    let mut server = server();
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, server.url(), "in").json::<Input>();
    let seen = input.collect();
    let running = pipeline.start().expect("a running pipeline");
    let rows = || running.stats().sources[0].rows;
    for half in [0, 1] {
        let client = Client::new(&server.url());
        let begin = half * MESSAGES;
        let flood = client.flood("in", (begin..begin + MESSAGES).map(value));
        if half == 0 {
            wait_for("the middle of the flood", || rows() > MESSAGES as u64 / 10);
            // The flood goes on when it is back: a client that is not connected holds a publisher back.
            server.restart().expect("a server");
            flood.join();
            wait_for("the source is back", || running.stats().sources[0].reconnects == 1);
        } else {
            flood.join();
        }
    }
    wait_for("the last row", || seen.changes().last().is_some_and(|(_, row, _)| row.value == 2 * MESSAGES - 1));
    running.stop();
    let source = running.stats().sources[0].clone();
    join(running).expect("an orderly end");
    let values: Vec<i64> = seen.changes().iter().map(|(_, row, _)| row.value).collect();
    assert!(values.is_sorted_by(|before, after| before < after), "twice, or out of order");
    assert!(values.len() > MESSAGES as usize && values.len() < 2 * MESSAGES as usize, "{} rows", values.len());
    assert_eq!((source.received, source.rows, source.dropped), (values.len() as u64, values.len() as u64, 0));
}

/// Each row is published; those that come twice are no more than were said to be published again.
#[test]
fn a_sink_publishes_twice_no_more_than_it_says() {
    const ROWS: i64 = 100_000;
    let mut server = server();
    let mut witness = Witness::new(&server.url(), "out");
    let pipeline = Pipeline::new();
    let (feed, input) = pipeline.input::<Input>();
    nats::write(&input, server.url(), "out").json();
    let running = pipeline.start().expect("a running pipeline");
    let sink = || running.stats().sinks[0].clone();
    let mut rows = 0..ROWS;
    while rows.start < ROWS {
        rows.by_ref().take(100).for_each(|value| feed.insert(Input { value }));
        feed.commit();
        if rows.start == ROWS / 2 {
            wait_for("the middle of the flood", || sink().published > 0);
            witness.seen();
            server.restart().expect("a server");
            // What is published while nobody listens is seen by nobody.
            witness.seen();
        }
    }
    wait_for("all is published", || sink().published == ROWS as u64);
    let sink = sink();
    assert_eq!((sink.queued, sink.rejected, sink.reconnects), (ROWS as u64, 0, 1), "{sink:?}");
    drop(feed);
    join(running).expect("an orderly end");

    let values: Vec<i64> =
        witness.seen().iter().map(|message| json(message)["value"].as_i64().expect("a value")).collect();
    let mut known = HashSet::new();
    let first: Vec<i64> = values.iter().copied().filter(|value| known.insert(*value)).collect();
    assert!(first.is_sorted(), "out of order");
    assert_eq!(first.last(), Some(&(ROWS - 1)));
    let twice = (values.len() - first.len()) as u64;
    assert!(twice <= sink.republished, "{twice} came twice, {} were published again", sink.republished);
}

/// What is made for a sink that is away waits up to a bound; then nothing more is read, and nothing is lost.
#[test]
fn a_sink_that_is_away_holds_the_source_back() {
    const MESSAGES: u64 = 300_000;
    let (from, mut to) = (server(), server());
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, from.url(), "in").json::<Input>();
    nats::write(&input, to.url(), "out").json();
    let running = pipeline.start().expect("a running pipeline");
    to.stop();
    Client::new(&from.url()).publish("in", (0..MESSAGES as i64).map(value));
    wait_for("the source is held back", || running.stats().sources[0].backlog > 60_000);
    let before = running.stats().sinks[0].queued;
    assert!(before < MESSAGES / 2, "{before} wait");
    to.restart().expect("a server");
    wait_for("all is published", || running.stats().sinks[0].published == MESSAGES);
    let stats = running.stats();
    assert_eq!((stats.sources[0].rows, stats.sources[0].dropped, stats.sources[0].reconnects), (MESSAGES, 0, 0));
    assert_eq!((stats.sinks[0].queued, stats.sinks[0].reconnects), (MESSAGES, 1));
    running.stop();
    join(running).expect("an orderly end");
}

/// A process that stands still is the slowest of all: the server cuts it off, and it says what that means.
#[test]
fn a_pipeline_that_is_cut_off_for_being_slow_says_so() {
    let config = "max_pending: 1MB\nwrite_deadline: \"2s\"";
    let server = Server::builder().jetstream(false).config(config).start().expect("a server");
    let mut witness = Witness::new(&server.url(), "sum");
    let client = Client::new(&server.url());
    let child = Child::start("sum with a small backlog", &server.url(), &[]);
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(0)]);
        witness.sees_soon()
    });
    child.signal("STOP");
    let padding = "x".repeat(4000);
    wait_for("the server cuts the source off", || {
        client.publish("connector_example", (0..1000).map(|_| format!(r#"{{"value": 1, "padding": "{padding}"}}"#)));
        server.log().contains("Slow Consumer")
    });
    child.signal("CONT");
    wait_for("the pipeline says so", || child.said().contains("Reconnecting"));
    assert!(child.said().contains("error: connector_example: the connection to"), "{}", child.said());
    assert!(child.said().contains("is too slow (`max_pending`, `write_deadline`)"), "{}", child.said());
    wait_for("the source is back", || child.said().contains("is back after"));
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
}
