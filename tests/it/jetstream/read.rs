//! Streams that keep their messages up to limits: each message once, whatever happens.

use std::thread;

use async_nats::jetstream::stream::Config;
use pathway::ErrorKind;
use pathway::nats::{self, Start};

use super::support::{Gathered, Js, join, refused, server, stats, stream, wait_for};

#[test]
fn what_was_there_and_what_comes() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..1000);
    let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    js.publish("in.b", 1000..2000);
    reading.wait_for(2000);
    assert_eq!(stats(&reading.running).sources[0].position.as_deref(), Some("2000"));
    assert_eq!(js.consumers("IN").len(), 1);
    assert_eq!(reading.stop(), (0..2000).collect::<Vec<_>>());
    wait_for("a stream without consumers", || js.consumers("IN").is_empty());
    assert_eq!(js.info("IN").state.messages, 2000);
}

#[test]
fn two_programs_see_all_of_it() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let one = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    let two = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    let other = Gathered::of(&server, "in.b", "IN").expect("a pipeline");
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
fn where_to_begin() {
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
        let reading = Gathered::of(&server, "in.>", nats::stream("IN").start(start)).expect("a pipeline");
        js.publish("in.a", [7]);
        reading.wait_for(expected.len() as u64);
        assert_eq!(reading.stop(), expected, "{start:?}");
        let stream = js.runtime.block_on(js.context.get_stream("IN")).expect("a stream");
        let last = js.info("IN").state.last_sequence;
        js.runtime.block_on(stream.delete_message(last)).expect("a deletion");
    }
}

#[test]
fn the_server_dies_in_a_flood_and_comes_back() {
    const MESSAGES: i64 = 300_000;
    let mut server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..MESSAGES);
    let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    for again in 1..=3 {
        let before = reading.received();
        wait_for("some more", || reading.received() > before || before == MESSAGES as u64);
        server.restart().expect("a server");
        wait_for("a new connection", || stats(&reading.running).sources[0].reconnects >= again);
    }
    let js = Js::new(&server);
    js.publish("in.a", [MESSAGES]);
    reading.wait_for(MESSAGES as u64 + 1);
    assert_eq!(reading.stop(), (0..=MESSAGES).collect::<Vec<_>>());
}

#[test]
fn a_consumer_that_is_deleted_is_made_anew() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..10);
    let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
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
fn a_stream_that_is_deleted_ends_the_pipeline() {
    let server = server();
    let js = Js::new(&server);
    for again in [false, true] {
        js.create(stream("IN"));
        js.publish("in.a", 0..10);
        let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
        reading.wait_for(10);
        js.delete("IN");
        if again {
            js.create(stream("IN"));
        }
        let error = join(reading.running).expect_err("an error");
        assert_eq!(error.kind(), ErrorKind::Stream, "{error}");
        let words = if again { "stream `IN`: it was deleted" } else { "stream `IN`: it was deleted while it was read" };
        assert!(error.to_string().contains(words), "{error}");
    }
}

/// The pipeline is slow; what was purged meanwhile is said, and what comes later is read.
#[test]
fn a_purge_is_reported_with_what_was_lost() {
    const MESSAGES: i64 = 300_000;
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..MESSAGES);
    let pipeline = pathway::Pipeline::named("slow");
    let gate = std::sync::Arc::new(std::sync::Mutex::new(()));
    let held = gate.lock().expect("a gate");
    let rows = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<super::support::Input>();
    let passed = std::sync::Arc::clone(&gate);
    let seen = rows.filter(move |_| passed.lock().is_ok()).collect();
    let running = pipeline.start().expect("a pipeline");
    wait_for("a full queue", || stats(&running).sources[0].received >= 32_768);
    let last = loop {
        let before = stats(&running).sources[0].received;
        thread::sleep(std::time::Duration::from_millis(300));
        if stats(&running).sources[0].received == before {
            break before;
        }
    };
    // Back-pressure: what was not taken stays at the server.
    assert!(last < 110_000, "{last}");
    js.purge("IN");
    js.publish("in.a", [-1]);
    drop(held);
    wait_for("the rest", || stats(&running).sources[0].dropped + stats(&running).sources[0].rows > MESSAGES as u64);
    running.stop();
    let counts = stats(&running).sources[0].clone();
    join(running).expect("a good end");
    assert_eq!(counts.rows + counts.dropped, MESSAGES as u64 + 1);
    assert!(counts.dropped > 100_000, "{counts:?}");
    let values: Vec<i64> = seen.changes().iter().map(|(_, row, _)| row.value).collect();
    let (last, before) = values.split_last().expect("values");
    assert_eq!(*last, -1);
    assert!(before.iter().copied().eq(0..before.len() as i64));
}

#[test]
fn messages_larger_than_a_request() {
    let server =
        pathway_testkit::Server::builder().config("max_payload: 8MB\nmax_pending: 64MB").start().expect("a server");
    let js = Js::new(&server);
    js.create(stream("IN"));
    let large = |n: i64| ("in.a".to_owned(), format!(r#"{{"value":{n},"pad":"{}"}}"#, "x".repeat(5 << 20)));
    js.publish("in.a", [0]);
    js.publish_all([large(1)]);
    js.publish("in.a", [2]);
    js.publish_all([large(3), large(4)]);
    let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    reading.wait_for(5);
    assert_eq!(reading.stop(), [0, 1, 2, 3, 4]);
}

#[test]
fn what_cannot_be_read_is_an_error_at_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let start = |subject, stream: nats::Stream| Gathered::of(&server, subject, stream);
    refused(start("in.>", "NONE".into()), ErrorKind::Config, &["stream `NONE`", "no such stream", "127.0.0.1"]);
    refused(start("other.>", "IN".into()), ErrorKind::Config, &["stream `IN`", "`in.>`", "`other.>`"]);
    refused(start("in..a", "IN".into()), ErrorKind::Config, &["`in..a`"]);
    refused(start("in.>", "a b".into()), ErrorKind::Config, &["`a b` is not a valid name for a stream"]);
    let durable = |name: &str| nats::stream("IN").durable(name);
    refused(start("in.>", durable("d")), ErrorKind::Config, &["no consumer `d`", "nats consumer add IN d"]);
    let plain = pathway_testkit::Server::builder().jetstream(false).start().expect("a server");
    let begin = std::time::Instant::now();
    refused(Gathered::of(&plain, "in.>", "IN"), ErrorKind::Connect, &["stream `IN`", "is it enabled"]);
    assert!(begin.elapsed() < std::time::Duration::from_secs(20));
}

#[test]
fn a_mirror_has_the_subjects_of_its_origin() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..10);
    let origin = async_nats::jetstream::stream::Source { name: "IN".to_owned(), ..Default::default() };
    js.create(Config { name: "COPY".to_owned(), mirror: Some(origin), ..Config::default() });
    let reading = Gathered::of(&server, "in.>", "COPY").expect("a pipeline");
    reading.wait_for(10);
    assert_eq!(reading.stop(), (0..10).collect::<Vec<_>>());
}
