//! A server with JetStream, an independent client of it, and a pipeline that reads a stream.

use std::collections::VecDeque;
use std::fmt::Display;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Instant;

use async_nats::ConnectOptions;
use async_nats::jetstream::consumer::PullConsumer;
use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::stream::{Config, Info, RawMessageErrorKind, RetentionPolicy, Stream};
use async_nats::jetstream::{self, Context, consumer};
use futures_util::{StreamExt, TryStreamExt, stream};
use pathway::prelude::*;
use pathway::stats::SourceStats;
use pathway::testing::Collected;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::support::{DEADLINE, Input, assert_error, connect, stop, value, wait_for};

pub(crate) fn server() -> Server {
    Server::start().expect("a server")
}

/// A stream of the subjects `name.>`, where the name is in lower case.
pub(crate) fn stream(name: &str) -> Config {
    let subjects = vec![format!("{}.>", name.to_lowercase())];
    Config { name: name.to_owned(), subjects, ..Config::default() }
}

/// A stream of the subjects `name.>` with settings that the client does not know.
pub(super) fn with_settings(name: &str, settings: Value) -> Value {
    let subjects = [format!("{}.>", name.to_lowercase())];
    let mut config = json!({"name": name, "subjects": subjects, "retention": "limits", "storage": "file"});
    for (key, value) in settings.as_object().expect("settings") {
        config[key] = value.clone();
    }
    config
}

/// The same, which takes atomic batches if the settings do not say otherwise.
pub(super) fn atomic(name: &str, settings: Value) -> Value {
    let mut config = with_settings(name, settings);
    config.as_object_mut().expect("an object").entry("allow_atomic").or_insert(json!(true));
    config
}

/// A stream that removes a message when it is acknowledged.
pub(super) fn work_queue(name: &str) -> Config {
    Config { retention: RetentionPolicy::WorkQueue, ..stream(name) }
}

/// A stream that removes a message when each of its consumers has acknowledged it.
pub(super) fn interest(name: &str) -> Config {
    Config { retention: RetentionPolicy::Interest, ..stream(name) }
}

/// A JetStream client that is independent of the crate. It runs only inside its methods.
pub(crate) struct Js {
    pub(super) runtime: Runtime,
    pub(super) context: Context,
    pub(super) client: async_nats::Client,
}

impl Js {
    pub(crate) fn new(server: &Server) -> Self {
        Js::with(server, ConnectOptions::new())
    }

    pub(super) fn with(server: &Server, options: ConnectOptions) -> Self {
        let (runtime, client) = connect(&server.url(), options);
        let context = runtime.block_on(async { jetstream::new(client.clone()) });
        Js { runtime, context, client }
    }

    pub(crate) fn create(&self, config: Config) {
        self.runtime.block_on(self.context.create_stream(config)).expect("a stream");
    }

    /// Creates a stream with settings that the client does not know.
    pub(super) fn create_with(&self, config: &Value) {
        self.send_config("CREATE", config);
    }

    /// Edits a stream with settings that the client does not know.
    pub(super) fn update_with(&self, config: &Value) {
        self.send_config("UPDATE", config);
    }

    fn send_config(&self, verb: &str, config: &Value) {
        let subject = format!("$JS.API.STREAM.{verb}.{}", config["name"].as_str().expect("a name"));
        let answer = self.runtime.block_on(self.client.request(subject, config.to_string().into())).expect("an answer");
        let answer = String::from_utf8_lossy(&answer.payload).into_owned();
        assert!(!answer.contains("\"error\""), "{config}: {answer}");
    }

    pub(super) fn delete(&self, stream: &str) {
        self.runtime.block_on(self.context.delete_stream(stream)).expect("a deletion");
    }

    pub(super) fn purge(&self, stream: &str) {
        let purge = async { self.context.get_stream(stream).await.expect("a stream").purge().await.map(drop) };
        self.runtime.block_on(purge).expect("a purge");
    }

