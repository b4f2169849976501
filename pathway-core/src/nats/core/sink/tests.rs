//! Publishing to a real server.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::thread::JoinHandle;

use pathway_testkit::wait_for;

use super::*;
use crate::connector::sink::{EncodedBatch, SinkLink, start_sink};
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::support::{Observer, server, server_with_authorization};

struct Running {
    link: SinkLink,
    thread: JoinHandle<()>,
    time: u64,
}

fn publisher(url: &str) -> CoreSink {
    CoreSink::new(NatsUri::parse(url).expect("a URI"))
}

fn start(publisher: CoreSink) -> Result<Running> {
    let link = SinkLink::new("test".into(), Default::default());
    let thread = start_sink(publisher, link.clone())?;
    Ok(Running { link, thread, time: 1_000 })
}

fn encoded_batch(subject: &str, time: u64, messages: impl Iterator<Item = (String, i64)>) -> EncodedBatch {
    let mut batch = EncodedBatch::new(0, time, subject.into());
    for (payload, diff) in messages {
        batch.payloads.extend_from_slice(payload.as_bytes());
        batch.push(diff > 0, None);
    }
    batch
}

impl Running {
    fn push(&mut self, subject: &str, messages: impl Iterator<Item = (String, i64)>) {
        self.time += 2;
        let batch = encoded_batch(subject, self.time, messages);
        self.link.counters.queued.add(batch.messages.len() as u64);
        self.link.outbox.push(batch);
    }

    fn push_numbers(&mut self, numbers: impl Iterator<Item = u64>) {
        self.push("out", numbers.map(|n| (n.to_string(), 1)));
    }

    fn wait_until_confirmed(&self) {
        wait_for("all confirmations", || self.link.outbox.unconfirmed() == 0);
    }

    /// Ends the outbox; returns why the pipeline failed, if it did.
    fn finish(self) -> Option<Error> {
        self.link.outbox.finish();
        self.thread.join().expect("no panic");
        self.link.control.take_error()
    }
}

/// Subject, headers and payload of what an observer has received, without flush barriers.
fn lines(observer: &mut Observer) -> Vec<String> {
    let received = observer.received().iter().filter(|(subject, ..)| !subject.starts_with("_INBOX."));
    received
        .map(|(subject, headers, payload)| {
            let header = |name| headers.as_ref().and_then(|headers| headers.get(name)).map(ToString::to_string);
            let [time, diff] = ["pathway_time", "pathway_diff"].map(|name| header(name).unwrap_or_default());
            format!("{subject} {time} {diff} {}", String::from_utf8_lossy(payload))
        })
        .collect()
}

/// Each number arrives at least once, and for the first time in order.
fn assert_complete(numbers: &[u64], count: u64) {
    let mut next = 0;
    for &number in numbers {
        assert!(number <= next, "{number} came before {next}");
        next = next.max(number + 1);
    }
    assert_eq!(next, count);
}

#[test]
fn messages_arrive_in_order_with_their_headers() {
    let server = server();
    let mut observer = Observer::new(&server.url(), ">");
    let mut running = start(publisher(&server.url())).expect("a sink");
    running.push("a", [("one".to_owned(), -1), ("two".to_owned(), 1), (String::new(), 1)].into_iter());
    running.push("b.c", [("three".to_owned(), 1), ("four".to_owned(), 1)].into_iter());
    running.push("a", std::iter::empty());
    let counters = running.link.counters.clone();
    assert!(running.finish().is_none());
    let expected = ["a 1002 -1 one", "a 1002 1 two", "a 1002 1 ", "b.c 1004 1 three", "b.c 1004 1 four"];
    wait_for("five messages", || lines(&mut observer).len() >= 5);
    assert_eq!(lines(&mut observer), expected);
    assert_eq!(counters.published.get(), 5);
}

