//! What the tests of both ends stand on: waiting, and a client that is not ours.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, HeaderMap};
use futures_util::StreamExt;
use futures_util::future::{self, Either};
use pathway_testkit::{DEADLINE, Server};
use tokio::sync::oneshot;

use super::runtime;

/// A server that lets in only those that `authorization` names.
pub(crate) fn guarded(authorization: &str) -> Server {
    Server::builder()
        .jetstream(false)
        .config(&format!("authorization {{ {authorization} }}"))
        .start()
        .expect("a server")
}

pub(crate) fn server() -> Server {
    Server::builder().jetstream(false).start().expect("a server")
}

/// Runs a client that is not ours to an end; what it published is at the server then.
pub(crate) fn with_client<T>(url: &str, body: impl AsyncFnOnce(&Client) -> T) -> T {
    let runtime = runtime().expect("a runtime");
    runtime.block_on(async {
        let options = ConnectOptions::new().connection_timeout(DEADLINE);
        let client = options.connect(url).await.expect("a client");
        let outcome = body(&client).await;
        round_trip(&client).await;
        outcome
    })
}

async fn round_trip(client: &Client) {
    let inbox = client.new_inbox();
    let mut replies = client.subscribe(inbox.clone()).await.expect("an inbox");
    client.publish(inbox, "".into()).await.expect("a publication");
    replies.next().await.expect("a reply");
}

/// A message as an independent subscriber sees it.
pub(crate) type Seen = (String, Option<HeaderMap>, Vec<u8>);

/// A subscriber that is not ours, on a thread of its own. It also comes back after a break.
pub(crate) struct Witness {
    messages: mpsc::Receiver<Seen>,
    seen: Vec<Seen>,
    _end: oneshot::Sender<()>,
    client: Client,
}

impl Witness {
    /// Returns when the server has the subscription.
    pub(crate) fn new(url: &str, subject: &str) -> Self {
        let (sender, messages) = mpsc::channel();
        let (end, ended) = oneshot::channel::<()>();
        let (ready, is_ready) = mpsc::channel();
        let (url, subject) = (url.to_owned(), subject.to_owned());
        thread::spawn(move || {
            runtime().expect("a runtime").block_on(async {
                let options = ConnectOptions::new().subscription_capacity(1 << 22).connection_timeout(DEADLINE);
                let options = options.reconnect_delay_callback(|_| Duration::from_millis(2));
                let client = options.connect(url).await.expect("a client");
                let mut subscriber = client.subscribe(subject).await.expect("a subscription");
                round_trip(&client).await;
                ready.send(client).expect("the test");
                let mut ended = ended;
                while let Either::Left((Some(message), _)) = future::select(subscriber.next(), &mut ended).await {
                    let seen = (message.subject.to_string(), message.headers, message.payload.to_vec());
                    if sender.send(seen).is_err() {
                        return;
                    }
                }
            });
        });
        let client = is_ready.recv().expect("a subscription");
        Witness { messages, seen: Vec::new(), _end: end, client }
    }

    /// What it has seen so far.
    pub(crate) fn seen(&mut self) -> &[Seen] {
        self.seen.extend(self.messages.try_iter());
        &self.seen
    }

    /// What it has seen so far, each payload as a number.
    pub(crate) fn numbers(&mut self) -> Vec<u64> {
        self.seen().iter().map(number).collect()
    }

    /// The last number that it has seen.
    pub(crate) fn last(&mut self) -> Option<u64> {
        self.seen().last().map(number)
    }

    /// How often it has connected.
    pub(crate) fn connects(&self) -> u64 {
        self.client.statistics().connects.load(std::sync::atomic::Ordering::Relaxed)
    }
}

fn number((_, _, payload): &Seen) -> u64 {
    String::from_utf8_lossy(payload).parse().expect("a number")
}
