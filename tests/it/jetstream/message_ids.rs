//! Ids of messages that rows give: a stream stores each once, whoever sends it, and keeps the order.

use async_nats::ConnectOptions;
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use futures_util::StreamExt;
use pathway::format::{self, Dsv};
use pathway::prelude::*;
use pathway::testing::Broker;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;

use super::support::{Js, server, stream};
use crate::support::{Input, assert_error, connect, join, wait_for};

/// Writes values as events into the stream `OUT`, each with itself as its id.
fn start(server: &Server, values: impl IntoIterator<Item = i64>) -> Running {
    let pipeline = Pipeline::new();
    let rows = pipeline.rows(values.into_iter().map(|value| Input { value }).collect::<Vec<_>>());
    nats::write(&rows, server.url(), "out.a").jetstream("OUT").message_id(|row| row.value).events();
    pipeline.start().expect("a running pipeline")
}

/// Writes values, and returns how many messages were sent again.
fn run(server: &Server, values: impl IntoIterator<Item = i64>) -> u64 {
    let values: Vec<i64> = values.into_iter().collect();
    let count = values.len() as u64;
    let running = start(server, values);
    wait_for("all messages", || running.stats().sinks[0].published == count);
    let again = running.stats().sinks[0].republished;
    join(running).expect("the pipeline ends without an error");
    again
}

#[test]
fn a_pipeline_that_runs_again_stores_each_id_once_and_in_order() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    assert_eq!(run(&server, 0..5000), 0);
    // The second run computes the same, and more.
    run(&server, 0..8000);
    assert_eq!(js.values("OUT"), (0..8000).collect::<Vec<_>>());
    let headers = js.runtime.block_on(async {
        let stream = js.context.get_stream("OUT").await.expect("a stream");
        stream.get_raw_message(6001).await.expect("a message").headers
    });
    assert_eq!(headers.get("Nats-Msg-Id").map(|id| id.as_str()), Some("6000"));
}

#[test]
fn duplicates_between_new_messages_change_no_order() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let known = |value: &i64| value % 1000 == 7 || (3000..3300).contains(value) && value % 3 == 0;
    run(&server, (0..6000).filter(known));
    run(&server, 0..6000);
    let (first, rest) = ((0..6000).filter(known), (0..6000).filter(|value| !known(value)));
    assert_eq!(js.values("OUT"), first.chain(rest).collect::<Vec<_>>());
}

#[test]
fn two_pipelines_at_once_store_each_id_once() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let both = [start(&server, 0..3000), start(&server, 0..3000)];
    for running in both {
        join(running).expect("the pipeline ends without an error");
    }
    let mut values = js.values("OUT");
    values.sort_unstable();
    assert_eq!(values, (0..3000).collect::<Vec<_>>());
}

#[test]
fn a_stream_that_is_full_for_a_while_keeps_the_order_of_messages_with_ids() {
    let server = server();
    let js = Js::new(&server);
    let full = Config { max_messages: 50, discard: DiscardPolicy::New, ..stream("OUT") };
    js.create(full.clone());
    let running = start(&server, 0..3000);
    wait_for("a full stream", || js.messages("OUT") == 50);
    js.runtime.block_on(js.context.update_stream(Config { max_messages: -1, ..full })).expect("an update");
    join(running).expect("the pipeline ends without an error");
    assert_eq!(js.values("OUT"), (0..3000).collect::<Vec<_>>());
}

#[test]
fn restarts_of_the_server_keep_the_order_of_messages_with_ids() {
    const MESSAGES: i64 = 100_000;
    let mut server = server();
    Js::new(&server).create(stream("OUT"));
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Input>();
    let events = rows.to_stream(|change| Input { value: change.row.value });
    nats::write(&events, server.url(), "out.a").jetstream("OUT").message_id(|row| row.value).events();
    let running = pipeline.start().expect("a running pipeline");
    let feeding = std::thread::spawn(move || {
        for commit in 0..MESSAGES / 1000 {
            (0..1000).for_each(|n| feed.insert(Input { value: commit * 1000 + n }));
            feed.commit();
        }
    });
    for reconnects in 1..=3 {
        let sink = || running.stats().sinks.swap_remove(0);
        let before = sink().published;
        wait_for("more messages", || sink().published > before || before == MESSAGES as u64);
        server.restart().expect("a server");
        wait_for("a new connection", || sink().reconnects >= reconnects);
    }
    feeding.join().expect("no panic");
    join(running).expect("the pipeline ends without an error");
    assert_eq!(Js::new(&server).values("OUT"), (0..MESSAGES).collect::<Vec<_>>());
}

