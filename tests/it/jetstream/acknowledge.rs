//! Reading with acknowledgements: a message is acknowledged when its output is written, and counted once.

use std::thread;
use std::time::Duration;

use async_nats::jetstream::consumer::AckPolicy;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::{Config, RetentionPolicy};
use pathway::prelude::*;
use pathway::{ErrorKind, nats};
use pathway_testkit::Server;

use super::support::{Js, Reading, server, stream, values, work_queue};
use crate::support::{Gate, Input, assert_error, join, stop, value, wait_for};

#[test]
fn a_work_queue_is_empty_after_everything_is_processed() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..5000);
    let reading = Reading::start_named("a service", &server, "in.>", "IN").expect("a running pipeline");
    js.publish("in.a", 5000..10_000);
    reading.wait_for(10_000);
    wait_for("an empty queue", || js.messages("IN") == 0);
    assert_eq!(js.consumers("IN")[0].config.durable_name.as_deref().map(|name| &name[..12]), Some("a_service-in"));
    assert_eq!(reading.stop(), (0..10_000).collect::<Vec<_>>());
    // The next run continues after the last acknowledged message.
    let reading = Reading::start_named("a service", &server, "in.>", "IN").expect("a running pipeline");
    js.publish("in.a", [1]);
    reading.wait_for(1);
    assert_eq!(reading.stop(), [1]);
    assert_eq!(js.messages("IN"), 0);
}

#[test]
fn a_stop_acknowledges_all_messages_that_were_read() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..50_000);
    let mut read = Vec::new();
    for stop in 0..4 {
        let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
        let left = js.messages("IN");
        wait_for("some messages", || reading.stats().received >= if stop < 3 { 1 } else { left });
        read.extend(reading.stop());
        assert_eq!(js.messages("IN") as usize, 50_000 - read.len());
    }
    read.sort_unstable();
    assert!(read.iter().copied().eq(0..50_000));
}

/// The next run begins with the bad message.
#[test]
fn a_stop_at_a_bad_message_leaves_it_and_all_after_it_in_the_queue() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let messages = (0..10).map(|number| if number == 4 { "bad".to_owned() } else { value(number) });
    js.publish_all(messages.map(|payload| ("in.a".to_owned(), payload)));
    let pipeline = Pipeline::named("stops");
    let input = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").on_decode_error(OnDecodeError::Stop);
    let seen = input.json::<Input>().collect();
    assert_error(&pipeline.run().expect_err("a bad message"), ErrorKind::Decode, &["cannot be decoded"]);
    assert_eq!(values(&seen), [0, 1, 2, 3]);
    let left: Vec<_> = js.stored("IN").into_iter().map(|(sequence, ..)| sequence).collect();
    assert_eq!(left, [5, 6, 7, 8, 9, 10]);
}

/// While the output's server is down, its messages are not acknowledged.
#[test]
fn messages_are_acknowledged_after_their_output_is_written() {
    let server = server();
    let mut out = Server::builder().jetstream(false).start().expect("a server");
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let pipeline = Pipeline::named("test");
    let input = nats::read(&pipeline, server.url(), "in.>").name("in").jetstream("IN").json::<Input>();
    nats::write(&input, out.url(), "out").json();
    let running = pipeline.start().expect("a running pipeline");
    js.publish("in.a", [1]);
    wait_for("an acknowledgement", || js.messages("IN") == 0);
    out.stop();
    js.publish("in.a", 2..=11);
    wait_for("ten messages", || running.stats().sinks[0].queued == 11);
    // Meanwhile the server answers many requests, and an acknowledgement would be among them.
    for _ in 0..200 {
        assert_eq!(js.messages("IN"), 10);
    }
    out.restart().expect("a server");
    wait_for("acknowledgements", || js.messages("IN") == 0);
    stop(running);
}

/// A panic in a closure ends the pipeline between reading and writing, like a crash.
#[test]
fn messages_of_a_crashed_run_are_redelivered() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..100);
    let pipeline = Pipeline::named("test");
    let input = nats::read(&pipeline, server.url(), "in.>").name("in").jetstream("IN").json::<Input>();
    let _seen = input.filter(|row| if row.value == 50 { panic!("a test's panic") } else { true }).collect();
    assert_error(&pipeline.start().and_then(join).expect_err("a panic"), ErrorKind::Panic, &["a test's panic"]);
    let left = js.messages("IN");
    assert!((50..=100).contains(&left), "{left}");
    let shorter = serde_json::json!({"stream_name": "IN", "config": {"durable_name": "test-in", "name": "test-in",
        "ack_policy": "explicit", "filter_subject": "in.>", "ack_wait": 200_000_000, "deliver_policy": "all",
        "max_ack_pending": 262_144, "replay_policy": "instant"}});
    let update = js.client.request("$JS.API.CONSUMER.CREATE.IN.test-in", shorter.to_string().into());
    let answer = js.runtime.block_on(update).expect("an answer");
    assert!(!String::from_utf8_lossy(&answer.payload).contains("error"), "{answer:?}");
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    reading.wait_for(left);
    let mut values = reading.stop();
    values.sort_unstable();
    assert_eq!(values, (100 - left as i64..100).collect::<Vec<_>>());
    assert_eq!(js.messages("IN"), 0);
}

