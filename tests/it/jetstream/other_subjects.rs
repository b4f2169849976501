//! Messages on subjects that are not read, and of which nothing is left but their sequences, are not counted as removed ones.

use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::stream::{Config, RetentionPolicy};

use super::removed::{MESSAGES, Slow, mixed};
use super::support::{Js, Reading, interest, server, stream, work_queue};
use crate::support::wait_for;

/// Creates a consumer of a subject.
pub(super) fn consumer_of(js: &Js, subject: &str) -> PullConsumer {
    let durable_name = Some(subject.replace('.', "-"));
    js.create_consumer(
        "IN",
        pull::Config { durable_name, filter_subject: subject.to_owned(), ..pull::Config::default() },
    )
}

/// While the source is slow, another program reads the other messages, which the stream then removes.
#[test]
fn messages_that_another_consumer_has_read_are_not_counted() {
    for config in [work_queue("IN"), interest("IN")] {
        let server = server();
        let js = Js::new(&server);
        let needs_interest = config.retention == RetentionPolicy::Interest;
        js.create(config);
        let other = consumer_of(&js, "in.b");
        if needs_interest {
            consumer_of(&js, "in.a");
        }
        js.publish("in.a", 0..MESSAGES);
        let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
        let (counts, _) = slow.read(MESSAGES as u64 + 20, || {
            js.publish_all(mixed(0..40));
            js.read_with(&other, 20);
        });
        assert_eq!((counts.dropped, counts.rows), (0, MESSAGES as u64 + 20));
    }
}

/// A stream with interest retention does not store them, and gives each one a sequence.
#[test]
fn messages_that_nobody_reads_are_not_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(interest("IN"));
    let reading = Reading::start(&server, "in.a", "IN").expect("a running pipeline");
    js.publish("in.a", 0..10);
    for n in 0..10 {
        js.publish_all(mixed(10 + 400 * n..410 + 400 * n));
    }
    reading.wait_for(2010);
    assert_eq!((reading.stats().dropped, reading.stop().len()), (0, 2010));
}

#[test]
fn messages_on_subjects_that_a_stream_gets_later_are_not_counted() {
    for config in [stream("IN"), work_queue("IN"), interest("IN")] {
        let server = server();
        let js = Js::new(&server);
        let with =
            |subjects: &[&str]| Config { subjects: subjects.iter().map(|s| (*s).into()).collect(), ..config.clone() };
        js.create(with(&["in.a"]));
        let reading = Reading::start(&server, "in.a", "IN").expect("a running pipeline");
        js.publish("in.a", 0..10);
        reading.wait_for(10);
        // So that the first message behind those that were read is the first one of the stream.
        js.purge("IN");
        js.runtime.block_on(js.context.update_stream(with(&["in.a", "in.b"]))).expect("an update");
        for last in [20, 30] {
            js.publish("in.b", 0..50);
            js.publish("in.a", last - 10..last);
            reading.wait_for(last as u64);
        }
        wait_for("the last message to be noticed", || reading.stats().backlog == 0);
        assert_eq!((reading.stats().dropped, reading.stop()), (0, (0..30).collect::<Vec<_>>()));
    }
}
