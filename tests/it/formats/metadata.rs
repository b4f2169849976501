//! Columns that are filled from metadata: subject, headers, sequence, time.

use pathway::ErrorKind;
use pathway::prelude::*;
use pathway::testing::Broker;

use super::support::{inserts, rows, texts, written};

#[derive(Schema, Debug, PartialEq)]
struct Event {
    #[schema(subject)]
    subject: String,
    #[schema(subject_token = 2)]
    region: String,
    #[schema(subject_token = 3)]
    shop: Option<u16>,
    id: i64,
    #[schema(header = "Origin")]
    origin: String,
    #[schema(header = "attempt")]
    attempt: Option<i32>,
    #[schema(header = "tag")]
    tags: Vec<String>,
    #[schema(stream_sequence)]
    sequence: Option<u64>,
    #[schema(published_at)]
    published: Option<DateTimeUtc>,
    #[schema(delivered)]
    delivered: Option<i64>,
}

#[test]
fn every_kind_of_metadata_column_is_filled() {
    let (mut seen, stats) = rows(
        |p, b| nats::read(p, b, "orders.>").json::<Event>(),
        |broker| {
            let headers = [("tag", "x"), ("Origin", "web"), ("tag", "y"), ("attempt", "3")];
            broker.publish_with_headers("orders.eu.17", headers, r#"{"id": 1, "region": "not this", "subject": 7}"#);
            broker.publish_with_headers("orders.eu", [("Origin", "")], r#"{"id": 2}"#);
        },
    );
    assert_eq!(stats.sources[0].rejected, 0);
    seen.sort_by_key(|event| event.id);
    let event = Event {
        subject: "orders.eu.17".into(),
        region: "eu".into(),
        shop: Some(17),
        id: 1,
        origin: "web".into(),
        attempt: Some(3),
        tags: vec!["x".into(), "y".into()],
        sequence: None,
        published: None,
        delivered: None,
    };
    assert_eq!(seen[0], event);
    let less = Event { subject: "orders.eu".into(), shop: None, id: 2, origin: String::new(), ..event };
    assert_eq!(seen[1], Event { attempt: None, tags: Vec::new(), ..less });
    // In the output they are ordinary columns.
    let (messages, _) =
        written(inserts([event_of(&seen[1])]), |table, broker| nats::write(table, broker, "out").json());
    let expected = r#"{"subject":"orders.eu","region":"eu","shop":null,"id":2,"origin":"","attempt":null,"tags":[],"sequence":null,"published":null,"delivered":null,"diff":1"#;
    assert!(texts(&messages)[0].starts_with(expected), "{messages:?}");
}

fn event_of(event: &Event) -> Event {
    pathway::schema::Datum::clone_datum(event)
}

#[test]
fn missing_or_mistyped_metadata_rejects_the_message() {
    let (seen, stats) = rows(
        |p, b| nats::read(p, b, "orders.>").dead_letter("dead").json::<Event>(),
        |broker| {
            let origin = [("Origin", "web")];
            broker.publish_with_headers("orders.eu.x", origin, r#"{"id": 1}"#);
            broker.publish_with_headers("orders.eu.65536", origin, r#"{"id": 1}"#);
            broker.publish_with_headers("orders.eu", [("origin", "web")], r#"{"id": 1}"#);
            broker.publish_with_headers("orders.eu", [("Origin", "web"), ("attempt", "")], r#"{"id": 1}"#);
        },
    );
    assert_eq!((seen.len(), stats.sources[0].rejected, stats.sources[0].dead_letters), (0, 4, 4));
}

#[test]
fn a_rejection_names_the_column_and_the_value() {
    let (broker, pipeline) = (Broker::new(), Pipeline::new());
    let _seen = nats::read(&pipeline, &broker, "orders.>").dead_letter("dead").json::<Event>().collect();
    broker.publish_with_headers("orders.eu.x", [("Origin", "web")], r#"{"id": 1}"#);
    broker.publish("orders.eu", r#"{"id": 1}"#);
    broker.commit();
    broker.close();
    pipeline.run().expect("the pipeline ends without an error");
    let dead = broker.published("dead");
    let said = dead.iter().map(|dead| (dead.header("pathway_column"), dead.header("pathway_reason")));
    let expected = [
        (Some("shop"), Some("expected an integer (u16) as token 3 of the subject `orders.eu.x`, found `x`")),
        (Some("origin"), Some("expected a text (String) as header `Origin`, found nothing")),
    ];
    assert_eq!(said.collect::<Vec<_>>(), expected);
    assert!(dead.iter().all(|dead| dead.header("pathway_offset").is_none()));
}

#[derive(Schema, Debug, PartialEq)]
struct Line {
    #[schema(received_at)]
    at: DateTimeUtc,
    text: String,
    #[schema(subject_token = 1)]
    host: String,
}

#[derive(Schema)]
struct Blob {
    #[schema(header = "kind")]
    kind: Option<String>,
    bytes: Bytes,
}

#[test]
fn plaintext_and_raw_rows_have_metadata_columns() {
    let before = DateTimeUtc::now();
    let (seen, _) =
        rows(|p, b| nats::read(p, b, "*.log").plaintext_as::<Line>(), |broker| broker.publish("alpha.log", " up "));
    assert_eq!((seen[0].host.as_str(), seen[0].text.as_str()), ("alpha", " up "));
    assert!(before <= seen[0].at && seen[0].at <= DateTimeUtc::now());
    let (seen, _) = rows(
        |p, b| nats::read(p, b, "in").raw_as::<Blob>(),
        |broker| broker.publish_with_headers("in", [("kind", "png")], b"\xff"),
    );
    assert_eq!((seen[0].kind.as_deref(), &seen[0].bytes[..]), (Some("png"), &b"\xff"[..]));
}

#[derive(Schema)]
struct Numbered {
    id: i64,
    #[schema(stream_sequence)]
    number: u64,
}

/// Core NATS has no sequence number, which is reported before a message is read.
#[test]
fn stream_metadata_on_core_nats_is_a_config_error() {
    for place in [nats::Endpoint::from("nats://127.0.0.1:1"), nats::Endpoint::from(&Broker::new())] {
        let pipeline = Pipeline::new();
        let _seen = nats::read(&pipeline, place, "numbers").json::<Numbered>().collect();
        let error = pipeline.start().map(drop).expect_err("no stream");
        assert_eq!(error.kind(), ErrorKind::Config);
        let message = error.to_string();
        assert!(
            message.contains("`number`") && message.contains("JetStream") && message.contains("Option"),
            "{message}"
        );
    }
}
