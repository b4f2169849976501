//! Several streams that are read from their beginnings give their messages in the order in which they were stored, and a bucket
//! gives its first contents before.

use std::ops::Range;

use pathway::prelude::*;
use pathway_testkit::Server;

use super::support::{Js, server, stream, values, work_queue};
use crate::support::random::Random;
use crate::support::{Gate, Input, Link, connect, stop, wait_for};

/// Publishes the numbers of a range to streams, in runs to one of them after the other. Each run is stored before the next one
/// is published.
fn publish_alternately(js: &Js, streams: &[&str], numbers: Range<i64>, seed: u64) -> Vec<(String, Range<i64>)> {
    let mut random = Random::new(seed);
    let mut runs = Vec::new();
    let mut begin = numbers.start;
    while begin < numbers.end {
        let end = numbers.end.min(begin + random.pick(&[1, 1, 2, 3, 20, 150]));
        let name = random.pick(streams);
        js.publish(&format!("{}.a", name.to_lowercase()), begin..end);
        runs.push((name.to_owned(), begin..end));
        begin = end;
    }
    runs
}

fn read(pipeline: &Pipeline, url: &str, name: &str, backlog: usize) -> Table<Input> {
    nats::read(pipeline, url, "").name(name).max_backlog(backlog).jetstream(name).json::<Input>()
}

/// The rows of several streams in the order of their arrival, with this number of workers.
fn replay(server: &Server, streams: &[&str], rows: u64, workers: usize, backlog: usize) -> Vec<i64> {
    let pipeline = Pipeline::named("test");
    let tables = streams.iter().map(|name| read(&pipeline, &server.url(), name, backlog));
    let seen = tables.reduce(|all, table| all.concat(&table)).expect("a stream").collect();
    let running = pipeline.start_with(workers).expect("a running pipeline");
    wait_for("all rows", || running.stats().sources.iter().map(|source| source.rows).sum::<u64>() == rows);
    stop(running);
    values(&seen)
}

#[test]
fn backlogs_are_read_in_the_order_in_which_they_were_stored() {
    const MESSAGES: i64 = 3000;
    let server = server();
    let js = Js::new(&server);
    let streams = ["A", "B", "C"];
    streams.iter().for_each(|name| js.create(stream(name)));
    publish_alternately(&js, &streams, 0..MESSAGES, 1);
    let expected: Vec<i64> = (0..MESSAGES).collect();
    for (workers, backlog) in [(1, 8), (1, 65_536), (2, 8), (2, 65_536), (4, 100)] {
        let rows = replay(&server, &streams, MESSAGES as u64, workers, backlog);
        assert!(rows == expected, "{workers} workers, a backlog of {backlog}: {rows:?}");
    }
    // Of two of them, too, whichever was declared first.
    let two: Vec<i64> = replay(&server, &["A", "C"], js.messages("A") + js.messages("C"), 1, 65_536);
    assert!(two.is_sorted() && two == replay(&server, &["C", "A"], two.len() as u64, 2, 8), "{two:?}");
}

/// The work queue also delivers in turns with the stream that keeps its messages.
#[test]
fn the_backlog_of_a_work_queue_is_merged_with_that_of_a_stream() {
    const MESSAGES: i64 = 2000;
    let server = server();
    let js = Js::new(&server);
    js.create(stream("A"));
    js.create(work_queue("Q"));
    publish_alternately(&js, &["A", "Q"], 0..MESSAGES, 2);
    let rows = replay(&server, &["A", "Q"], MESSAGES as u64, 1, 64);
    assert!(rows == (0..MESSAGES).collect::<Vec<_>>(), "{rows:?}");
    assert_eq!(js.messages("Q"), 0);
}

