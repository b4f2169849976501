//! The broker in memory.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::connector::sink::EncodedMessage;
use crate::connector::source::{InputQueue, MessageBatch};
use crate::connector::subject::matches;
use crate::connector::{Endpoint, MemoryBroker, ReplayOptions, TooLarge};
use crate::data::{Commit, DateTimeUtc};
use crate::plan::{Control, ManualCommits};

/// A NATS in memory. Use it where `nats::read` and `nats::write` take a server's URI.
///
/// The pipeline runs unchanged, with decoding and encoding, and the test decides where commits end: everything that was
/// [published](Broker::publish) before a [`commit`](Broker::commit) takes effect at once, on all subjects. Several pipelines
/// may use one broker. Clones are handles on the same broker. Its sources end when the last handle is dropped, or when
/// [`close`](Broker::close) is called.
///
/// What is published waits in memory, without a bound.
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
    handle: Arc<Handle>,
}

/// Ends the broker's sources when the last handle is dropped. Pipelines hold the broker itself.
#[derive(Default)]
struct Handle {
    shared: Arc<Shared>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.close();
    }
}

#[derive(Default)]
struct Shared {
    state: Mutex<State>,
}

struct State {
    subscriptions: Vec<Subscription>,
    /// The pipelines that read from the broker, with what seals their commits.
    pipelines: Vec<(Control, Arc<ManualCommits>)>,
    /// The messages that pipelines have written.
    published: Vec<Published>,
    /// The last value of each key of a bucket: who has written it, in which commit, and its number in that.
    values: HashMap<String, (String, Commit, usize)>,
    /// The sources have ended.
    closed: bool,
    /// How many bytes a message of a pipeline may have, headers included.
    max_payload: usize,
}

impl Default for State {
    fn default() -> Self {
        State {
            subscriptions: Vec::new(),
            pipelines: Vec::new(),
            published: Vec::new(),
            values: HashMap::new(),
            closed: false,
            max_payload: Broker::DEFAULT_MAX_PAYLOAD,
        }
    }
}

/// A source that reads from the broker.
struct Subscription {
    pattern: String,
    queue: Arc<InputQueue<MessageBatch>>,
}

/// A message that a pipeline has written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Published {
    /// Its subject.
    pub subject: String,
    /// Its headers, in the order in which they are on the wire.
    pub headers: Vec<(String, String)>,
    /// Its payload.
    pub payload: Vec<u8>,
}

impl Published {
    /// A message, to compare others with.
    pub fn new(
        subject: impl Into<String>,
        headers: impl Into<Vec<(String, String)>>,
        payload: impl Into<Vec<u8>>,
    ) -> Self {
        Published { subject: subject.into(), headers: headers.into(), payload: payload.into() }
    }

    /// The payload as text. Bytes that are not UTF-8 are replaced.
    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.payload)
    }

    /// How many bytes the message has on the wire, headers included.
    fn wire_size(&self) -> usize {
        const FRAME: usize = "NATS/1.0\r\n\r\n".len();
        let headers: usize = self.headers.iter().map(|(name, value)| name.len() + value.len() + ": \r\n".len()).sum();
        let headers = if self.headers.is_empty() { 0 } else { headers + FRAME };
        headers + self.payload.len()
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(header, _)| header == name).map(|(_, value)| value.as_str())
    }
}

impl Broker {
    /// How many bytes a message may have by default: those of a server.
    const DEFAULT_MAX_PAYLOAD: usize = 1 << 20;

    /// A broker without readers.
    pub fn new() -> Self {
        Broker::default()
    }

