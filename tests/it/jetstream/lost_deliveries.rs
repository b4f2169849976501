//! Messages that the server has sent over a connection that broke, and that the stream removes before they are delivered
//! again: they are counted, unless another program may have read them.

use std::thread;

use async_nats::jetstream::Message;
use async_nats::jetstream::consumer::{PullConsumer, pull};
use async_nats::jetstream::stream::Config;
use futures_util::StreamExt;
use pathway::prelude::*;
use pathway::stats::SourceStats;
use pathway::testing::Collected;
use pathway::{Running, nats};
use pathway_testkit::Server;

use super::support::{Js, Reading, interest, server, values, work_queue};
use crate::support::{DEADLINE, Input, Link, stop, wait_for};

impl Js {
    /// Reads and acknowledges messages in another program.
    pub(super) fn read_with(&self, consumer: &PullConsumer, count: usize) {
        let acknowledge = async |message: Result<Message, _>| {
            message.expect("a message").double_ack().await.expect("an acknowledgement");
        };
        let read = async {
            let messages = consumer.batch().max_messages(count).expires(DEADLINE).messages().await.expect("messages");
            messages.take(count).for_each(acknowledge).await;
        };
        self.runtime.block_on(read);
    }
}

/// A source of the stream `IN`. It has read ten messages; the deliveries of a hundred more are lost, and the connection is cut.
struct Cut {
    server: Server,
    js: Js,
    link: Link,
    running: Running,
    seen: Collected<Input>,
}

impl Cut {
    fn new(config: Config, subject: &str) -> Self {
        let server = server();
        let js = Js::new(&server);
        js.create(config);
        Cut::reading(server, js, subject, "IN".into())
    }

    fn reading(server: Server, js: Js, subject: &str, stream: nats::Stream) -> Self {
        let link = Link::new(server.port());
        let pipeline = Pipeline::named("test");
        let seen = nats::read(&pipeline, link.url(), subject).name("in").jetstream(stream).json::<Input>().collect();
        let running = pipeline.start().expect("a running pipeline");
        let cut = Cut { server, js, link, running, seen };
        cut.js.publish("in.a", 0..10);
        wait_for("ten rows", || cut.stats().rows == 10);
        cut.link.lose();
        cut.js.publish("in.a", 10..110);
        wait_for("the deliveries", || cut.js.consumers("IN")[0].delivered.stream_sequence == 110);
        cut.link.cut();
        wait_for("the server to notice that", || cut.js.consumers("IN")[0].num_waiting == 0);
        cut
    }

    fn stats(&self) -> SourceStats {
        self.running.stats().sources.swap_remove(0)
    }

    /// Purges all messages before a sequence.
    fn purge_before(&self, sequence: u64) {
        self.js.runtime.block_on(async {
            let stream = self.js.context.get_stream("IN").await.expect("a stream");
            stream.purge().sequence(sequence).await.expect("a purge");
        });
    }

    /// Reads on, until `published` messages are read or dropped. Returns how many are dropped, and the values in order.
    fn read_on(self, published: u64) -> (u64, Vec<i64>) {
        self.link.restore();
        let accounted = |stats: SourceStats| stats.rows + stats.dropped;
        wait_for("all messages to be read or dropped", || accounted(self.stats()) >= published);
        let dropped = self.stats().dropped;
        stop(self.running);
        let mut values = values(&self.seen);
        assert_eq!(values.len() as u64 + dropped, published);
        values.sort_unstable();
        (dropped, values)
    }
}

#[test]
fn lost_deliveries_of_messages_that_are_purged_are_counted() {
    for config in [work_queue("IN"), interest("IN")] {
        for subject in ["in.>", "in.a"] {
            let cut = Cut::new(config.clone(), subject);
            cut.purge_before(111);
            assert_eq!(cut.read_on(110), (100, (0..10).collect()));
        }
    }
}

