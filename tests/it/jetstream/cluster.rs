//! A pipeline reads and writes streams of a cluster while leaders change and the three servers restart in turn.

use std::net::TcpListener;
use std::time::Instant;

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Config;
use pathway::Running;
use pathway::prelude::*;
use pathway::testing::Store;
use pathway_testkit::Server;
use serde_json::json;

use super::support::{Js, atomic, stream, work_queue};
use crate::support::{DEADLINE, Input, join, stop, value, wait_for};

struct Cluster {
    servers: Vec<Server>,
}

impl Cluster {
    /// Starts three servers. Each must know the ports of the others before any of them runs, so another process can take
    /// a port in between: then all three are started again with other ports.
    fn start() -> Self {
        let attempts = (0..5).map(|_| {
            let listeners: Vec<_> = (0..3).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port")).collect();
            let port = |listener: &TcpListener| listener.local_addr().expect("an address").port();
            let ports: Vec<u16> = listeners.iter().map(port).collect();
            drop(listeners);
            (0..3).map(|n| Self::server(n, &ports)).collect::<Result<Vec<_>, _>>()
        });
        let mut errors = Vec::new();
        for attempt in attempts {
            match attempt {
                Ok(servers) => return Cluster { servers },
                Err(error) => errors.push(error),
            }
        }
        panic!("no cluster: {errors:?}");
    }

    fn server(n: usize, ports: &[u16]) -> Result<Server, pathway_testkit::Error> {
        let routes: Vec<_> = ports.iter().map(|port| format!("\"nats://127.0.0.1:{port}\"")).collect();
        let (port, routes) = (ports[n], routes.join(", "));
        let config = format!(
            "server_name: s{n}\n\
             cluster {{ name: test, listen: \"127.0.0.1:{port}\", routes: [{routes}] }}"
        );
        Server::builder().config(&config).start()
    }

    /// The addresses of all servers, beginning with one of them.
    fn uri(&self, first: usize) -> String {
        let hosts = (0..3).map(|n| self.servers[(first + n) % 3].host_port());
        format!("nats://{}", hosts.collect::<Vec<_>>().join(","))
    }

    /// A client of one server. Returns when the cluster has a leader for its streams.
    fn js(&self, server: usize) -> Js {
        let js = Js::new(&self.servers[server]);
        retry(|| js.runtime.block_on(js.context.query_account()).map(drop));
        js
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.servers.iter().for_each(|server| eprintln!("{}", server.log()));
        }
    }
}

/// Creates the streams `IN` and `OUT`, and starts a pipeline that copies from one to the other.
fn copy(cluster: &Cluster, js: &Js, from: Config) -> Running {
    js.create_replicated(from);
    js.create_replicated(stream("OUT"));
    let pipeline = Pipeline::named("copy");
    let uri = cluster.uri(0);
    let rows = nats::read(&pipeline, &uri, "in.>").name("in").jetstream("IN").json::<Input>();
    nats::write(&rows, &uri, "out.a").jetstream("OUT").json();
    pipeline.start().expect("a running pipeline")
}

/// Repeats an attempt until it succeeds: a cluster that elects a leader answers nothing, or with an error.
fn retry<E: std::fmt::Debug>(mut attempt: impl FnMut() -> Result<(), E>) {
    let start = Instant::now();
    wait_for("the cluster to answer", || match attempt() {
        Ok(()) => true,
        Err(error) => {
            assert!(start.elapsed() < DEADLINE, "{error:?}");
            false
        }
    });
}

impl Js {
    fn create_replicated(&self, config: Config) {
        let config = Config { num_replicas: 3, ..config };
        retry(|| self.runtime.block_on(self.context.get_or_create_stream(config.clone())).map(drop));
    }

    /// Makes another server the leader of a stream or a consumer.
    fn step_down(&self, what: &str) {
        retry(|| {
            let subject = format!("$JS.API.{what}");
            let asking = self.client.request(subject, "".into());
            let answer = self.runtime.block_on(asking).map_err(|error| error.to_string())?;
            let answer: serde_json::Value = serde_json::from_slice(&answer.payload).expect("JSON");
            if answer["success"] == true { Ok(()) } else { Err(answer.to_string()) }
        });
    }