/// Checks the bytes that a subscriber receives.
#[test]
fn headers_have_a_fixed_order_on_the_wire() {
    let server = server();
    let mut stream = TcpStream::connect(server.host_port()).expect("a connection");
    stream.write_all(b"CONNECT {\"headers\":true,\"verbose\":false}\r\nSUB out 1\r\nPING\r\n").expect("a write");
    let mut wire = Vec::new();
    let mut read_until = |end: &str| {
        while !String::from_utf8_lossy(&wire).contains(end) {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).expect("a read");
            wire.extend_from_slice(&bytes[..read]);
        }
        String::from_utf8_lossy(&wire).into_owned()
    };
    read_until("PONG");
    for n in 0..8 {
        let mut running = start(publisher(&server.url())).expect("a sink");
        running.push("out", [(format!("<{n}>"), -1)].into_iter());
        assert!(running.finish().is_none());
        let wire = read_until(&format!("<{n}>"));
        let message = format!("NATS/1.0\r\npathway_time: 1002\r\npathway_diff: -1\r\n\r\n<{n}>");
        assert!(wire.ends_with(&format!("{message}\r\n")) || wire.ends_with(&message), "{wire}");
    }
}

#[test]
fn rejected_messages_are_counted_and_the_others_are_published() {
    let server =
        pathway_testkit::Server::builder().jetstream(false).config("max_payload: 1000").start().expect("a server");
    let mut observer = Observer::new(&server.url(), "out");
    let mut running = start(publisher(&server.url())).expect("a sink");
    running.push("out", [("0", 1), ("x", 1000), ("1", 1)].into_iter().map(|(text, times)| (text.repeat(times), 1)));
    running.push("not a subject", [("x".to_owned(), 1), ("x".to_owned(), -1)].into_iter());
    running.push("out.*", [("x".to_owned(), 1)].into_iter());
    running.push_numbers(2..4);
    let counters = running.link.counters.clone();
    assert!(running.finish().is_none());
    wait_for("four messages", || observer.received().len() >= 4);
    assert_eq!(observer.numbers(), [0, 1, 2, 3]);
    assert_eq!((counters.published.get(), counters.rejected.get(), counters.queued.get()), (4, 4, 8));
}

/// The server is killed again and again while a sequence is published.
#[test]
fn nothing_is_lost_when_the_server_restarts() {
    const BATCHES: u64 = 400;
    const MESSAGES: u64 = 50;
    let mut server = server();
    let mut observer = Observer::new(&server.url(), "out");
    let mut running = start(publisher(&server.url())).expect("a sink");
    for batch in 0..BATCHES {
        running.push_numbers(batch * MESSAGES..(batch + 1) * MESSAGES);
        if batch % 100 == 50 {
            // The observer must subscribe first: core NATS stores nothing.
            let connects = observer.connects();
            server.stop();
            running.push_numbers(std::iter::empty());
            server.restart().expect("a server");
            wait_for("the observer", || observer.connects() > connects);
        }
    }
    running.wait_until_confirmed();
    let counters = running.link.counters.clone();
    assert!(running.finish().is_none());
    assert_eq!(counters.published.get(), BATCHES * MESSAGES);
    assert!(counters.reconnects.get() > 0);
    wait_for("the last number", || observer.last() == Some(BATCHES * MESSAGES - 1));
}

/// The connection breaks while many messages are in transit: those queued behind it must not arrive before those lost with it.
#[test]
fn order_is_kept_when_the_connection_breaks() {
    const COUNT: u64 = 80_000;
    let server = server();
    let mut observer = Observer::new(&server.url(), "out");
    // The proxy closes the connection while the server keeps running: the observer sees all messages.
    let proxy = Proxy::new(server.port());
    let mut running = start(publisher(&proxy.url())).expect("a sink");
    for begin in (0..COUNT).step_by(200) {
        running.push_numbers(begin..begin + 200);
        if begin % 20_000 == 10_000 {
            let received = observer.received().len();
            wait_for("progress", || observer.received().len() > received);
            proxy.close_connections();
        }
    }
    let counters = running.link.counters.clone();
    let failure = running.finish();
    assert!(failure.is_none(), "{failure:?}");
    wait_for("the last number", || observer.last() == Some(COUNT - 1));
    assert_complete(&observer.numbers(), COUNT);
    assert_eq!(counters.published.get(), COUNT);
    assert!(counters.reconnects.get() > 0 && counters.republished.get() > 0, "{counters:?}");
    let twice = observer.numbers().len() as u64 - COUNT;
    assert!(twice <= counters.republished.get(), "{twice} twice: {counters:?}");
}