/// The commit takes ten times as long as the server waits for an acknowledgement.
#[test]
fn redeliveries_during_a_slow_commit_are_not_counted_twice() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let config = pull::Config {
        durable_name: Some("d".to_owned()),
        filter_subject: "in.>".to_owned(),
        ack_policy: AckPolicy::Explicit,
        ack_wait: Duration::from_millis(100),
        ..Default::default()
    };
    js.create_consumer("IN", config);
    let gate = Gate::default();
    let closed = gate.close();
    let pipeline = Pipeline::named("test");
    let input = nats::read(&pipeline, server.url(), "in.>").jetstream(nats::stream("IN").durable("d")).json::<Input>();
    let before_gate = gate.clone();
    let seen = input.filter(move |_| before_gate.pass()).collect();
    let running = pipeline.start().expect("a running pipeline");
    js.publish("in.a", 0..500);
    wait_for("all messages", || running.stats().sources[0].received == 500);
    // Time must pass here: the server is asked to wait longer, or redeliveries are recognized.
    thread::sleep(Duration::from_secs(1));
    drop(closed);
    wait_for("all rows", || running.stats().sources[0].rows == 500);
    wait_for("all acknowledgements", || js.consumers("IN")[0].num_ack_pending == 0);
    stop(running);
    assert_eq!(values(&seen), (0..500).collect::<Vec<_>>());
}

#[test]
fn server_restarts_count_no_message_twice() {
    const MESSAGES: i64 = 100_000;
    let mut server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..MESSAGES);
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    reading.restart_server(&mut server, MESSAGES);
    let js = Js::new(&server);
    reading.wait_for(MESSAGES as u64);
    wait_for("an empty queue", || js.messages("IN") == 0);
    let mut values = reading.stop();
    values.sort_unstable();
    assert!(values.iter().copied().eq(0..MESSAGES), "{} values", values.len());
}

#[test]
fn an_undecodable_message_is_not_redelivered() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish_all([value(1), "no JSON".to_owned(), value(2), "{}".to_owned()].map(|text| ("in.a".to_owned(), text)));
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    wait_for("an empty queue", || js.messages("IN") == 0);
    let info = &js.consumers("IN")[0];
    assert_eq!((info.num_redelivered, info.num_ack_pending), (0, 0));
    assert_eq!(reading.stats().rejected, 2);
    assert_eq!(reading.stop(), [1, 2]);
}

#[test]
fn a_second_program_with_the_same_name_does_not_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let one = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    let words = ["another program reads with the consumer `test-in`", "Pipeline::named"];
    Reading::fails_to_start(&server, "in.>", "IN", ErrorKind::Config, &words);
    js.publish("in.a", 0..10);
    one.wait_for(10);
    assert_eq!(one.stop(), (0..10).collect::<Vec<_>>());
}

#[test]
fn two_programs_each_read_all_of_an_interest_stream() {
    let server = server();
    let js = Js::new(&server);
    js.create(Config { retention: RetentionPolicy::Interest, ..stream("IN") });
    let one = Reading::start_named("one", &server, "in.>", "IN").expect("a running pipeline");
    let two = Reading::start_named("two", &server, "in.>", "IN").expect("a running pipeline");
    js.publish("in.a", 0..100);
    one.wait_for(100);
    two.wait_for(100);
    wait_for("an empty stream", || js.messages("IN") == 0);
    assert_eq!(one.stop(), (0..100).collect::<Vec<_>>());
    assert_eq!(two.stop(), (0..100).collect::<Vec<_>>());
}

#[test]
fn an_unsuitable_consumer_is_an_error_at_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let config = |name: &str, filter: &str, ack_policy| pull::Config {
        durable_name: Some(name.to_owned()),
        filter_subject: filter.to_owned(),
        ack_policy,
        ..Default::default()
    };
    js.create_consumer("IN", config("other", "in.b", AckPolicy::Explicit));
    js.create_consumer("IN", config("none", "in.>", AckPolicy::None));
    js.create_consumer("IN", config("test-in", "in.b", AckPolicy::Explicit));
    let refused = |subject, stream: nats::Stream, words: &[&str]| {
        Reading::fails_to_start(&server, subject, stream, ErrorKind::Config, words);
    };
    let durable = |name: &str| nats::stream("IN").durable(name);
    refused("in.>", durable("other"), &["stream `IN`", "consumer `other`", "`in.b`", "`in.>`"]);
    refused("in.>", durable("none"), &["consumer `none`", "ack policy is `none`", "`explicit`"]);
    refused("in.>", durable("x.y"), &["`x.y` is not a valid name for a consumer"]);
    js.create(work_queue("QUEUE"));
    js.create_consumer("QUEUE", config("test-in", "queue.b", AckPolicy::Explicit));
    refused("queue.>", "QUEUE".into(), &["consumer `test-in`", "another name"]);
}

#[test]
fn a_deleted_consumer_ends_the_pipeline() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..10);
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    reading.wait_for(10);
    js.delete_consumer("IN", "test-in");
    let error = join(reading.running).expect_err("an error");
    assert_error(&error, ErrorKind::Stream, &["consumer `test-in` was deleted"]);
}
