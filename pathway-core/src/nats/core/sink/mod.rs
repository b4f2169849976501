//! A sink that publishes on core NATS subjects.

mod pending;
mod publisher;
mod session;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use super::sink::publisher::Publisher;
use crate::connector::Failure;
use crate::connector::sink::{DeadLetters, Encoded, Sink, SinkInput};
use crate::nats::client::{Dialer, NatsUri, Options, Supervisor};

/// Publishes on core NATS subjects: each message at least once, in order.
///
/// A batch is confirmed when the server has received all of its messages. When the connection breaks, everything that was not
/// confirmed is published again over the next one. A subscriber may see messages twice, but misses none (as long as it is
/// connected: core NATS stores nothing).
#[derive(Clone, Debug)]
#[must_use = "a sink does nothing until it is started"]
pub struct CoreSink {
    uri: NatsUri,
    options: Options,
    drain_timeout: Duration,
    dead_letters: Option<DeadLetters>,
}

impl CoreSink {
    /// How many messages wait in async-nats for a subscription. The only one is the inbox of the flush barriers, of which one
    /// is in transit at a time.
    const CAPACITY: usize = 64;

    /// A sink that publishes at the servers of `uri`.
    pub fn new(uri: NatsUri) -> Self {
        CoreSink { uri, options: Options::new(), drain_timeout: Duration::from_secs(30), dead_letters: None }
    }

    /// Sets the connection options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// How long the last messages may take when the pipeline ends. Default: 30 s.
    ///
    /// If the server is not back by then, the pipeline ends with an error that says how many messages are missing.
    pub fn drain_timeout(mut self, timeout: Duration) -> Self {
        self.drain_timeout = timeout;
        self
    }

    /// Where messages go that cannot be published. Default: they are only logged and counted.
    pub fn dead_letters(mut self, dead_letters: Option<DeadLetters>) -> Self {
        self.dead_letters = dead_letters;
        self
    }
}

impl Sink for CoreSink {
    type Item = Encoded;

    fn run(self, input: &SinkInput<Encoded>) -> Result<(), Failure> {
        let dialer = Dialer::new(self.uri.clone(), self.options, Arc::clone(&input.link().name), Self::CAPACITY);
        let mut publisher = Publisher::new(self.uri, input.link().clone(), self.drain_timeout, self.dead_letters);
        Ok(Supervisor::new(dialer, Box::new(|| input.ready()), &input.link().connection).run(&mut publisher)?)
    }
}