#[test]
fn batches_wait_while_the_server_is_away() {
    let mut server = server();
    let mut running = start(publisher(&server.url())).expect("a sink");
    running.push_numbers(0..10);
    running.wait_until_confirmed();
    server.stop();
    running.push_numbers(10..20);
    running.push_numbers(20..30);
    server.restart().expect("a server");
    let counters = running.link.counters.clone();
    // Even if the outbox is finished before the connection is back.
    assert!(running.finish().is_none());
    assert_eq!(counters.published.get(), 30);
}

#[test]
fn a_server_that_does_not_come_back_is_an_error() {
    let mut server = server();
    let publisher = publisher(&server.url()).drain_timeout(Duration::from_millis(300));
    let mut running = start(publisher).expect("a sink");
    running.push_numbers(0..10);
    running.wait_until_confirmed();
    server.stop();
    running.push_numbers(10..20);
    running.push_numbers(20..25);
    let error = running.finish().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Network);
    assert!(error.to_string().contains("15 messages could not be published"), "{error}");
}

/// A paused server keeps its connections and answers nothing.
#[test]
fn a_server_that_answers_nothing_is_an_error() {
    let server = server();
    let publisher = publisher(&server.url()).drain_timeout(Duration::from_millis(300));
    let mut running = start(publisher).expect("a sink");
    server.pause().expect("a pause");
    running.push_numbers(0..10);
    let error = running.finish().expect("an error");
    assert!(error.to_string().contains("10 messages could not be published"), "{error}");
}

#[test]
fn a_missing_server_is_no_error_if_nothing_is_pending() {
    let mut server = server();
    let running = start(publisher(&server.url())).expect("a sink");
    server.stop();
    assert!(running.finish().is_none());
}

#[test]
fn a_subject_that_is_denied_fails_the_pipeline() {
    let server =
        server_with_authorization("users: [{user: u, password: p, permissions: {publish: [\"_INBOX.>\", \"ok\"]}}]");
    for _ in 0..20 {
        let mut running = start(publisher(&format!("nats://u:p@{}", server.host_port()))).expect("a sink");
        running.push_numbers(0..1);
        let error = running.finish().expect("an error");
        assert_eq!(error.kind(), ErrorKind::Authorization);
        assert!(error.to_string().contains("publish on `out`") && error.to_string().contains("user `u`"), "{error}");
    }
}

#[test]
fn without_an_inbox_it_still_publishes() {
    for permissions in ["subscribe: [\"out\"]", "publish: [\"out\"]", "subscribe: [\"out\"], publish: [\"out\"]"] {
        let server =
            server_with_authorization(&format!("users: [{{user: u, password: p, permissions: {{{permissions}}}}}]"));
        for options in [Options::new(), Options::new().inbox_prefix("svc.inbox")] {
            let uri = format!("nats://u:p@{}", server.host_port());
            let mut running = start(publisher(&uri).options(options)).expect("a sink");
            for n in 0..100 {
                running.push_numbers(n..n + 1);
            }
            running.wait_until_confirmed();
            running.push_numbers(100..200);
            let counters = running.link.counters.clone();
            let failure = running.finish();
            assert!(failure.is_none(), "{permissions}: {failure:?}");
            assert_eq!(counters.published.get(), 200);
        }
    }
}

#[test]
fn an_absent_server_is_an_error_in_time() {
    let options = Options::new().connect_deadline(Duration::from_millis(200));
    let error = start(publisher("nats://127.0.0.1:1").options(options)).err().expect("an error");
    assert_eq!(error.kind(), ErrorKind::Connect);
}

/// A proxy in front of the server, which can close all connections.
struct Proxy {
    port: u16,
    streams: Arc<std::sync::Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    fn new(server: u16) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let streams: Arc<std::sync::Mutex<Vec<TcpStream>>> = Arc::default();
        let opened = streams.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", server)).expect("the server");
                // Otherwise small writes wait for delayed TCP acknowledgements.
                client.set_nodelay(true).expect("a setting");
                server.set_nodelay(true).expect("a setting");
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (mut from, mut to) = (from.try_clone().expect("a clone"), to.try_clone().expect("a clone"));
                    std::thread::spawn(move || {
                        let _ = std::io::copy(&mut from, &mut to);
                        let _ = to.shutdown(std::net::Shutdown::Both);
                    });
                }
                opened.lock().expect("no panic").push(client);
            }
        });
        Proxy { port, streams }
    }

    fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    fn close_connections(&self) {
        for stream in self.streams.lock().expect("no panic").drain(..) {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}
