//! Writing to a stream: each message is stored once, in order, whatever the server does.

use std::thread;
use std::time::{Duration, Instant};

use async_nats::jetstream::stream::{Config, DiscardPolicy};
use futures_util::StreamExt;
use pathway::io::Feed;
use pathway::prelude::*;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;

use super::support::{Js, server, stream, work_queue};
use crate::support::{DEADLINE, Input, assert_error, join, stop, wait_for};

pub(super) struct Writing {
    pub(super) feed: Feed<Input>,
    pub(super) running: Running,
}

fn start(server: &Server, subject: &str, stream: &str) -> pathway::Result<Writing> {
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, server.url(), subject).jetstream(stream).json();
    Ok(Writing { feed, running: pipeline.start()? })
}

/// Inserts values and commits them.
pub(super) fn write(feed: &Feed<Input>, values: impl Iterator<Item = i64>) {
    values.for_each(|value| feed.insert(Input { value }));
    feed.commit();
}

impl Writing {
    pub(super) fn write(&self, values: impl Iterator<Item = i64>) {
        write(&self.feed, values);
    }

    pub(super) fn finish(self) -> pathway::Result<()> {
        drop(self.feed);
        join(self.running)
    }
}

#[test]
fn messages_are_stored_once_and_in_order() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    for run in 0..2 {
        let writing = start(&server, "out.a", "OUT").expect("a running pipeline");
        for commit in 0..5 {
            writing.write((0..2000).map(|n| run * 10_000 + commit * 2000 + n));
        }
        writing.finish().expect("the pipeline ends without an error");
    }
    // The commits of the second run have the same numbers, but its messages are not duplicates.
    assert_eq!(js.values("OUT"), (0..20_000).collect::<Vec<_>>());
    let stored = js.stored("OUT");
    assert!(stored[0].2.starts_with(r#"{"value":0,"diff":1,"time":"#), "{}", stored[0].2);
}

#[test]
fn server_restarts_lose_and_duplicate_nothing() {
    const MESSAGES: i64 = 200_000;
    let mut server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let Writing { feed, running } = start(&server, "out.a", "OUT").expect("a running pipeline");
    let feeding = thread::spawn(move || {
        for commit in 0..MESSAGES / 1000 {
            write(&feed, (0..1000).map(|n| commit * 1000 + n));
        }
    });
    drop(js);
    for reconnects in 1..=3 {
        let sink = || running.stats().sinks.swap_remove(0);
        let before = sink().published;
        wait_for("more messages", || sink().published > before || before == MESSAGES as u64);
        server.restart().expect("a server");
        wait_for("a new connection", || sink().reconnects >= reconnects);
    }
    feeding.join().expect("no panic");
    join(running).expect("the pipeline ends without an error");
    let js = Js::new(&server);
    assert_eq!(js.messages("OUT"), MESSAGES as u64);
    let info = js.info("OUT").state;
    let raw = async {
        let stream = js.context.get_stream("OUT").await.expect("a stream");
        let mut found = Vec::new();
        for sequence in (info.first_sequence..=info.last_sequence).step_by(97) {
            let message = stream.get_raw_message(sequence).await.expect("a message");
            let json: serde_json::Value = serde_json::from_slice(&message.payload).expect("JSON");
            found.push((sequence as i64, json["value"].as_i64().expect("a value")));
        }
        found
    };
    // The number of messages is right, so that each is at its place if the samples are.
    for (sequence, value) in js.runtime.block_on(raw) {
        assert_eq!(value, sequence - 1);
    }
}

/// How long the server is down: one second, or the number of seconds in `PATHWAY_TEST_OUTAGE`.
pub(super) fn outage() -> Duration {
    let seconds = std::env::var("PATHWAY_TEST_OUTAGE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

#[test]
fn a_long_outage_within_a_commit_loses_and_duplicates_nothing() {
    let mut server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let writing = start(&server, "out.a", "OUT").expect("a running pipeline");
    writing.write(0..10);
    wait_for("the first commit", || writing.running.stats().sinks[0].published == 10);
    server.pause().expect("a pause");
    writing.write(10..20_000);
    // Time must pass here: the sink gives up a connection without answers after 5 s, and the outage is what is tested.
    thread::sleep(Duration::from_secs(7));
    server.stop();
    thread::sleep(outage());
    server.restart().expect("a server");
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(Js::new(&server).values("OUT"), (0..20_000).collect::<Vec<_>>());
}

/// The server rejects messages while the stream is full. They are stored later, before the messages sent after them.
#[test]
fn a_full_stream_makes_the_pipeline_wait() {
    let server = server();
    let js = Js::new(&server);
    js.create(Config { max_messages: 100, discard: DiscardPolicy::New, ..stream("OUT") });
    let writing = start(&server, "out.a", "OUT").expect("a running pipeline");
    writing.write(0..1000);
    let mut read = Vec::new();
    let begin = Instant::now();
    while read.len() < 1000 {
        assert!(begin.elapsed() < DEADLINE, "{} of 1000", read.len());
        wait_for("a full stream", || js.messages("OUT") == 100);
        read.extend(js.values("OUT"));
        js.purge("OUT");
    }
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(read, (0..1000).collect::<Vec<_>>());
    assert_eq!(js.messages("OUT"), 0);
}

/// An overloaded server rejects messages with status 429. They are published again, in order.
#[test]
fn an_overloaded_server_makes_the_pipeline_wait() {
    const MESSAGES: i64 = 3000;
    let limits = "jetstream { max_buffered_msgs: 32 }";
    let server = Server::builder().config(limits).start().expect("a server");
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let listener = Js::new(&server);
    let mut answers = listener.runtime.block_on(listener.client.subscribe("_INBOX.>")).expect("a subscription");
    listener.runtime.block_on(listener.client.flush()).expect("a flush");
    let writing = start(&server, "out.a", "OUT").expect("a running pipeline");
    writing.write(0..MESSAGES);
    let refusal =
        async { while answers.next().await.expect("an answer").status.is_none_or(|status| status.as_u16() != 429) {} };
    let refused = listener.runtime.block_on(async { tokio::time::timeout(DEADLINE, refusal).await });
    refused.expect("an answer of 429");
    drop(listener);
    wait_for("a second attempt", || writing.running.stats().sinks[0].republished > 0);
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(js.values("OUT"), (0..MESSAGES).collect::<Vec<_>>());
}

/// With other writers, the expected last sequence of a message is not known.
#[test]
fn another_writer_to_the_stream_causes_no_loss_or_duplicates() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let writing = start(&server, "out.a", "OUT").expect("a running pipeline");
    for commit in 0..40 {
        writing.write((0..250).map(|n| commit * 250 + n));
        js.publish("out.b", [-1]);
    }
    writing.finish().expect("the pipeline ends without an error");
    let all = js.values("OUT");
    assert_eq!(all.iter().filter(|value| **value < 0).count(), 40);
    let ours: Vec<i64> = all.into_iter().filter(|value| *value >= 0).collect();
    assert_eq!(ours, (0..10_000).collect::<Vec<_>>());
}

#[test]
fn a_message_larger_than_the_stream_allows_is_rejected() {
    let server = server();
    let js = Js::new(&server);
    js.create(Config { max_message_size: 400, ..stream("OUT") });
    #[derive(Schema)]
    struct Text {
        text: String,
    }
    let pipeline = Pipeline::new();
    let texts = [10, 500, 20, 600].map(|len| Text { text: "x".repeat(len) });
    let rows = pipeline.rows(texts);
    nats::write(&rows, server.url(), "out.a").jetstream("OUT").json();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("two published and two rejected messages", || {
        let sink = &running.stats().sinks[0];
        sink.published == 2 && sink.rejected == 2
    });
    join(running).expect("the pipeline ends without an error");
    assert_eq!(js.messages("OUT"), 2);
}

#[test]
fn a_stream_that_cannot_be_written_is_an_error_at_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let refused = |subject: &str, stream: &str, kind: ErrorKind, words: &[&str]| {
        assert_error(&start(&server, subject, stream).err().expect("an error"), kind, words);
    };
    refused("out.a", "NONE", ErrorKind::Config, &["stream `NONE`", "no such stream"]);
    refused("other", "OUT", ErrorKind::Config, &["stream `OUT`", "does not take `other`", "`out.>`"]);
    refused("out.*", "OUT", ErrorKind::Config, &["`out.*`"]);
    refused("out.a", "a b", ErrorKind::Config, &["`a b` is not a valid name for a stream"]);
}

#[test]
fn a_deleted_stream_ends_the_pipeline() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let writing = start(&server, "out.a", "OUT").expect("a running pipeline");
    writing.write(0..10);
    wait_for("the first commit", || writing.running.stats().sinks[0].published == 10);
    js.delete("OUT");
    writing.feed.insert(Input { value: 10 });
    let Writing { feed, running } = writing;
    let committing = thread::spawn(move || feed.commit());
    let error = join(running).expect_err("an error");
    committing.join().expect("no panic");
    assert_error(&error, ErrorKind::Stream, &["stream `OUT`: it was deleted while it was written to"]);
}

/// A message is acknowledged in the queue when it is stored in the stream.
#[test]
fn a_copy_from_a_work_queue_to_a_stream_survives_restarts() {
    const MESSAGES: i64 = 50_000;
    let mut server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.create(stream("OUT"));
    js.publish("in.a", 0..MESSAGES);
    let pipeline = Pipeline::named("copy");
    let rows = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Input>();
    nats::write(&rows, server.url(), "out.a").jetstream("OUT").json();
    let running = pipeline.start().expect("a running pipeline");
    for reconnects in 1..=2 {
        wait_for("some messages", || running.stats().sinks[0].published > 0);
        server.restart().expect("a server");
        wait_for("a new connection", || running.stats().sinks[0].reconnects >= reconnects);
    }
    let js = Js::new(&server);
    wait_for("all messages", || js.messages("OUT") >= MESSAGES as u64 && js.messages("IN") == 0);
    stop(running);
    let mut values = js.values("OUT");
    values.sort_unstable();
    assert!(values.iter().copied().eq(0..MESSAGES), "{}", values.len());
}
