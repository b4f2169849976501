//! Streams and buckets: metadata columns, dead letters, custom formats, and `max_backlog`.

use pathway::format::{ChangeInfo, EncodeError};
use pathway::prelude::*;
use pathway::{ErrorKind, nats};

use super::support::{Js, RawClient, server, stream, values, work_queue};
use crate::support::{Gate, Input, assert_error, join, stop, value, wait_for};

#[derive(Schema, Clone, Debug, PartialEq)]
struct Stored {
    value: i64,
    #[schema(subject_token = 2)]
    kind: String,
    #[schema(stream_sequence)]
    sequence: u64,
    #[schema(published_at)]
    at: DateTimeUtc,
    #[schema(delivered)]
    delivered: i64,
}

#[test]
fn stream_metadata_columns_are_filled() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let before = DateTimeUtc::now();
    js.publish_all([("in.a", 7), ("in.b", 8), ("in.a", 9)].map(|(subject, n)| (subject.to_owned(), value(n))));
    let after = DateTimeUtc::now();
    let pipeline = Pipeline::named("test");
    let seen = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Stored>().collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("three rows", || seen.rows().len() == 3);
    stop(running);
    let rows: Vec<_> = seen.changes().into_iter().map(|(_, row, _)| row).collect();
    let known: Vec<_> = rows.iter().map(|row| (row.value, &*row.kind, row.sequence, row.delivered)).collect();
    assert_eq!(known, [(7, "a", 1, 1), (8, "b", 2, 1), (9, "a", 3, 1)]);
    assert!(rows.iter().all(|row| before <= row.at && row.at <= after), "{rows:?}, {before} to {after}");
}

#[derive(Schema, Clone, Debug, PartialEq)]
struct Labelled {
    #[schema(header = "Label")]
    label: String,
}

/// The client removes them.
#[test]
fn a_header_column_has_no_blanks_at_its_ends() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    let pipeline = Pipeline::named("test");
    let stored =
        nats::read(&pipeline, server.url(), "in.>").jetstream("IN").name("stored").json::<Labelled>().collect();
    let core = nats::read(&pipeline, server.url(), "in.>").name("core").json::<Labelled>().collect();
    let running = pipeline.start().expect("a running pipeline");
    RawClient::new(&server).publish(b"in.a", b"\r\nLabel:   two  words \t", "{}");
    for rows in [stored, core] {
        wait_for("a row", || rows.rows() == [Labelled { label: "two  words".to_owned() }]);
    }
    stop(running);
}

#[test]
fn stream_metadata_columns_without_a_stream_are_a_config_error() {
    let server = server();
    let pipeline = Pipeline::new();
    let _ = nats::read(&pipeline, server.url(), "in.>").json::<Stored>();
    let error = pipeline.start().map(drop).expect_err("no stream");
    assert_error(&error, ErrorKind::Config, &["only JetStream can fill the column `sequence`"]);
}

/// The dead letter is published before the message is acknowledged.
#[test]
fn an_undecodable_message_becomes_a_dead_letter() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    // A stream keeps the dead letters.
    js.create(stream("DEAD"));
    let message = |text: &str| ("in.a".to_owned(), text.to_owned());
    js.publish_all([message(&value(1)), message("poison"), message(&value(2))]);
    let pipeline = Pipeline::named("billing");
    let read = nats::read(&pipeline, server.url(), "in.>").name("orders").jetstream("IN").dead_letter("dead.in");
    let seen = read.json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("an empty queue", || js.messages("IN") == 0);
    assert_eq!(js.stored("DEAD"), [(1, "dead.in".to_owned(), "poison".to_owned())]);
    let source = running.stats().sources[0].clone();
    assert_eq!((source.rows, source.rejected, source.dead_letters), (2, 1, 1));
    stop(running);
    assert_eq!(seen.rows().len(), 2);
}

