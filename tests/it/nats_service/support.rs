//! A client that asks services, as `nats micro` does.

use std::time::Duration;

use async_nats::{ConnectOptions, Message, RequestError, RequestErrorKind};
use futures_util::StreamExt;
use pathway::Running;
use pathway::nats::Options;
use pathway::prelude::*;
use serde_json::Value;
use tokio::runtime::Runtime;
use tokio::time::timeout;

use crate::support::{DEADLINE, Input, connect, wait_for};

/// How long answers may take before the request is sent again.
const ANSWER_TIME: Duration = Duration::from_millis(500);

/// Asks services.
pub(super) struct Micro {
    pub(super) runtime: Runtime,
    pub(super) client: async_nats::Client,
}

impl Micro {
    pub(super) fn new(url: &str) -> Self {
        Micro::with(url, ConnectOptions::new())
    }

    pub(super) fn with(url: &str, options: ConnectOptions) -> Self {
        let (runtime, client) = connect(url, options);
        Micro { runtime, client }
    }

    /// The answer of a service. `None`: none has answered yet.
    pub(super) fn ask_once(&self, subject: &str) -> Option<Value> {
        let answer = self.request(subject, ANSWER_TIME)?.ok()?;
        Some(serde_json::from_slice(&answer.payload).expect("JSON"))
    }

    /// The answer of a service, which may have to start first.
    #[track_caller]
    pub(super) fn ask(&self, subject: &str) -> Value {
        let mut answer = None;
        wait_for(&format!("an answer on {subject}"), || {
            answer = self.ask_once(subject);
            answer.is_some()
        });
        answer.expect("waited for")
    }

    /// The answers of this many services, in the order of their ids.
    #[track_caller]
    pub(super) fn ask_all(&self, subject: &str, services: usize) -> Vec<Value> {
        let mut answers = Vec::new();
        wait_for(&format!("{services} answers on {subject}"), || {
            answers = self.runtime.block_on(self.gather(subject, services));
            answers.len() == services
        });
        answers.sort_by_key(|answer| answer["id"].to_string());
        answers
    }

    async fn gather(&self, subject: &str, services: usize) -> Vec<Value> {
        let inbox = self.client.new_inbox();
        let mut replies = self.client.subscribe(inbox.clone()).await.expect("an inbox");
        self.client.publish_with_reply(subject.to_owned(), inbox, "".into()).await.expect("a request");
        let mut answers = Vec::new();
        while let Ok(Some(reply)) = timeout(ANSWER_TIME, replies.next()).await {
            // The server says at once that nobody has subscribed.
            if reply.status.is_none() {
                answers.push(serde_json::from_slice(&reply.payload).expect("JSON"));
            }
            if answers.len() >= services || reply.status.is_some() {
                break;
            }
        }
        answers
    }

    /// Whether nobody has subscribed to the subject.
    pub(super) fn is_unknown(&self, subject: &str) -> bool {
        let outcome = self.request(subject, DEADLINE).expect("an outcome");
        outcome.is_err_and(|error| error.kind() == RequestErrorKind::NoResponders)
    }

    /// `None`: there is no outcome in this time.
    fn request(&self, subject: &str, time: Duration) -> Option<Result<Message, RequestError>> {
        let request = self.client.request(subject.to_owned(), "".into());
        self.runtime.block_on(async { timeout(time, request).await.ok() })
    }

    /// Publishes. When it returns, the server has everything.
    pub(super) fn publish(&self, subject: &str, payloads: impl IntoIterator<Item = String>) {
        let inbox = self.client.new_inbox();
        let publish = async {
            let mut replies = self.client.subscribe(inbox.clone()).await.expect("an inbox");
            for payload in payloads {
                self.client.publish(subject.to_owned(), payload.into()).await.expect("a publication");
            }
            self.client.publish(inbox.clone(), "".into()).await.expect("a publication");
            timeout(DEADLINE, replies.next()).await.expect("a reply");
        };
        self.runtime.block_on(publish);
    }
}

/// Reads `orders`, and writes to `copies`.
pub(super) fn copy_with(name: &str, uri: &str, options: &Options) -> Pipeline {
    let pipeline = Pipeline::named(name);
    let input = nats::read(&pipeline, uri, "orders").options(options.clone()).json::<Input>();
    nats::write(&input, uri, "copies").options(options.clone()).json();
    pipeline
}

/// The same, running.
pub(super) fn start_copy(name: &str, uri: &str) -> Running {
    copy_with(name, uri, &Options::new()).start().expect("a running pipeline")
}