    /// Publishes the JSON of [`Input`]s. When it returns, the stream has stored them.
    pub(crate) fn publish(&self, subject: &str, values: impl IntoIterator<Item = i64>) {
        self.publish_all(values.into_iter().map(|n| (subject.to_owned(), value(n))));
    }

    /// Publishes payloads to subjects. When it returns, the streams have stored them.
    pub(super) fn publish_all(&self, messages: impl IntoIterator<Item = (String, String)>) {
        self.runtime.block_on(async {
            let mut window = VecDeque::new();
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
        self.runtime.block_on(async { self.stream(stream).await.cached_info().clone() })
    }

    async fn stream(&self, name: &str) -> Stream {
        until_answered(&format!("stream `{name}`"), async || self.context.get_stream(name).await).await
    }

    /// How many messages a stream holds.
    pub(super) fn messages(&self, stream: &str) -> u64 {
        self.info(stream).state.messages
    }

    /// The consumers of a stream.
    pub(super) fn consumers(&self, stream: &str) -> Vec<consumer::Info> {
        let all = async {
            let stream = self.context.get_stream(stream).await.expect("a stream");
            stream.consumers().try_collect().await.expect("consumers")
        };
        self.runtime.block_on(all)
    }

    pub(super) fn delete_consumer(&self, stream: &str, consumer: &str) {
        self.runtime.block_on(self.context.delete_consumer_from_stream(consumer, stream)).expect("a deletion");
    }

    /// Creates a pull consumer, as a user does.
    pub(super) fn create_consumer(&self, stream: &str, config: consumer::pull::Config) -> PullConsumer {
        self.runtime.block_on(self.context.create_consumer_on_stream(config, stream)).expect("a consumer")
    }

    /// The messages of a stream, in order: sequence, subject, payload.
    pub(super) fn stored(&self, stream: &str) -> Vec<(u64, String, String)> {
        let messages = self.stored_messages(stream).into_iter();
        messages.map(|message| (message.sequence, message.subject.to_string(), text(&message))).collect()
    }

    /// The messages of a stream, in order: id, subject, payload.
    pub(super) fn stored_with_ids(&self, stream: &str) -> Vec<(String, String, String)> {
        let id =
            |message: &StreamMessage| message.headers.get("Nats-Msg-Id").map_or(String::new(), ToString::to_string);
        let messages = self.stored_messages(stream).into_iter();
        messages.map(|message| (id(&message), message.subject.to_string(), text(&message))).collect()
    }

    fn stored_messages(&self, stream: &str) -> Vec<StreamMessage> {
        let all = async {
            let stream = self.stream(stream).await;
            let state = &stream.cached_info().state;
            let get = |sequence| read_message(&stream, sequence);
            let messages = stream::iter(state.first_sequence.max(1)..=state.last_sequence).map(get).buffered(64);
            messages.filter_map(async |message| message).collect().await
        };
        self.runtime.block_on(all)
    }

    /// The values of a stream's messages, in order.
    pub(super) fn values(&self, stream: &str) -> Vec<i64> {
        let value = |payload: &str| {
            let json: Value = serde_json::from_str(payload).expect("JSON");
            json["value"].as_i64().expect("a value")
        };
        self.stored(stream).iter().map(|(_, _, payload)| value(payload)).collect()
    }
}

fn text(message: &StreamMessage) -> String {
    String::from_utf8(message.payload.to_vec()).expect("text")
}

/// Asks a server until it answers. A cluster that elects a leader answers nothing, or with an error that says nothing about
/// what was asked for.
async fn until_answered<T, E: Display>(what: &str, ask: impl AsyncFn() -> Result<T, E>) -> T {
    let start = Instant::now();
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => assert!(start.elapsed() < DEADLINE, "cannot read {what}: {error}"),
        }
        // Time must pass here: without a server, the client returns an error at once.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Reads a message of a stream; `None` if it was removed.
async fn read_message(stream: &Stream, sequence: u64) -> Option<StreamMessage> {
    let ask = async || match stream.get_raw_message(sequence).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(None),
        Err(error) => Err(error),
    };
    until_answered(&format!("message {sequence} of the stream"), ask).await
}

/// A connection that sends the bytes of the protocol as they are, also those that no client would send.
pub(super) struct RawClient {
    socket: BufReader<TcpStream>,
}

impl RawClient {
    pub(super) fn new(server: &Server) -> Self {
        let socket = TcpStream::connect(server.host_port()).expect("a connection");
        socket.set_read_timeout(Some(DEADLINE)).expect("a time limit");
        let mut client = RawClient { socket: BufReader::new(socket) };
        client.send(b"CONNECT {\"verbose\":false,\"headers\":true,\"lang\":\"raw\",\"version\":\"1\"}\r\n");
        client
    }

