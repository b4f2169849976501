//! Reading a stream with limits: each message is read once, whatever happens to the server, the stream or the consumer.

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{DeliverPolicy, pull};
use async_nats::jetstream::stream::Config;
use pathway::nats::{self, Start};
use pathway::schema::DateTimeUtc;
use pathway::{ErrorKind, Pipeline};
use pathway_testkit::Server;

use super::support::{Js, Reading, interest, server, stream, values};
use crate::support::{Gate, Input, assert_error, join, wait_for};

#[test]
fn stored_and_new_messages_are_each_read_once() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..1000);
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    js.publish("in.b", 1000..2000);
    reading.wait_for(2000);
    assert_eq!(reading.stats().position.as_deref(), Some("2000"));
    assert_eq!(js.consumers("IN").len(), 1);
    assert_eq!(reading.stop(), (0..2000).collect::<Vec<_>>());
    wait_for("the removal of the consumer", || js.consumers("IN").is_empty());
    assert_eq!(js.messages("IN"), 2000);
}

#[test]
fn two_programs_each_read_all_messages() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let one = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    let two = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    let other = Reading::start(&server, "in.b", "IN").expect("a running pipeline");
    js.publish("in.a", 0..500);
    js.publish("in.b", 500..600);
    one.wait_for(600);
    two.wait_for(600);
    other.wait_for(100);
    assert_eq!(one.stop(), (0..600).collect::<Vec<_>>());
    assert_eq!(two.stop(), (0..600).collect::<Vec<_>>());
    assert_eq!(other.stop(), (500..600).collect::<Vec<_>>());
}

#[test]
fn reading_begins_at_the_configured_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 1..=3);
    let between =
        pathway::schema::DateTimeUtc::from_nanosecond(js.info("IN").state.last_timestamp.unix_timestamp_nanos() + 1);
    let between = between.expect("a time");
    js.publish("in.b", 4..=6);
    for (start, expected) in [
        (Start::All, vec![1, 2, 3, 4, 5, 6, 7]),
        (Start::New, vec![7]),
        (Start::Sequence(3), vec![3, 4, 5, 6, 7]),
        (Start::Time(between), vec![4, 5, 6, 7]),
        (Start::LastPerSubject, vec![3, 6, 7]),
    ] {
        let reading = Reading::start(&server, "in.>", nats::stream("IN").start(start)).expect("a running pipeline");
        js.publish("in.a", [7]);
        reading.wait_for(expected.len() as u64);
        assert_eq!(reading.stop(), expected, "{start:?}");
        let stream = js.runtime.block_on(js.context.get_stream("IN")).expect("a stream");
        let last = js.info("IN").state.last_sequence;
        js.runtime.block_on(stream.delete_message(last)).expect("a deletion");
    }
}

/// The server begins with its next message, whatever its time is.
#[test]
fn a_start_in_the_future_is_refused() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.create(Config { name: "SHARED".to_owned(), subjects: vec!["shared.>".to_owned()], ..interest("IN") });
    let hour = Duration::from_secs(3600);
    let start_time = js.info("IN").created + hour;
    let deliver_policy = DeliverPolicy::ByStartTime { start_time };
    let consumer = js.create_consumer("IN", pull::Config { deliver_policy, ..pull::Config::default() });
    js.publish("in.a", [1]);
    js.read_with(&consumer, 1);
    let future = DateTimeUtc::from_nanosecond(DateTimeUtc::now().as_nanosecond() + hour.as_nanos() as i128);
    let future = future.expect("a time");
    for (name, subject) in [("IN", "in.>"), ("SHARED", "shared.>")] {
        let late = nats::stream(name).start(Start::Time(future));
        let words = [&*future.to_string(), "in the future", "Start::New"];
        Reading::fails_to_start(&server, subject, late, ErrorKind::Config, &words);
    }
}

/// Whenever the source checks the stream, that ends before the sequence where reading starts.
#[test]
fn reading_can_begin_behind_the_end_of_the_stream() {
    for subject in ["in.>", "in.a"] {
        let server = server();
        let js = Js::new(&server);
        js.create(stream("IN"));
        js.publish("in.a", 1..=3);
        let start = nats::stream("IN").start(Start::Sequence(6));
        let reading = Reading::start(&server, subject, start).expect("a running pipeline");
        js.delete_consumer("IN", &js.consumers("IN")[0].name);
        wait_for("another consumer", || !js.consumers("IN").is_empty());
        js.publish("in.a", 4..=9);
        reading.wait_for(4);
        assert_eq!(reading.stats().dropped, 0);
        assert_eq!(reading.stop(), [6, 7, 8, 9], "{subject}");
    }
}

#[test]
fn server_restarts_lose_and_repeat_nothing() {
    const MESSAGES: i64 = 300_000;
    let mut server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..MESSAGES);
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    reading.restart_server(&mut server, MESSAGES);
    let js = Js::new(&server);
    js.publish("in.a", [MESSAGES]);
    reading.wait_for(MESSAGES as u64 + 1);
    assert_eq!(reading.stop(), (0..=MESSAGES).collect::<Vec<_>>());
}

