//! Undecodable messages are skipped and counted, or end the pipeline.

use super::child::Child;
use super::support::{Client, Observer, json, realtime_sum, server};
use crate::support::{Input, assert_error, join, stop, value, wait_for};
use pathway::ErrorKind;
use pathway::prelude::*;

#[test]
fn a_bad_message_is_counted_and_skipped() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let running = realtime_sum(&server.url()).start().expect("a running pipeline");
    let bad = ["", "no JSON", "[]", r#"{"value": "7"}"#, r#"{"value": 1.5}"#, r#"{"volume": 1}"#];
    let messages = bad.into_iter().map(str::to_owned).flat_map(|bad| [bad, value(1)]);
    Client::new(&server.url()).publish("connector_example", messages);
    observer.wait_for_sum(6);
    let source = &running.stats().sources[0];
    assert_eq!((source.received, source.rows, source.rejected), (12, 6, 6));
    stop(running);
}

#[test]
fn a_stop_at_a_bad_message_reports_its_subject_and_column() {
    let server = server();
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, server.url(), "numbers.>").on_decode_error(OnDecodeError::Stop).json::<Input>();
    nats::write(&input, server.url(), "copy").json();
    let running = pipeline.start().expect("a running pipeline");
    Client::new(&server.url()).publish("numbers.odd", [value(1), r#"{"value": "three"}"#.to_owned()]);
    let error = join(running).expect_err("a bad row");
    assert_error(
        &error,
        ErrorKind::Decode,
        &["`numbers.>`", "`numbers.odd`", "column `value`", "at byte 10", r#""three""#],
    );
}

/// The bad message is in the middle of what waits; later messages keep coming.
#[test]
fn a_stop_at_a_bad_message_writes_all_before_it_and_nothing_after_it() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "copy");
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, server.url(), "numbers").on_decode_error(OnDecodeError::Stop).json::<Input>();
    nats::write(&input, server.url(), "copy").json();
    let running = pipeline.start().expect("a running pipeline");
    let messages = (0..20_000).map(|number| if number == 7_000 { "bad".to_owned() } else { value(number) });
    Client::new(&server.url()).publish("numbers", messages);
    let error = join(running).expect_err("a bad message");
    assert_error(&error, ErrorKind::Decode, &["source `numbers`", "cannot be decoded"]);
    let seen: Vec<i64> =
        observer.seen().iter().map(|message| json(message)["value"].as_i64().expect("a value")).collect();
    assert!(seen.iter().copied().eq(0..7_000), "{} messages, the last is {:?}", seen.len(), seen.last());
}

/// Ten lines are written at once; a quiet second later, another one has the number of the rest. That holds for each burst, on
/// stderr too, where no subscriber is installed.
#[test]
fn a_burst_of_bad_messages_is_reported_in_full_while_the_pipeline_is_idle() {
    let server = server();
    let mut observer = Observer::new(&server.url(), "sum");
    let client = Client::new(&server.url());
    let child = Child::start("sum", &server.url(), &[]);
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(0)]);
        observer.sees_soon()
    });
    let lines = || child.said().matches(" is skipped: ").count();
    client.publish("connector_example", (0..1_000).map(|number| format!("bad {number}")));
    wait_for("the rest of the burst is reported", || child.said().contains("(989 more like it, 1000 in all)"));
    assert_eq!(lines(), 11, "{}", child.said());
    client.publish("connector_example", (0..1_000).map(|number| format!("bad {number}")));
    wait_for("the next burst is reported", || child.said().contains(", 2000 in all)"));
    assert!((12..20).contains(&lines()), "{}", child.said());
    child.signal("TERM");
    assert!(child.end().0.success());
}
