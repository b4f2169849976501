//! Into a stream: in order, each message once, whatever the server does.

use std::thread;
use std::time::Duration;

use async_nats::jetstream::stream::{Config, DiscardPolicy};
use futures_util::StreamExt;
use pathway::io::Feed;
use pathway::prelude::*;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;

use super::support::{DEADLINE, Input, Js, join, server, stats, stream, values, wait_for};

struct Writing {
    feed: Feed<Input>,
    running: Running,
}

fn start(server: &Server, subject: &str, stream: &str) -> pathway::Result<Writing> {
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, server.url(), subject).jetstream(stream).json();
    Ok(Writing { feed, running: pipeline.start()? })
}

impl Writing {
    fn write(&self, values: impl Iterator<Item = i64>) {
        values.for_each(|value| self.feed.insert(Input { value }));
        self.feed.commit();
    }

    fn finish(self) -> pathway::Result<()> {
        drop(self.feed);
        join(self.running)
    }
}

#[test]
fn everything_is_stored_once_and_in_order() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    for run in 0..2 {
        let writing = start(&server, "out.a", "OUT").expect("a pipeline");
        for commit in 0..5 {
            writing.write((0..2000).map(|n| run * 10_000 + commit * 2000 + n));
        }
        writing.finish().expect("a good end");
    }
    // A second run's messages are others, though their commits have the same numbers.
    assert_eq!(values(&js, "OUT"), (0..20_000).collect::<Vec<_>>());
    let stored = js.stored("OUT");
    assert!(stored[0].2.starts_with(r#"{"value":0,"diff":1,"time":"#), "{}", stored[0].2);
}

#[test]
fn the_server_dies_in_a_flood_and_nothing_is_lost_or_stored_twice() {
    const MESSAGES: i64 = 200_000;
    let mut server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let writing = start(&server, "out.a", "OUT").expect("a pipeline");
    let feed = thread::spawn(move || {
        for commit in 0..MESSAGES / 1000 {
            writing.write((0..1000).map(|n| commit * 1000 + n));
        }
        writing
    });
    drop(js);
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(300));
        server.restart().expect("a server");
    }
    let writing = feed.join().expect("no panic");
    writing.finish().expect("a good end");
    let js = Js::new(&server);
    assert_eq!(js.info("OUT").state.messages, MESSAGES as u64);
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
    // As many as there should be, and each in its place.
    for (sequence, value) in js.runtime.block_on(raw) {
        assert_eq!(value, sequence - 1);
    }
}

/// How long the server is away: a second, or so many as `PATHWAY_TEST_OUTAGE` says.
fn outage() -> Duration {
    let seconds = std::env::var("PATHWAY_TEST_OUTAGE").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

#[test]
fn a_server_that_is_away_for_long_in_the_middle_of_a_commit() {
    let mut server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let writing = start(&server, "out.a", "OUT").expect("a pipeline");
    writing.write(0..10);
    wait_for("the first", || stats(&writing.running).sinks[0].published == 10);
    server.pause().expect("a pause");
    writing.write(10..20_000);
    thread::sleep(Duration::from_secs(7));
    server.stop();
    thread::sleep(outage());
    server.restart().expect("a server");
    writing.finish().expect("a good end");
    assert_eq!(values(&Js::new(&server), "OUT"), (0..20_000).collect::<Vec<_>>());
}

/// A full stream that refuses: what is refused waits, and comes when there is room, before what was sent behind it.
#[test]
fn a_full_stream_holds_the_pipeline_back() {
    let server = server();
    let js = Js::new(&server);
    js.create(Config { max_messages: 100, discard: DiscardPolicy::New, ..stream("OUT") });
    let writing = start(&server, "out.a", "OUT").expect("a pipeline");
    writing.write(0..1000);
    let mut read = Vec::new();
    let begin = std::time::Instant::now();
    while read.len() < 1000 {
        assert!(begin.elapsed() < Duration::from_secs(60), "{} of 1000", read.len());
        wait_for("a full stream", || js.info("OUT").state.messages == 100);
        read.extend(values(&js, "OUT"));
        js.purge("OUT");
    }
    writing.finish().expect("a good end");
    assert_eq!(read, (0..1000).collect::<Vec<_>>());
    assert_eq!(js.info("OUT").state.messages, 0);
}

/// A server that has too much to do says so (429), and what it refuses is sent again, in order.
#[test]
fn a_server_with_too_much_to_do_holds_the_pipeline_back() {
    const MESSAGES: i64 = 3000;
    let limits = "jetstream { max_buffered_msgs: 32 }";
    let server = Server::builder().config(limits).start().expect("a server");
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let listener = Js::new(&server);
    let mut answers = listener.runtime.block_on(listener.client.subscribe("_INBOX.>")).expect("a subscription");
    listener.runtime.block_on(listener.client.flush()).expect("a flush");
    let writing = start(&server, "out.a", "OUT").expect("a pipeline");
    writing.write(0..MESSAGES);
    let refusal =
        async { while answers.next().await.expect("an answer").status.is_none_or(|status| status.as_u16() != 429) {} };
    let refused = listener.runtime.block_on(async { tokio::time::timeout(DEADLINE, refusal).await });
    refused.expect("an answer of 429");
    drop(listener);
    wait_for("what was refused, once more", || stats(&writing.running).sinks[0].republished > 0);
    writing.finish().expect("a good end");
    assert_eq!(values(&js, "OUT"), (0..MESSAGES).collect::<Vec<_>>());
}

/// Others write into the stream, too: then a message can't be told which one it follows.
#[test]
fn another_writer_in_the_same_stream() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let writing = start(&server, "out.a", "OUT").expect("a pipeline");
    for commit in 0..40 {
        writing.write((0..250).map(|n| commit * 250 + n));
        js.publish("out.b", [-1]);
    }
    writing.finish().expect("a good end");
    let all = values(&js, "OUT");
    assert_eq!(all.iter().filter(|value| **value < 0).count(), 40);
    let ours: Vec<i64> = all.into_iter().filter(|value| *value >= 0).collect();
    assert_eq!(ours, (0..10_000).collect::<Vec<_>>());
}

