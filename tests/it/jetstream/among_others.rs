//! A slow source reads one subject of a stream that takes as many messages on another one. What is removed of its own is
//! counted exactly, whatever arrives; what is removed of the others, and single deletions, are not counted.

use std::time::Duration;

use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy};
use async_nats::jetstream::{AckKind, Message};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use pathway::nats;

use super::other_subjects::consumer_of;
use super::removed::{MESSAGES, Slow, accounted, mixed};
use super::support::{Js, Reading, interest, server, stream, work_queue};
use crate::support::{DEADLINE, wait_for};

/// So many of the requests are more than the source sends before it has counted what has arrived.
const REQUESTS: usize = 5;

impl Js {
    /// Waits until a slow source has counted what has arrived.
    fn wait_until_counted(&self) {
        self.wait_for_requests("$JS.API.STREAM.INFO.IN", REQUESTS);
    }

    /// Takes messages from a consumer, and gives them back.
    fn give_back_with(&self, consumer: &PullConsumer, count: usize) {
        let give_back = async |message: Result<Message, _>| {
            message.expect("a message").ack_with(AckKind::Nak(None)).await.expect("an answer");
        };
        self.runtime.block_on(async {
            let messages = consumer.batch().max_messages(count).expires(DEADLINE).messages().await.expect("messages");
            messages
                .take(count)
                .collect::<Vec<_>>()
                .await
                .into_iter()
                .map(give_back)
                .collect::<FuturesUnordered<_>>()
                .count()
                .await;
            self.client.flush().await.expect("a flush");
        });
    }
}

fn limited(max_messages: i64) -> Config {
    Config { max_messages, discard: DiscardPolicy::Old, ..stream("IN") }
}

/// Each time the stream removes as many messages as arrive, so that the consumer has as many as before.
#[test]
fn what_a_limit_removes_among_others_is_counted_exactly() {
    let server = server();
    let js = Js::new(&server);
    js.create(limited(20_000));
    js.publish_all(mixed(0..20_000));
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, values) = slow.read(22_000, || {
        for n in 0..3 {
            js.publish_all(mixed(20_000 + 8_000 * n..28_000 + 8_000 * n));
            js.wait_until_counted();
        }
    });
    assert!(counts.dropped > 10_000, "{counts:?}");
    assert_eq!(values.last(), Some(&43_998));
    assert!(js.consumers("IN").len() <= 1);
}

/// Messages arrive all the time, before and after the pipeline reads on.
#[test]
fn what_a_limit_removes_among_others_is_counted_exactly_while_the_publisher_goes_on() {
    let server = server();
    let js = Js::new(&server);
    js.create(limited(10_000));
    js.publish_all(mixed(0..10_000));
    std::thread::scope(|scope| {
        let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
        let (counts, _) = slow.read(15_000, || {
            let publish = || {
                let js = Js::new(&server);
                for _ in 0..1_000 {
                    js.publish_all(mixed(0..20));
                    // Time must pass here: each message stays for some seconds.
                    std::thread::sleep(Duration::from_millis(9));
                }
            };
            scope.spawn(publish);
            wait_for("most messages", || js.info("IN").state.last_sequence >= 27_000);
        });
        assert!(counts.dropped > 5_000, "{counts:?}");
    });
}

/// Only a part of what is unread is purged, more arrives, and then all is purged.
#[test]
fn purges_of_an_interest_stream_with_another_consumer_are_counted_exactly() {
    let server = server();
    let js = Js::new(&server);
    js.create(interest("IN"));
    let other = consumer_of(&js, "in.b");
    Reading::start_named("slow", &server, "in.a", "IN").expect("a running pipeline").stop();
    js.publish_all(mixed(0..2 * MESSAGES));
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, values) = slow.read(MESSAGES as u64 + 2_001, || {
        js.publish_all(mixed(0..2_000));
        js.wait_until_counted();
        js.purge_subject("IN", "in.a", None, Some(30_000));
        js.publish_all(mixed(0..2_000));
        js.wait_until_counted();
        js.purge_subject("IN", "in.a", None, None);
        js.publish("in.a", [-1]);
    });
    assert_eq!((counts.dropped + counts.rows, values.last()), (MESSAGES as u64 + 2_001, Some(&-1)));
    // The other program gets all of its messages, and the stream keeps none for the consumers that have counted.
    let others = MESSAGES as u64 + 2_000;
    wait_for("the acknowledgement of the last message", || js.messages("IN") == others);
    assert_eq!(js.consumers("IN").len(), 2);
    js.read_with(&other, others as usize);
    wait_for("an empty stream", || js.messages("IN") == 0);
}

