//! What these tests stand on: a server with JetStream, streams, and clients that are not ours.

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::stream::{Config, Info, RawMessageErrorKind, RetentionPolicy};
use async_nats::jetstream::{self, Context};
use futures_util::{StreamExt, TryStreamExt, stream};
use pathway::Running;
use pathway::prelude::*;
use pathway::stats::Stats;
use pathway_testkit::Server;
use tokio::runtime::{Builder, Runtime};

/// Long against anything that is waited for, on a machine that does much else.
pub(super) const DEADLINE: Duration = Duration::from_secs(120);

#[derive(Schema, Clone, Debug, PartialEq)]
pub(super) struct Input {
    pub(super) value: i64,
}

pub(super) fn server() -> Server {
    Server::start().expect("a server")
}

pub(super) fn value(value: i64) -> String {
    format!(r#"{{"value":{value}}}"#)
}

/// Waits until a condition holds.
pub(super) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "waited in vain for: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A stream of the subjects `NAME.>`, in lower case.
pub(super) fn stream(name: &str) -> Config {
    let subjects = vec![format!("{}.>", name.to_lowercase())];
    Config { name: name.to_owned(), subjects, ..Config::default() }
}

pub(super) fn work_queue(name: &str) -> Config {
    Config { retention: RetentionPolicy::WorkQueue, ..stream(name) }
}

/// JetStream through async-nats, which is not ours. It works only while it is called.
pub(super) struct Js {
    pub(super) runtime: Runtime,
    pub(super) context: Context,
    pub(super) client: async_nats::Client,
}

impl Js {
    pub(super) fn new(server: &Server) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let options = async_nats::ConnectOptions::new().reconnect_delay_callback(|_| Duration::from_millis(2));
        let options = options.connection_timeout(DEADLINE);
        let client = runtime.block_on(options.connect(server.url())).expect("a client");
        let context = runtime.block_on(async { jetstream::new(client.clone()) });
        Js { runtime, context, client }
    }

    pub(super) fn create(&self, config: Config) {
        self.runtime.block_on(self.context.create_stream(config)).expect("a stream");
    }

    pub(super) fn delete(&self, stream: &str) {
        self.runtime.block_on(self.context.delete_stream(stream)).expect("a deletion");
    }

    pub(super) fn purge(&self, stream: &str) {
        let purge = async { self.context.get_stream(stream).await.expect("a stream").purge().await.map(drop) };
        self.runtime.block_on(purge).expect("a purge");
    }

    /// Publishes `value`s, which the stream has on return.
    pub(super) fn publish(&self, subject: &str, values: impl IntoIterator<Item = i64>) {
        self.publish_all(values.into_iter().map(|n| (subject.to_owned(), value(n))));
    }

    pub(super) fn publish_all(&self, messages: impl IntoIterator<Item = (String, String)>) {
        self.runtime.block_on(async {
            let mut window = std::collections::VecDeque::new();
            for (subject, payload) in messages {
                window.push_back(self.context.publish(subject, payload.into()).await.expect("a publication"));
                if window.len() >= 256 {
                    window.pop_front().expect("an element").await.expect("an acknowledgement");
                }
            }
            for acknowledgement in window {
                acknowledgement.await.expect("an acknowledgement");
            }
        });
    }

    pub(super) fn info(&self, stream: &str) -> Info {
        let info = async { self.context.get_stream(stream).await.expect("a stream").cached_info().clone() };
        self.runtime.block_on(info)
    }

    /// The consumers of a stream.
    pub(super) fn consumers(&self, stream: &str) -> Vec<jetstream::consumer::Info> {
        let all = async {
            let stream = self.context.get_stream(stream).await.expect("a stream");
            stream.consumers().try_collect().await.expect("consumers")
        };
        self.runtime.block_on(all)
    }

    pub(super) fn delete_consumer(&self, stream: &str, consumer: &str) {
        self.runtime.block_on(self.context.delete_consumer_from_stream(consumer, stream)).expect("a deletion");
    }

    /// A pull consumer that a user has made.
    pub(super) fn durable(&self, stream: &str, config: jetstream::consumer::pull::Config) -> PullConsumer {
        self.runtime.block_on(self.context.create_consumer_on_stream(config, stream)).expect("a consumer")
    }

    /// What a stream holds, in order: sequence, subject, payload.
    pub(super) fn stored(&self, stream: &str) -> Vec<(u64, String, String)> {
        let all = async {
            let stream = self.context.get_stream(stream).await.expect("a stream");
            let state = &stream.cached_info().state;
            let get = |sequence| stream.get_raw_message(sequence);
            let messages = stream::iter(state.first_sequence..=state.last_sequence).map(get).buffered(64);
            let found = messages.filter_map(async |message| match message {
                Ok(message) => Some(message),
                Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => None,
                Err(error) => panic!("a message can't be had: {error}"),
            });
            let found = found.map(|message| {
                let payload = String::from_utf8(message.payload.to_vec()).expect("text");
                (message.sequence, message.subject.to_string(), payload)
            });
            found.collect().await
        };
        self.runtime.block_on(all)
    }
}

/// What a stream holds, as the values in their order.
pub(super) fn values(js: &Js, stream: &str) -> Vec<i64> {
    let value = |payload: &str| {
        let json: serde_json::Value = serde_json::from_str(payload).expect("JSON");
        json["value"].as_i64().expect("a value")
    };
    js.stored(stream).iter().map(|(_, _, payload)| value(payload)).collect()
}

/// A pipeline that gathers what it reads.
pub(super) struct Gathered {
    pub(super) running: Running,
    pub(super) seen: pathway::testing::Collected<Input>,
}

impl Gathered {
    pub(super) fn of(server: &Server, subject: &str, stream: impl Into<nats::Stream>) -> pathway::Result<Self> {
        Gathered::named("test", server, subject, stream)
    }

    pub(super) fn named(
        name: &str,
        server: &Server,
        subject: &str,
        stream: impl Into<nats::Stream>,
    ) -> pathway::Result<Self> {
        let pipeline = Pipeline::named(name);
        let input = nats::read(&pipeline, server.url(), subject).name("in").jetstream(stream).json::<Input>();
        let seen = input.collect();
        Ok(Gathered { running: pipeline.start()?, seen })
    }

    pub(super) fn received(&self) -> u64 {
        stats(&self.running).sources[0].received
    }

    pub(super) fn wait_for(&self, rows: u64) {
        wait_for(&format!("{rows} rows"), || stats(&self.running).sources[0].rows >= rows);
    }

    /// Stops in good order and returns all values.
    pub(super) fn stop(self) -> Vec<i64> {
        self.running.stop();
        let seen = self.seen.clone();
        join(self.running).expect("a good end");
        seen.changes().iter().map(|(_, row, _)| row.value).collect()
    }
}

pub(super) fn stats(running: &Running) -> Stats {
    running.stats()
}

/// Waits for the end of a pipeline; one that hangs fails the test.
pub(super) fn join(running: Running) -> pathway::Result<()> {
    let (sender, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(running.join()));
    outcome.recv_timeout(DEADLINE).expect("a pipeline that ends")
}

/// The error of a pipeline that must not start.
pub(super) fn refused(started: pathway::Result<Gathered>, kind: pathway::ErrorKind, words: &[&str]) {
    let error = started.err().expect("an error");
    assert_eq!(error.kind(), kind, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{error}");
    }
}
