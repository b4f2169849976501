//! Messages from a core NATS subject.

mod drops;
mod reader;

#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::thread;

use super::source::reader::Reader;
use crate::connector::Failure;
use crate::connector::source::{MessageSender, Source, SourceLink, SourceSettings, Undecoded};
use crate::connector::thread::Ready;
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{self, Dialer, NatsUri, Options};
use crate::plan::Control;

/// A subscription to a core NATS subject, which can have wildcards.
///
/// What is published while it is not connected is not seen: core NATS keeps nothing.
/// What reaches the connection is handed over or counted as dropped; a slow pipeline slows the server down first.
#[derive(Clone, Debug)]
#[must_use]
pub struct Subscription {
    endpoint: NatsUri,
    options: Options,
    subject: Arc<str>,
    group: Option<Arc<str>>,
    readers: usize,
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
    pub fn new(endpoint: NatsUri, subject: &str) -> Result<Self> {
        client::check_subscribe_subject(subject)?;
        let (options, subject) = (Options::new(), subject.into());
        Ok(Subscription { endpoint, options, subject, group: None, readers: 1, capacity: Self::CAPACITY })
    }

    /// The same with options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// The same as a member of a queue group, of which one gets each message.
    ///
    /// # Errors
    /// The name can't be one.
    pub fn queue_group(mut self, group: &str) -> Result<Self> {
        client::check_queue_group(group)?;
        self.group = Some(group.into());
        Ok(self)
    }

    /// The same over several connections, which share the messages in a queue group: in one of their own, if none is given.
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// Runs one reader.
    fn run_one(self, link: SourceLink, ready: Ready) {
        let dialer = Dialer::new(self.endpoint, self.options, link.name.clone(), self.capacity);
        Reader::new(dialer, self.subject, self.group, link).run(ready);
    }

    /// Runs several readers, each on a thread and a connection of its own.
    fn run_all(self, sender: &MessageSender) -> Result<()> {
        let link = sender.link();
        let group = self.group.clone().unwrap_or_else(own_group);
        thread::scope(|scope| {
            let start = |number| {
                let subscription = Subscription { group: Some(group.clone()), ..self.clone() };
                let link = SourceLink { name: format!("{} (reader {number})", link.name).into(), ..link.clone() };
                let (ready, outcome) = Ready::channel();
                let reader = scope.spawn(move || {
                    let _guard = PanicGuard(link.control.clone());
                    subscription.run_one(link, ready);
                });
                (reader, outcome)
            };
            // All at once, so that waits for one server do not add up.
            let readers: Vec<_> = (1..=self.readers).map(start).collect();
            let panicked = || Err(Error::new(ErrorKind::Panic, "a reader panicked while it started"));
            let outcomes = readers.iter().map(|(_, outcome)| outcome.recv().unwrap_or_else(|_| panicked()));
            let started = outcomes.fold(Ok(()), |first: Result<()>, outcome| first.and(outcome));
            match &started {
                Ok(()) => sender.ready(),
                Err(_) => link.control.stop(),
            }
            readers.into_iter().for_each(|(reader, _)| drop(reader.join()));
            started
        })
    }
}

impl Source for Subscription {
    type Item = Undecoded;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().announces_ready()
    }

    fn run(self, sender: &MessageSender) -> Result<(), Failure> {
        if self.readers > 1 {
            return Ok(self.run_all(sender)?);
        }
        if let Some(ready) = sender.take_ready() {
            self.run_one(sender.link().clone(), ready);
        }
        Ok(())
    }
}

/// A queue group that nobody else is in.
fn own_group() -> Arc<str> {
    let random = || RandomState::new().hash_one(0);
    format!("pathway-{:016x}{:016x}", random(), random()).into()
}

/// Ends the pipeline when a reader panics: the others would go on without it.
struct PanicGuard(Control);

impl Drop for PanicGuard {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.fail(Error::new(ErrorKind::Panic, "a reader of a source panicked, and the pipeline ended"));
        }
    }
}
