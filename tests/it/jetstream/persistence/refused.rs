//! Messages that their stream does not take: they have no sequence there, and a later run must not count them.

use std::sync::MutexGuard;

use async_nats::jetstream::stream::Config;
use pathway::prelude::*;
use pathway_testkit::Server;

use super::Folder;
use crate::jetstream::support::{Js, server, stream};
use crate::support::{Gate, stop, wait_for};

#[derive(Clone, Schema)]
struct Text {
    id: i64,
    text: String,
}

/// Copies the stream `IN`. The rows from 100 on pass a gate.
fn copy(uri: &str, folder: &Folder, gate: &Gate) -> Pipeline {
    let pipeline = Pipeline::named("copy").persist(folder.log_only());
    let texts = nats::read(&pipeline, uri, "in.>").jetstream("IN").json::<Text>();
    let gate = gate.clone();
    let texts = filter!(t in texts => t.id < 100 || gate.pass());
    nats::write(&texts, uri, "out.all").jetstream("OUT").json();
    pipeline
}

fn text(id: i64, text: &str) -> (String, String) {
    ("in.a".to_owned(), format!(r#"{{"id": {id}, "text": "{text}"}}"#))
}

fn sized(id: i64, len: usize) -> (String, String) {
    text(id, &"x".repeat(len))
}

/// The ids of the rows in the stream `OUT`.
fn ids(js: &Js) -> Vec<i64> {
    let id = |payload: &str| serde_json::from_str::<serde_json::Value>(payload).expect("JSON")["id"].as_i64();
    js.stored("OUT").iter().filter_map(|(_, _, payload)| id(payload)).collect()
}

/// Runs a pipeline until its output has these rows.
fn run_until(pipeline: Pipeline, js: &Js, expected: &[i64]) {
    let running = pipeline.start().unwrap();
    wait_for("the output", || running.is_finished() || ids(js) == expected);
    stop(running);
    assert_eq!(ids(js), expected);
}

#[test]
fn a_message_that_is_too_large_for_the_server_is_not_counted() {
    let server = Server::builder().config("max_payload: 4000").start().expect("a server");
    let (js, uri, folder, gate) = (Js::new(&server), server.url(), Folder::new(), Gate::default());
    ["IN", "OUT"].into_iter().for_each(|name| js.create(stream(name)));
    js.publish_all([sized(0, 10), sized(1, 3950), sized(2, 20)]);
    run_until(copy(&uri, &folder, &gate), &js, &[0, 2]);
    js.publish_all([sized(3, 10)]);
    run_until(copy(&uri, &folder, &gate), &js, &[0, 2, 3]);
}

#[test]
fn a_message_that_is_refused_in_a_recovery_that_is_stopped_is_not_counted() {
    let (server, folder, gate) = (server(), Folder::new(), Gate::default());
    let (js, uri) = (Js::new(&server), server.url());
    ["IN", "OUT"].into_iter().for_each(|name| js.create(stream(name)));
    let running = copy(&uri, &folder, &gate).start().unwrap();
    let mut rows = 0;
    for commit in [vec![sized(0, 10), sized(1, 500), sized(2, 10)], vec![sized(100, 10)], vec![sized(3, 10)]] {
        rows += commit.len() as u64;
        js.publish_all(commit);
        wait_for("the rows of a commit", || js.messages("OUT") == rows);
    }
    stop(running);
    // The output is computed once more, for a stream that takes less.
    js.delete("OUT");
    js.create(Config { max_message_size: 400, ..stream("OUT") });
    let closed: MutexGuard<'_, ()> = gate.close();
    let running = copy(&uri, &folder, &gate).start().unwrap();
    wait_for("the first commit", || ids(&js) == [0, 2]);
    running.stop();
    drop(closed);
    stop(running);
    run_until(copy(&uri, &folder, &gate), &js, &[0, 2, 100, 3]);
}

#[test]
fn other_subjects_of_the_stream_do_not_change_what_it_has() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    let with_subjects = |subject: &str| Config { subjects: vec![subject.to_owned()], ..stream("OUT") };
    js.create(stream("IN"));
    js.create(with_subjects("out.a"));
    let route = || {
        let pipeline = Pipeline::named("route").persist(folder.log_only());
        let texts = nats::read(&pipeline, &uri, "in.>").jetstream("IN").json::<Text>();
        nats::write(&texts, &uri, "").subject(|t| format!("out.{}", t.text)).jetstream("OUT").json();
        pipeline
    };
    let update =
        |subject| drop(js.runtime.block_on(js.context.update_stream(with_subjects(subject))).expect("updated"));
    js.publish_all([text(0, "a"), text(1, "b"), text(2, "a")]);
    run_until(route(), &js, &[0, 2]);
    update("out.*");
    js.publish_all([text(3, "b")]);
    run_until(route(), &js, &[0, 2, 3]);
    update("out.b");
    js.publish_all([text(4, "b"), text(5, "a")]);
    run_until(route(), &js, &[0, 2, 3, 4]);
}