#[test]
fn what_arrives_later_does_not_hide_lost_deliveries() {
    for subject in ["in.>", "in.a"] {
        let cut = Cut::new(work_queue("IN"), subject);
        cut.purge_before(111);
        cut.js.publish("in.a", 110..200);
        assert_eq!(cut.read_on(200), (100, (0..10).chain(110..200).collect()));
    }
}

#[test]
fn lost_deliveries_of_a_killed_server_are_counted() {
    let mut cut = Cut::new(work_queue("IN"), "in.>");
    cut.server.restart().expect("a server");
    cut.js = Js::new(&cut.server);
    cut.purge_before(111);
    assert_eq!(cut.read_on(110), (100, (0..10).collect()));
}

/// A server that is killed forgets its last deliveries, so that its consumer has messages again that were read.
#[test]
fn deliveries_that_a_killed_server_has_forgotten_are_not_counted() {
    let mut server = server();
    Js::new(&server).create(interest("IN"));
    let reading = Reading::start(&server, "in.a", "IN").expect("a running pipeline");
    for restarts in 1..=3 {
        Js::new(&server).publish("in.a", 1000 * (restarts - 1)..1000 * restarts);
        server.restart().expect("a server");
        wait_for("a new connection", || reading.stats().reconnects >= restarts as u64);
    }
    Js::new(&server).publish("in.a", [3000]);
    reading.wait_for(3001);
    assert_eq!((reading.stats().dropped, reading.stop().len()), (0, 3001));
}

#[test]
fn lost_deliveries_that_come_again_are_not_counted() {
    for subject in ["in.>", "in.a"] {
        let cut = Cut::new(work_queue("IN"), subject);
        // 61 to 110 are left.
        cut.purge_before(61);
        cut.js.publish("in.a", 110..200);
        assert_eq!(cut.read_on(200), (50, (0..10).chain(60..200).collect()));
        let cut = Cut::new(work_queue("IN"), subject);
        cut.js.publish("in.a", 110..200);
        assert_eq!(cut.read_on(200), (0, (0..200).collect()));
    }
}

/// Another program reads with the pipeline's own consumer, while the pipeline cannot see that.
#[test]
fn more_than_was_requested_is_not_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let link = Link::new(server.port());
    let pipeline = Pipeline::named("test");
    let read = nats::read(&pipeline, link.url(), "in.>").name("in").max_backlog(40).jetstream("IN");
    let seen = read.json::<Input>().collect();
    let running = pipeline.start().expect("a running pipeline");
    js.publish("in.a", 0..10);
    wait_for("ten messages", || js.messages("IN") == 0 && running.stats().sources[0].rows == 10);
    link.cut();
    wait_for("the server to notice that", || js.consumers("IN")[0].num_waiting == 0);
    js.publish("in.a", 10..110);
    let name = &js.consumers("IN")[0].name;
    let own = js.runtime.block_on(js.context.get_consumer_from_stream(name, "IN")).expect("a consumer");
    js.read_with(&own, 100);
    link.restore();
    js.publish("in.a", 110..200);
    wait_for("the other messages", || running.stats().sources[0].rows == 100);
    // Time must pass here: a source that takes them for lost asks for them twice, a second apart.
    thread::sleep(Duration::from_secs(3));
    assert_eq!(running.stats().sources[0].dropped, 0);
    stop(running);
    assert_eq!(values(&seen), (0..10).chain(110..200).collect::<Vec<_>>());
}

/// A consumer of the user's own can have other readers.
#[test]
fn what_another_program_has_read_is_not_counted() {
    let server = server();
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    let config = pull::Config {
        durable_name: Some("shared".to_owned()),
        filter_subject: "in.>".to_owned(),
        ack_wait: Duration::from_millis(100),
        ..pull::Config::default()
    };
    let consumer = js.create_consumer("IN", config);
    let cut = Cut::reading(server, js, "in.>", nats::stream("IN").durable("shared"));
    cut.js.read_with(&consumer, 100);
    cut.js.publish("in.a", 110..200);
    assert_eq!(cut.read_on(100), (0, (0..10).chain(110..200).collect()));
}
