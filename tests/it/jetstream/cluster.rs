//! A cluster of three servers whose leaders change, and that die one after the other, under a pipeline that reads and writes.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::Config;
use pathway::Running;
use pathway::prelude::*;
use pathway_testkit::Server;

use super::support::{DEADLINE, Input, Js, join, stats, stream, value, values, wait_for, work_queue};

struct Cluster {
    servers: Vec<Server>,
}

impl Cluster {
    /// Starts three servers. Each must know the others' ports before any of them runs, so that somebody else may take one
    /// meanwhile: then it is done again with others.
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

    /// All servers, the `first` one first.
    fn uri(&self, first: usize) -> String {
        let hosts = (0..3).map(|n| self.servers[(first + n) % 3].host_port());
        format!("nats://{}", hosts.collect::<Vec<_>>().join(","))
    }

    /// A client of a server, once the cluster has a leader for its streams.
    fn js(&self, server: usize) -> Js {
        let js = Js::new(&self.servers[server]);
        insist(|| js.runtime.block_on(js.context.query_account()).map(drop));
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

/// Starts a pipeline that copies from `IN` into `OUT`, two streams that `js` makes.
fn copy(cluster: &Cluster, js: &Js, from: Config) -> Running {
    js.create_replicated(from);
    js.create_replicated(stream("OUT"));
    let pipeline = Pipeline::named("copy");
    let uri = cluster.uri(0);
    let rows = nats::read(&pipeline, &uri, "in.>").name("in").jetstream("IN").json::<Input>();
    nats::write(&rows, &uri, "out.a").jetstream("OUT").json();
    pipeline.start().expect("a pipeline")
}

/// Tries until it goes well: a cluster that chooses leaders answers nothing, or no.
fn insist<E: std::fmt::Debug>(mut attempt: impl FnMut() -> Result<(), E>) {
    let start = Instant::now();
    while let Err(error) = attempt() {
        assert!(start.elapsed() < DEADLINE, "{error:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

impl Js {
    fn create_replicated(&self, config: Config) {
        let config = Config { num_replicas: 3, ..config };
        insist(|| self.runtime.block_on(self.context.get_or_create_stream(config.clone())).map(drop));
    }

    /// Makes another server the leader.
    fn step_down(&self, what: &str) {
        insist(|| {
            let subject = format!("$JS.API.{what}");
            let asking = self.client.request(subject, "".into());
            let answer = self.runtime.block_on(asking).map_err(|error| error.to_string())?;
            let answer: serde_json::Value = serde_json::from_slice(&answer.payload).expect("JSON");
            if answer["success"] == true { Ok(()) } else { Err(answer.to_string()) }
        });
    }

    /// Publishes a value until the stream has it: once, because another attempt has the same id.
    fn insist_on(&self, n: i64) {
        let publish = async || {
            let message = PublishMessage::build().payload(value(n).into()).message_id(format!("n{n}"));
            self.context.send_publish("in.a", message).await?.await.map(drop)
        };
        insist(|| self.runtime.block_on(publish()));
    }

    /// How many messages a stream holds; none while that can't be said.
    fn messages(&self, stream: &str) -> Option<u64> {
        let info =
            async { self.context.get_stream(stream).await.ok().map(|stream| stream.cached_info().state.messages) };
        self.runtime.block_on(info)
    }
}

/// From a work queue, with acknowledgements, into a stream, in which each message is to be stored once.
#[test]
fn leaders_change_and_servers_die() {
    const MESSAGES: i64 = 12_300;
    let mut cluster = Cluster::start();
    let js = cluster.js(2);
    let running = copy(&cluster, &js, work_queue("IN"));
    let published = || stats(&running).sinks[0].published;

    let steps = ["STREAM.LEADER.STEPDOWN.OUT", "CONSUMER.LEADER.STEPDOWN.IN.copy-in", "STREAM.LEADER.STEPDOWN.IN"];
    let mut sent = 0..MESSAGES;
    for step in steps {
        let before = published();
        sent.by_ref().take(1).for_each(|n| js.insist_on(n));
        js.publish("in.a", sent.by_ref().take(3999));
        wait_for("some of them", || published() > before);
        js.step_down(step);
    }
    for server in 0..3 {
        cluster.servers[server].restart().expect("a server");
        for n in sent.by_ref().take(100) {
            js.insist_on(n);
        }
    }
    wait_for("everything", || {
        js.messages("OUT").is_some_and(|messages| messages >= MESSAGES as u64) && js.messages("IN") == Some(0)
    });
    assert_eq!(js.info("IN").state.last_sequence, MESSAGES as u64, "published once");
    let now = stats(&running);
    assert!(now.sources[0].reconnects >= 1 && now.sinks[0].reconnects >= 1, "{now:?}");
    running.stop();
    join(running).expect("a good end");
    let mut values = values(&js, "OUT");
    values.sort_unstable();
    let twice: Vec<_> = values.windows(2).filter(|pair| pair[0] == pair[1]).collect();
    assert!(values.iter().copied().eq(0..MESSAGES), "{} messages, twice {twice:?}, {now:?}", values.len());
}

/// A stream that keeps its messages is read without acknowledgements, in order, and so is written what comes of it.
#[test]
fn order_is_kept_when_leaders_change_and_servers_die() {
    let mut cluster = Cluster::start();
    let js = cluster.js(2);
    let running = copy(&cluster, &js, stream("IN"));
    let published = || stats(&running).sinks[0].published;
    for (round, stream) in (0..).zip(["IN", "OUT", "OUT", "IN"]) {
        let before = published();
        js.insist_on(1500 * round);
        js.publish("in.a", 1500 * round + 1..1500 * (round + 1));
        wait_for("some of them", || published() > before);
        js.step_down(&format!("STREAM.LEADER.STEPDOWN.{stream}"));
    }
    for (server, n) in (0..3).zip(6000..) {
        cluster.servers[server].restart().expect("a server");
        js.insist_on(n);
        wait_for("what came after a server's death", || published() == n as u64 + 1);
    }
    running.stop();
    join(running).expect("a good end");
    assert!(values(&js, "OUT").iter().copied().eq(0..6003));
}
