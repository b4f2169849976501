//! What sinks have not confirmed, and how long they hold the pipeline up.

use pathway::prelude::*;
use pathway_testkit::Server;

use super::support::{Js, SlowSink, sink};
use crate::support::{Input, Link, stop, wait_for};

#[test]
fn unconfirmed_messages_are_counted_until_the_server_has_stored_them() {
    let server = Server::start().expect("a server");
    let _js = Js::with_stream(&server, "OUT");
    let link = Link::new(server.port());
    let pipeline = Pipeline::new();
    let (feed, numbers) = pipeline.input::<Input>();
    nats::write(&numbers, link.url(), "out.a").jetstream("OUT").json();
    let running = pipeline.start().expect("a start");
    let unconfirmed = || sink(running.stats()).unconfirmed;
    (0..10).for_each(|value| feed.insert(Input { value }));
    feed.commit();
    wait_for("confirmed messages", || sink(running.stats()).published == 10 && unconfirmed() == 0);

    // Answers no longer arrive.
    link.lose();
    for value in 0..5 {
        feed.insert(Input { value });
        feed.insert(Input { value });
        feed.commit();
    }
    assert_eq!((unconfirmed(), sink(running.stats()).is_full), (10, false));
    link.cut();
    link.restore();
    wait_for("confirmed messages", || unconfirmed() == 0);
    let after = sink(running.stats());
    assert_eq!((after.queued, after.published, after.reconnects), (20, 20, 1), "{after:?}");
    assert_eq!(after.full_seconds, 0.0);
    assert!(after.busy_seconds > 0.0);
    drop(feed);
    running.join().expect("the end");
}

#[derive(Clone, Debug, Schema)]
struct Large {
    text: String,
}

#[test]
fn a_full_sink_is_full_for_some_time() {
    let server = Server::start().expect("a server");
    let _js = Js::with_stream(&server, "OUT");
    let link = Link::new(server.port());
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Large>();
    nats::write(&rows, link.url(), "out.a").jetstream("OUT").json();
    let running = pipeline.start().expect("a start");
    link.lose();
    // More than 8 MiB.
    (0..10).for_each(|number| feed.insert(Large { text: number.to_string().repeat(900_000) }));
    feed.commit();
    let now = || sink(running.stats());
    assert!(now().is_full && now().unconfirmed == 10, "{:?}", now());
    wait_for("time to pass", || now().full_seconds > 0.05);
    link.cut();
    link.restore();
    wait_for("confirmed messages", || now().unconfirmed == 0);
    let after = now();
    assert!(!after.is_full && after.full_seconds > 0.05, "{after:?}");
    // It counts no longer.
    assert_eq!(now().full_seconds, after.full_seconds);
    drop(feed);
    running.join().expect("the end");
}

#[test]
fn a_sink_of_your_own_counts_alike() {
    let pipeline = Pipeline::new();
    let (feed, numbers) = pipeline.input::<Input>();
    let (slow, confirm) = SlowSink::new();
    numbers.sink(slow);
    let running = pipeline.start().expect("a start");
    for value in 0..3 {
        feed.insert(Input { value });
        feed.commit();
    }
    assert_eq!(sink(running.stats()).unconfirmed, 3);
    confirm.send(()).expect("a sink");
    wait_for("a confirmed row", || sink(running.stats()).unconfirmed == 2);
    drop(confirm);
    wait_for("all confirmed rows", || sink(running.stats()).unconfirmed == 0);
    drop(feed);
    stop(running);
}