#[test]
fn a_message_that_the_stream_never_takes_is_left_out() {
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
    let running = pipeline.start().expect("a pipeline");
    wait_for("four messages", || {
        let sink = &stats(&running).sinks[0];
        sink.published == 2 && sink.rejected == 2
    });
    join(running).expect("a good end");
    assert_eq!(js.info("OUT").state.messages, 2);
}

#[test]
fn what_cannot_be_written_is_an_error_at_start() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let refused = |subject: &str, stream: &str, kind: ErrorKind, words: &[&str]| {
        let error = start(&server, subject, stream).err().expect("an error");
        assert_eq!(error.kind(), kind, "{error}");
        words.iter().for_each(|word| assert!(error.to_string().contains(word), "{error}"));
    };
    refused("out.a", "NONE", ErrorKind::Config, &["stream `NONE`", "no such stream"]);
    refused("other", "OUT", ErrorKind::Config, &["stream `OUT`", "does not take `other`", "`out.>`"]);
    refused("out.*", "OUT", ErrorKind::Config, &["`out.*`"]);
    refused("out.a", "a b", ErrorKind::Config, &["`a b` is not a valid name for a stream"]);
}

#[test]
fn a_stream_that_is_deleted_ends_the_pipeline() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let writing = start(&server, "out.a", "OUT").expect("a pipeline");
    writing.write(0..10);
    wait_for("the first", || stats(&writing.running).sinks[0].published == 10);
    js.delete("OUT");
    writing.feed.insert(Input { value: 10 });
    let Writing { feed, running } = writing;
    let committing = thread::spawn(move || feed.commit());
    let error = join(running).expect_err("an error");
    committing.join().expect("no panic");
    assert_eq!(error.kind(), ErrorKind::Stream, "{error}");
    assert!(error.to_string().contains("stream `OUT`: it was deleted while it was written to"), "{error}");
}

/// From stream to stream: acknowledged when it is stored.
#[test]
fn from_a_work_queue_into_a_stream_over_restarts() {
    const MESSAGES: i64 = 50_000;
    let mut server = server();
    let js = Js::new(&server);
    js.create(super::support::work_queue("IN"));
    js.create(stream("OUT"));
    js.publish("in.a", 0..MESSAGES);
    let pipeline = Pipeline::named("copy");
    let rows = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Input>();
    nats::write(&rows, server.url(), "out.a").jetstream("OUT").json();
    let running = pipeline.start().expect("a pipeline");
    for again in 1..=2 {
        wait_for("some more", || stats(&running).sinks[0].published > 0);
        server.restart().expect("a server");
        wait_for("a new connection", || stats(&running).sinks[0].reconnects >= again);
    }
    let js = Js::new(&server);
    wait_for("everything", || js.info("OUT").state.messages >= MESSAGES as u64 && js.info("IN").state.messages == 0);
    running.stop();
    join(running).expect("a good end");
    let mut values = values(&js, "OUT");
    values.sort_unstable();
    assert!(values.iter().copied().eq(0..MESSAGES), "{}", values.len());
}
