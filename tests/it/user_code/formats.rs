//! The formats of the crate, for sources and sinks of one's own.

use std::sync::mpsc;

use pathway::format::{self, Decode, Dsv, Encode, Plaintext, Raw};
use pathway::io::{
    Encoded, EncodedBatch, Failure, MessageBatch, MessageSender, OnDecodeError, Position, Sink, Source, SourceSettings,
    Undecoded,
};
use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::{Number, number};
use crate::support::assert_error;

#[derive(Clone, Debug, PartialEq, Schema)]
struct Account {
    #[schema(primary_key)]
    id: i64,
    amount: i64,
}

/// Hands over these payloads, one batch each; every second position is set.
struct Payloads(SourceSettings, Vec<&'static str>);

impl Source for Payloads {
    type Item = Undecoded;

    fn settings(&self) -> SourceSettings {
        self.0.clone()
    }

    fn run(self, messages: &MessageSender) -> Result<(), Failure> {
        let mut batch = MessageBatch::default();
        for (number, payload) in (0..).zip(self.1) {
            batch.push("topic", payload.as_bytes());
            if number % 2 == 1 {
                batch.set_position(Position::from(number));
            }
        }
        Ok(messages.send(&mut batch)?)
    }
}

fn payloads(payloads: impl Into<Vec<&'static str>>) -> Payloads {
    Payloads(SourceSettings::new().name("topic"), payloads.into())
}

struct Messages(mpsc::Sender<String>);

impl Sink for Messages {
    type Item = Encoded;

    fn write(&mut self, commit: EncodedBatch) -> Result<(), Failure> {
        commit.messages().try_for_each(|message| {
            let payload = String::from_utf8_lossy(message.payload()).replace(&commit.time.to_string(), "TIME");
            self.0.send(format!("{} {payload}", message.subject())).map_err(Failure::from)
        })
    }
}

/// What a table has when a source has handed over these payloads.
fn decoded<D: Decode<Row: Clone>>(decoder: D, source: Payloads) -> Vec<D::Row> {
    let pipeline = Pipeline::new();
    let seen = pipeline.message_source(source, decoder).collect();
    pipeline.run().unwrap();
    seen.rows()
}

/// What a sink receives of these rows.
fn encoded<R: Schema>(rows: impl Into<Vec<R>>, encode: impl Encode<R>) -> Vec<String> {
    let (tell, told) = mpsc::channel();
    let pipeline = Pipeline::new();
    pipeline.rows(rows.into()).message_sink(Messages(tell), "out", encode);
    pipeline.run().unwrap();
    told.iter().collect()
}

#[test]
fn json_is_decoded_with_upserts() {
    let rows = [r#"{"id": 1, "amount": 2}"#, "no JSON", r#"{"id": 1, "amount": 3}"#];
    assert_eq!(decoded(format::json::<Account>(), payloads(rows)), [Account { id: 1, amount: 3 }]);
}

/// The primary key has no effect: the second insertion would replace the first row.
#[test]
fn json_changes_insert_and_remove() {
    let changes = [
        r#"{"id": 1, "amount": 2, "diff": 1}"#,
        r#"{"id": 1, "amount": 3, "diff": 1}"#,
        r#"{"id": 1, "amount": 2, "diff": -1}"#,
        r#"{"id": 9, "amount": 2}"#,
    ];
    let expected = [Account { id: 1, amount: 3 }];
    assert_eq!(decoded(format::json_changes::<Account>(), payloads(changes)), expected);
    let broker = pathway::testing::Broker::new();
    let pipeline = Pipeline::new();
    let seen = nats::read(&pipeline, &broker, "topic").decode(format::json_changes::<Account>()).collect();
    changes.into_iter().for_each(|change| broker.publish("topic", change));
    broker.commit();
    broker.close();
    pipeline.run().unwrap();
    assert_eq!(seen.rows(), expected);
}

#[test]
fn text_and_bytes_are_decoded() {
    assert_eq!(decoded(format::plaintext::<Plaintext>(), payloads([" a"])), [Plaintext { data: " a".to_owned() }]);
    assert_eq!(decoded(format::raw::<Raw>(), payloads(["b"])), [Raw { data: "b".into() }]);
}

#[test]
fn rows_are_encoded() {
    let account = || [Account { id: 1, amount: 2 }];
    assert_eq!(encoded(account(), format::json()), [r#"out {"id":1,"amount":2,"diff":1,"time":TIME}"#]);
    assert_eq!(encoded(account(), Dsv::new().delimiter(b';')), [r#"out "1";"2";"TIME";"1""#]);
    assert_eq!(encoded([Plaintext { data: "a".to_owned() }], format::plaintext()), ["out a"]);
    assert_eq!(encoded([Raw { data: "b".into() }], format::raw()), ["out b"]);
    assert_eq!(
        encoded([Plaintext { data: "a".to_owned() }], format::plaintext_of(|row: &Plaintext| &row.data)),
        ["out a"]
    );
    assert_eq!(encoded([Raw { data: "b".into() }], format::raw_of(|row: &Raw| &row.data)), ["out b"]);
}

#[test]
fn a_stop_at_a_bad_message_names_its_position() {
    let run = |messages: &[&'static str]| {
        let settings = SourceSettings::new().name("topic").on_decode_error(OnDecodeError::Stop);
        let pipeline = Pipeline::new();
        let source = Payloads(settings, messages.to_vec());
        let seen = pipeline.message_source(source, format::json::<Number>()).collect();
        let error = pipeline.run().unwrap_err();
        let before = messages.iter().take_while(|message| **message != "bad").count();
        assert_eq!(seen.rows().len(), before, "the messages before the bad one");
        error
    };
    let good = r#"{"value": 1}"#;
    for (messages, place) in [
        ([good, "bad", good, good, good], "on subject `topic` at position 1 "),
        ([good, good, "bad", good, good], "on subject `topic` before position 3 "),
        ([good, good, good, good, "bad"], "on subject `topic` cannot"),
    ] {
        assert_error(&run(&messages), ErrorKind::Decode, &["source `topic`", place]);
    }
}

/// Tells which of its messages are confirmed at the end.
struct Acknowledging(Payloads, mpsc::Sender<(bool, u64)>);

impl Source for Acknowledging {
    type Item = Undecoded;

    fn settings(&self) -> SourceSettings {
        self.0.settings()
    }

    fn run(self, messages: &MessageSender) -> Result<(), Failure> {
        messages.acks().request();
        self.0.run(messages)?;
        messages.finish();
        let all = messages.acks().wait_ended();
        Ok(self.1.send((all, messages.acks().take().messages))?)
    }
}

#[test]
fn a_source_learns_that_a_bad_message_and_those_behind_it_are_not_confirmed() {
    let good = r#"{"value": 1}"#;
    for (messages, expected) in [(vec![good, good, "bad", good, "bad"], (false, 2)), (vec!["bad", good], (false, 0))] {
        let (tell, told) = mpsc::channel();
        let settings = SourceSettings::new().name("topic").on_decode_error(OnDecodeError::Stop);
        let pipeline = Pipeline::new();
        let source = Acknowledging(Payloads(settings, messages), tell);
        let _seen = pipeline.message_source(source, format::json::<Number>()).collect();
        assert_error(&pipeline.run().unwrap_err(), ErrorKind::Decode, &["source `topic`"]);
        assert_eq!(told.recv().unwrap(), expected);
    }
}

#[test]
fn a_source_of_messages_has_no_commits_of_its_own() {
    let pipeline = Pipeline::new();
    let source = Payloads(SourceSettings::new().own_commits(), Vec::new());
    let _ = pipeline.message_source(source, format::json::<Number>()).collect();
    assert_error(&pipeline.run().unwrap_err(), ErrorKind::Config, &["source `source`", "remove `own_commits`"]);
}

#[test]
fn an_invalid_subject_is_an_error_at_the_start() {
    let start = |subject: &str| {
        let (tell, _told) = mpsc::channel();
        let pipeline = Pipeline::new();
        pipeline.rows([number(1)]).message_sink(Messages(tell), subject, format::json());
        pipeline.start().and_then(Running::join)
    };
    for (subject, words) in [
        ("a b\r\n", [r"sink `sink`: the subject `a b\r\n`", "white space", "such as `totals.eu`"]),
        ("a.*", ["sink `sink`: the subject `a.*`", "wildcards", "such as `totals.eu`"]),
        ("a..b", ["sink `sink`: the subject `a..b`", "two dots", "such as `totals.eu`"]),
    ] {
        assert_error(&start(subject).unwrap_err(), ErrorKind::Config, &words);
    }
}
