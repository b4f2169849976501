//! Messages that a stream stores and the client cannot parse: they are rejected once, and reading continues behind them.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, pull};
use pathway::nats::{self, Start};
use pathway::prelude::*;
use pathway_testkit::Server;

use super::support::{Js, RawClient, Reading, server, stream, work_queue};
use crate::support::{Input, stop, value, wait_for};

/// Header lines that async-nats cannot parse.
const UNREADABLE: [&[u8]; 5] = [b"\r\nA: caf\xe9", b"\r\nA B: 1", b"\r\nno colon", b" 99x", b"\r\nA: one\rline"];

impl RawClient {
    /// Publishes one message for each kind of unreadable headers, and one with an unreadable subject.
    fn publish_unreadable(&mut self) {
        for headers in UNREADABLE {
            self.publish(b"in.a", headers, "unreadable");
        }
        self.publish(b"in.\xff", b"", "unreadable");
    }
}

/// Publishes good messages, unreadable ones in a row, and then unreadable ones between good ones.
fn fill(server: &Server, js: &Js) -> Vec<i64> {
    let mut raw = RawClient::new(server);
    js.publish("in.a", 0..5000);
    raw.publish_unreadable();
    for n in 5000..5010 {
        js.publish("in.a", [n]);
        raw.publish(b"in.a", UNREADABLE[0], "unreadable");
    }
    // A status on a stored message means nothing.
    raw.publish(b"in.a", b" 503", &value(5010));
    js.publish("in.a", 5011..6000);
    (0..6000).collect()
}

#[test]
fn unreadable_messages_of_a_stream_are_rejected_once() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.create(stream("DEAD"));
    let expected = fill(&server, &js);
    let pipeline = Pipeline::named("test");
    let input = nats::read(&pipeline, server.url(), "in.>").dead_letter("dead.in").jetstream("IN").json::<Input>();
    let seen = input.collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("all messages", || running.stats().sources[0].rows == 6000);
    wait_for("the dead letters", || js.messages("DEAD") == 16);
    let source = &running.stats().sources[0];
    assert_eq!((source.rejected, source.dropped), (16, 0));
    assert!(source.reconnects <= 16, "{}", source.reconnects);
    assert_eq!(js.consumers("IN").len(), 1);
    assert!(js.stored("DEAD").iter().all(|(_, _, payload)| payload == "unreadable"));
    let reason = {
        let stream = js.runtime.block_on(js.context.get_stream("DEAD")).expect("a stream");
        let first = js.runtime.block_on(stream.get_raw_message(1)).expect("a dead letter");
        first.headers.get("pathway_reason").expect("a reason").to_string()
    };
    assert!(
        reason.contains("message 5001 of stream `IN`") && reason.ends_with("its headers are not UTF-8"),
        "{reason}"
    );
    // Also the last message of the stream, and one that arrives later.
    let mut raw = RawClient::new(&server);
    raw.publish(b"in.a", UNREADABLE[1], "unreadable");
    wait_for("the last one", || running.stats().sources[0].rejected == 17);
    js.publish("in.a", [6000]);
    wait_for("a message behind it", || running.stats().sources[0].rows == 6001);
    stop(running);
    assert_eq!(super::support::values(&seen), expected.into_iter().chain([6000]).collect::<Vec<_>>());
}

#[test]
fn unreadable_messages_of_a_work_queue_are_terminated() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let expected = fill(&server, &js);
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    wait_for("an empty queue", || js.messages("IN") == 0);
    assert_eq!((reading.stats().rows, reading.stats().rejected), (6000, 16));
    assert_eq!(js.consumers("IN")[0].num_ack_pending, 0);
    let mut values = reading.stop();
    values.sort_unstable();
    assert_eq!(values, expected);
}

/// Another program has received it, and has died.
#[test]
fn an_unreadable_message_that_is_redelivered_is_terminated() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.create_consumer(
        "IN",
        pull::Config {
            durable_name: Some("d".to_owned()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: Duration::from_secs(1),
            filter_subject: "in.>".to_owned(),
            ..Default::default()
        },
    );
    let mut raw = RawClient::new(&server);
    js.publish("in.a", 0..100);
    raw.publish(b"in.a", UNREADABLE[0], "unreadable");
    js.publish("in.a", 100..200);
    raw.send(b"SUB inbox 1\r\nPUB $JS.API.CONSUMER.MSG.NEXT.IN.d inbox 3\r\n200\r\n");
    wait_for("the deliveries", || js.consumers("IN")[0].num_ack_pending == 200);
    drop(raw);
    let reading = Reading::start(&server, "in.>", nats::stream("IN").durable("d")).expect("a running pipeline");
    js.publish("in.a", 200..300);
    wait_for("an empty queue", || js.messages("IN") == 0);
    assert_eq!((reading.stats().rows, reading.stats().rejected), (300, 1));
    let mut values = reading.stop();
    values.sort_unstable();
    assert_eq!(values, (0..300).collect::<Vec<_>>());
}

#[test]
fn unreadable_values_of_a_bucket_leave_their_keys_as_they_were() {
    let server = server();
    let js = Js::new(&server);
    let config = async_nats::jetstream::kv::Config { bucket: "in".to_owned(), history: 3, ..Default::default() };
    js.runtime.block_on(js.context.create_key_value(config)).expect("a bucket");
    let mut raw = RawClient::new(&server);
    js.publish("$KV.in.a", [1]);
    raw.publish(b"$KV.in.b", UNREADABLE[0], "unreadable");
    js.publish("$KV.in.c", [3]);
    raw.publish(b"$KV.in.a", UNREADABLE[0], "unreadable");
    let pipeline = Pipeline::named("test");
    let seen = nats::read(&pipeline, server.url(), "in").kv().json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    let rows = || seen.rows().iter().map(|row| row.value).collect::<Vec<_>>();
    // The last value of `a` is the unreadable one, and the one before it is not a value any more.
    wait_for("the keys", || running.stats().sources[0].rejected == 2 && rows() == [3]);
    js.publish("$KV.in.a", [4]);
    wait_for("the new value", || rows() == [3, 4]);
    raw.publish(b"$KV.in.a", UNREADABLE[0], "unreadable");
    js.publish("$KV.in.b", [5]);
    wait_for("a value behind it", || rows() == [3, 4, 5]);
    assert_eq!(running.stats().sources[0].rejected, 3);
    stop(running);
}

#[test]
fn the_newest_messages_of_each_subject_are_read_behind_an_unreadable_one() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let mut raw = RawClient::new(&server);
    js.publish("in.a", 1..=2);
    raw.publish(b"in.b", UNREADABLE[0], "unreadable");
    js.publish("in.c", [3]);
    let start = nats::stream("IN").start(Start::LastPerSubject);
    let reading = Reading::start(&server, "in.>", start).expect("a running pipeline");
    wait_for("the messages", || reading.stats().rows == 2 && reading.stats().rejected == 1);
    assert_eq!(reading.stop(), [2, 3]);
}
