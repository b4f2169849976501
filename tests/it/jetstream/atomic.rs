//! Writing commits as atomic batches: all messages of a commit are stored at once, and once, whatever the server does.

use std::thread;

use pathway::ErrorKind;
use pathway::io::Feed;
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::{Value, json};

use super::support::{Js, RawClient, atomic, server};
use super::write::{Writing, outage, write};
use crate::support::{Input, Link, assert_error, connect, join, wait_for};

fn start(uri: &str) -> pathway::Result<Writing> {
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, uri, "out.a").jetstream("OUT").atomic().json();
    Ok(Writing { feed, running: pipeline.start()? })
}

/// Writes into a stream that takes atomic batches, and has these settings.
fn start_with(server: &Server, settings: Value) -> (Js, Writing) {
    let js = Js::new(server);
    js.create_with(&atomic("OUT", settings));
    (js, start(&server.url()).expect("a running pipeline"))
}

/// Starts a pipeline whose sink is set up by `set`, which must fail because of its settings.
fn refused(server: &Server, words: &[&str], set: impl FnOnce(nats::Write<Input, nats::JetStream>)) {
    let pipeline = Pipeline::new();
    let (_feed, rows) = pipeline.input::<Input>();
    set(nats::write(&rows, server.url(), "out.a").jetstream("OUT"));
    assert_error(&pipeline.start().expect_err("an error"), ErrorKind::Config, words);
}

#[test]
fn a_commit_becomes_visible_at_once() {
    const SIZE: i64 = 400;
    let server = server();
    let (js, writing) = start_with(&server, json!({}));
    let Writing { feed, running } = writing;
    let feeding = thread::spawn(move || {
        for commit in 0..100 {
            write(&feed, (0..SIZE).map(|n| commit * SIZE + n));
        }
    });
    let (mut seen, mut last) = (0, -1);
    let stream = js.runtime.block_on(js.context.get_stream("OUT")).expect("a stream");
    wait_for("all commits", || {
        if let Ok(message) = js.runtime.block_on(stream.get_last_raw_message_by_subject("out.a")) {
            let json: serde_json::Value = serde_json::from_slice(&message.payload).expect("JSON");
            let value = json["value"].as_i64().expect("a value");
            assert_eq!((value % SIZE, message.sequence as i64), (SIZE - 1, value + 1), "a part of a commit is visible");
            seen += i64::from(value != last);
            last = value;
        }
        last == 100 * SIZE - 1
    });
    feeding.join().expect("no panic");
    join(running).expect("the pipeline ends without an error");
    assert!(seen >= 5, "only {seen} states of the stream were seen");
    assert_eq!(js.values("OUT"), (0..100 * SIZE).collect::<Vec<_>>());
}

#[test]
fn commits_of_any_size_are_stored_once_and_in_order() {
    let server = server();
    let (js, writing) = start_with(&server, json!({}));
    let mut next = 0;
    // As many as fit into a batch, one more, several batches, and single messages, which are no batches.
    for size in [1000, 1001, 1, 2, 1, 999, 1, 4500, 1000, 1, 1, 1] {
        writing.write(next..next + size);
        next += size;
    }
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(js.values("OUT"), (0..next).collect::<Vec<_>>());
}

#[test]
fn small_commits_share_batches_while_one_is_in_flight() {
    let server = server();
    let (js, writing) = start_with(&server, json!({}));
    for commit in 0..3000 {
        writing.write(2 * commit..2 * commit + 2);
    }
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(js.values("OUT"), (0..6000).collect::<Vec<_>>());
    let all = async {
        let stream = js.context.get_stream("OUT").await.expect("a stream");
        let mut ends = 0;
        for sequence in 1..=6000 {
            let message = stream.get_raw_message(sequence).await.expect("a message");
            ends += i64::from(message.headers.get("Nats-Batch-Commit").is_some());
        }
        ends
    };
    let batches = js.runtime.block_on(all);
    assert!((6..1500).contains(&batches), "{batches} batches");
}

#[test]
fn server_restarts_lose_and_duplicate_nothing() {
    const COMMITS: i64 = 600;
    let mut server = server();
    let (js, writing) = start_with(&server, json!({}));
    let Writing { feed, running } = writing;
    let feeding = thread::spawn(move || {
        for commit in 0..COMMITS {
            write(&feed, (0..100).map(|n| commit * 100 + n));
        }
    });
    drop(js);
    for reconnects in 1..=3 {
        let sink = || running.stats().sinks.swap_remove(0);
        let before = sink().published;
        wait_for("more messages", || sink().published > before || before == 100 * COMMITS as u64);
        server.restart().expect("a server");
        wait_for("a new connection", || sink().reconnects >= reconnects);
    }
    feeding.join().expect("no panic");
    join(running).expect("the pipeline ends without an error");
    assert_eq!(Js::new(&server).values("OUT"), (0..100 * COMMITS).collect::<Vec<_>>());
}

