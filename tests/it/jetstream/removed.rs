//! Messages that a stream removes before a slow source has read them are counted: rows, rejected and dropped messages add up
//! to what was published. What the source does not read, and single deletions, are not counted.

use std::ops::Range;

use async_nats::jetstream::consumer::pull;
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy};
use futures_util::StreamExt;
use pathway::nats;
use pathway::prelude::*;
use pathway::stats::SourceStats;
use pathway_testkit::Server;

use super::support::{Js, Reading, interest, server, stream, values, work_queue};
use crate::support::{DEADLINE, Gate, Input, stop, value, wait_for};

/// How many messages are published before the source starts: many times its backlog.
pub(super) const MESSAGES: i64 = 20_000;

impl Js {
    /// Purges a subject: all, all but the last `keep`, or up to but without a sequence.
    pub(super) fn purge_subject(&self, stream: &str, subject: &str, keep: Option<u64>, sequence: Option<u64>) {
        self.runtime.block_on(async {
            let stream = self.context.get_stream(stream).await.expect("a stream");
            let purge = stream.purge().filter(subject);
            match (keep, sequence) {
                (Some(keep), _) => purge.keep(keep).await.expect("a purge"),
                (_, Some(sequence)) => purge.sequence(sequence).await.expect("a purge"),
                _ => purge.await.expect("a purge"),
            };
        });
    }

    /// Lets all messages of a work queue expire.
    fn expire_all(&self, stream: &str) {
        for max_age in [Duration::from_millis(100), Duration::ZERO] {
            let config = Config { max_age, ..work_queue(stream) };
            self.runtime.block_on(self.context.update_stream(config)).expect("an update");
            wait_for("the messages to expire", || self.messages(stream) == 0);
        }
    }

    /// Waits until so many requests were sent to JetStream's API.
    pub(super) fn wait_for_requests(&self, subject: &'static str, count: usize) {
        let requests = async {
            let requests = self.client.subscribe(subject).await.expect("a subscription");
            requests.take(count).collect::<Vec<_>>().await
        };
        let requests = self.runtime.block_on(async { tokio::time::timeout(DEADLINE, requests).await });
        assert_eq!(requests.expect("requests").len(), count);
    }

    pub(super) fn delete_messages(&self, stream: &str, sequences: impl IntoIterator<Item = u64>) {
        self.runtime.block_on(async {
            let stream = self.context.get_stream(stream).await.expect("a stream");
            for sequence in sequences {
                stream.delete_message(sequence).await.expect("a deletion");
            }
        });
    }
}

/// A source whose pipeline takes no more than a small backlog, until it is released.
pub(super) struct Slow<'a> {
    pub(super) server: &'a Server,
    pub(super) subject: &'a str,
    pub(super) stream: nats::Stream,
}

impl Slow<'_> {
    /// Reads until the backlog is full, lets messages be removed, reads on, and stops when `published` messages are read or
    /// dropped. Returns the counters and the values.
    pub(super) fn read(self, published: u64, remove: impl FnOnce()) -> (SourceStats, Vec<i64>) {
        let (counts, values) = self.read_until(|counts| accounted(counts) >= published, remove);
        assert_eq!(accounted(&counts), published, "{counts:?}");
        (counts, values)
    }

    /// The same, and stops under a condition.
    pub(super) fn read_until(
        self,
        is_done: impl Fn(&SourceStats) -> bool,
        remove: impl FnOnce(),
    ) -> (SourceStats, Vec<i64>) {
        let pipeline = Pipeline::named("slow");
        let gate = Gate::default();
        let closed = gate.close();
        let read = nats::read(&pipeline, self.server.url(), self.subject).name("in").max_backlog(1000);
        let before_gate = gate.clone();
        let seen = read.jetstream(self.stream).json::<Input>().filter(move |_| before_gate.pass()).collect();
        let running = pipeline.start().expect("a running pipeline");
        // If the test fails, the gate opens before the pipeline ends.
        let closed = closed;
        let source = || running.stats().sources.swap_remove(0);
        let (mut received, mut polls) = (0, 0);
        wait_for("the source to stop reading", || {
            polls = if source().received == received { polls + 1 } else { 0 };
            received = source().received;
            received > 0 && polls == 150
        });
        assert!(received < MESSAGES as u64 / 4, "{received}");
        remove();
        drop(closed);
        wait_for("all messages to be read or dropped", || is_done(&source()));
        let counts = source();
        stop(running);
        (counts, values(&seen))
    }
}

pub(super) fn accounted(counts: &SourceStats) -> u64 {
    counts.rows + counts.rejected + counts.dropped
}

/// Every other message is for `in.a`.
pub(super) fn mixed(numbers: Range<i64>) -> impl Iterator<Item = (String, String)> {
    numbers.map(|n| (if n % 2 == 0 { "in.a" } else { "in.b" }.to_owned(), value(n)))
}

/// A message that is not read at the front, then many that are.
fn with_another_at_the_front(js: &Js) {
    js.publish("in.b", [-1]);
    js.publish("in.a", 0..MESSAGES);
}

