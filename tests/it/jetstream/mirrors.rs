//! Buckets that are mirrors of others.

use async_nats::jetstream::stream::{Config, Source};
use pathway::prelude::*;
use pathway::testing::Collected;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;

use super::support::{Js, server};
use crate::support::{assert_error, stop, wait_for};

#[derive(Schema, Clone, Debug, PartialEq)]
struct Limit {
    #[schema(subject)]
    user: String,
    most: i64,
}

/// Creates a bucket, or a mirror of one.
fn bucket(js: &Js, name: &str, origin: Option<&str>) {
    let mirror = origin.map(|origin| Source { name: format!("KV_{origin}"), ..Source::default() });
    let subjects = if mirror.is_some() { Vec::new() } else { vec![format!("$KV.{name}.>")] };
    let max_messages_per_subject = 1;
    js.create(Config { name: format!("KV_{name}"), subjects, mirror, max_messages_per_subject, ..Config::default() });
}

fn put(js: &Js, keys: impl IntoIterator<Item = &'static str>, most: i64) {
    js.publish_all(keys.into_iter().map(|key| (format!("$KV.limits.{key}"), format!(r#"{{"most":{most}}}"#))));
}

fn read(server: &Server, name: &str) -> (Running, Collected<Limit>) {
    let pipeline = Pipeline::named("test");
    let seen = nats::read(&pipeline, server.url(), name).kv().json::<Limit>().collect();
    (pipeline.start().expect("a running pipeline"), seen)
}

fn rows(seen: &Collected<Limit>) -> Vec<(String, i64)> {
    seen.rows().into_iter().map(|row| (row.user, row.most)).collect()
}

#[test]
fn a_mirror_is_read_like_its_origin() {
    let server = server();
    let js = Js::new(&server);
    bucket(&js, "limits", None);
    put(&js, ["a", "b.c"], 1);
    bucket(&js, "mirror", Some("limits"));
    bucket(&js, "second", Some("mirror"));
    wait_for("the copies", || js.messages("KV_second") == 2);
    let [first, second] = ["mirror", "second"].map(|name| read(&server, name));
    put(&js, ["a", "d"], 2);
    let expected = [("a", 2), ("b.c", 1), ("d", 2)].map(|(user, most)| (user.to_owned(), most));
    for (running, seen) in [first, second] {
        wait_for("the table", || rows(&seen) == expected);
        stop(running);
    }
}

#[test]
fn a_mirror_that_is_empty_is_read_when_it_fills() {
    let server = server();
    let js = Js::new(&server);
    bucket(&js, "limits", None);
    bucket(&js, "mirror", Some("limits"));
    let (running, seen) = read(&server, "mirror");
    put(&js, ["a"], 1);
    wait_for("the table", || rows(&seen) == [("a".to_owned(), 1)]);
    stop(running);
}

#[test]
fn a_mirror_cannot_be_written() {
    let server = server();
    let js = Js::new(&server);
    bucket(&js, "limits", None);
    bucket(&js, "mirror", Some("limits"));
    let pipeline = Pipeline::new();
    let row = Limit { user: "a".to_owned(), most: 1 };
    nats::write(&pipeline.rows([row]), server.url(), "mirror").kv(|limit| limit.user.clone()).json();
    let error = pipeline.run().expect_err("a mirror");
    assert_error(&error, ErrorKind::Config, &["stream `KV_mirror`: it takes no messages", "write into one of these"]);
}