/// What arrives while the pipeline reads a backlog comes behind it, and later messages come as they arrive, although one of the
/// streams ended long ago.
#[test]
fn live_messages_follow_the_backlog() {
    const OLD: i64 = 5000;
    let server = server();
    let js = Js::new(&server);
    ["A", "B"].iter().for_each(|name| js.create(stream(name)));
    js.publish("a.a", 0..10);
    js.publish("b.a", 10..OLD);
    let pipeline = Pipeline::named("test");
    let gate = Gate::default();
    let closed = gate.close();
    let at_gate = gate.clone();
    let [a, b] = ["A", "B"].map(|name| read(&pipeline, &server.url(), name, 1000));
    let seen = a.concat(&b).filter(move |_| at_gate.pass()).collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("the first messages", || running.stats().sources.iter().all(|source| source.received >= 10));
    js.publish("a.a", OLD..OLD + 1);
    wait_for("the new message", || running.stats().sources[0].received == 11);
    drop(closed);
    wait_for("all rows", || values(&seen).len() as i64 == OLD + 1);
    // One of the two has no more messages.
    for n in OLD + 1..OLD + 20 {
        js.publish("b.a", n..n + 1);
        wait_for("the next row", || values(&seen).last() == Some(&n));
    }
    stop(running);
    assert_eq!(values(&seen), (0..OLD + 20).collect::<Vec<_>>());
}

