//! Helpers of the connection tests: servers, and a client and a subscriber that use async-nats directly.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use async_nats::{Client, ConnectOptions, HeaderMap};
use futures_util::StreamExt;
use futures_util::future::{self, Either};
use pathway_testkit::{DEADLINE, Server};
use tokio::sync::oneshot;

use super::runtime;

/// A server with this `authorization` block.
pub(crate) fn server_with_authorization(authorization: &str) -> Server {
    Server::builder()
        .jetstream(false)
        .config(&format!("authorization {{ {authorization} }}"))
        .start()
        .expect("a server")
}

pub(crate) fn server() -> Server {
    Server::builder().jetstream(false).start().expect("a server")
}

/// Runs `body` with a client of its own. On return, the server has received what it published.
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

/// A message as a subscriber receives it: subject, headers, payload.
pub(crate) type Received = (String, Option<HeaderMap>, Vec<u8>);

/// A subscriber on a thread of its own. It reconnects when its connection breaks.
pub(crate) struct Observer {
    messages: mpsc::Receiver<Received>,
    received: Vec<Received>,
    _stop: oneshot::Sender<()>,
    client: Client,
}

impl Observer {
    /// Subscribes. Returns when the server has the subscription.
    pub(crate) fn new(url: &str, subject: &str) -> Self {
        let (sender, messages) = mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
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
                let mut stopped = stopped;
                while let Either::Left((Some(message), _)) = future::select(subscriber.next(), &mut stopped).await {
                    let received = (message.subject.to_string(), message.headers, message.payload.to_vec());
                    if sender.send(received).is_err() {
                        return;
                    }
                }
            });
        });
        let client = is_ready.recv().expect("a subscription");
        Observer { messages, received: Vec::new(), _stop: stop, client }
    }

    /// All messages so far.
    pub(crate) fn received(&mut self) -> &[Received] {
        self.received.extend(self.messages.try_iter());
        &self.received
    }

    /// The payloads of all messages so far, as numbers.
    pub(crate) fn numbers(&mut self) -> Vec<u64> {
        self.received().iter().map(number).collect()
    }

    /// The payload of the last message, as a number.
    pub(crate) fn last(&mut self) -> Option<u64> {
        self.received().last().map(number)
    }

    /// How often it has connected.
    pub(crate) fn connects(&self) -> u64 {
        self.client.statistics().connects.load(std::sync::atomic::Ordering::Relaxed)
    }
}

fn number((_, _, payload): &Received) -> u64 {
    String::from_utf8_lossy(payload).parse().expect("a number")
}
