//! Messages from a core NATS subject.

mod drops;
mod reader;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::thread::JoinHandle;

use super::{Queue, Source, SourceLink};
use crate::data::Result;
use crate::nats::{self, Dialer, Endpoint, Options};
use reader::Reader;

/// A subscription to a core NATS subject, which can have wildcards; without a queue group.
///
/// What is published while it is not connected is not seen: core NATS keeps nothing.
/// What reaches the connection is handed over or counted as dropped; a slow pipeline slows the server down first.
#[derive(Clone, Debug)]
#[must_use]
pub struct Subscription {
    endpoint: Endpoint,
    options: Options,
    subject: Arc<str>,
    capacity: usize,
}

impl Subscription {
    /// How many messages wait in async-nats before it drops any.
    ///
    /// Its connection reads at most 128 times 64 KiB before our task has its turn. The smallest message takes 13 bytes,
    /// `MSG a 1 0\r\n\r\n`, so that no more than 645 277 can wait, and nothing is dropped. (The channel takes its memory as
    /// messages come.)
    const CAPACITY: usize = 1 << 20;

    /// A subscription to `subject` at the servers of `endpoint`.
    ///
    /// # Errors
    /// The subject can't be one.
    pub fn new(endpoint: Endpoint, subject: &str) -> Result<Self> {
        nats::check_subscribe_subject(subject)?;
        Ok(Subscription { endpoint, options: Options::new(), subject: subject.into(), capacity: Self::CAPACITY })
    }

    /// The same with options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }
}

impl Source for Subscription {
    fn start(self: Box<Self>, link: SourceLink) -> Result<JoinHandle<()>> {
        let name = link.name.clone();
        nats::spawn(&name, move |ready| {
            // Also when the thread panics: the worker must not wait for more.
            let _finish = Finish(link.queue.clone());
            let dialer = Dialer::new(self.endpoint, self.options, link.name.clone(), self.capacity);
            Reader::new(dialer, self.subject, link).run(ready);
        })
    }
}

/// Says on drop that no more will come.
pub(super) struct Finish(pub(super) Arc<Queue>);

impl Drop for Finish {
    fn drop(&mut self) {
        self.0.finish();
    }
}
