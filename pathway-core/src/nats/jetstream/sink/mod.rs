//! A sink that publishes into a JetStream stream. Each message is acknowledged when it is stored.

mod ack;
mod atomic;
mod event;
mod in_flight;
mod key_guard;
mod key_look_up;
mod order;
mod pause;
mod pending;
mod publisher;
mod refusal_log;
mod reject;
mod resume;
mod session;
mod subject_queues;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

pub(crate) use self::atomic::AtomicSettings;
use self::publisher::{Publisher, PublisherConfig};
use crate::connector::Failure;
use crate::connector::sink::{DeadLetters, Encoded, Sink, SinkInput};
use crate::data::Result;
use crate::nats::client::{ApiPrefix, Dialer, NatsUri, Options, Supervisor, check_stream_name};

/// Publishes into a stream, in order, and each message once within the stream's window for duplicates.
///
/// Many messages are in flight at a time. Each has an id, its own or one of this run, which stays the same when it is sent again, so that the server
/// stores it once. When the server refuses a message for now, or does not answer, nothing more is sent until those in flight
/// are answered. Then everything is sent again from the first message that is not stored. Where a stream refuses messages of
/// single subjects, only those wait; messages are then in order by subject.
#[derive(Clone, Debug)]
#[must_use = "a publisher does nothing until it is started"]
pub struct StreamPublisher {
    uri: NatsUri,
    options: Options,
    api: ApiPrefix,
    stream: Arc<str>,
    subject: Arc<str>,
    drain_timeout: Duration,
    dead_letters: Option<DeadLetters>,
    one_by_one: bool,
    own_ids: bool,
    atomic: Option<AtomicSettings>,
}

impl StreamPublisher {
    /// How many messages are in flight at most.
    ///
    /// One at a time would wait for each answer: 11 000 messages a second on one machine. From 1 000 on, more brings little
    /// there; the rest is for servers that are further away.
    const WINDOW: usize = 4_000;
    /// How many messages wait in async-nats for a subscription. The only ones are answers.
    const CAPACITY: usize = 4 * Self::WINDOW;

    /// A publisher into a stream. At the start it checks that the stream takes `subject`, unless that is empty.
    ///
    /// # Errors
    /// The stream's name is invalid.
    pub fn new(uri: NatsUri, stream: &str, subject: Arc<str>) -> Result<Self> {
        check_stream_name("stream", stream)?;
        Ok(StreamPublisher {
            uri,
            options: Options::new(),
            api: ApiPrefix::Own,
            stream: stream.into(),
            subject,
            drain_timeout: Duration::from_secs(30),
            dead_letters: None,
            one_by_one: false,
            own_ids: false,
            atomic: None,
        })
    }

    /// Sets the connection options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets whose JetStream has the stream. Default: the server's own.
    pub(crate) fn api(mut self, api: ApiPrefix) -> Self {
        self.api = api;
        self
    }

    /// How long the last messages may take when the pipeline ends. Default: 30 s.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// Where messages go that cannot be published. Default: they are only logged and counted.
    pub fn dead_letters(mut self, dead_letters: Option<DeadLetters>) -> Self {
        self.dead_letters = dead_letters;
        self
    }

    /// Sends no message while another one with the same subject is in flight: for streams in which the last message of a
    /// subject counts, whoever else writes into them. Default: all messages keep their order if nobody else writes.
    pub fn one_by_one(mut self) -> Self {
        self.one_by_one = true;
        self
    }

    /// Writes each commit as an atomic batch. Default: message by message.
    pub(crate) fn atomic(mut self, atomic: Option<AtomicSettings>) -> Self {
        self.atomic = atomic;
        self
    }

    /// Whether rows give messages their ids. Then the stream may have any of them already, which is no error.
    pub(crate) fn own_ids(mut self, own_ids: bool) -> Self {
        self.own_ids = own_ids;
        self
    }
}

impl Sink for StreamPublisher {
    type Item = Encoded;

    fn resumes(&self) -> bool {
        // The order of messages with ids of their own, and of single subjects, does not show how far an earlier run has come.
        !self.own_ids && !self.one_by_one
    }

    fn run(self, input: &SinkInput<Encoded>) -> Result<(), Failure> {
        let dialer = Dialer::new(self.uri.clone(), self.options, Arc::clone(&input.link().name), Self::CAPACITY);
        let config = PublisherConfig {
            uri: self.uri,
            api: self.api,
            stream: self.stream,
            subject: self.subject,
            window: Self::WINDOW,
            dead_letters: self.dead_letters,
            one_by_one: self.one_by_one,
            own_ids: self.own_ids,
            atomic: self.atomic,
        };
        let mut publisher = Publisher::new(config, self.drain_timeout, input.link().clone());
        Ok(Supervisor::new(dialer, Box::new(|| input.ready()), &input.link().connection).run(&mut publisher)?)
    }
}
