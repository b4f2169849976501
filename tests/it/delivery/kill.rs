//! The server is killed under load, for a source and for a sink: losses are reported and duplicates are counted.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use super::child::Child;
use super::support::{Client, Observer, json, server};
use crate::support::{Input, join, stop, value, wait_for};
use pathway::prelude::*;
use pathway_testkit::Server;

/// Core NATS stores nothing: messages are lost, but none is repeated or out of order.
#[test]
fn a_source_misses_only_messages_that_the_server_lost() {
    const MESSAGES: i64 = 100_000;
    let mut server = server();
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, server.url(), "in").json::<Input>();
    let seen = input.collect();
    let running = pipeline.start().expect("a running pipeline");
    // The first flood lasts until the source is back, so that messages are in transit when the server is killed.
    let (published, is_back) = (Arc::new(AtomicI64::new(0)), Arc::new(AtomicBool::new(false)));
    let (counter, stop) = (Arc::clone(&published), Arc::clone(&is_back));
    let numbers = std::iter::repeat_with(move || counter.fetch_add(1, Ordering::Relaxed));
    let flood =
        Client::new(&server.url()).flood("in", numbers.take_while(move |_| !stop.load(Ordering::Relaxed)).map(value));
    wait_for("the middle of the flood", || running.stats().sources[0].rows > MESSAGES as u64 / 10);
    server.restart().expect("a server");
    wait_for("the source is back", || running.stats().sources[0].reconnects == 1);
    is_back.store(true, Ordering::Relaxed);
    flood.join();
    let begin = published.load(Ordering::Relaxed);
    Client::new(&server.url()).publish("in", (begin..begin + MESSAGES).map(value));
    wait_for("the last row", || seen.changes().last().is_some_and(|(_, row, _)| row.value == begin + MESSAGES - 1));
    running.stop();
    let source = running.stats().sources[0].clone();
    join(running).expect("the pipeline ends without an error");
    let values: Vec<i64> = seen.changes().iter().map(|(_, row, _)| row.value).collect();
    assert!(values.is_sorted_by(|before, after| before < after), "twice, or out of order");
    // `take_while` consumed one number that was not published.
    let published = (begin - 1 + MESSAGES) as usize;
    // Nothing is lost if the publisher happened to wait for the server while it was killed.
    assert!(values.len() > MESSAGES as usize && values.len() <= published, "{} of {published}", values.len());
    assert_eq!((source.received, source.rows, source.dropped), (values.len() as u64, values.len() as u64, 0));
}

/// Each row is published, and no more messages are duplicated than `republished` counts.
#[test]
fn a_sink_publishes_no_more_duplicates_than_it_reports() {
    const ROWS: i64 = 100_000;
    let mut server = server();
    let mut observer = Observer::new(&server.url(), "out");
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
            observer.seen();
            server.restart().expect("a server");
            // The observer must be subscribed again before anything else is published.
            observer.seen();
        }
    }
    wait_for("all is published", || sink().published == ROWS as u64);
    let sink = sink();
    assert_eq!((sink.queued, sink.rejected, sink.reconnects), (ROWS as u64, 0, 1), "{sink:?}");
    drop(feed);
    join(running).expect("the pipeline ends without an error");

    let values: Vec<i64> =
        observer.seen().iter().map(|message| json(message)["value"].as_i64().expect("a value")).collect();
    let mut known = HashSet::new();
    let first: Vec<i64> = values.iter().copied().filter(|value| known.insert(*value)).collect();
    assert!(first.is_sorted(), "out of order");
    assert_eq!(first.last(), Some(&(ROWS - 1)));
    let twice = (values.len() - first.len()) as u64;
    assert!(twice <= sink.republished, "{twice} came twice, {} were published again", sink.republished);
}

/// Output waits up to a limit while its sink is disconnected. Then the source stops reading, and nothing is lost.
#[test]
fn a_disconnected_sink_makes_the_source_wait() {
    const MESSAGES: u64 = 600_000;
    // An outbox holds 8 MiB, here about 110 000 messages, and may exceed that by one commit, of 262 144 messages at most.
    const MAX_WAITING: u64 = 400_000;
    let (from, mut to) = (server(), server());
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, from.url(), "in").json::<Input>();
    nats::write(&input, to.url(), "out").json();
    let running = pipeline.start().expect("a running pipeline");
    to.stop();
    Client::new(&from.url()).publish("in", (0..MESSAGES as i64).map(value));
    wait_for("the source is held back", || running.stats().sources[0].backlog > 60_000);
    let before = running.stats().sinks[0].queued;
    assert!(before < MAX_WAITING, "{before} wait");
    to.restart().expect("a server");
    wait_for("all is published", || running.stats().sinks[0].published == MESSAGES);
    let stats = running.stats();
    assert_eq!((stats.sources[0].rows, stats.sources[0].dropped, stats.sources[0].reconnects), (MESSAGES, 0, 0));
    assert_eq!((stats.sinks[0].queued, stats.sinks[0].reconnects), (MESSAGES, 1));
    stop(running);
}

/// The server disconnects a process that is stopped, and the process logs the reason.
#[test]
fn a_disconnect_for_being_slow_is_reported() {
    let config = "max_pending: 1MB\nwrite_deadline: \"2s\"";
    let server = Server::builder().jetstream(false).config(config).start().expect("a server");
    let mut observer = Observer::new(&server.url(), "sum");
    let client = Client::new(&server.url());
    let child = Child::start("sum with a small backlog", &server.url(), &[]);
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(0)]);
        observer.sees_soon()
    });
    child.signal("STOP");
    let padding = "x".repeat(4000);
    wait_for("the server cuts the source off", || {
        client.publish("connector_example", (0..1000).map(|_| format!(r#"{{"value": 1, "padding": "{padding}"}}"#)));
        server.log().contains("Slow Consumer")
    });
    child.signal("CONT");
    wait_for("the pipeline says so", || child.said().contains("says how many; reconnecting"));
    assert!(child.said().contains("error: connector_example: the connection to"), "{}", child.said());
    assert!(child.said().contains("is too slow (`max_pending`, `write_deadline`)"), "{}", child.said());
    wait_for("the source is back", || child.said().contains("is back after"));
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
}
