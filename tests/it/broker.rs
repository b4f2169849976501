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
