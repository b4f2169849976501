//! Streams that wait for acknowledgements: these come when everything is written, and nothing counts twice.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_nats::jetstream::consumer::AckPolicy;
use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::{Config, RetentionPolicy};
use pathway::prelude::*;
use pathway::{ErrorKind, nats};

use super::support::{Gathered, Input, Js, join, refused, server, stats, stream, value, wait_for, work_queue};

fn messages(js: &Js, stream: &str) -> u64 {
    js.info(stream).state.messages
}

#[test]
fn a_work_queue_is_empty_when_all_is_done() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..5000);
    let reading = Gathered::named("a service", &server, "in.>", "IN").expect("a pipeline");
    js.publish("in.a", 5000..10_000);
    reading.wait_for(10_000);
    wait_for("an empty queue", || messages(&js, "IN") == 0);
    assert_eq!(js.consumers("IN")[0].config.durable_name.as_deref().map(|name| &name[..12]), Some("a_service-in"));
    assert_eq!(reading.stop(), (0..10_000).collect::<Vec<_>>());
    // The next run goes on where this one ended.
    let reading = Gathered::named("a service", &server, "in.>", "IN").expect("a pipeline");
    js.publish("in.a", [1]);
    reading.wait_for(1);
    assert_eq!(reading.stop(), [1]);
    assert_eq!(messages(&js, "IN"), 0);
}

#[test]
fn a_stop_acknowledges_what_was_read() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..50_000);
    let mut read = Vec::new();
    for stop in 0..4 {
        let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
        let left = messages(&js, "IN");
        wait_for("some", || reading.received() >= if stop < 3 { 1 } else { left });
        read.extend(reading.stop());
        assert_eq!(messages(&js, "IN") as usize, 50_000 - read.len());
    }
    read.sort_unstable();
    assert!(read.iter().copied().eq(0..50_000));
}

/// The output's server is away: nothing that waits for it is acknowledged, and the next run reads it again.
#[test]
fn nothing_is_acknowledged_before_it_is_written() {
    let server = server();
    let mut out = pathway_testkit::Server::builder().jetstream(false).start().expect("a server");
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let pipeline = Pipeline::named("test");
    let input = nats::read(&pipeline, server.url(), "in.>").name("in").jetstream("IN").json::<Input>();
    nats::write(&input, out.url(), "out").json();
    let running = pipeline.start().expect("a pipeline");
    js.publish("in.a", [1]);
    wait_for("an acknowledgement", || messages(&js, "IN") == 0);
    out.stop();
    js.publish("in.a", 2..=11);
    wait_for("ten messages", || stats(&running).sinks[0].queued == 11);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(messages(&js, "IN"), 10);
    out.restart().expect("a server");
    wait_for("acknowledgements", || messages(&js, "IN") == 0);
    running.stop();
    join(running).expect("a good end");
}

/// A pipeline that dies between reading and writing: a panic in a closure is as good as a crash.
#[test]
fn what_a_dead_run_had_read_comes_again() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..100);
    let pipeline = Pipeline::named("test");
    let input = nats::read(&pipeline, server.url(), "in.>").name("in").jetstream("IN").json::<Input>();
    let _seen = input.filter(|row| if row.value == 50 { panic!("a test's panic") } else { true }).collect();
    let error = join(pipeline.start().expect("a pipeline")).expect_err("a panic");
    assert_eq!(error.kind(), ErrorKind::Panic);
    let left = messages(&js, "IN");
    assert!((50..=100).contains(&left), "{left}");
    let shorter = serde_json::json!({"stream_name": "IN", "config": {"durable_name": "test-in", "name": "test-in",
        "ack_policy": "explicit", "filter_subject": "in.>", "ack_wait": 200_000_000, "deliver_policy": "all",
        "max_ack_pending": 262_144, "replay_policy": "instant"}});
    let update = js.client.request("$JS.API.CONSUMER.CREATE.IN.test-in", shorter.to_string().into());
    let answer = js.runtime.block_on(update).expect("an answer");
    assert!(!String::from_utf8_lossy(&answer.payload).contains("error"), "{answer:?}");
    let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    reading.wait_for(left);
    let mut values = reading.stop();
    values.sort_unstable();
    assert_eq!(values, (100 - left as i64..100).collect::<Vec<_>>());
    assert_eq!(messages(&js, "IN"), 0);
}

