//! JSON for readers that know nothing of changes.

use async_nats::ConnectOptions;
use futures_util::StreamExt;
use pathway::ErrorKind;
use pathway::format;
use pathway::prelude::*;
use pathway::testing::Broker;
use pathway_testkit::Server;

use super::support::{headers, inserts, texts, written};
use crate::support::{Input, assert_error, connect, join};

#[derive(ColumnType, Clone)]
struct Since(DateTimeUtc);

#[derive(Schema)]
struct Place {
    seen: DateTimeNaive,
}

#[derive(Schema)]
struct Event {
    #[schema(rename = "the \"id\"")]
    id: i64,
    at: DateTimeUtc,
    since: Since,
    #[schema(flatten)]
    place: Place,
    maybe: Option<DateTimeUtc>,
    missing: Option<DateTimeUtc>,
    list: Vec<DateTimeUtc>,
    pair: (bool, DateTimeUtc),
    #[schema(format = "unix_ms")]
    number: DateTimeUtc,
    length: SignedDuration,
}

fn at(text: &str) -> DateTimeUtc {
    text.parse().expect("a time")
}

fn event() -> Event {
    Event {
        id: 7,
        at: at("2024-01-02T03:04:05Z"),
        since: Since(at("2024-01-02T03:04:05.6Z")),
        place: Place { seen: "2024-01-02T03:04:05.000007".parse().expect("a time") },
        maybe: Some(at("2024-01-02T03:04:06Z")),
        missing: None,
        list: vec![at("0000-01-01T00:00:00.000000001Z"), at("9999-12-30T00:00:00.12Z")],
        pair: (true, at("1969-12-31T23:59:59.9999Z")),
        number: at("1970-01-01T00:00:01Z"),
        length: SignedDuration::from_secs(1),
    }
}

const COLUMNS: &str = concat!(
    r#""the \"id\"":7,"at":"2024-01-02T03:04:05Z","since":"2024-01-02T03:04:05.600Z","#,
    r#""seen":"2024-01-02T03:04:05.000007","maybe":"2024-01-02T03:04:06Z","missing":null,"#,
    r#""list":["0000-01-01T00:00:00.000000001Z","9999-12-30T00:00:00.120Z"],"#,
    r#""pair":[true,"1969-12-31T23:59:59.999900Z"],"number":1000,"length":1000000000"#
);

#[test]
fn times_are_those_of_rfc_3339_everywhere_in_a_row() {
    let (messages, _) = written(inserts([event()]), |table, broker| {
        nats::write(table, broker, "out").encode(format::json().times_as_rfc3339().without_time());
    });
    assert_eq!(messages[0].text(), format!(r#"{{{COLUMNS},"diff":1}}"#));
}

#[test]
fn diff_and_time_can_be_left_out() {
    let row = || inserts([Input { value: 3 }]);
    let write = |encode: fn() -> format::JsonFormat<Input>| {
        let (messages, _) = written(row(), |t, broker| nats::write(t, broker, "out").encode(encode()));
        (messages[0].text().into_owned(), messages[0].header("pathway_time").expect("a time").to_owned())
    };
    let (text, time) = write(|| format::json().without_diff());
    assert_eq!(text, format!(r#"{{"value":3,"time":{time}}}"#));
    assert_eq!(write(|| format::json().without_time()).0, r#"{"value":3,"diff":1}"#);
    assert_eq!(write(|| format::json().without_diff().without_time()).0, r#"{"value":3}"#);
    let (text, time) = write(format::json);
    assert_eq!(text, format!(r#"{{"value":3,"diff":1,"time":{time}}}"#));
}

#[test]
fn removals_can_be_left_out() {
    let changes = vec![
        vec![Change::insert(Input { value: 1 })],
        vec![Change::remove(Input { value: 1 })],
        vec![Change::insert(Input { value: 2 }), Change::insert(Input { value: 3 })],
        vec![Change::remove(Input { value: 2 }), Change::insert(Input { value: 4 })],
    ];
    let (messages, stats) = written(changes, |table, broker| {
        nats::write(table, broker, "out").encode(format::json_events().insertions_only());
    });
    let expected = [1, 2, 3, 4].map(|value| format!(r#"{{"value":{value}}}"#));
    assert_eq!(texts(&messages), expected);
    assert_eq!(headers(&messages[0]), "pathway_diff=1");
    assert_eq!((stats.sinks[0].queued, stats.sinks[0].published), (4, 4));
}

#[test]
fn events_that_could_be_taken_back_are_refused_at_the_start() {
    let refused = |write: &dyn Fn(&Table<Input>, &Broker)| {
        let pipeline = Pipeline::new();
        let (_feed, table) = pipeline.input::<Input>();
        write(&table, &Broker::new());
        pipeline.start().map(drop)
    };
    let error = refused(&|table, broker| nats::write(table, broker, "out").events()).expect_err("removals");
    let words = ["sink `out`", "rows of the table can be removed", "`.json()`", "`to_stream(..)`", "insertions_only()"];
    assert_error(&error, ErrorKind::Config, &words);
    let events = |table: &Table<Input>| table.to_stream(|change| Input { value: change.row.value });
    refused(&|table, broker| nats::write(&events(table), broker, "out").events()).expect("a table that only grows");
    let insertions = || format::json_events().insertions_only();
    refused(&|table, broker| nats::write(table, broker, "out").encode(insertions())).expect("an explicit choice");
    let error = refused(&|table, broker| {
        nats::write(table, broker, "bucket").kv(|row| row.value.to_string()).encode(insertions());
    });
    assert_error(&error.expect_err("a bucket"), ErrorKind::Config, &["sink `bucket`", "which delete keys"]);
}

#[test]
fn a_subscriber_of_a_server_receives_events_alone() {
    let server = Server::start().expect("a server");
    let (runtime, client) = connect(&server.url(), ConnectOptions::new());
    let mut messages = runtime.block_on(async {
        let subscriber = client.subscribe("out").await.expect("a subscription");
        client.flush().await.expect("a server");
        subscriber
    });
    let pipeline = Pipeline::new();
    nats::write(&pipeline.rows([event()]), server.url(), "out").events();
    join(pipeline.start().expect("a running pipeline")).expect("the pipeline ends without an error");
    let message = runtime.block_on(messages.next()).expect("a message");
    assert_eq!(String::from_utf8_lossy(&message.payload), format!("{{{COLUMNS}}}"));
}
