//! The messages with which a server marks that the last message of a subject is removed are not data.

use pathway::nats;
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::json;

use super::support::{Js, RawClient, Reading, server, work_queue};
use crate::support::{Input, assert_error, join, stop, wait_for};

const MARKER: &[u8] = b"\r\nNats-Marker-Reason: MaxAge";

/// A stream in which a message has expired, and the server has noted that.
fn expired(server: &Server) -> Js {
    let js = Js::new(server);
    js.create_with(&json!({
        "name": "IN", "subjects": ["in.>"], "max_age": 500_000_000, "allow_rollup_hdrs": true, "allow_msg_ttl": true,
        "subject_delete_marker_ttl": 3_600_000_000_000_u64}));
    js.publish("in.a", [1]);
    wait_for("the marker", || js.info("IN").state.last_sequence == 2);
    js
}

#[test]
fn markers_of_a_stream_are_skipped_and_counted() {
    let server = server();
    let js = expired(&server);
    let pipeline = Pipeline::named("test");
    let texts = nats::read(&pipeline, server.url(), "in.>").name("texts").jetstream("IN").plaintext().collect();
    let stopping = nats::read(&pipeline, server.url(), "in.>").name("json").on_decode_error(OnDecodeError::Stop);
    let rows = stopping.jetstream("IN").json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    let all = |test: &dyn Fn(&pathway::stats::SourceStats) -> bool| running.stats().sources.iter().all(test);
    wait_for("the marker", || all(&|source| source.markers >= 1));
    js.publish("in.a", [2]);
    wait_for("a row", || all(&|source| source.rows == 1));
    assert!(all(&|source| (source.received, source.rejected, source.dropped) == (1, 0, 0)));
    stop(running);
    assert_eq!((texts.rows().len(), rows.rows()), (1, vec![Input { value: 2 }]));
}

#[test]
fn markers_of_a_work_queue_are_acknowledged_and_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let mut raw = RawClient::new(&server);
    js.publish("in.a", 0..10);
    raw.publish(b"in.a", MARKER, "");
    js.publish("in.a", 10..20);
    let reading = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    wait_for("an empty queue", || js.messages("IN") == 0);
    assert_eq!((reading.stats().markers, reading.stats().rejected), (1, 0));
    assert_eq!(reading.stop(), (0..20).collect::<Vec<_>>());
}

/// A stream may publish again what it stores.
#[test]
fn markers_on_core_nats_are_skipped_and_counted() {
    let server = server();
    let pipeline = Pipeline::named("test");
    let stopping = nats::read(&pipeline, server.url(), "in.>").on_decode_error(OnDecodeError::Stop);
    let rows = stopping.json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    let mut raw = RawClient::new(&server);
    raw.publish(b"in.a", MARKER, "");
    raw.publish(b"in.a", b"", r#"{"value":1}"#);
    wait_for("a row", || running.stats().sources[0].rows == 1);
    assert_eq!((running.stats().sources[0].markers, running.stats().sources[0].dropped), (1, 0));
    // An empty message without the header is data.
    raw.publish(b"in.a", b"\r\nA: 1", "");
    let error = join(running).expect_err("an error");
    assert_error(&error, pathway::ErrorKind::Decode, &["in.a"]);
    assert_eq!(rows.rows(), [Input { value: 1 }]);
}

#[test]
fn a_marker_in_a_bucket_removes_the_row() {
    let server = server();
    let js = Js::new(&server);
    js.create_with(&json!({
        "name": "KV_in", "subjects": ["$KV.in.>"], "max_msgs_per_subject": 1, "allow_rollup_hdrs": true,
        "deny_delete": true, "discard": "new", "allow_direct": true}));
    let mut raw = RawClient::new(&server);
    js.publish("$KV.in.a", [1]);
    js.publish("$KV.in.b", [2]);
    let pipeline = Pipeline::named("test");
    let seen = nats::read(&pipeline, server.url(), "in").kv().json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("the keys", || seen.rows().len() == 2);
    raw.publish(b"$KV.in.a", MARKER, "");
    wait_for("the removal", || seen.rows() == [Input { value: 2 }]);
    assert_eq!(running.stats().sources[0].markers, 0);
    stop(running);
}