#[test]
fn a_purge_of_the_subject_that_is_read_is_counted() {
    for (keep, sequence, is_last) in [
        (None, None, false),
        (None, None, true),
        (Some(10), None, false),
        (Some(10), None, true),
        (None, Some(15_000), false),
        (None, Some(15_000), true),
    ] {
        let server = server();
        let js = Js::new(&server);
        js.create(stream("IN"));
        with_another_at_the_front(&js);
        let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
        let (counts, values) = slow.read(MESSAGES as u64 + u64::from(!is_last), || {
            js.purge_subject("IN", "in.a", keep, sequence);
            if !is_last {
                js.publish("in.a", [MESSAGES]);
            }
        });
        assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
        assert!(is_last || values.last() == Some(&MESSAGES));
    }
}

#[test]
fn a_purge_that_leaves_the_first_message_of_a_whole_stream_is_counted() {
    for (keep, sequence) in [(None, None), (Some(10), None), (None, Some(15_000))] {
        let server = server();
        let js = Js::new(&server);
        js.create(stream("IN"));
        with_another_at_the_front(&js);
        let slow = Slow { server: &server, subject: "in.>", stream: "IN".into() };
        let (counts, _) = slow.read(MESSAGES as u64 + 2, || {
            js.purge_subject("IN", "in.a", keep, sequence);
            js.publish("in.a", [MESSAGES]);
        });
        assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
        assert_eq!(js.info("IN").state.first_sequence, 1);
    }
}

/// The stream keeps a limited number of messages, and the publisher goes on while the source is slow. What is removed was in
/// part published after the source has stopped reading.
#[test]
fn what_a_limit_removes_while_the_publisher_goes_on_is_counted() {
    for subject in ["in.a", "in.>"] {
        let server = server();
        let js = Js::new(&server);
        js.create(Config { max_messages: 5_000, discard: DiscardPolicy::Old, ..stream("IN") });
        js.publish("in.b", [-1]);
        js.publish("in.a", 0..4_000);
        let others = u64::from(subject == "in.>");
        let slow = Slow { server: &server, subject, stream: "IN".into() };
        let (counts, values) = slow.read(MESSAGES as u64 + others, || js.publish("in.a", 4_000..MESSAGES));
        assert!(counts.dropped > 12_000, "{counts:?}");
        assert_eq!(values.last(), Some(&(MESSAGES - 1)));
    }
}

#[test]
fn messages_of_a_work_queue_that_are_purged_before_they_are_read_are_counted() {
    for (keep, is_last) in [(None, false), (None, true), (Some(10), false)] {
        let server = server();
        let js = Js::new(&server);
        js.create(work_queue("IN"));
        js.publish("in.a", 0..MESSAGES);
        let slow = Slow { server: &server, subject: "in.>", stream: "IN".into() };
        let (counts, _) = slow.read(MESSAGES as u64 + u64::from(!is_last), || {
            js.purge_subject("IN", "in.a", keep, None);
            if !is_last {
                js.publish("in.a", [MESSAGES]);
            }
        });
        assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
    }
}

#[test]
fn messages_of_a_work_queue_that_expire_before_they_are_read_are_counted() {
    for subject in ["in.a", "in.>"] {
        let server = server();
        let js = Js::new(&server);
        js.create(work_queue("IN"));
        js.publish("in.a", 0..MESSAGES);
        let slow = Slow { server: &server, subject, stream: "IN".into() };
        let (counts, _) = slow.read(MESSAGES as u64 + 1, || {
            js.expire_all("IN");
            js.publish("in.a", [MESSAGES]);
        });
        assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
    }
}

#[test]
fn a_purge_of_a_subject_that_is_not_read_is_not_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish_all(mixed(0..2 * MESSAGES));
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, _) = slow.read(MESSAGES as u64 + 1, || {
        js.purge_subject("IN", "in.b", None, None);
        js.publish("in.a", [-1]);
    });
    assert_eq!((counts.dropped, counts.rows), (0, MESSAGES as u64 + 1));
}

/// Once they are purged, nothing shows that not all sequences were for the source.
#[test]
fn what_arrives_for_others_and_is_purged_is_not_counted() {
    for config in [stream("IN"), work_queue("IN")] {
        let server = server();
        let js = Js::new(&server);
        js.create(config);
        js.publish_all(mixed(0..2 * MESSAGES));
        let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
        let (counts, _) = slow.read(MESSAGES as u64 + 1_000, || {
            js.publish_all(mixed(0..2_000));
            js.purge_subject("IN", "in.b", None, None);
        });
        assert_eq!((counts.dropped, counts.rows), (0, MESSAGES as u64 + 1_000));
    }
}

#[test]
fn a_purge_among_messages_that_are_not_read_is_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish_all(mixed(0..2 * MESSAGES));
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, _) = slow.read(MESSAGES as u64 + 1_000, || {
        js.purge_subject("IN", "in.a", None, None);
        js.publish_all(mixed(0..2000));
    });
    assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
}

