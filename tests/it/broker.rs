//! The broker in memory: several pipelines, and its end.

use pathway::Running;
use pathway::prelude::*;
use pathway::testing::Broker;

#[derive(Schema)]
struct Input {
    value: i64,
}

/// A pipeline that sums up one subject of a broker on another.
fn sums(broker: &Broker, from: &str, to: &str) -> Running {
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, broker, from).json::<Input>();
    let total = reduce!(row in input => { value: sum(row.value) });
    nats::write(&total, broker, to).json();
    pipeline.start().unwrap()
}

fn last(broker: &Broker, subject: &str) -> String {
    broker.published(subject).last().map(|message| message.text().into_owned()).unwrap_or_default()
}

#[test]
fn two_pipelines_read_one_subject() {
    let broker = Broker::new();
    let both = [sums(&broker, "in", "one"), sums(&broker, "in", "two")];
    for value in 1..=3 {
        broker.publish("in", format!(r#"{{"value": {value}}}"#));
        broker.commit();
        let expected = format!(r#"{{"value":{},"diff":1,"#, value * (value + 1) / 2);
        assert!(["one", "two"].iter().all(|subject| last(&broker, subject).starts_with(&expected)), "{expected}");
    }
    broker.close();
    both.into_iter().for_each(|running| drop(running.join().unwrap()));
}

/// Repeated, because the first pipeline runs its commit while the second one is given its own.
#[test]
fn what_one_pipeline_writes_is_in_the_next_commit_of_another() {
    for _ in 0..100 {
        let broker = Broker::new();
        let both = [sums(&broker, "in", "middle"), sums(&broker, "middle", "out")];
        broker.publish("in", r#"{"value": 4}"#);
        broker.commit();
        assert!(last(&broker, "middle").starts_with(r#"{"value":4,"#) && broker.published("out").is_empty());
        broker.commit();
        assert!(last(&broker, "out").starts_with(r#"{"value":4,"#));
        broker.close();
        both.into_iter().for_each(|running| drop(running.join().unwrap()));
    }
}

#[test]
fn its_sources_end_with_the_last_handle() {
    let broker = Broker::new();
    let running = sums(&broker, "in", "out");
    let other = broker.clone();
    drop(broker);
    other.publish("in", r#"{"value": 1}"#);
    other.commit();
    assert_eq!(other.published("out").len(), 1);
    drop(other);
    running.join().unwrap();
}

/// As on a server: a message that is too large with its headers is rejected with the reason, and its dead letter is cut.
#[test]
fn a_message_larger_than_max_payload_is_rejected_and_its_dead_letter_is_cut() {
    let broker = Broker::new();
    broker.set_max_payload(1_000);
    let pipeline = Pipeline::new();
    // With 2 headers and the columns around it, a text of 880 bytes just fits.
    let lengths = [10, 880, 960, 5_000];
    let rows = pipeline.rows(lengths.map(|length| Text { text: "x".repeat(length) }));
    nats::write(&rows, &broker, "out").dead_letter("dead").json();
    let stats = pipeline.start().and_then(pathway::Running::join).expect("the pipeline ends without an error");
    assert_eq!(broker.published("out").len(), 2);
    let dead = broker.published("dead");
    let reasons: Vec<_> = dead.iter().filter_map(|dead| dead.header("pathway_reason")).collect();
    assert_eq!(reasons.len(), 2, "{dead:?}");
    for reason in reasons {
        assert!(
            reason.ends_with("is too large: with its headers it exceeds the broker's max_payload of 1000"),
            "{reason}"
        );
    }
    assert!(dead.iter().all(|dead| dead.payload.len() < 1_000 && dead.header("pathway_cut").is_some()), "{dead:?}");
    let sink = &stats.sinks[0];
    assert_eq!((sink.queued, sink.published, sink.rejected, sink.dead_letters), (4, 2, 2, 2));
}

#[derive(Schema)]
struct Text {
    text: String,
}