    /// Publishes a value until the stream has stored it. All attempts have the same id, so it is stored once.
    fn publish_until_stored(&self, subject: &'static str, n: i64) {
        let publish = async || {
            let message = PublishMessage::build().payload(value(n).into()).message_id(format!("n{n}"));
            self.context.send_publish(subject, message).await?.await.map(drop)
        };
        retry(|| self.runtime.block_on(publish()));
    }

    /// How many messages a stream holds, or `None` while it has no leader.
    fn messages_if_known(&self, stream: &str) -> Option<u64> {
        let info =
            async { self.context.get_stream(stream).await.ok().map(|stream| stream.cached_info().state.messages) };
        self.runtime.block_on(info)
    }
}

#[test]
fn each_message_of_a_work_queue_is_stored_once_while_servers_fail() {
    const MESSAGES: i64 = 12_300;
    let mut cluster = Cluster::start();
    let js = cluster.js(2);
    let running = copy(&cluster, &js, work_queue("IN"));
    let published = || running.stats().sinks[0].published;

    let steps = ["STREAM.LEADER.STEPDOWN.OUT", "CONSUMER.LEADER.STEPDOWN.IN.copy-in", "STREAM.LEADER.STEPDOWN.IN"];
    let mut sent = 0..MESSAGES;
    for step in steps {
        let before = published();
        sent.by_ref().take(1).for_each(|n| js.publish_until_stored("in.a", n));
        js.publish("in.a", sent.by_ref().take(3999));
        wait_for("some messages", || published() > before);
        js.step_down(step);
    }
    for server in 0..3 {
        cluster.servers[server].restart().expect("a server");
        for n in sent.by_ref().take(100) {
            js.publish_until_stored("in.a", n);
        }
    }
    wait_for("all messages", || {
        js.messages_if_known("OUT").is_some_and(|messages| messages >= MESSAGES as u64)
            && js.messages_if_known("IN") == Some(0)
    });
    assert_eq!(js.info("IN").state.last_sequence, MESSAGES as u64, "published once");
    let now = running.stats();
    assert!(now.sources[0].reconnects >= 1 && now.sinks[0].reconnects >= 1, "{now:?}");
    stop(running);
    let mut values = js.values("OUT");
    values.sort_unstable();
    let twice: Vec<_> = values.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(values.iter().copied().eq(0..MESSAGES), "{} messages, twice {twice:?}, {now:?}", values.len());
}

/// The second run finds the messages of the first one, and the leader changes while it writes.
#[test]
fn ids_of_rows_are_stored_once_in_a_cluster() {
    let cluster = Cluster::start();
    let js = cluster.js(2);
    js.create_replicated(stream("OUT"));
    let write = |values: std::ops::Range<i64>| {
        let pipeline = Pipeline::new();
        let rows = pipeline.rows(values.map(|value| Input { value }).collect::<Vec<_>>());
        nats::write(&rows, cluster.uri(0), "out.a").jetstream("OUT").message_id(|row| row.value).events();
        pipeline.start().expect("a running pipeline")
    };
    join(write(0..2000)).expect("the pipeline ends without an error");
    let running = write(0..6000);
    js.step_down("STREAM.LEADER.STEPDOWN.OUT");
    join(running).expect("the pipeline ends without an error");
    assert_eq!(js.values("OUT"), (0..6000).collect::<Vec<_>>());
}

