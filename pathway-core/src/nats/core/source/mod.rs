//! A source that reads a core NATS subject.

mod drops;
mod reader;
mod session;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::source::reader::Reader;
use crate::connector::Failure;
use crate::connector::source::{MessageSender, Source, SourceLink, SourceSettings, Undecoded};
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{self, Dialer, NatsUri, Options, Ready, Supervisor};
use crate::telemetry::Span;

/// A subscription to a core NATS subject, which may have wildcards.
///
/// Messages that are published while it is not connected are lost: core NATS stores nothing.
/// Every message that reaches the connection is handed over or counted as dropped. Backpressure of a slow pipeline reaches
/// the server before anything is dropped.
#[derive(Clone, Debug)]
#[must_use = "a subscription does nothing until it is started"]
pub struct Subscription {
    uri: NatsUri,
    options: Options,
    subject: Arc<str>,
    group: Option<Arc<str>>,
    readers: usize,
    capacity: usize,
}

impl Subscription {
    /// How many messages wait in async-nats before it drops any.
    ///
    /// Its connection reads at most 128 times 64 KiB before our task runs. The smallest message has 13 bytes,
    /// `MSG a 1 0\r\n\r\n`, so at most 645 277 messages can wait, and none is dropped. (The channel allocates its memory as
    /// messages arrive.)
    const CAPACITY: usize = 1 << 20;

    /// A subscription to `subject` at the servers of `uri`.
    ///
    /// # Errors
    /// The subject is invalid.
    pub fn new(uri: NatsUri, subject: &str) -> Result<Self> {
        client::check_subscribe_subject(subject)?;
        let (options, subject) = (Options::new(), subject.into());
        Ok(Subscription { uri, options, subject, group: None, readers: 1, capacity: Self::CAPACITY })
    }

    /// Sets the connection options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Joins a queue group: each message goes to one of its members.
    ///
    /// # Errors
    /// The name is invalid.
    pub fn queue_group(mut self, group: &str) -> Result<Self> {
        client::check_queue_group(group)?;
        self.group = Some(group.into());
        Ok(self)
    }

    /// Reads over several connections, which share the messages in a queue group: the given one, or else one of their own.
    pub fn readers(mut self, readers: usize) -> Self {
        self.readers = readers.max(1);
        self
    }

    /// Runs several readers, each on a thread and a connection of its own. It is ready when all subscriptions are active.
    fn run_readers(&self, sender: &MessageSender) -> Result<()> {
        let link = sender.link();
        let group = self.group.clone().unwrap_or_else(unique_group);
        let starting = AtomicUsize::new(self.readers);
        let one_is_ready = || {
            if starting.fetch_sub(1, Ordering::AcqRel) == 1 {
                sender.ready();
            }
        };
        let run_reader = |number: usize| {
            let _guard = StopIfPanicking(link);
            let link = SourceLink { name: format!("{} (reader {number})", link.name).into(), ..link.clone() };
            let control = link.control.clone();
            let outcome = self.run_reader(Some(Arc::clone(&group)), link, Box::new(one_is_ready));
            if outcome.is_err() {
                // The others would continue without this one.
                control.stop();
            }
            outcome
        };
        let span = Span::current();
        thread::scope(|scope| {
            let mut outcome = Ok(());
            let mut others = Vec::new();
            for number in 2..=self.readers {
                let (name, span) = (format!("{} (reader {number})", link.name).replace('\0', ""), span.clone());
                match thread::Builder::new()
                    .name(name)
                    .spawn_scoped(scope, move || span.in_scope(|| run_reader(number)))
                {
                    Ok(thread) => others.push(thread),
                    Err(error) => {
                        link.control.stop();
                        let message = format!("{}: a thread could not be started", link.name);
                        outcome = Err(Error::new(ErrorKind::Network, message).with_source(error));
                        break;
                    }
                }
            }
            outcome = outcome.and(run_reader(1));
            let panicked = |_| Err(Error::new(ErrorKind::Panic, format!("{}: a reader panicked", link.name)));
            others.into_iter().fold(outcome, |first, thread| first.and(thread.join().unwrap_or_else(panicked)))
        })
    }

    fn run_reader(&self, group: Option<Arc<str>>, link: SourceLink, ready: Ready<'_>) -> Result<()> {
        let dialer = Dialer::new(self.uri.clone(), self.options.clone(), Arc::clone(&link.name), self.capacity);
        let connection = Arc::clone(&link.connection);
        let mut reader = Reader::new(Arc::clone(&self.subject), group, link);
        Supervisor::new(dialer, ready, &connection).run(&mut reader)
    }
}

#[diagnostic::do_not_recommend]
impl Source for Subscription {
    type Item = Undecoded;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().reports_waiting()
    }

    fn run(self, sender: &MessageSender) -> Result<(), Failure> {
        if self.readers > 1 {
            return Ok(self.run_readers(sender)?);
        }
        Ok(self.run_reader(self.group.clone(), sender.link().clone(), Box::new(|| sender.ready()))?)
    }
}

/// A queue group that no other program is in.
fn unique_group() -> Arc<str> {
    format!("pathway-{:032x}", fastrand::u128(..)).into()
}

/// Stops the pipeline when a reader panics: the others would continue without it.
struct StopIfPanicking<'a>(&'a SourceLink);

impl Drop for StopIfPanicking<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.control.stop();
        }
    }
}