/// While the source is slow, messages for it and for others arrive. It counts them once a second, so that none is forgotten
/// that is removed later.
#[test]
fn a_purge_of_messages_that_have_arrived_among_others_is_counted() {
    for config in [stream("IN"), work_queue("IN"), interest("IN")] {
        let server = server();
        let js = Js::new(&server);
        let keeps_for_others = config.retention == RetentionPolicy::Interest;
        js.create(config);
        if keeps_for_others {
            let durable_name = Some("other".to_owned());
            js.create_consumer("IN", pull::Config { durable_name, ..pull::Config::default() });
        }
        js.publish_all(mixed(0..2 * MESSAGES));
        let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
        let (counts, _) = slow.read(MESSAGES as u64 + 1_001, || {
            js.publish_all(mixed(0..2000));
            // Each second a few requests, of which these are more than two seconds have.
            js.wait_for_requests("$JS.API.STREAM.INFO.IN", 8);
            js.purge_subject("IN", "in.a", None, None);
            js.publish("in.a", [-1]);
        });
        assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
    }
}

/// One subject of several that are read is purged, and messages of the others are left.
#[test]
fn a_purge_of_a_part_of_what_has_arrived_in_a_work_queue_is_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let mixed = |numbers: std::ops::Range<i64>| {
        numbers.map(|n| (["in.x.a", "in.x.b", "in.y"][n as usize % 3].to_owned(), value(n)))
    };
    js.publish_all(mixed(0..3 * MESSAGES));
    let slow = Slow { server: &server, subject: "in.x.*", stream: "IN".into() };
    let (counts, _) = slow.read(2 * MESSAGES as u64 + 2_001, || {
        js.publish_all(mixed(0..3000));
        js.wait_for_requests("$JS.API.STREAM.INFO.IN", 8);
        js.purge_subject("IN", "in.x.a", None, None);
        js.wait_for_requests("$JS.API.STREAM.INFO.IN", 8);
        js.publish("in.x.a", [-1]);
    });
    assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
}

/// While the source is slow, it counts again and again what arrives.
#[test]
fn what_arrives_among_others_and_stays_in_a_work_queue_is_not_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish_all(mixed(0..2 * MESSAGES));
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, _) = slow.read(MESSAGES as u64 + 2_000, || {
        for _ in 0..2 {
            js.publish_all(mixed(0..2000));
            js.wait_for_requests("$JS.API.STREAM.INFO.IN", 8);
        }
        js.purge_subject("IN", "in.b", None, None);
    });
    assert_eq!((counts.dropped, counts.rows), (0, MESSAGES as u64 + 2_000));
}

/// They are published and purged within a second, and nothing follows.
#[test]
fn messages_that_arrive_and_are_purged_while_nobody_counts_are_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    with_another_at_the_front(&js);
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, _) = slow.read(MESSAGES as u64 + 1_000, || {
        js.publish("in.a", 0..1_000);
        js.purge_subject("IN", "in.a", None, None);
    });
    assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
}

#[test]
fn single_deletions_are_not_counted() {
    for subject in ["in.a", "in.>"] {
        let server = server();
        let js = Js::new(&server);
        js.create(stream("IN"));
        with_another_at_the_front(&js);
        let deleted = 50;
        let read = MESSAGES as u64 + u64::from(subject == "in.>") - deleted;
        let slow = Slow { server: &server, subject, stream: "IN".into() };
        let (counts, _) = slow.read(read + 1, || {
            js.delete_messages("IN", (10_000..10_000 + deleted / 2).chain((0..deleted / 2).map(|n| 12_000 + 7 * n)));
            js.publish("in.a", [MESSAGES]);
        });
        assert_eq!((counts.dropped, counts.rows), (0, read + 1), "{subject}");
    }
}

/// The consumer is deleted while the source is slow, and then messages are purged.
#[test]
fn a_purge_before_another_consumer_is_created_is_counted() {
    for subject in ["in.a", "in.>"] {
        let server = server();
        let js = Js::new(&server);
        js.create(stream("IN"));
        with_another_at_the_front(&js);
        let others = u64::from(subject == "in.>");
        let slow = Slow { server: &server, subject, stream: "IN".into() };
        let (counts, _) = slow.read(MESSAGES as u64 + 1 + others, || {
            js.delete_consumer("IN", &js.consumers("IN")[0].name);
            js.purge_subject("IN", "in.a", Some(10), None);
            js.publish("in.a", [MESSAGES]);
        });
        assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
    }
}

/// The consumer of the first run knows up to where it has delivered.
#[test]
fn messages_of_a_work_queue_that_expire_between_two_runs_are_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let first = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    js.publish("in.a", 0..10);
    first.wait_for(10);
    assert_eq!((first.stats().dropped, first.stop().len()), (0, 10));
    js.publish("in.a", 10..110);
    js.expire_all("IN");
    let second = Reading::start(&server, "in.>", "IN").expect("a running pipeline");
    js.publish("in.a", [110]);
    second.wait_for(1);
    wait_for("the expired messages to be counted", || second.stats().dropped > 0);
    assert_eq!((second.stats().dropped, second.stop()), (100, vec![110]));
}