/// The output of a pipeline that persists, and has another writer beside it in the stream.
#[test]
fn atomic_batches_are_stored_once_and_in_order_while_servers_fail() {
    const COMMITS: i64 = 60;
    let mut cluster = Cluster::start();
    let js = cluster.js(2);
    retry(|| js.runtime.block_on(js.context.query_account()).map(drop));
    js.create_with(&atomic("OUT", json!({"num_replicas": 3, "duplicate_window": 100_000_000})));
    let store = pathway::testing::Store::new();
    let pipeline = Pipeline::named("atomic").persist(pathway::persistence::Persistence::from(&store));
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, cluster.uri(0), "out.a").jetstream("OUT").atomic().json();
    let running = pipeline.start().expect("a running pipeline");
    let mut commits = 0..COMMITS;
    let mut write = |count| {
        for commit in commits.by_ref().take(count) {
            super::write::write(&feed, (0..100).map(|n| commit * 100 + n));
        }
    };
    for _ in 0..3 {
        write(10);
        js.publish_until_stored("out.b", -1);
        js.step_down("STREAM.LEADER.STEPDOWN.OUT");
    }
    for server in 0..3 {
        write(10);
        cluster.servers[server].restart().expect("a server");
        wait_for("a leader", || js.messages_if_known("OUT").is_some());
    }
    drop(feed);
    join(running).expect("the pipeline ends without an error");
    let values: Vec<i64> = js.values("OUT").into_iter().filter(|value| *value >= 0).collect();
    assert_eq!(values, (0..100 * COMMITS).collect::<Vec<_>>());
}

/// A stream that keeps its messages is read without acknowledgements, in order.
#[test]
fn messages_of_a_stream_stay_in_order_while_servers_fail() {
    let mut cluster = Cluster::start();
    let js = cluster.js(2);
    let running = copy(&cluster, &js, stream("IN"));
    let published = || running.stats().sinks[0].published;
    for (round, stream) in (0..).zip(["IN", "OUT", "OUT", "IN"]) {
        let before = published();
        js.publish_until_stored("in.a", 1500 * round);
        js.publish("in.a", 1500 * round + 1..1500 * (round + 1));
        wait_for("some messages", || published() > before);
        js.step_down(&format!("STREAM.LEADER.STEPDOWN.{stream}"));
    }
    for (server, n) in (0..3).zip(6000..) {
        cluster.servers[server].restart().expect("a server");
        js.publish_until_stored("in.a", n);
        wait_for("the message published after a restart", || published() == n as u64 + 1);
    }
    stop(running);
    assert!(js.values("OUT").iter().copied().eq(0..6003));
}

/// The values of a pipeline that persists, of 20 keys, each in order.
#[test]
fn values_of_a_bucket_are_stored_once_while_servers_fail() {
    const COMMIT: i64 = 40;
    let mut cluster = Cluster::start();
    let js = cluster.js(2);
    // Its history has no limit, so that it shows all values.
    js.create_replicated(Config { name: "KV_last".to_owned(), subjects: vec!["$KV.last.>".to_owned()], ..stream("") });
    let pipeline = Pipeline::named("last").persist(Store::new());
    let (feed, rows) = pipeline.input::<Input>();
    nats::write(&rows, cluster.uri(0), "last").kv(|row| (row.value % 20).to_string()).json();
    let running = pipeline.start().expect("a running pipeline");
    let mut values = 0..;
    let mut write = |commits: usize| {
        for _ in 0..commits {
            values.by_ref().take(COMMIT as usize).for_each(|value| feed.insert(Input { value }));
            feed.commit();
        }
        values.start as u64 / 2
    };
    for _ in 0..3 {
        let before = running.stats().sinks[0].published;
        write(20);
        wait_for("some values", || running.stats().sinks[0].published > before);
        js.step_down("STREAM.LEADER.STEPDOWN.KV_last");
    }
    for server in 0..3 {
        write(20);
        cluster.servers[server].restart().expect("a server");
        let written = write(1);
        wait_for("all values", || running.stats().sinks[0].published == written);
    }
    drop(feed);
    join(running).expect("the pipeline ends without an error");
    let mut seen = vec![Vec::new(); 20];
    js.values("KV_last").iter().for_each(|value| seen[*value as usize % 20].push(*value));
    let expected = |key: i64| (key + 20..values.start).step_by(COMMIT as usize).collect::<Vec<_>>();
    (0..).zip(&seen).for_each(|(key, values)| assert_eq!(*values, expected(key), "key {key}"));
}
