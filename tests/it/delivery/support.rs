//! What these tests stand on: a server, a client that is not ours, and the pipeline of the README.

use std::time::{Duration, Instant};

use async_nats::{ConnectOptions, Message, Subscriber};
use futures_util::StreamExt;
use pathway::nats::{Options, Read};
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::Value;
use tokio::runtime::{Builder, Runtime};

/// Long against anything that is waited for, on a machine that does much else.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(2);

#[derive(Schema)]
pub(super) struct Input {
    pub(super) value: i64,
}

/// The pipeline of the README.
pub(super) fn realtime_sum(uri: &str) -> Pipeline {
    sum_with(uri, &Options::new())
}

/// The same with options for its connections.
pub(super) fn sum_with(uri: &str, options: &Options) -> Pipeline {
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, uri, "connector_example").options(options.clone()).json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, "sum").options(options.clone()).json();
    pipeline
}

/// The same with something said about how its subject is read.
pub(super) fn sum_of(uri: &str, with: impl FnOnce(Read) -> Read) -> Pipeline {
    let pipeline = Pipeline::new();
    let input = with(nats::read(&pipeline, uri, "connector_example")).json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, "sum").json();
    pipeline
}

pub(super) fn value(value: i64) -> String {
    format!(r#"{{"value": {value}}}"#)
}

pub(super) fn server() -> Server {
    Server::builder().jetstream(false).start().expect("a server")
}

/// Waits until a condition holds.
pub(super) fn wait_for(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < DEADLINE, "waited in vain for: {what}");
        std::thread::sleep(POLL);
    }
}

/// A client that is not ours. It works only while it is called, so it needs no thread.
pub(super) struct Client {
    runtime: Runtime,
    client: async_nats::Client,
}

impl Client {
    pub(super) fn new(url: &str) -> Self {
        Client::with(url, ConnectOptions::new())
    }

    /// With credentials, which this client does not take from a URI.
    pub(super) fn with(url: &str, options: ConnectOptions) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let options = options.subscription_capacity(1 << 20).connection_timeout(DEADLINE);
        let options = options.reconnect_delay_callback(|_| Duration::from_millis(2));
        let client = runtime.block_on(options.connect(url)).expect("a client");
        Client { runtime, client }
    }

    /// Publishes; on return the server has everything, and has passed it on.
    pub(super) fn publish(&self, subject: &str, payloads: impl IntoIterator<Item = String>) {
        self.runtime.block_on(async {
            for payload in payloads {
                self.client.publish(subject.to_owned(), payload.into()).await.expect("a publication");
            }
        });
        self.round_trip();
    }

    /// The same on a thread of its own. What it has under way when the server goes is lost.
    pub(super) fn flood(self, subject: &'static str, payloads: impl Iterator<Item = String> + Send + 'static) -> Flood {
        Flood(std::thread::spawn(move || {
            self.publish(subject, payloads);
        }))
    }

    /// Asks and returns the payload of the answer; asks again while there is none.
    pub(super) fn request(&self, subject: &str, payload: &str) -> String {
        let ask = async {
            loop {
                let asked = self.client.request(subject.to_owned(), payload.to_owned().into());
                if let Ok(Ok(answer)) = tokio::time::timeout(Duration::from_secs(1), asked).await {
                    return text(&answer);
                }
            }
        };
        self.within(ask).expect("an answer")
    }

    /// Returns when the server has worked off what was sent before; after a break, when there is a connection again.
    pub(super) fn round_trip(&self) {
        let inbox = self.client.new_inbox();
        let there_and_back = async {
            let mut replies = self.client.subscribe(inbox.clone()).await.expect("an inbox");
            loop {
                self.client.publish(inbox.clone(), "".into()).await.expect("a publication");
                if let Ok(Some(_)) = tokio::time::timeout(Duration::from_secs(1), replies.next()).await {
                    return;
                }
            }
        };
        self.within(there_and_back).expect("a reply");
    }

    fn within<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.runtime.block_on(async { tokio::time::timeout(DEADLINE, future).await.ok() })
    }
}

/// A client that publishes.
pub(super) struct Flood(std::thread::JoinHandle<()>);

impl Flood {
    /// Waits until the server has had the last message.
    pub(super) fn join(self) {
        self.0.join().expect("no panic");
    }
}

/// An independent subscriber, with all that it has seen.
pub(super) struct Witness {
    client: Client,
    subscriber: Subscriber,
    seen: Vec<Message>,
}

impl Witness {
    /// Returns when the server has the subscription.
    pub(super) fn new(url: &str, subject: &str) -> Self {
        Witness::of(Client::new(url), subject)
    }

    pub(super) fn of(client: Client, subject: &str) -> Self {
        let subscriber = client.runtime.block_on(client.client.subscribe(subject.to_owned())).expect("a subscription");
        client.round_trip();
        Witness { client, subscriber, seen: Vec::new() }
    }

    /// Takes in messages until one of them is what is waited for.
    pub(super) fn wait_for(&mut self, what: &str, is_it: impl Fn(&Message) -> bool) {
        let Witness { client, subscriber, seen } = self;
        let found = client.within(async {
            loop {
                let message = subscriber.next().await.expect("an open subscription");
                let found = is_it(&message);
                seen.push(message);
                if found {
                    return;
                }
            }
        });
        let last = self.seen.last().map(text);
        assert!(found.is_some(), "waited in vain for: {what}; of {} messages, the last is {last:?}", self.seen.len());
    }

    /// Takes in messages until the sum is this one.
    pub(super) fn wait_for_sum(&mut self, sum: i64) {
        self.wait_for(&format!("the sum {sum}"), |message| update(message) == (sum, 1));
    }

    /// Whether a message comes while something is tried once.
    pub(super) fn sees_soon(&mut self) -> bool {
        let Witness { client, subscriber, seen } = self;
        let next = async { tokio::time::timeout(Duration::from_millis(50), subscriber.next()).await };
        match client.runtime.block_on(next) {
            Ok(Some(message)) => {
                seen.push(message);
                true
            }
            _ => false,
        }
    }

    /// Takes in all that the server has passed on by now.
    pub(super) fn seen(&mut self) -> &[Message] {
        // Messages of one connection keep their order: what came before the reply is in the subscription's buffer.
        self.client.round_trip();
        let Witness { client, subscriber, seen } = self;
        client.runtime.block_on(async {
            while let Ok(Some(message)) = tokio::time::timeout(Duration::ZERO, subscriber.next()).await {
                seen.push(message);
            }
        });
        &self.seen
    }

    /// The same as `(sum, diff)`.
    pub(super) fn updates(&mut self) -> Vec<(i64, i64)> {
        self.seen().iter().map(update).collect()
    }
}

pub(super) fn text(message: &Message) -> String {
    String::from_utf8(message.payload.to_vec()).expect("text")
}

/// A message's payload as JSON.
pub(super) fn json(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).expect("JSON")
}

/// The `sum` and `diff` of an update.
pub(super) fn update(message: &Message) -> (i64, i64) {
    let json = json(message);
    (json["sum"].as_i64().expect("a sum"), json["diff"].as_i64().expect("a diff"))
}

/// Waits for the end of a pipeline that ends by itself; one that hangs fails the test.
pub(super) fn join(running: pathway::Running) -> pathway::Result<()> {
    let (sender, outcome) = std::sync::mpsc::channel();
    std::thread::spawn(move || sender.send(running.join()));
    outcome.recv_timeout(DEADLINE).expect("a pipeline that ends")
}