#[test]
fn what_is_removed_of_others_is_not_counted_while_messages_arrive() {
    for config in [stream("IN"), interest("IN")] {
        let server = server();
        let js = Js::new(&server);
        js.create(config);
        let other = consumer_of(&js, "in.b");
        Reading::start_named("slow", &server, "in.a", "IN").expect("a running pipeline").stop();
        js.publish_all(mixed(0..2 * MESSAGES));
        let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
        let (counts, _) = slow.read(MESSAGES as u64 + 3_000, || {
            for _ in 0..3 {
                js.publish_all(mixed(0..2_000));
                js.read_with(&other, 100);
                js.wait_until_counted();
                js.purge_subject("IN", "in.b", Some(500), None);
            }
        });
        assert_eq!((counts.dropped, counts.rows), (0, MESSAGES as u64 + 3_000));
    }
}

/// Some of them are counted before they are deleted, and some are not.
#[test]
fn single_deletions_among_others_are_not_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(stream("IN"));
    js.publish_all(mixed(0..2 * MESSAGES));
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, _) = slow.read(MESSAGES as u64 + 2_000 - 75, || {
        for n in 0..2 {
            js.publish_all(mixed(0..2_000));
            js.delete_messages("IN", (0..25).map(|k| 40_001 + 2_000 * n + 2 * k));
            js.wait_until_counted();
        }
        js.delete_messages("IN", (0..25).map(|k| 41_001 + 2 * k));
        js.publish("in.b", [-1]);
        js.wait_until_counted();
    });
    assert_eq!((counts.dropped, counts.rows), (0, MESSAGES as u64 + 2_000 - 75));
}

/// A work queue takes no consumer that counts. A few messages are counted without it.
#[test]
fn purges_of_a_work_queue_while_few_messages_arrive_are_counted_exactly() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.publish_all(mixed(0..2 * MESSAGES));
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, _) = slow.read(MESSAGES as u64 + 81, || {
        js.purge_subject("IN", "in.a", None, Some(30_000));
        for _ in 0..2 {
            js.publish_all(mixed(0..80));
            js.wait_until_counted();
        }
        js.purge_subject("IN", "in.a", None, None);
        js.publish("in.a", [-1]);
    });
    assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
}

/// The stream has no room for a consumer that counts.
#[test]
fn a_stream_that_takes_no_other_consumer_is_read_nevertheless() {
    let server = server();
    let js = Js::new(&server);
    js.create(Config { max_consumers: 1, ..stream("IN") });
    js.publish_all(mixed(0..2 * MESSAGES));
    let slow = Slow { server: &server, subject: "in.a", stream: "IN".into() };
    let (counts, _) = slow.read(MESSAGES as u64 + 1_001, || {
        js.publish_all(mixed(0..2_000));
        js.wait_until_counted();
        js.purge_subject("IN", "in.a", None, None);
        js.publish("in.a", [-1]);
    });
    assert!(counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
}

/// Another program reads with the consumer, too: it acknowledges a part of what it gets, and gives the rest back, which is
/// then delivered to the source or purged.
#[test]
fn what_another_program_gives_back_is_not_counted() {
    let (acknowledged, given_back) = (100, 150);
    for (config, is_purged) in
        [(stream("IN"), false), (stream("IN"), true), (work_queue("IN"), false), (work_queue("IN"), true)]
    {
        let server = server();
        let js = Js::new(&server);
        js.create(config);
        let billing = js.create_consumer(
            "IN",
            pull::Config {
                durable_name: Some("billing".to_owned()),
                filter_subject: "in.a".to_owned(),
                max_ack_pending: 100_000,
                ..pull::Config::default()
            },
        );
        js.publish_all(mixed(0..2 * MESSAGES));
        let slow = Slow { server: &server, subject: "in.a", stream: nats::stream("IN").durable("billing") };
        let ours = MESSAGES as u64 + 1_001 - acknowledged;
        // Those that were given back and purged were delivered to another program: it cannot be known that it has not read them.
        let least = ours - if is_purged { given_back } else { 0 };
        let (counts, values) = slow.read_until(
            |counts| counts.backlog == 0 && accounted(counts) >= least,
            || {
                js.read_with(&billing, acknowledged as usize);
                js.give_back_with(&billing, given_back as usize);
                js.publish_all(mixed(0..2_000));
                js.wait_until_counted();
                if is_purged {
                    js.purge_subject("IN", "in.a", Some(2_000), None);
                    js.wait_until_counted();
                }
                js.give_back_with(&billing, given_back as usize);
                js.publish("in.a", [-1]);
            },
        );
        assert!(accounted(&counts) <= ours && (is_purged || counts.dropped == 0), "{counts:?}");
        assert!(!is_purged || counts.dropped > MESSAGES as u64 / 2, "{counts:?}");
        assert!(values.contains(&-1));
    }
}
