//! `#[schema(format = "unix_ms")]`: times that are numbers in messages.

use pathway::prelude::*;
use pathway::schema::DateTimeUtc;

use super::support::{decode, encode};

#[derive(Schema, Debug, PartialEq, Clone)]
struct Times {
    #[schema(format = "unix_s")]
    seconds: DateTimeUtc,
    #[schema(format = "unix_ms", path = "/at/ms")]
    millis: Option<DateTimeUtc>,
    #[schema(format = "unix_us", default = DateTimeUtc::UNIX_EPOCH)]
    micros: DateTimeUtc,
    #[schema(format = "unix_ns", rename = "ns")]
    nanos: DateTimeUtc,
    text: Option<DateTimeUtc>,
}

fn at(text: &str) -> DateTimeUtc {
    text.parse().expect("a time")
}

#[test]
fn numbers_become_times_and_are_written_as_numbers() {
    let row = Times {
        seconds: at("2026-01-01T00:00:00Z"),
        millis: Some(at("2026-01-01T00:00:00.123Z")),
        micros: DateTimeUtc::UNIX_EPOCH,
        nanos: at("1969-12-31T23:59:59.999999999Z"),
        text: None,
    };
    let document = r#"{"seconds": 1767225600, "at": {"ms": 1767225600123}, "ns": -1}"#;
    assert_eq!(decode(document), Ok(row.clone()));
    assert_eq!(encode(&row), r#""seconds":1767225600,"millis":1767225600123,"micros":0,"ns":-1,"text":null,"#);
    let without = decode::<Times>(r#"{"seconds": 0, "at": {"ms": null}, "micros": 1, "ns": 0}"#).expect("a row");
    assert_eq!((without.millis, without.micros), (None, at("1970-01-01T00:00:00.000001Z")));
}

#[test]
fn a_bad_number_says_its_unit_and_place() {
    assert_eq!(
        decode::<Times>(r#"{"seconds": "2026-01-01T00:00:00Z", "ns": 0}"#).expect_err("text"),
        "column `seconds` at byte 12: expected an integer, the seconds since 1970 (DateTimeUtc), \
         found `\"2026-01-01T00:00:00Z\"`"
    );
    assert_eq!(
        decode::<Times>(r#"{"seconds": 0}"#).expect_err("missing"),
        "column `ns` at byte 0: expected an integer, the nanoseconds since 1970 (DateTimeUtc), found nothing: \
         give the column a default, or make it an Option"
    );
}

#[derive(Schema)]
struct Stamped {
    #[schema(format = "unix_ms")]
    at: DateTimeUtc,
    city: String,
}

#[test]
fn the_format_holds_in_delimited_values_too() {
    let pipeline = Pipeline::new();
    let rows = pipeline.rows([Stamped { at: at("1970-01-01T00:00:05Z"), city: "Oslo".into() }]);
    let broker = pathway::testing::Broker::new();
    nats::write(&rows, &broker, "json").json();
    nats::write(&rows, &broker, "dsv").dsv();
    pipeline.run().expect("a run");
    let text = |subject| String::from_utf8_lossy(&broker.published(subject)[0].payload).into_owned();
    assert!(text("json").starts_with(r#"{"at":5000,"city":"Oslo","#), "{}", text("json"));
    assert!(text("dsv").contains(r#""5000","Oslo""#), "{}", text("dsv"));
}