#[test]
fn a_subscriber_of_core_nats_sees_the_ids() {
    let server = server();
    let (runtime, client) = connect(&server.url(), ConnectOptions::new());
    let mut messages = runtime.block_on(async {
        let subscriber = client.subscribe("out").await.expect("a subscription");
        client.flush().await.expect("a server");
        subscriber
    });
    let pipeline = Pipeline::new();
    let rows = pipeline.rows([1, 2].map(|value| Input { value }));
    let id = |row: &Input| (row.value == 1).then(|| format!("input-{}", row.value));
    nats::write(&rows, server.url(), "out").header("a", |row| row.value).message_id(id).events();
    join(pipeline.start().expect("a running pipeline")).expect("the pipeline ends without an error");
    for (value, id) in [(1, Some("input-1")), (2, None)] {
        let message = runtime.block_on(messages.next()).expect("a message");
        assert_eq!(String::from_utf8_lossy(&message.payload), format!(r#"{{"value":{value}}}"#));
        let headers = message.headers.expect("headers");
        assert_eq!(headers.get("Nats-Msg-Id").map(|id| id.as_str()), id);
    }
}

/// A line of column names is no duplicate of the first row, and a row without an id is stored whatever the others are.
#[test]
fn what_has_no_id_of_its_own_is_stored() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    for _ in 0..2 {
        let pipeline = Pipeline::new();
        let rows = pipeline.rows([1, 2].map(|value| Input { value }));
        let write = nats::write(&rows, server.url(), "out.a").jetstream("OUT");
        let write = write.message_id(|row| (row.value == 1).then_some(row.value));
        write.encode(Dsv::new().header_line(true));
        join(pipeline.start().expect("a running pipeline")).expect("the pipeline ends without an error");
    }
    let first = |(_, _, payload): &(u64, String, String)| payload.split(',').next().map(str::to_owned);
    let stored: Vec<_> = js.stored("OUT").iter().filter_map(first).collect();
    assert_eq!(stored, [r#""value""#, r#""1""#, r#""2""#, r#""value""#, r#""2""#]);
}

#[test]
fn a_row_with_an_empty_id_is_rejected() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("OUT"));
    let pipeline = Pipeline::new();
    let rows = pipeline.rows([1, 2].map(|value| Input { value }));
    let id = |row: &Input| if row.value == 1 { " ".to_owned() } else { "2".to_owned() };
    let write = nats::write(&rows, server.url(), "out.a").dead_letter("out.dead").jetstream("OUT");
    write.message_id(id).events();
    join(pipeline.start().expect("a running pipeline")).expect("the pipeline ends without an error");
    let stored = js.stored("OUT");
    let subjects: Vec<_> = stored.iter().map(|(_, subject, _)| subject.as_str()).collect();
    assert_eq!(subjects, ["out.dead", "out.a"]);
}

#[test]
fn ids_that_cannot_work_are_refused_at_the_start() {
    let refused = |write: &dyn Fn(&Table<Input>, &Broker)| {
        let pipeline = Pipeline::new();
        let (_feed, table) = pipeline.input::<Input>();
        write(&table, &Broker::new());
        pipeline.start().map(drop)
    };
    let error = refused(&|table, broker| nats::write(table, broker, "out").message_id(|row| row.value).json());
    let words = ["sink `out`", "rows of the table can be removed", "`to_stream(..)`", "insertions_only()"];
    assert_error(&error.expect_err("removals"), ErrorKind::Config, &words);
    let insertions = || format::json().insertions_only();
    refused(&|table, broker| {
        nats::write(table, broker, "out").message_id(|row| row.value).encode(insertions());
    })
    .expect("insertions only");
    let error = refused(&|table, broker| {
        nats::write(table, broker, "bucket").message_id(|row| row.value).kv(|row| row.value.to_string()).json();
    });
    assert_error(&error.expect_err("a bucket"), ErrorKind::Config, &["sink `bucket`", "`.message_id(..)`"]);
    let error =
        refused(&|table, broker| nats::write(table, broker, "out").header("Nats-Msg-Id", |row| row.value).json());
    assert_error(&error.expect_err("a header"), ErrorKind::Config, &["`Nats-Msg-Id`", "use `.message_id(..)`"]);
}