    /// Sends bytes, and waits until the server has processed them.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let stream = self.socket.get_mut();
        stream.write_all(&[bytes, b"PING\r\n"].concat()).expect("bytes");
        self.wait_for("PONG");
    }

    /// Waits for a line that begins with this.
    pub(super) fn wait_for(&mut self, start: &str) {
        let mut line = Vec::new();
        while !line.starts_with(start.as_bytes()) {
            line.clear();
            let read = self.socket.read_until(b'\n', &mut line).expect("a line");
            assert!(read > 0, "the server has closed the connection before {start}");
        }
    }

    /// Publishes a message with these lines as its headers.
    pub(super) fn publish(&mut self, subject: &[u8], headers: &[u8], payload: &str) {
        let headers = [b"NATS/1.0", headers, b"\r\n\r\n"].concat();
        let sizes = format!(" {} {}\r\n", headers.len(), headers.len() + payload.len());
        self.send(&[b"HPUB ", subject, sizes.as_bytes(), &headers, payload.as_bytes(), b"\r\n"].concat());
    }
}

/// A running pipeline that reads [`Input`]s from a stream and collects them.
pub(super) struct Reading {
    pub(super) running: Running,
    seen: Collected<Input>,
}

impl Reading {
    pub(super) fn start(server: &Server, subject: &str, stream: impl Into<nats::Stream>) -> pathway::Result<Self> {
        Reading::start_named("test", server, subject, stream)
    }

    pub(super) fn start_named(
        name: &str,
        server: &Server,
        subject: &str,
        stream: impl Into<nats::Stream>,
    ) -> pathway::Result<Self> {
        let pipeline = Pipeline::named(name);
        let input = nats::read(&pipeline, server.url(), subject).name("in").jetstream(stream).json::<Input>();
        let seen = input.collect();
        Ok(Reading { running: pipeline.start()?, seen })
    }

    /// Checks that a pipeline fails to start with this error.
    pub(super) fn fails_to_start(
        server: &Server,
        subject: &str,
        stream: impl Into<nats::Stream>,
        kind: ErrorKind,
        words: &[&str],
    ) {
        let started = Reading::start(server, subject, stream);
        assert_error(&started.err().expect("an error at start"), kind, words);
    }

    pub(super) fn stats(&self) -> SourceStats {
        self.running.stats().sources.swap_remove(0)
    }

    pub(super) fn wait_for(&self, rows: u64) {
        wait_for(&format!("{rows} rows"), || self.stats().rows >= rows);
    }

    /// Restarts the server three times, each time after the pipeline has received more of the `messages`.
    pub(super) fn restart_server(&self, server: &mut Server, messages: i64) {
        for reconnects in 1..=3 {
            let before = self.stats().received;
            wait_for("more messages", || self.stats().received > before || before == messages as u64);
            server.restart().expect("a server");
            wait_for("a new connection", || self.stats().reconnects >= reconnects);
        }
    }

    /// Stops the pipeline and returns all values in the order in which they arrived.
    pub(super) fn stop(self) -> Vec<i64> {
        stop(self.running);
        values(&self.seen)
    }
}

/// The values of the rows that a pipeline has collected, in the order in which they arrived.
pub(super) fn values(seen: &Collected<Input>) -> Vec<i64> {
    seen.changes().iter().map(|(_, row, _)| row.value).collect()
}
