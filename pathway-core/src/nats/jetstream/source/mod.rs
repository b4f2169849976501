//! Messages from a JetStream stream.
//!
//! A stream that keeps its messages up to its limits is read without acknowledgements, by its sequences: a consumer
//! that the server forgets by itself, and that is made anew behind the last message that was read, whenever anything is
//! wrong with it. A stream that keeps messages until they are acknowledged (a work queue, or one by interest) is read
//! with a consumer that stays, and a message is acknowledged when all that it caused is with the servers.

mod consumer;
mod consumer_session;
mod delivery_info;
mod position;
mod pull_requests;
mod reader;
mod session;
mod start;
mod unacked;

pub use super::source::start::Start;

use std::sync::Arc;

use super::source::consumer::ConsumerConfig;
use super::source::reader::Reader;
use crate::connector::Failure;
use crate::connector::source::{MessageSender, Source, SourceSettings, Undecoded};
use crate::data::Result;
use crate::nats::client::{Dialer, NatsUri, Options, check_stream_name, check_subscribe_subject};

/// A reader of a stream.
#[derive(Clone, Debug)]
#[must_use]
pub struct StreamReader {
    endpoint: NatsUri,
    options: Options,
    wanted: ConsumerConfig,
    prefix: Arc<str>,
}

impl StreamReader {
    /// How many messages wait in async-nats before it drops any: more than are ever asked for at a time.
    const CAPACITY: usize = 1 << 20;

    /// A reader of those messages of a stream that match a subject; of all where it is empty.
    ///
    /// Where it needs a consumer that stays, that one is named after the pipeline and the source.
    ///
    /// # Errors
    /// The subject or the stream's name can't be one.
    pub fn new(endpoint: NatsUri, stream: &str, subject: &str, pipeline: &str, source: &str) -> Result<Self> {
        check_stream_name("stream", stream)?;
        let subject = if subject.is_empty() { ">" } else { subject };
        check_subscribe_subject(subject)?;
        let wanted = ConsumerConfig {
            stream: stream.into(),
            subject: subject.into(),
            start: Start::All,
            durable: None,
            own: consumer::own_name(pipeline, source),
        };
        Ok(StreamReader { endpoint, options: Options::new(), wanted, prefix: "".into() })
    }

    /// The same with options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Where to begin.
    pub fn start_at(mut self, start: Start) -> Self {
        self.wanted.start = start;
        self
    }

    /// The consumer to read with, which must be there.
    ///
    /// # Errors
    /// No consumer can have that name.
    pub fn durable(mut self, name: &str) -> Result<Self> {
        check_stream_name("consumer", name)?;
        self.wanted.durable = Some(name.into());
        Ok(self)
    }

    /// What to leave out at the beginning of each subject.
    pub fn without_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }
}

impl Source for StreamReader {
    type Item = Undecoded;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().announces_ready()
    }

    fn run(self, sender: &MessageSender) -> Result<(), Failure> {
        let link = sender.link().clone();
        let patience = self.options.connect_deadline;
        let dialer = Dialer::new(self.endpoint, self.options, link.name.clone(), Self::CAPACITY);
        if let Some(ready) = sender.take_ready() {
            Reader::new(dialer, patience, self.wanted, self.prefix, link).run(ready);
        }
        Ok(())
    }
}
