//! Plaintext, raw bytes and delimited values; headers, subjects, and the order of a commit.

use pathway::ErrorKind;
use pathway::format::{ChangeInfo, Dsv, EncodeError, Plaintext, Raw};
use pathway::prelude::*;
use pathway::testing::Broker;

use super::support::{headers, inserts, texts, written};

#[derive(Schema, Debug, PartialEq)]
struct Row {
    name: String,
    number: Option<i64>,
}

fn row(name: &str, number: Option<i64>) -> Row {
    Row { name: name.into(), number }
}

#[test]
fn plaintext_and_raw_are_written() {
    let text = || inserts([Plaintext { data: " å\n".into() }, Plaintext { data: String::new() }]);
    let (messages, _) = written(text(), |table, broker| nats::write(table, broker, "out").plaintext());
    assert_eq!(texts(&messages), [" å\n", ""]);
    assert_eq!(headers(&messages[0]), "pathway_diff=1");
    let bytes = inserts([Raw { data: Bytes::from_static(b"\xff\0") }]);
    let (messages, _) = written(bytes, |table, broker| nats::write(table, broker, "out").raw());
    assert_eq!(messages[0].payload, b"\xff\0");
    let rows = || inserts([row("a", None)]);
    let (messages, _) = written(rows(), |table, broker| nats::write(table, broker, "out").plaintext_of(|r| &r.name));
    assert_eq!(texts(&messages), ["a"]);
    let (messages, _) = written(rows(), |t, broker| nats::write(t, broker, "out").raw_of(|r| r.name.as_bytes()));
    assert_eq!(texts(&messages), ["a"]);
}

#[test]
fn rows_are_written_as_delimited_values() {
    let changes = || vec![vec![Change::insert(row("a;\"b\"", Some(1)))], vec![Change::remove(row("a;\"b\"", Some(1)))]];
    let masked = |messages: &[pathway::testing::Published]| -> Vec<_> {
        let mask = |message: &pathway::testing::Published| {
            message.text().replace(message.header("pathway_time").expect("a time"), "@")
        };
        messages.iter().map(mask).collect()
    };
    let (messages, _) = written(changes(), |table, broker| nats::write(table, broker, "out").dsv());
    assert_eq!(masked(&messages), [r#""a;""b""","1","@","1""#, r#""a;""b""","1","@","-1""#]);
    let dsv = Dsv::new().delimiter(b';').header_line(true);
    let (messages, stats) = written(changes(), |table, broker| nats::write(table, broker, "out").encode(dsv));
    let line = r#""name";"number";"time";"diff""#;
    assert_eq!(masked(&messages), [line, r#""a;""b""";"1";"@";"1""#, r#""a;""b""";"1";"@";"-1""#]);
    assert_eq!((stats.sinks[0].queued, stats.sinks[0].published), (3, 3));
}

#[test]
fn headers_keep_the_order_in_which_they_were_added() {
    let rows = inserts([row("å b", Some(-1)), row("", None)]);
    let (messages, _) = written(rows, |table, broker| {
        let write = nats::write(table, broker, "out").header("z", |r| r.name.clone()).header("a", |r| r.number);
        write.header("m", |r| (r.number.is_some(), 1.5)).json();
    });
    assert_eq!(headers(&messages[0]), "pathway_diff=1;z=å b;a=-1;m=(True, 1.5)");
    assert_eq!(headers(&messages[1]), "pathway_diff=1;z=;m=(False, 1.5)");
}

#[test]
fn an_invalid_header_name_is_a_config_error() {
    for name in ["", "a b", "a:b", "å", "a\r\nb", "pathway_time", "pathway_diff", "twice"] {
        let pipeline = Pipeline::new();
        let table = pipeline.rows([row("a", None)]);
        let write = nats::write(&table, &Broker::new(), "out").header("twice", |r| r.number);
        write.header(name, |r| r.name.clone()).json();
        let error = pipeline.start().map(drop).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Config, "{name}: {error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn each_row_can_have_its_own_subject() {
    let rows = inserts([row("a", None), row("b.c", None)]);
    let (messages, _) =
        written(rows, |table, broker| nats::write(table, broker, "").subject(|r| format!("out.{}", r.name)).json());
    let subjects: Vec<_> = messages.iter().map(|message| message.subject.as_str()).collect();
    assert_eq!(subjects, ["out.a", "out.b.c"]);
}

/// By the key, `None` first; equal keys in table order; removals before insertions.
#[test]
fn sort_by_orders_the_messages_of_a_commit() {
    let first = [("x", Some(3)), ("y", None), ("z", Some(1)), ("a", Some(1))];
    let first = first.map(|(name, number)| Change::insert(row(name, number)));
    let second = vec![
        Change::insert(row("b", Some(0))),
        Change::remove(row("x", Some(3))),
        Change::insert(row("c", None)),
        Change::remove(row("z", Some(1))),
    ];
    let (messages, _) = written(vec![first.into(), second], |table, broker| {
        nats::write(table, broker, "out").sort_by(|r| r.number).plaintext_of(|r| &r.name);
    });
    assert_eq!(texts(&messages), ["y", "z", "a", "x", "z", "x", "c", "b"]);
}

#[test]
fn a_row_that_the_encoder_rejects_is_a_dead_letter() {
    let rows = inserts([row("a", None), row("b", Some(1))]);
    let (messages, stats) = written(rows, |table, broker| {
        let encode = |row: &Row, _: ChangeInfo, payload: &mut Vec<u8>| {
            payload.extend_from_slice(b"half");
            let number = row.number.ok_or_else(|| EncodeError::column("number", "there is none"))?;
            payload.extend_from_slice(number.to_string().as_bytes());
            Ok(())
        };
        nats::write(table, broker, "out").dead_letter("dead").encode(encode);
    });
    assert_eq!(messages[1].text(), "half1");
    assert_eq!(messages[0].subject, "dead");
    assert!(messages[0].text().starts_with(r#"{"name":"a","number":null,"diff":1,"#), "{messages:?}");
    let expected = "pathway_diff=1;pathway_reason=there is none;pathway_subject=out;pathway_column=number;\
                    pathway_pipeline=test;pathway_sink=out";
    assert_eq!(headers(&messages[0]), expected);
    let sink = &stats.sinks[0];
    assert_eq!((sink.queued, sink.published, sink.rejected, sink.dead_letters), (2, 1, 1, 1));
}