    /// Sets how many bytes a message that a pipeline publishes may have, headers included; a server's `max_payload`. Default:
    /// 1 MiB, as for a server. The sink rejects larger messages, with the reason.
    ///
    /// ```
    /// use pathway::prelude::*;
    /// use pathway::testing::Broker;
    ///
    /// #[derive(Schema)]
    /// struct Order { note: String }
    ///
    /// let broker = Broker::new();
    /// broker.set_max_payload(1_000);
    /// let pipeline = Pipeline::new();
    /// let orders = pipeline.rows(["short".to_owned(), "x".repeat(1_000)].map(|note| Order { note }));
    /// nats::write(&orders, &broker, "orders").dead_letter("dead").json();
    /// pipeline.run()?;
    /// assert_eq!((broker.published("orders").len(), broker.published("dead").len()), (1, 1));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn set_max_payload(&self, bytes: usize) {
        self.handle.shared.lock().max_payload = bytes;
    }

    /// Publishes a message: every source whose subject matches receives it with the next commit.
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
        self.handle.shared.lock().route(subject, &headers, payload.as_ref());
    }

    /// Makes what was published so far one commit of each pipeline that reads from the broker.
    ///
    /// It returns when these commits are done in all pipelines that run: their effects can be seen. What they publish
    /// belongs to the next commit of the pipelines that read it.
    pub fn commit(&self) {
        let state = self.handle.shared.lock();
        // Locked until all pipelines have their commit: the first may run already, and what it publishes waits for the lock.
        for (pipeline, commits) in &state.pipelines {
            commits.seal_without_waiting(|| {
                let own = state.subscriptions.iter().filter(|subscription| subscription.queue.control().is(pipeline));
                own.for_each(|subscription| subscription.queue.seal());
            });
        }
        let pipelines = state.pipelines.clone();
        drop(state);
        pipelines.iter().for_each(|(_, commits)| commits.wait());
    }

    /// What pipelines have written so far on a subject, which may have wildcards.
    pub fn published(&self, subject: &str) -> Vec<Published> {
        let state = self.handle.shared.lock();
        state.published.iter().filter(|message| matches(subject, &message.subject)).cloned().collect()
    }

    /// Ends the sources that read from the broker, after what was committed.
    pub fn close(&self) {
        self.handle.shared.close();
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker").finish_non_exhaustive()
    }
}

impl From<&Broker> for Endpoint {
    fn from(broker: &Broker) -> Self {
        Endpoint::Memory(Arc::clone(&broker.handle.shared) as Arc<dyn MemoryBroker>)
    }
}

impl ReplayOptions {
    /// What the sinks of messages would publish goes into a broker in memory: those of core NATS, streams, buckets, dead letters,
    /// and of your own for messages. Default: it is dropped.
    ///
    /// [`Broker::published`] then has it by subject, in the order in which it was written, to compare two versions of a program.
    /// What a sink adds on its way to a server, such as `Nats-Msg-Id`, is not in it. Sinks of rows of your own are not run.
    pub fn sinks(mut self, broker: &Broker) -> Self {
        self.sinks = Some(Arc::clone(&broker.handle.shared) as Arc<dyn MemoryBroker>);
        self
    }
}

impl Shared {
    fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.subscriptions.iter().for_each(|subscription| subscription.queue.finish());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl MemoryBroker for Shared {
    fn subscribe(&self, pattern: &str, queue: Arc<InputQueue<MessageBatch>>) -> Arc<ManualCommits> {
        let mut state = self.lock();
        if state.closed {
            queue.finish();
        }
        let control = queue.control().clone();
        state.subscriptions.push(Subscription { pattern: pattern.to_owned(), queue });
        if let Some((_, commits)) = state.pipelines.iter().find(|(pipeline, _)| pipeline.is(&control)) {
            return Arc::clone(commits);
        }
        let commits = Arc::new(ManualCommits::new());
        state.pipelines.push((control, Arc::clone(&commits)));
        commits
    }

    fn publish(&self, message: EncodedMessage<'_>) -> Result<(), TooLarge> {
        self.lock().publish(message)
    }

    fn publish_value(&self, message: EncodedMessage<'_>, writer: &str, place: (Commit, usize)) -> Result<(), TooLarge> {
        let mut state = self.lock();
        let last = state.values.get(message.subject());
        if last.is_some_and(|(last, commit, number)| last == writer && (*commit, *number) >= place) {
            return Ok(());
        }
        let subject = message.subject().to_owned();
        state.publish(message)?;
        state.values.insert(subject, (writer.to_owned(), place.0, place.1));
        Ok(())
    }
}

impl State {
    fn publish(&mut self, message: EncodedMessage<'_>) -> Result<(), TooLarge> {
        let message = Published::new(message.subject(), message.headers(), message.payload());
        if message.wire_size() > self.max_payload {
            return Err(TooLarge(self.max_payload));
        }
        self.route(&message.subject, &message.headers, &message.payload);
        self.published.push(message);
        Ok(())
    }

    /// Adds a message to the open commits of all sources that read its subject.
    fn route(&self, subject: &str, headers: &[(String, String)], payload: &[u8]) {
        let now = DateTimeUtc::now();
        for Subscription { queue, .. } in self.subscriptions.iter().filter(|read| matches(&read.pattern, subject)) {
            let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
            queue.add_to_open(|open| open.push_with(subject, payload, pairs, Some(now), None));
        }
    }
}
