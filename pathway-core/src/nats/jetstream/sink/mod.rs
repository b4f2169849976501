//! Messages into a JetStream stream, each acknowledged when it is stored.

mod ack;
mod in_flight;
mod order;
mod pending;
mod publisher;
mod request;
mod retry;
mod session;

use std::sync::Arc;
use std::time::Duration;

use super::sink::publisher::Publisher;
use crate::connector::Failure;
use crate::connector::sink::{DeadLetters, Encoded, Sink, SinkInput};
use crate::data::Result;
use crate::nats::client::{Dialer, NatsUri, Options, check_stream_name};

/// Publishes into a stream, in order, and each message once within the stream's window for duplicates.
///
/// Many messages are under way at a time. Each has an id that is the same whenever it is sent again, so that the server
/// stores it once. Where the server refuses one for now, or does not answer, nothing more is sent until those under way
/// have been answered; then everything is sent again from the first that is not stored.
#[derive(Clone, Debug)]
#[must_use]
pub struct StreamPublisher {
    endpoint: NatsUri,
    options: Options,
    stream: Arc<str>,
    /// The subject of most messages, to be checked at the start; empty where each has its own.
    subject: Arc<str>,
    last_deadline: Duration,
    dead_letters: Option<DeadLetters>,
    one_by_one: bool,
}

impl StreamPublisher {
    /// How many messages are under way at most.
    ///
    /// One at a time would wait for each answer: 11 000 a second on one machine. From 1 000 on, more brings little there;
    /// the rest is for servers that are further away.
    const WINDOW: usize = 4_000;

    /// A publisher into a stream. It is checked that the stream takes `subject`, unless that is empty.
    ///
    /// # Errors
    /// No stream can have that name.
    pub fn new(endpoint: NatsUri, stream: &str, subject: Arc<str>) -> Result<Self> {
        check_stream_name("stream", stream)?;
        Ok(StreamPublisher {
            endpoint,
            options: Options::new(),
            stream: stream.into(),
            subject,
            last_deadline: Duration::from_secs(30),
            dead_letters: None,
            one_by_one: false,
        })
    }

    /// The same with options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// How long the last messages may take once no more will come: 30 s by default.
    pub fn last_deadline(mut self, deadline: Duration) -> Self {
        self.last_deadline = deadline;
        self
    }

    /// Where messages go that can't be published. By default they are reported and counted only.
    pub fn dead_letters(mut self, dead_letters: Option<DeadLetters>) -> Self {
        self.dead_letters = dead_letters;
        self
    }

    /// Sends no message while another one with its subject is under way: for a stream of which the last message of a
    /// subject counts, whoever else writes into it. By default all messages keep their order, where nobody else does.
    pub fn one_by_one(mut self) -> Self {
        self.one_by_one = true;
        self
    }
}

impl Sink for StreamPublisher {
    type Item = Encoded;

    fn run(self, input: &SinkInput<Encoded>) -> Result<(), Failure> {
        let link = input.link().clone();
        // The only subscriptions of the connection are for acknowledgements.
        let dialer = Dialer::new(self.endpoint, self.options, link.name.clone(), 4 * Self::WINDOW);
        let settings = publisher::Settings {
            stream: self.stream,
            subject: self.subject,
            window: Self::WINDOW,
            last_deadline: self.last_deadline,
            dead_letters: self.dead_letters,
            one_by_one: self.one_by_one,
        };
        if let Some(ready) = input.take_ready() {
            Publisher::new(dialer, link, settings).run(ready);
        }
        Ok(())
    }
}
