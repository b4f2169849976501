//! Several members of a queue group, and several readers of one program, share a subject.

use super::support::{Client, Observer, server};
use crate::support::{Input, assert_error, join, stop, value, wait_for};
use pathway::ErrorKind;
use pathway::nats::Read;
use pathway::prelude::*;

/// Sums the values that a source reads, and writes the sum to a subject.
fn sum(uri: &str, subject: &str, with: impl FnOnce(Read) -> Read) -> pathway::Running {
    let pipeline = Pipeline::new();
    let input = with(nats::read(&pipeline, uri, "connector_example")).json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, subject).json();
    pipeline.start().expect("a running pipeline")
}

#[test]
fn several_readers_are_one_source() {
    const MESSAGES: i64 = 50_000;
    let server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let running = sum(&server.url(), "sum", |read| read.readers(4).max_backlog(1000));
    Client::new(&server.url()).publish("connector_example", (0..MESSAGES).map(value));
    observer.wait_for_sum(MESSAGES * (MESSAGES - 1) / 2);
    let stats = running.stats();
    let source = &stats.sources[0];
    assert_eq!((stats.sources.len(), source.name.as_str()), (1, "connector_example"));
    assert_eq!((source.received, source.rows, source.dropped), (MESSAGES as u64, MESSAGES as u64, 0), "{stats:?}");
    stop(running);
}

/// Like a new version of a program that replaces the old one. Each message is in exactly one of their sums.
#[test]
fn a_new_member_of_a_queue_group_takes_over_from_an_old_one() {
    let server = server();
    let rows = |running: &pathway::Running| running.stats().sources[0].rows;
    let old = sum(&server.url(), "sum.old", |read| read.queue_group("sums"));
    let new = sum(&server.url(), "sum.new", |read| read.queue_group("sums"));
    let client = Client::new(&server.url());
    client.publish("connector_example", (0..1000).map(value));
    wait_for("both have read", || rows(&old) + rows(&new) == 1000);
    assert!(rows(&old) > 0 && rows(&new) > 0);
    old.stop();
    let before = rows(&new);
    join(old).expect("the pipeline ends without an error");
    client.publish("connector_example", (0..1000).map(value));
    wait_for("the new one has the rest", || rows(&new) == before + 1000);
    stop(new);
}

#[derive(Schema)]
struct Account {
    #[schema(primary_key)]
    id: i64,
    balance: i64,
}

#[test]
fn a_primary_key_with_several_readers_or_a_queue_group_is_a_config_error() {
    // This is checked before the connection: there is no server at this address.
    let refused = |with: fn(Read) -> Read| {
        let pipeline = Pipeline::new();
        let accounts = with(nats::read(&pipeline, "nats://127.0.0.1:1", "accounts")).json::<Account>();
        let _seen = select!(a in accounts => { id: a.id, balance: a.balance }).collect();
        let error = pipeline.start().map(drop).expect_err("no order");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        error.to_string()
    };
    assert!(
        refused(|read| read.readers(2))
            .contains("source `accounts` cannot be read with a primary key and several readers")
    );
    assert!(refused(|read| read.queue_group("g")).contains("a primary key and a queue group"));
    assert!(refused(|read| read.readers(0)).contains("0 readers"));
    assert!(refused(|read| read.max_backlog(0)).contains("a backlog of 0"));
    assert!(refused(|read| read.max_backlog_bytes(0)).contains("a backlog of 0"));
}

#[test]
fn an_invalid_queue_group_is_a_config_error() {
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, "nats://127.0.0.1:1", "in").queue_group("two words").json::<Input>();
    let _seen = input.collect();
    let error = pipeline.start().map(drop).expect_err("no name");
    assert_error(&error, ErrorKind::Config, &["`two words`"]);
}
