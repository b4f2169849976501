//! Subscriptions on a real server.

mod group;
mod slow;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pathway_testkit::wait_for;

use super::*;
use crate::connector::source::{Bound, start_source};
use crate::data::{ErrorKind, Metadata};
use crate::nats::client::support::{server, server_with_authorization, with_client};
use crate::telemetry::SourceCounters;

/// A subscription and a worker that takes its messages, except while it is paused.
struct Running {
    link: SourceLink,
    thread: JoinHandle<()>,
    worker: JoinHandle<Vec<(String, Vec<u8>)>>,
    taken: Arc<AtomicU64>,
    is_paused: Arc<AtomicBool>,
}

fn subscription(url: &str, subject: &str) -> Subscription {
    Subscription::new(NatsUri::parse(url).expect("a URI"), subject).expect("a subject")
}

fn start(subscription: Subscription) -> Result<Running> {
    start_paused(subscription, false)
}

fn start_paused(subscription: Subscription, is_paused: bool) -> Result<Running> {
    start_bounded(subscription, is_paused, Bound::default())
}

fn start_bounded(subscription: Subscription, is_paused: bool, bound: Bound) -> Result<Running> {
    let link = SourceLink::new("test".into(), Metadata::NONE, bound, Default::default());
    let (control, queue) = (link.control.clone(), link.queue.clone());
    let thread = start_source(subscription, link.clone())?;
    let (taken, is_paused) = (Arc::<AtomicU64>::default(), Arc::new(AtomicBool::new(is_paused)));
    let worker = thread::spawn({
        let (taken, is_paused) = (taken.clone(), is_paused.clone());
        move || {
            control.adopt_worker(true);
            let mut messages = Vec::new();
            while !queue.is_finished() {
                if is_paused.load(Ordering::Relaxed) {
                    thread::park_timeout(Duration::from_millis(1));
                    continue;
                }
                let Some(batch) = queue.take() else {
                    thread::park_timeout(Duration::from_millis(100));
                    continue;
                };
                assert!(!batch.is_empty());
                messages.extend(batch.iter().map(|m| (m.subject.to_owned(), m.payload.to_owned())));
                taken.fetch_add(batch.len() as u64, Ordering::Relaxed);
                queue.recycle(batch);
            }
            messages
        }
    });
    Ok(Running { link, thread, worker, taken, is_paused })
}

impl Running {
    fn counters(&self) -> &SourceCounters {
        &self.link.counters
    }

    fn wait_for(&self, messages: u64) {
        wait_for(&format!("{messages} messages"), || self.taken.load(Ordering::Relaxed) >= messages);
    }

    fn stop(self) -> Vec<(String, Vec<u8>)> {
        self.link.control.stop();
        self.thread.join().expect("no panic");
        self.is_paused.store(false, Ordering::Relaxed);
        let messages = self.worker.join().expect("no panic");
        assert_eq!(self.link.counters.received.get(), messages.len() as u64);
        assert_eq!(
            self.link.counters.bytes.get(),
            messages.iter().map(|(_, payload)| payload.len() as u64).sum::<u64>()
        );
        messages
    }
}

fn publish(url: &str, subject: &str, payloads: impl Iterator<Item = String>) {
    with_client(url, async |client| {
        for payload in payloads {
            client.publish(subject.to_owned(), payload.into()).await.expect("a publication");
        }
    });
}

fn numbers(messages: Vec<(String, Vec<u8>)>) -> Vec<u64> {
    messages.iter().map(|(_, payload)| String::from_utf8_lossy(payload).parse().expect("a number")).collect()
}

#[test]
fn messages_published_after_the_start_arrive_in_order() {
    let server = server();
    for _ in 0..5 {
        let running = start(subscription(&server.url(), "in")).expect("a source");
        publish(&server.url(), "in", (0..1000).map(|n| n.to_string()));
        // Stopped immediately: messages that the server has received still arrive.
        assert_eq!(numbers(running.stop()), (0..1000).collect::<Vec<_>>());
    }
}

#[test]
fn wildcards_match_and_any_payload_arrives() {
    let server = server();
    let running = start(subscription(&server.url(), "a.*.c.>")).expect("a source");
    let large = "x".repeat(1 << 20);
    for (subject, payload) in [("a.b.c.d", ""), ("a.b.c", "no"), ("a.ü.c.d.e", &large), ("a.b.c.d", "\r\nMSG")] {
        publish(&server.url(), subject, std::iter::once(payload.to_owned()));
    }
    let expected = [("a.b.c.d", ""), ("a.ü.c.d.e", large.as_str()), ("a.b.c.d", "\r\nMSG")];
    let expected = expected.map(|(subject, payload)| (subject.to_owned(), payload.as_bytes().to_owned()));
    assert!(running.stop() == expected);
}

#[test]
fn two_subscriptions_get_all_messages_each() {
    let server = server();
    let one = start(subscription(&server.url(), "in")).expect("a source");
    let two = start(subscription(&server.url(), "in")).expect("a source");
    publish(&server.url(), "in", (0..100).map(|n| n.to_string()));
    assert_eq!(numbers(one.stop()).len(), 100);
    assert_eq!(numbers(two.stop()).len(), 100);
}

#[test]
fn an_invalid_subject_is_an_error_without_a_connection() {
    let uri = NatsUri::parse("nats://127.0.0.1:1").expect("a URI");
    let error = Subscription::new(uri, "a..b").expect_err("an invalid subject");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("`a..b`"), "{error}");
}

