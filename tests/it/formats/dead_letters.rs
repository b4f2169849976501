//! Undecodable messages and unpublishable rows, on the broker in memory.

use pathway::prelude::*;
use pathway::testing::Broker;

use super::support::{headers, inserts, written};
use crate::support::join;

#[derive(Schema)]
struct Row {
    name: String,
}

#[test]
fn a_dead_letter_keeps_bytes_and_headers() {
    let (pipeline, broker) = (Pipeline::named("billing"), Broker::new());
    let input = nats::read(&pipeline, &broker, "in.>").name("input").dead_letter("dead").json::<Row>();
    let seen = input.collect();
    let running = pipeline.start().expect("a running pipeline");
    broker.publish_with_headers(
        "in.a",
        [("trace", "7"), ("pathway_reason", "old")],
        b"{\"name\": 1, \"x\": \"\xc3\xa5\r\n\"}",
    );
    broker.publish("in.b", b"\xff\0");
    broker.publish("in.c", "");
    broker.publish("in.d", r#"{"name": "good"}"#);
    broker.commit();
    let stats = running.stats();
    broker.close();
    join(running).expect("the pipeline ends without an error");

    let dead = broker.published("dead");
    let payloads: Vec<_> = dead.iter().map(|dead| dead.payload.as_slice()).collect();
    assert_eq!(payloads, [&b"{\"name\": 1, \"x\": \"\xc3\xa5\r\n\"}"[..], b"\xff\0", b""]);
    let first = headers(&dead[0]);
    assert!(first.ends_with("pathway_pipeline=billing;pathway_source=input;trace=7"), "{first}");
    assert!(first.contains("pathway_subject=in.a;"), "{first}");
    let second = "pathway_reason=the payload is not UTF-8;pathway_subject=in.b;pathway_offset=0;\
                  pathway_pipeline=billing;pathway_source=input";
    assert_eq!(headers(&dead[1]), second);
    assert_eq!(seen.rows().len(), 1);
    let (source, sink) = (&stats.sources[0], &stats.sinks[0]);
    assert_eq!((source.received, source.rows, source.rejected, source.dead_letters), (4, 1, 3, 3));
    assert_eq!((sink.name.as_str(), sink.queued, sink.published), ("input-dead-letters", 3, 3));
}

#[test]
fn invalid_subjects_and_headers_from_data_become_dead_letters() {
    let long = "x".repeat(5000);
    let bad = ["", "a b", "a..b", "a.*", ">", "a\r\nPUB x 1", ".", long.as_str()];
    let rows = inserts(bad.iter().chain(&["good"]).map(|name| Row { name: (*name).into() }));
    let (messages, stats) = written(rows, |table, broker| {
        nats::write(table, broker, "").subject(|row| row.name.clone()).dead_letter("dead").json();
    });
    let dead = messages.iter().filter(|message| message.subject == "dead").count();
    assert_eq!((messages.len(), dead), (bad.len() + 1, bad.len()));
    let good = messages.iter().find(|message| message.subject == "good").expect("the good one");
    assert!(good.text().starts_with(r#"{"name":"good","#));
    assert_eq!((stats.sinks[0].rejected, stats.sinks[0].dead_letters, stats.sinks[0].published), (8, 8, 1));

    let rows = inserts(["a\r\nb: c", "a\n", "\r", "fine"].map(|name| Row { name: name.into() }));
    let (messages, stats) = written(rows, |table, broker| {
        nats::write(table, broker, "out").header("name", |row| row.name.clone()).dead_letter("dead").json();
    });
    assert_eq!((stats.sinks[0].rejected, stats.sinks[0].dead_letters, stats.sinks[0].published), (3, 3, 1));
    let breaks = |value: &String| value.contains(['\r', '\n']);
    assert!(messages.iter().all(|message| !message.headers.iter().any(|(_, value)| breaks(value))), "{messages:?}");
}

/// Rejected messages are only counted, and the other rows are published.
#[test]
fn without_a_dead_letter_subject_rejections_are_counted() {
    let rows = inserts(["a b", "good"].map(|name| Row { name: name.into() }));
    let (messages, stats) =
        written(rows, |table, broker| nats::write(table, broker, "").subject(|row| row.name.clone()).json());
    assert_eq!(messages.len(), 1);
    assert_eq!((stats.sinks[0].rejected, stats.sinks[0].dead_letters), (1, 0));
}

/// The source reads the subject of its dead letters.
#[test]
fn a_dead_letter_of_the_pipeline_does_not_become_one_again() {
    let broker = Broker::new();
    let read = |pipeline: &Pipeline, dead: &str| {
        let source = nats::read(pipeline, &broker, "in.>").dead_letter(dead).json::<Row>();
        source.collect()
    };
    let (own, other) = (Pipeline::named("own"), Pipeline::named("other"));
    let _seen = (read(&own, "in.dead"), read(&other, "dead"));
    let running = [own, other].map(|pipeline| pipeline.start().expect("a running pipeline"));
    broker.publish("in.a", "bad");
    (0..3).for_each(|_| broker.commit());
    broker.close();
    let stats: Vec<_> = running.iter().map(|running| running.stats().sources[0].clone()).collect();
    running.into_iter().for_each(|running| join(running).expect("the pipeline ends without an error"));
    let counted: Vec<_> = stats.iter().map(|source| (source.received, source.rejected, source.dead_letters)).collect();
    // For another pipeline, it is a message like any other.
    assert_eq!(counted, [(2, 2, 1), (2, 2, 2)]);
    assert_eq!(broker.published("in.dead").len(), 1);
    let subjects = broker
        .published("dead")
        .iter()
        .map(|dead| dead.header("pathway_subject").map(str::to_owned))
        .collect::<Vec<_>>();
    assert_eq!(subjects, [Some("in.a".to_owned()), Some("in.dead".to_owned())]);
}