/// The connection of one stream is cut while its backlog is read.
#[test]
fn a_stream_that_cannot_be_reached_holds_up_no_other() {
    const MESSAGES: i64 = 2000;
    let server = server();
    let js = Js::new(&server);
    ["A", "B"].iter().for_each(|name| js.create(stream(name)));
    publish_alternately(&js, &["A", "B"], 0..MESSAGES, 3);
    let (in_a, in_b) = (js.messages("A"), js.messages("B"));
    let link = Link::new(server.port());
    let pipeline = Pipeline::named("test");
    let gate = Gate::default();
    let closed = gate.close();
    let at_gate = gate.clone();
    let (a, b) = (read(&pipeline, &link.url(), "A", 100), read(&pipeline, &server.url(), "B", 100));
    let seen = a.concat(&b).filter(move |_| at_gate.pass()).collect();
    let running = pipeline.start().expect("a running pipeline");
    wait_for("the first messages", || running.stats().sources[0].received >= 25);
    link.cut();
    drop(closed);
    wait_for("the rows of the other stream", || running.stats().sources[1].rows == in_b);
    let stats = running.stats().sources[0].clone();
    assert!(stats.reconnects == 0 && stats.rows < in_a, "{stats:?}");
    link.restore();
    wait_for("the rest", || running.stats().sources[0].rows == in_a);
    stop(running);
    let mut rows = values(&seen);
    rows.sort_unstable();
    assert_eq!(rows, (0..MESSAGES).collect::<Vec<_>>());
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Request {
    user: String,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Limit {
    #[schema(subject)]
    user: String,
    most: i64,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Answer {
    user: String,
    most: i64,
}

/// The answers to requests, each with the limit of the bucket at its arrival.
fn answers(requests: &Table<Request>, limits: &Table<Limit>) -> Table<Answer> {
    let joined = requests.join(limits).on(|r| r.user.clone(), |l| l.user.clone()).asof_now();
    joined.inner(|request, limit| Answer { user: request.user.clone(), most: limit.most })
}

/// The bucket is declared last, and takes many requests to be read.
#[test]
fn the_first_contents_of_a_bucket_come_before_all_messages() {
    const USERS: i64 = 5000;
    let server = server();
    let js = Js::new(&server);
    js.create_with(&serde_json::json!({
        "name": "KV_limits", "subjects": ["$KV.limits.>"], "max_msgs_per_subject": 1, "allow_rollup_hdrs": true,
        "deny_delete": true, "allow_direct": true, "retention": "limits", "storage": "file", "discard": "new"}));
    js.publish_all((0..USERS).map(|n| (format!("$KV.limits.u{n}"), format!(r#"{{"most":{n}}}"#))));
    js.create(stream("REQUESTS"));
    let request = |n: i64| format!(r#"{{"user":"u{n}"}}"#);
    js.publish_all((0..10).map(|n| ("requests.a".to_owned(), request(USERS - 1 - n))));
    let pipeline = Pipeline::named("test");
    let stored = nats::read(&pipeline, server.url(), "").jetstream("REQUESTS").json::<Request>();
    let live = nats::read(&pipeline, server.url(), "live").json::<Request>();
    let limits = nats::read(&pipeline, server.url(), "limits").max_backlog(16).kv().json::<Limit>();
    let seen = [&stored, &live].map(|requests| answers(requests, &limits).collect());
    let running = pipeline.start().expect("a running pipeline");
    let (runtime, client) = connect(&server.url(), async_nats::ConnectOptions::new());
    runtime.block_on(async {
        client.publish("live", request(USERS - 1).into()).await.expect("a publication");
        client.flush().await.expect("a flush");
    });
    wait_for("the requests", || running.stats().sources[..2].iter().map(|source| source.rows).sum::<u64>() == 11);
    stop(running);
    let most = |n: usize| seen[n].changes().iter().map(|(_, answer, _)| answer.most).collect::<Vec<_>>();
    let mut stored = most(0);
    stored.sort_unstable();
    assert_eq!((stored, most(1)), ((USERS - 10..USERS).collect(), vec![USERS - 1]));
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Event {
    at: i64,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Count {
    start: i64,
    n: i64,
    sum: i64,
}

/// Times advance, and some are behind, so that rows are late or not by the order of their arrival.
fn time(n: i64, random: &mut Random) -> String {
    format!(r#"{{"at":{}}}"#, n + random.pick(&[0, 0, 0, -5, -30, -70, 8]))
}

/// The windows of the events of two streams, and how many rows were too late for them.
struct Windows {
    running: pathway::Running,
    seen: pathway::testing::Collected<Count>,
}

impl Windows {
    fn start(server: &Server, workers: usize) -> Self {
        let pipeline = Pipeline::named("test");
        let [a, b] = ["A", "B"].map(|name| nats::read(&pipeline, server.url(), "").jetstream(name).json::<Event>());
        let events = a.concat(&b);
        let counts = reduce!(e in events window tumbling(e.at, 20).allowed_lateness(10).emit_on_close() as w => Count {
            start: w.start,
            n: count(),
            sum: sum(e.at),
        });
        let seen = counts.collect();
        Windows { running: pipeline.start_with(workers).expect("a running pipeline"), seen }
    }

    fn wait_for(&self, rows: u64) {
        let stats = || self.running.stats();
        wait_for("the rows", || stats().sources.iter().map(|source| source.rows).sum::<u64>() == rows);
    }

    fn end(self) -> (Vec<Count>, u64) {
        self.running.stop();
        wait_for("the end", || self.running.is_finished());
        let stats = self.running.stats();
        stop(self.running);
        let late = stats.operators.iter().map(|operator| operator.late).sum();
        (self.seen.changes().into_iter().map(|(_, count, _)| count).collect(), late)
    }
}

#[test]
fn windows_of_two_streams_are_the_same_live_and_replayed() {
    const EVENTS: i64 = 600;
    let server = server();
    let js = Js::new(&server);
    ["A", "B"].iter().for_each(|name| js.create(stream(name)));
    let live = Windows::start(&server, 1);
    let mut random = Random::new(5);
    for n in 0..EVENTS {
        let subject = random.pick(&["a.a", "b.a"]).to_owned();
        js.publish_all([(subject, time(n, &mut random))]);
        live.wait_for(n as u64 + 1);
    }
    let expected = live.end();
    assert!(expected.0.len() > 20 && expected.1 > 10, "{expected:?}");
    for workers in [1, 2, 4] {
        let replayed = Windows::start(&server, workers);
        replayed.wait_for(EVENTS as u64);
        assert_eq!(replayed.end(), expected, "{workers} workers");
    }
}