#[test]
fn a_batch_whose_answer_is_lost_is_stored_once() {
    let server = server();
    let js = Js::new(&server);
    js.create_with(&atomic("OUT", json!({})));
    let link = Link::new(server.port());
    let writing = start(&link.url()).expect("a running pipeline");
    let mut next = 0;
    for size in [300, 1, 2500] {
        link.lose();
        writing.write(next..next + size);
        wait_for("stored messages", || js.messages("OUT") >= (next + size.min(1000)) as u64);
        link.cut();
        // It is in the next batch, if this one is not sent as it was.
        writing.write(next + size..next + size + 10);
        link.restore();
        next += size + 10;
        wait_for("all messages", || writing.running.stats().sinks[0].published == next as u64);
    }
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(js.values("OUT"), (0..next).collect::<Vec<_>>());
}

#[test]
fn a_long_outage_within_a_batch_loses_and_duplicates_nothing() {
    let mut server = server();
    let (_, writing) = start_with(&server, json!({}));
    writing.write(0..10);
    wait_for("the first commit", || writing.running.stats().sinks[0].published == 10);
    server.pause().expect("a pause");
    writing.write(10..5000);
    // Time must pass here: the sink gives up waiting for an answer after 5 s, and the outage is what is tested.
    thread::sleep(Duration::from_secs(7));
    server.stop();
    thread::sleep(outage());
    server.restart().expect("a server");
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(Js::new(&server).values("OUT"), (0..5000).collect::<Vec<_>>());
}

#[test]
fn a_server_that_answers_late_stores_a_batch_once() {
    let server = server();
    let (js, writing) = start_with(&server, json!({}));
    server.pause().expect("a pause");
    writing.write(0..500);
    writing.write(500..501);
    // Time must pass here: the sink sends a batch again after 5 s.
    thread::sleep(Duration::from_secs(6));
    server.resume().expect("a server");
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(js.values("OUT"), (0..501).collect::<Vec<_>>());
}

#[derive(Clone, Schema)]
struct Text {
    subject: String,
    text: String,
}

#[test]
fn a_message_that_cannot_be_stored_takes_no_other_with_it() {
    let server = server();
    let js = Js::new(&server);
    js.create_with(&atomic("OUT", json!({"max_msg_size": 900})));
    let (runtime, client) = connect(&server.url(), async_nats::ConnectOptions::new());
    let mut bad = runtime.block_on(client.subscribe("bad")).expect("a subscription");
    runtime.block_on(client.flush()).expect("a flush");
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Text>();
    let writer = nats::write(&rows, server.url(), "").subject(|row: &Text| row.subject.clone()).dead_letter("bad");
    writer.jetstream("OUT").atomic().filter_subject("out.>").json();
    let running = pipeline.start().expect("a running pipeline");
    let send = |commit: &[(&str, usize)]| {
        commit.iter().for_each(|(subject, length)| {
            feed.insert(Text { subject: (*subject).to_owned(), text: "x".repeat(*length) });
        });
        feed.commit();
    };
    // Too large; no subject; one that the stream does not take; first, in the middle, last, alone.
    send(&[("out.0", 900), ("out.1", 1), ("", 2), ("out.2", 3), ("other.a", 4), ("out.3", 5), ("out.4", 1000)]);
    send(&[("out.5", 880)]);
    send(&[("out.6", 1)]);
    wait_for("the first commits", || running.stats().sinks[0].published == 4);
    // The stream takes less from now on, which the sink does not know.
    js.update_with(&atomic("OUT", json!({"max_msg_size": 500})));
    send(&[("out.7", 1), ("out.8", 400), ("out.9", 2), ("out.10", 400), ("out.11", 3)]);
    drop(feed);
    join(running).expect("the pipeline ends without an error");
    let subjects: Vec<_> = js.stored("OUT").into_iter().map(|(_, subject, _)| subject).collect();
    assert_eq!(subjects, ["out.1", "out.2", "out.3", "out.6", "out.7", "out.9", "out.11"]);
    let mut found = Vec::new();
    wait_for("the dead letters", || {
        let next =
            async { tokio::time::timeout(Duration::from_millis(50), futures_util::StreamExt::next(&mut bad)).await };
        if let Ok(Some(letter)) = runtime.block_on(next) {
            found.push(letter.headers.expect("headers").get("pathway_subject").expect("a subject").to_string());
        }
        found.len() == 7
    });
    assert_eq!(found, ["out.0", "", "other.a", "out.4", "out.5", "out.8", "out.10"]);
}

#[test]
fn a_server_with_lower_limits_gets_smaller_batches() {
    let limits = r#"jetstream { limits { batch { max_msgs: 30, max_inflight_per_stream: 1, timeout: "1s" } } }"#;
    let server = Server::builder().config(limits).start().expect("a server");
    let (js, writing) = start_with(&server, json!({}));
    writing.write(0..100);
    wait_for("the first commit", || writing.running.stats().sinks[0].published == 100);
    // Another batch is open, and is never ended: the server abandons it.
    let mut other = RawClient::new(&server);
    other.publish(b"out.b", b"\r\nNats-Batch-Id: other\r\nNats-Batch-Sequence: 1", "{}");
    writing.write(100..120);
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(js.values("OUT"), (0..120).collect::<Vec<_>>());
}