#[test]
fn a_denied_subject_is_an_error() {
    let server =
        server_with_authorization("users: [{user: u, password: p, permissions: {subscribe: [\"_INBOX.>\", \"ok\"]}}]");
    let url = format!("nats://u:p@{}", server.host_port());
    let error = start(subscription(&url, "in")).err().expect("no permission");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    assert!(error.to_string().contains("`in`") && error.to_string().contains("user `u`"), "{error}");
}

#[test]
fn a_denied_inbox_confirms_the_subscription() {
    for permissions in ["subscribe: [\"in\"]", "publish: [\"other\"]", "subscribe: [\"in\"], publish: [\"other\"]"] {
        let users = format!("{{user: u, password: p, permissions: {{{permissions}}}}}, {{user: w, password: p}}");
        let server = server_with_authorization(&format!("users: [{users}]"));
        let begin = std::time::Instant::now();
        let running = start(subscription(&format!("nats://u:p@{}", server.host_port()), "in")).expect("a source");
        assert!(begin.elapsed() < Duration::from_millis(1500), "{permissions}: {:?}", begin.elapsed());
        let url = server.host_port();
        let runtime = crate::nats::client::runtime().expect("a runtime");
        runtime.block_on(async {
            let options = async_nats::ConnectOptions::with_user_and_password("w".into(), "p".into());
            let client = options.connect(url).await.expect("a client");
            client.publish("in", "1".into()).await.expect("a publication");
            client.flush().await.expect("a flush");
        });
        running.wait_for(1);
        assert_eq!(running.stop().len(), 1);
    }
}

#[test]
fn reading_continues_after_a_restart_of_the_server() {
    let mut server = server();
    let running = start(subscription(&server.url(), "in")).expect("a source");
    publish(&server.url(), "in", (0..10).map(|n| n.to_string()));
    running.wait_for(10);
    for again in 1..=2 {
        server.restart().expect("a server");
        wait_for("a new connection", || running.counters().reconnects.get() == again);
        publish(&server.url(), "in", (10 * again..10 * again + 10).map(|n| n.to_string()));
        running.wait_for(10 * again + 10);
    }
    let counters = running.link.counters.clone();
    assert_eq!(numbers(running.stop()), (0..30).collect::<Vec<_>>());
    assert_eq!(counters.dropped.get(), 0);
}

#[test]
fn a_stop_while_the_server_is_away() {
    let mut server = server();
    let running = start(subscription(&server.url(), "in")).expect("a source");
    server.stop();
    assert!(running.stop().is_empty());
}

#[test]
fn a_stop_while_the_start_waits_for_the_server() {
    let link = SourceLink::new("test".into(), Metadata::NONE, Bound::default(), Default::default());
    let (control, queue) = (link.control.clone(), link.queue.clone());
    let starting = thread::spawn(move || start_source(subscription("nats://127.0.0.1:1", "in"), link));
    control.stop();
    let thread = starting.join().expect("no panic").expect("a stop is not an error");
    thread.join().expect("no panic");
    assert!(queue.is_finished());
}

/// The password changes while the pipeline runs. The pipeline must not continue without its source.
#[test]
fn credentials_that_are_refused_later_fail_the_pipeline() {
    let old = server_with_authorization("user: u, password: p");
    let running = start(subscription(&format!("nats://u:p@{}", old.host_port()), "in")).expect("a source");
    let port = old.port();
    drop(old);
    let config = "authorization { user: u, password: other }";
    let _new = pathway_testkit::Server::builder().jetstream(false).port(port).config(config).start().expect("a server");
    wait_for("the failure", || running.link.control.is_stopping());
    let error = running.link.control.take_error().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Authorization);
    assert!(running.stop().is_empty());
}

/// The worker takes nothing for a while. Backpressure reaches the server, and nothing is lost.
#[test]
fn a_flood_with_a_slow_worker_loses_nothing() {
    const MESSAGES: u64 = 1_000_000;
    let server = server();
    let running = start_paused(subscription(&server.url(), "in"), true).expect("a source");
    let publisher = thread::spawn({
        let url = server.url();
        move || publish(&url, "in", (0..MESSAGES).map(|n| n.to_string()))
    });
    wait_for("a full queue", || running.link.queue.backlog() + 2048 > Bound::default().messages);
    assert!(running.link.queue.backlog() <= Bound::default().messages);
    running.is_paused.store(false, Ordering::Relaxed);
    publisher.join().expect("no panic");
    running.wait_for(MESSAGES);
    assert_eq!(running.counters().dropped.get(), 0);
    let numbers = numbers(running.stop());
    assert!(numbers.iter().copied().eq(0..MESSAGES));
}

/// A subscription with too little capacity, like async-nats' default under a greater flood.
#[test]
fn drops_are_counted_exactly() {
    const MESSAGES: u64 = 200_000;
    let server = server();
    let mut subscription = subscription(&server.url(), "in");
    subscription.capacity = 16;
    let running = start(subscription).expect("a source");
    publish(&server.url(), "in", (0..MESSAGES).map(|n| n.to_string()));
    wait_for("every message to be accounted for", || {
        running.counters().received.get() + running.counters().dropped.get() >= MESSAGES
    });
    let counters = running.link.counters.clone();
    let received = running.stop().len() as u64;
    assert!(counters.dropped.get() > 0, "nothing was dropped");
    assert_eq!(received + counters.dropped.get(), MESSAGES);
}
