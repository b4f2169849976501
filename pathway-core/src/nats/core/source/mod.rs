//! Messages from a core NATS subject.

mod drops;
mod reader;

#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::source::reader::Reader;
use crate::connector::source::{Queue, Source, SourceLink};
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

    /// Starts one reader.
    fn start_one(self, link: SourceLink, life: Life) -> Result<JoinHandle<()>> {
        let name = link.name.clone();
        client::spawn(&name, move |ready| {
            let _life = life;
            let dialer = Dialer::new(self.endpoint, self.options, link.name.clone(), self.capacity);
            Reader::new(dialer, self.subject, self.group, link).run(ready);
        })
    }
}

impl Source for Subscription {
    fn start(self: Box<Self>, link: SourceLink) -> Result<JoinHandle<()>> {
        let finish = Arc::new(Finish(link.queue.clone()));
        let life = || Life { control: link.control.clone(), _finish: Arc::clone(&finish) };
        if self.readers == 1 {
            return self.start_one(link.clone(), life());
        }
        let group = self.group.clone().unwrap_or_else(own_group);
        // All at once: where the server is not there yet, the waits do not add up.
        let outcomes: Vec<_> = thread::scope(|scope| {
            let start = |number| {
                let subscription = Subscription { group: Some(group.clone()), ..(*self).clone() };
                let link = SourceLink { name: format!("{} (reader {number})", link.name).into(), ..link.clone() };
                let life = life();
                scope.spawn(move || subscription.start_one(link, life))
            };
            let starting: Vec<_> = (1..=self.readers).map(start).collect();
            let panicked = |_| Err(Error::new(ErrorKind::Panic, "a reader panicked while it was started"));
            starting.into_iter().map(|thread| thread.join().unwrap_or_else(panicked)).collect()
        });
        let (mut threads, mut failure) = (Vec::new(), None);
        for outcome in outcomes {
            match outcome {
                Ok(thread) => threads.push(thread),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        if let Some(error) = failure {
            link.control.stop();
            threads.into_iter().for_each(|thread| drop(thread.join()));
            return Err(error);
        }
        // The pipeline waits for one thread a source: this one waits for all of its readers.
        client::spawn(&link.name, move |ready| {
            ready.say(Ok(()));
            threads.into_iter().for_each(|thread| drop(thread.join()));
        })
    }
}

/// A queue group that nobody else is in.
fn own_group() -> Arc<str> {
    let random = || RandomState::new().hash_one(0);
    format!("pathway-{:016x}{:016x}", random(), random()).into()
}

/// What a reader's thread holds while it lives.
struct Life {
    control: Control,
    _finish: Arc<Finish>,
}

/// The others would go on without it, and the table would not be told.
impl Drop for Life {
    fn drop(&mut self) {
        if thread::panicking() {
            self.control.fail(Error::new(ErrorKind::Panic, "the thread of a source panicked"));
        }
    }
}

/// Says, when the last reader has ended, that no more will come: also of readers that panic, as the worker must not wait.
pub(in crate::nats) struct Finish(pub(in crate::nats) Arc<Queue>);

impl Drop for Finish {
    fn drop(&mut self) {
        self.0.finish();
    }
}