/// The commit takes many times as long as the server waits.
#[test]
fn a_slow_commit_counts_nothing_twice() {
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
    js.durable("IN", config);
    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock().expect("a gate");
    let pipeline = Pipeline::named("test");
    let input = nats::read(&pipeline, server.url(), "in.>").jetstream(nats::stream("IN").durable("d")).json::<Input>();
    let passed = Arc::clone(&gate);
    let seen = input.filter(move |_| passed.lock().is_ok()).collect();
    let running = pipeline.start().expect("a pipeline");
    js.publish("in.a", 0..500);
    wait_for("all messages", || stats(&running).sources[0].received == 500);
    // They are not delivered again, because the server is asked to wait; or are recognised.
    std::thread::sleep(Duration::from_secs(1));
    drop(held);
    wait_for("all rows", || stats(&running).sources[0].rows == 500);
    wait_for("all acknowledgements", || js.consumers("IN")[0].num_ack_pending == 0);
    running.stop();
    join(running).expect("a good end");
    let values: Vec<i64> = seen.changes().iter().map(|(_, row, _)| row.value).collect();
    assert_eq!(values, (0..500).collect::<Vec<_>>());
}

#[test]
fn the_server_dies_in_a_flood_and_nothing_counts_twice() {
    const MESSAGES: i64 = 100_000;
    let mut server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..MESSAGES);
    let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    for again in 1..=3 {
        let before = reading.received();
        wait_for("some more", || reading.received() > before || before == MESSAGES as u64);
        server.restart().expect("a server");
        wait_for("a new connection", || stats(&reading.running).sources[0].reconnects >= again);
    }
    let js = Js::new(&server);
    reading.wait_for(MESSAGES as u64);
    wait_for("an empty queue", || messages(&js, "IN") == 0);
    let mut values = reading.stop();
    values.sort_unstable();
    assert!(values.iter().copied().eq(0..MESSAGES), "{} values", values.len());
}

#[test]
fn what_cannot_be_read_does_not_come_again() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish_all([value(1), "no JSON".to_owned(), value(2), "{}".to_owned()].map(|text| ("in.a".to_owned(), text)));
    let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    wait_for("an empty queue", || messages(&js, "IN") == 0);
    let info = &js.consumers("IN")[0];
    assert_eq!((info.num_redelivered, info.num_ack_pending), (0, 0));
    assert_eq!(stats(&reading.running).sources[0].rejected, 2);
    assert_eq!(reading.stop(), [1, 2]);
}

#[test]
fn two_programs_with_one_name_do_not_share_a_queue_by_accident() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let one = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    let words = ["another program reads with the consumer `test-in`", "Pipeline::named"];
    refused(Gathered::of(&server, "in.>", "IN"), ErrorKind::Config, &words);
    js.publish("in.a", 0..10);
    one.wait_for(10);
    assert_eq!(one.stop(), (0..10).collect::<Vec<_>>());
}

#[test]
fn two_programs_see_all_of_a_stream_by_interest() {
    let server = server();
    let js = Js::new(&server);
    js.create(Config { retention: RetentionPolicy::Interest, ..stream("IN") });
    let one = Gathered::named("one", &server, "in.>", "IN").expect("a pipeline");
    let two = Gathered::named("two", &server, "in.>", "IN").expect("a pipeline");
    js.publish("in.a", 0..100);
    one.wait_for(100);
    two.wait_for(100);
    wait_for("an empty stream", || messages(&js, "IN") == 0);
    assert_eq!(one.stop(), (0..100).collect::<Vec<_>>());
    assert_eq!(two.stop(), (0..100).collect::<Vec<_>>());
}

#[test]
fn consumers_that_do_not_fit() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let config = |name: &str, filter: &str, ack_policy| pull::Config {
        durable_name: Some(name.to_owned()),
        filter_subject: filter.to_owned(),
        ack_policy,
        ..Default::default()
    };
    js.durable("IN", config("other", "in.b", AckPolicy::Explicit));
    js.durable("IN", config("none", "in.>", AckPolicy::None));
    js.durable("IN", config("test-in", "in.b", AckPolicy::Explicit));
    let durable = |name: &str| Gathered::of(&server, "in.>", nats::stream("IN").durable(name));
    refused(durable("other"), ErrorKind::Config, &["stream `IN`", "consumer `other`", "`in.b`", "`in.>`"]);
    refused(durable("none"), ErrorKind::Config, &["consumer `none`", "ack policy is `none`", "`explicit`"]);
    refused(durable("x.y"), ErrorKind::Config, &["`x.y` is not a valid name for a consumer"]);
    js.create(work_queue("QUEUE"));
    js.durable("QUEUE", config("test-in", "queue.b", AckPolicy::Explicit));
    refused(Gathered::of(&server, "queue.>", "QUEUE"), ErrorKind::Config, &["consumer `test-in`", "another name"]);
}

#[test]
fn a_consumer_that_is_deleted_ends_the_pipeline() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish("in.a", 0..10);
    let reading = Gathered::of(&server, "in.>", "IN").expect("a pipeline");
    reading.wait_for(10);
    js.delete_consumer("IN", "test-in");
    let error = join(reading.running).expect_err("an error");
    assert_eq!(error.kind(), ErrorKind::Stream, "{error}");
    assert!(error.to_string().contains("consumer `test-in` was deleted"), "{error}");
}
