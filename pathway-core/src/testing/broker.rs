//! The broker in memory.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::subject::matches;
use crate::connector::source::{Batch, CommitBuffer};
use crate::data::DateTimeUtc;
use crate::plan::ManualCommits;

/// A NATS in memory, which goes where a server's URI goes in `nats::read` and `nats::write`.
///
/// The pipeline runs unchanged, decoding and encoding included, and the test says where commits end: everything
/// that was [published](Broker::publish) up to a [`commit`](Broker::commit) takes effect at once, over all
/// subjects. Clones are handles on one broker; when the last handle of the test is dropped, or
/// [`close`](Broker::close) is called, the sources end.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::testing::Broker;
///
/// #[derive(Schema)]
/// struct Input { value: i64 }
///
/// let broker = Broker::new();
/// let pipeline = Pipeline::new();
/// let input = nats::read(&pipeline, &broker, "connector_example").json::<Input>();
/// let total = reduce!(row in input => { sum: sum(row.value) });
/// nats::write(&total, &broker, "sum").json();
///
/// let running = pipeline.start()?;
/// broker.publish("connector_example", r#"{"value": 1}"#);
/// broker.commit();
/// assert!(broker.published("sum")[0].text().starts_with(r#"{"sum":1,"diff":1,"#));
/// broker.close();
/// running.join()?;
/// # Ok::<(), pathway::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Broker {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    ticks: Arc<ManualCommits>,
}

#[derive(Default)]
struct State {
    /// Pattern and mailbox of each source that reads from the broker.
    subscriptions: Vec<(String, Arc<CommitBuffer<Batch>>)>,
    /// What pipelines have written.
    published: Vec<Published>,
}

/// A message that a pipeline has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Its subject.
    pub subject: String,
    /// Its headers, in the order in which they are on the wire.
    pub headers: Vec<(String, String)>,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl Published {
    /// The payload as text; bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.payload)
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

impl Broker {
    /// A broker that nobody reads from yet.
    pub fn new() -> Self {
        Broker::default()
    }

    /// Publishes a message: every source whose subject matches will have it with the next commit.
    pub fn publish(&self, subject: &str, payload: impl AsRef<[u8]>) {
        self.publish_with_headers(subject, [] as [(&str, &str); 0], payload);
    }

    /// Publishes a message with headers, as pairs of name and value.
    ///
    /// ```
    /// # let broker = pathway::testing::Broker::new();
    /// broker.publish_with_headers("orders", [("origin", "shop"), ("trace", "7")], r#"{"id": 1}"#);
    /// ```
    pub fn publish_with_headers<N: Into<String>, V: Into<String>>(
        &self,
        subject: &str,
        headers: impl IntoIterator<Item = (N, V)>,
        payload: impl AsRef<[u8]>,
    ) {
        let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        route(&self.lock(), subject, &headers, payload.as_ref());
    }

    /// Makes what was published so far one commit.
    ///
    /// While the pipeline runs it returns when the commit is through: what it caused can be seen.
    pub fn commit(&self) {
        self.shared.ticks.seal(|| self.lock().subscriptions.iter().for_each(|(_, mailbox)| mailbox.seal()));
    }

    /// What pipelines have written on a subject so far, which may have wildcards.
    pub fn published(&self, subject: &str) -> Vec<Published> {
        self.lock().published.iter().filter(|message| matches(subject, &message.subject)).cloned().collect()
    }

    /// Ends the sources that read from the broker, after what was committed.
    pub fn close(&self) {
        self.lock().subscriptions.iter().for_each(|(_, mailbox)| mailbox.end());
        self.shared.ticks.wake();
    }

    /// A mailbox for a source that reads these subjects.
    pub(crate) fn subscribe(&self, pattern: &str) -> Arc<CommitBuffer<Batch>> {
        let mailbox = Arc::new(CommitBuffer::new());
        self.lock().subscriptions.push((pattern.to_owned(), Arc::clone(&mailbox)));
        mailbox
    }

    /// The commits of all sources that read from the broker.
    pub(crate) fn ticks(&self) -> Arc<ManualCommits> {
        Arc::clone(&self.shared.ticks)
    }

    /// Takes what a pipeline writes, and hands it to whom reads it.
    pub(crate) fn deliver(&self, message: Published) {
        let mut state = self.lock();
        route(&state, &message.subject, &message.headers, &message.payload);
        state.published.push(message);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn route(state: &State, subject: &str, headers: &[(String, String)], payload: &[u8]) {
    let now = DateTimeUtc::now();
    for (_, mailbox) in state.subscriptions.iter().filter(|(pattern, _)| matches(pattern, subject)) {
        let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        mailbox.add(|open| open.push_with(subject, payload, pairs, Some(now), None));
    }
}
