//! A server, an independent client and observer, and the pipeline of the README.

use std::thread::{self, JoinHandle};
use std::time::Duration;

use async_nats::{ConnectOptions, Message, Subscriber};
use futures_util::StreamExt;
use pathway::nats::{Options, Read};
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::support::{DEADLINE, Input, connect};

/// The pipeline of the README.
pub(super) fn realtime_sum(uri: &str) -> Pipeline {
    sum_with(uri, &Options::new())
}

/// The pipeline of the README, with options for its connections.
pub(super) fn sum_with(uri: &str, options: &Options) -> Pipeline {
    let pipeline = Pipeline::new();
    let input = nats::read(&pipeline, uri, "connector_example").options(options.clone()).json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, "sum").options(options.clone()).json();
    pipeline
}

/// The pipeline of the README, with options for reading its subject.
pub(super) fn sum_of(uri: &str, with: impl FnOnce(Read) -> Read) -> Pipeline {
    let pipeline = Pipeline::new();
    let input = with(nats::read(&pipeline, uri, "connector_example")).json::<Input>();
    let total = reduce!(row in input => { sum: sum(row.value) });
    nats::write(&total, uri, "sum").json();
    pipeline
}

/// A server without JetStream.
pub(crate) fn server() -> Server {
    Server::builder().jetstream(false).start().expect("a server")
}

/// A client that is independent of the crate. It runs only inside its methods, so it needs no thread.
pub(crate) struct Client {
    runtime: Runtime,
    client: async_nats::Client,
}

impl Client {
    pub(crate) fn new(url: &str) -> Self {
        Client::with(url, ConnectOptions::new())
    }

    /// With credentials, which this client does not take from a URI.
    pub(super) fn with(url: &str, options: ConnectOptions) -> Self {
        let (runtime, client) = connect(url, options);
        Client { runtime, client }
    }

    /// Publishes. When it returns, the server has received everything and passed it on.
    pub(crate) fn publish(&self, subject: &str, payloads: impl IntoIterator<Item = String>) {
        self.runtime.block_on(async {
            for payload in payloads {
                self.client.publish(subject.to_owned(), payload.into()).await.expect("a publication");
            }
        });
        self.round_trip();
    }

    /// Publishes on a thread of its own. Messages in transit are lost if the server stops.
    pub(super) fn flood(self, subject: &'static str, payloads: impl Iterator<Item = String> + Send + 'static) -> Flood {
        Flood(thread::spawn(move || {
            self.publish(subject, payloads);
        }))
    }

    /// Sends a request until there is an answer, and returns its payload.
    pub(super) fn request(&self, subject: &str, payload: &str) -> String {
        let ask = async {
            loop {
                let asked = self.client.request(subject.to_owned(), payload.to_owned().into());
                if let Ok(Ok(answer)) = tokio::time::timeout(Duration::from_secs(1), asked).await {
                    return text(&answer);
                }
            }
        };
        self.within_deadline(ask).expect("an answer")
    }

    /// Returns when the server has processed everything sent before; after a break, when the connection is back.
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
        self.within_deadline(there_and_back).expect("a reply");
    }

    fn within_deadline<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.runtime.block_on(async { tokio::time::timeout(DEADLINE, future).await.ok() })
    }
}

/// A client that publishes on its own thread.
pub(super) struct Flood(JoinHandle<()>);

impl Flood {
    /// Waits until the server has received the last message.
    pub(super) fn join(self) {
        self.0.join().expect("no panic");
    }
}

/// An independent subscriber, with all messages it has received.
pub(crate) struct Observer {
    client: Client,
    subscriber: Subscriber,
    seen: Vec<Message>,
}

impl Observer {
    /// Returns when the server has the subscription.
    pub(crate) fn new(url: &str, subject: &str) -> Self {
        Observer::of(Client::new(url), subject)
    }

    pub(super) fn of(client: Client, subject: &str) -> Self {
        let subscriber = client.runtime.block_on(client.client.subscribe(subject.to_owned())).expect("a subscription");
        client.round_trip();
        Observer { client, subscriber, seen: Vec::new() }
    }

    /// Receives messages until one of them satisfies the condition.
    pub(super) fn wait_for(&mut self, what: &str, condition: impl Fn(&Message) -> bool) {
        let Observer { client, subscriber, seen } = self;
        let found = client.within_deadline(async {
            loop {
                let message = subscriber.next().await.expect("an open subscription");
                let found = condition(&message);
                seen.push(message);
                if found {
                    return;
                }
            }
        });
        let last = self.seen.last().map(text);
        assert!(found.is_some(), "gave up waiting for: {what}; of {} messages, the last is {last:?}", self.seen.len());
    }

    /// Receives messages until the sum has this value.
    pub(super) fn wait_for_sum(&mut self, sum: i64) {
        self.wait_for(&format!("the sum {sum}"), |message| update(message) == (sum, 1));
    }

    /// Whether a message arrives within 50 ms. To wait for one, publish and call this in a loop.
    pub(crate) fn sees_soon(&mut self) -> bool {
        let Observer { client, subscriber, seen } = self;
        let next = async { tokio::time::timeout(Duration::from_millis(50), subscriber.next()).await };
        match client.runtime.block_on(next) {
            Ok(Some(message)) => {
                seen.push(message);
                true
            }
            _ => false,
        }
    }

    /// Receives everything that the server has passed on by now, and returns all messages so far.
    pub(super) fn seen(&mut self) -> &[Message] {
        // Messages on one connection stay in order: what the server sent before the reply is in the subscription's buffer.
        self.client.round_trip();
        let Observer { client, subscriber, seen } = self;
        client.runtime.block_on(async {
            while let Ok(Some(message)) = tokio::time::timeout(Duration::ZERO, subscriber.next()).await {
                seen.push(message);
            }
        });
        &self.seen
    }

    /// Like [`seen`](Observer::seen), as `(sum, diff)`.
    pub(crate) fn updates(&mut self) -> Vec<(i64, i64)> {
        self.seen().iter().map(update).collect()
    }
}

/// The payload of a message as text.
pub(super) fn text(message: &Message) -> String {
    String::from_utf8(message.payload.to_vec()).expect("text")
}

/// The payload of a message as JSON.
pub(super) fn json(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).expect("JSON")
}

/// The `sum` and `diff` of an update.
fn update(message: &Message) -> (i64, i64) {
    let json = json(message);
    (json["sum"].as_i64().expect("a sum"), json["diff"].as_i64().expect("a diff"))
}