/// The other rows are stored in order.
#[test]
fn an_unpublishable_row_becomes_a_dead_letter() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    js.create(stream("DEAD"));
    let pipeline = Pipeline::new();
    let rows = pipeline.rows((0..10).map(|value| Input { value }));
    nats::write(&rows, server.url(), "")
        .jetstream("OUT")
        .subject(|row| if row.value == 5 { "out.not a subject".into() } else { format!("out.{}", row.value % 2) })
        .dead_letter("dead.out")
        .json();
    join(pipeline.start().expect("a running pipeline")).expect("the pipeline ends without an error");
    let stored: Vec<_> = js.stored("OUT").into_iter().map(|(_, subject, _)| subject).collect();
    let expected = (0..10).filter(|value| *value != 5).map(|value| format!("out.{}", value % 2));
    assert_eq!(stored, expected.collect::<Vec<_>>());
    let dead = js.stored("DEAD");
    assert!(dead.len() == 1 && dead[0].2.starts_with(r#"{"value":5,"#), "{dead:?}");
}

/// A row that the format rejects leaves the key unchanged.
#[test]
fn a_bucket_takes_a_custom_format() {
    let server = server();
    let js = Js::new(&server);
    let bucket = async_nats::jetstream::kv::Config { bucket: "numbers".to_owned(), ..Default::default() };
    let store = js.runtime.block_on(js.context.create_key_value(bucket)).expect("a bucket");
    js.create(stream("DEAD"));
    let pipeline = Pipeline::new();
    let rows = pipeline.commits([
        vec![Change::insert(Input { value: 1 })],
        vec![Change::remove(Input { value: 1 }), Change::insert(Input { value: 13 })],
    ]);
    nats::write(&rows, server.url(), "numbers").kv(|_| "newest".to_owned()).dead_letter("dead.kv").encode(
        |row: &Input, _: ChangeInfo, payload: &mut Vec<u8>| match row.value {
            13 => Err(EncodeError::new("thirteen is not said here")),
            value => {
                payload.extend_from_slice(format!("number {value}").as_bytes());
                Ok(())
            }
        },
    );
    join(pipeline.start().expect("a running pipeline")).expect("the pipeline ends without an error");
    let value = js.runtime.block_on(store.get("newest")).expect("an answer").expect("a value");
    assert_eq!(value, "number 1");
    assert_eq!(js.stored("DEAD"), [(1, "dead.kv".to_owned(), r#"{"value":13}"#.to_owned())]);
}

#[test]
fn a_header_on_a_bucket_is_a_config_error() {
    let pipeline = Pipeline::new();
    let rows = pipeline.rows([Input { value: 1 }]);
    let write = nats::write(&rows, "nats://localhost:1", "numbers").kv(|_| "key".to_owned());
    write.header("city", |_| "Oslo".to_owned()).json();
    let error = pipeline.start().map(drop).expect_err("a header");
    assert!(error.kind() == ErrorKind::Config && error.to_string().contains("into a bucket"), "{error}");
}

/// Messages beyond the limit stay in the stream, and nothing is lost.
#[test]
fn max_backlog_limits_the_messages_that_wait() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish("in.a", 0..5000);
    let gate = Gate::default();
    let closed = gate.close();
    let pipeline = Pipeline::named("test");
    let read = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").max_backlog(100);
    let before_gate = gate.clone();
    let seen = read.json::<Input>().filter(move |_| before_gate.pass()).collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("half of the limit", || running.stats().sources[0].backlog > 50);
    // Meanwhile the server answers many requests, and one of the source would be among them.
    for _ in 0..100 {
        js.info("IN");
        let source = running.stats().sources[0].clone();
        assert!(source.backlog <= 100 && source.received <= 200, "{source:?}");
    }
    drop(closed);
    wait_for("all rows", || running.stats().sources[0].rows == 5000);
    stop(running);
    assert_eq!(values(&seen), (0..5000).collect::<Vec<_>>());
}