#[test]
fn a_full_stream_makes_the_pipeline_wait() {
    let server = server();
    let (js, writing) = start_with(&server, json!({"max_msgs": 100, "discard": "new"}));
    // The last one is larger than the stream.
    for commit in [0..60, 60..120, 120..350] {
        writing.write(commit);
    }
    let mut read = Vec::new();
    while read.len() < 350 {
        wait_for("more messages", || js.messages("OUT") > 0);
        read.extend(js.values("OUT"));
        js.purge("OUT");
    }
    writing.finish().expect("the pipeline ends without an error");
    assert_eq!(read, (0..350).collect::<Vec<_>>());
    assert_eq!(js.messages("OUT"), 0);
}

#[test]
fn another_writer_to_the_stream_does_not_divide_batches() {
    const SIZE: usize = 500;
    let server = server();
    let (js, writing) = start_with(&server, json!({}));
    let Writing { feed, running } = writing;
    let other = Js::new(&server);
    let feeding = thread::spawn(move || {
        for commit in 0..40 {
            write(&feed, (0..SIZE as i64).map(|n| commit * SIZE as i64 + n));
        }
    });
    while !running.is_finished() {
        other.publish("out.b", [-1; 10]);
    }
    feeding.join().expect("no panic");
    join(running).expect("the pipeline ends without an error");
    let all = js.values("OUT");
    let parts: Vec<usize> = all.split(|value| *value < 0).map(<[i64]>::len).filter(|len| *len > 0).collect();
    assert!(parts.len() > 3 && parts.iter().all(|len| len % SIZE == 0), "{parts:?}");
    let ours: Vec<i64> = all.into_iter().filter(|value| *value >= 0).collect();
    assert_eq!(ours, (0..40 * SIZE as i64).collect::<Vec<_>>());
}

#[test]
fn a_stream_that_takes_no_batches_is_an_error_at_start() {
    let server = server();
    let js = Js::new(&server);
    for (settings, words) in [
        (json!({"allow_atomic": false}), "`nats stream edit OUT --allow-batch`"),
        (json!({"allow_atomic": false, "persist_mode": "async"}), "`persist_mode: async`"),
        (
            json!({"discard": "new", "discard_new_per_subject": true, "max_msgs_per_subject": 1}),
            "`discard_new_per_subject`",
        ),
    ] {
        js.create_with(&atomic("OUT", settings));
        let error = start(&server.url()).err().expect("an error");
        assert_error(&error, ErrorKind::Config, &["stream `OUT`", words]);
        js.delete("OUT");
    }
    js.create_with(&atomic("OUT", json!({})));
    let old = Link::edited(server.port(), r#""version":"2."#, r#""version":"1."#);
    let error = start(&old.url()).err().expect("an error");
    assert_error(&error, ErrorKind::Config, &["nats-server 2.12.1 or later", "has version 1."]);
    let error = start(&Link::new(server.port()).url()).map(Writing::finish);
    error.expect("the same server under its own version").expect("the pipeline ends without an error");
}

#[test]
fn a_stream_that_is_edited_to_take_no_batches_ends_the_pipeline() {
    let server = server();
    let (js, writing) = start_with(&server, json!({}));
    writing.write(0..10);
    wait_for("the first commit", || writing.running.stats().sinks[0].published == 10);
    js.update_with(&atomic("OUT", json!({"allow_atomic": false})));
    let Writing { feed, running } = writing;
    let feeding = thread::spawn(move || write(&feed, 10..20));
    let error = join(running).expect_err("an error");
    feeding.join().expect("no panic");
    assert_error(&error, ErrorKind::Stream, &["stream `OUT`", "`nats stream edit OUT --allow-batch`"]);
}

#[test]
fn settings_that_do_not_go_together_are_errors_at_start() {
    let server = server();
    Js::new(&server).create_with(&atomic("OUT", json!({})));
    refused(&server, &["`.filter_subject(\"out.>\")`", "add `.atomic()`"], |write| {
        write.filter_subject("out.>").json()
    });
    refused(&server, &["`out.a` does not match", "\"out.b\""], |write| write.atomic().filter_subject("out.b").json());
    refused(&server, &["`a..b`", "two dots"], |write| write.atomic().filter_subject("a..b").json());
    refused(&server, &["`.message_id(..)`", "`.atomic()`"], |write| {
        write.atomic().message_id(|row| row.value).events();
    });
    refused(&server, &["no subject that matches `else.>`", "`out.>`"], |write| {
        write.subject(|row| format!("else.{}", row.value)).atomic().filter_subject("else.>").json();
    });
}

#[test]
fn a_broker_in_memory_has_commits_as_a_whole_anyway() {
    let (broker, pipeline) = (pathway::testing::Broker::new(), Pipeline::new());
    let (feed, rows): (Feed<Input>, _) = pipeline.input();
    nats::write(&rows, &broker, "out.a").jetstream("OUT").atomic().filter_subject("out.*").json();
    let running = pipeline.start().expect("a running pipeline");
    write(&feed, 0..3);
    drop(feed);
    join(running).expect("the pipeline ends without an error");
    assert_eq!(broker.published("out.a").len(), 3);
}