#[test]
fn a_deleted_consumer_is_recreated() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..10);
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    for round in 1..=3 {
        reading.wait_for(10 * round);
        let consumers = js.consumers("IN");
        js.delete_consumer("IN", &consumers[0].name);
        js.publish("in.a", 10 * round as i64..10 * round as i64 + 10);
    }
    reading.wait_for(40);
    assert_eq!(reading.stop(), (0..40).collect::<Vec<_>>());
}

#[test]
fn a_deleted_stream_ends_the_pipeline() {
    let server = server();
    let js = Js::new(&server);
    for again in [false, true] {
        js.create(stream("IN"));
        js.publish("in.a", 0..10);
        let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
        reading.wait_for(10);
        js.delete("IN");
        if again {
            js.create(stream("IN"));
        }
        let words = if again { "stream `IN`: it was deleted" } else { "stream `IN`: it was deleted while it was read" };
        assert_error(&join(reading.running).expect_err("an error"), ErrorKind::Stream, &[words]);
    }
}

/// While the pipeline is slow, unread messages are purged. The loss is reported, and later messages are read.
#[test]
fn a_purge_of_unread_messages_is_counted_as_dropped() {
    const MESSAGES: i64 = 300_000;
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..MESSAGES);
    let pipeline = Pipeline::named("slow");
    let gate = Gate::default();
    let closed = gate.close();
    let rows = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Input>();
    let before_gate = gate.clone();
    let seen = rows.filter(move |_| before_gate.pass()).collect();
    let running = pipeline.start().expect("a running pipeline");
    let source = || running.stats().sources.swap_remove(0);
    wait_for("a full queue", || source().received >= 32_768);
    let (mut received, mut polls) = (0, 0);
    wait_for("the source to stop reading", || {
        polls = if source().received == received { polls + 1 } else { 0 };
        received = source().received;
        polls == 150
    });
    // Backpressure: messages that the pipeline does not take stay on the server.
    assert!(received < 110_000, "{received}");
    js.purge("IN");
    js.publish("in.a", [-1]);
    drop(closed);
    wait_for("the other messages", || source().dropped + source().rows > MESSAGES as u64);
    running.stop();
    let counts = source();
    join(running).expect("the pipeline ends without an error");
    assert_eq!(counts.rows + counts.dropped, MESSAGES as u64 + 1);
    assert!(counts.dropped > 100_000, "{counts:?}");
    let values = values(&seen);
    let (last, before) = values.split_last().expect("values");
    assert_eq!(*last, -1);
    assert!(before.iter().copied().eq(0..before.len() as i64));
}

#[test]
fn messages_larger_than_a_pull_request_are_read() {
    let server = Server::builder().config("max_payload: 8MB\nmax_pending: 64MB").start().expect("a server");
    let js = Js::new(&server);
    js.create(stream("IN"));
    let large = |n: i64| ("in.a".to_owned(), format!(r#"{{"value":{n},"pad":"{}"}}"#, "x".repeat(5 << 20)));
    js.publish("in.a", [0]);
    js.publish_all([large(1)]);
    js.publish("in.a", [2]);
    js.publish_all([large(3), large(4)]);
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    reading.wait_for(5);
    assert_eq!(reading.stop(), [0, 1, 2, 3, 4]);
}

#[test]
fn a_stream_that_cannot_be_read_is_an_error_at_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let refused = |subject, stream: nats::Stream, words: &[&str]| {
        Reading::fails_to_start(&server, subject, stream, ErrorKind::Config, words);
    };
    refused("in.>", "NONE".into(), &["stream `NONE`", "no such stream", "127.0.0.1"]);
    refused("other.>", "IN".into(), &["stream `IN`", "`in.>`", "`other.>`"]);
    refused("in..a", "IN".into(), &["`in..a`"]);
    refused("in.>", "a b".into(), &["`a b` is not a valid name for a stream"]);
    refused("in.>", nats::stream("IN").durable("d"), &["no consumer `d`", "nats consumer add IN d"]);
    let plain = Server::builder().jetstream(false).start().expect("a server");
    let begin = Instant::now();
    Reading::fails_to_start(&plain, "in.>", "IN", ErrorKind::Connect, &["stream `IN`", "is it enabled"]);
    assert!(begin.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_mirror_is_read_by_the_subjects_of_its_origin() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..10);
    let origin = async_nats::jetstream::stream::Source { name: "IN".to_owned(), ..Default::default() };
    js.create(Config { name: "COPY".to_owned(), mirror: Some(origin), ..Config::default() });
    let reading = Reading::start(&server, "in.>", "COPY").expect("a running pipeline");
    reading.wait_for(10);
    assert_eq!(reading.stop(), (0..10).collect::<Vec<_>>());
}
