//! Messages onto core NATS subjects.

pub(crate) mod headers;
mod pending;
mod publisher;
mod session;

#[cfg(test)]
mod tests;

use std::time::Duration;

use super::sink::publisher::Publisher;
use crate::connector::Failure;
use crate::connector::sink::{DeadLetters, Encoded, Sink, SinkInput};
use crate::nats::client::{Dialer, NatsUri, Options};

/// Publishes on core NATS subjects, each message at least once, in order.
///
/// A parcel is confirmed when the server has taken all its messages. When the connection breaks, all that was not confirmed
/// is published again from its beginning, once there is another: a subscriber can see messages twice, but misses none
/// (while it is connected itself: core NATS keeps nothing).
#[derive(Clone, Debug)]
#[must_use]
pub struct CoreSink {
    endpoint: NatsUri,
    options: Options,
    last_deadline: Duration,
    dead_letters: Option<DeadLetters>,
}

impl CoreSink {
    /// A publisher at the servers of `endpoint`.
    pub fn new(endpoint: NatsUri) -> Self {
        CoreSink { endpoint, options: Options::new(), last_deadline: Duration::from_secs(30), dead_letters: None }
    }

    /// The same with options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// How long the last messages may take once no more will come: 30 s by default.
    ///
    /// A server that is gone may be back by then; else the pipeline ends with an error that says how many are missing.
    pub fn last_deadline(mut self, deadline: Duration) -> Self {
        self.last_deadline = deadline;
        self
    }

    /// Where messages go that can't be published. By default they are reported and counted only.
    pub fn dead_letters(mut self, dead_letters: Option<DeadLetters>) -> Self {
        self.dead_letters = dead_letters;
        self
    }
}

impl Sink for CoreSink {
    type Item = Encoded;

    fn run(self, input: &SinkInput<Encoded>) -> Result<(), Failure> {
        let link = input.link().clone();
        // The only subscription of the connection is the inbox of its flush barriers, of which one is in flight at a time.
        let dialer = Dialer::new(self.endpoint, self.options, link.name.clone(), 64);
        if let Some(ready) = input.take_ready() {
            Publisher::new(dialer, link, self.last_deadline, self.dead_letters).run(ready);
        }
        Ok(())
    }
}
