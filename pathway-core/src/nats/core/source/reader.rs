//! Reads a core NATS subject: what a reader keeps from one connection to the next.
//!
//! Its thread runs nothing but its connection. While it waits for room in the queue, nobody reads the socket, and TCP slows
//! the server down. (If the thread ran anything else, async-nats' task would run too, read on, and drop what does not fit.)

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_nats::{HeaderMap, Message};

use super::drops::DropCounter;
use super::session::SubscriptionSession;
use crate::connector::source::{Closed, MessageBatch, SourceLink};
use crate::data::{DateTimeUtc, Metadata, Result};
use crate::nats::client::{Connection, InboxFilter, Loss, Server, SessionEnd, Supervised, Supervisor, is_marker};
use crate::telemetry::{Level, report};

/// If the connection breaks within this time after the queue was full, the slow pipeline probably caused it.
const SLOW_BEFORE_LOSS: Duration = Duration::from_secs(10);
/// A batch is handed over when it has this many messages: enough to make the hand-over cheap, and few enough for the worker
/// to start early. If fewer are there, they are handed over immediately.
const BATCH_MESSAGES: usize = 2048;
/// Or when it has this many bytes.
const BATCH_BYTES: usize = 1 << 20;

pub(super) struct Reader {
    pub(super) subject: Arc<str>,
    pub(super) group: Option<Arc<str>>,
    pub(super) link: SourceLink,
    batch: MessageBatch,
    /// The most messages of a batch: no more than the queue takes.
    batch_messages: usize,
    pub(super) drops: DropCounter,
    inboxes: InboxFilter,
    /// When the queue last had no room.
    last_full: Option<Instant>,
}

impl Supervised for Reader {
    async fn run_session(
        &mut self,
        connection: &mut Connection,
        supervisor: &mut Supervisor<'_>,
    ) -> Result<(), SessionEnd> {
        self.drops.start_connection();
        SubscriptionSession::open(self, connection).await?.run(supervisor).await
    }

    async fn while_disconnected(&mut self, _: bool) -> Result<()> {
        self.link.control.stopped().await;
        Ok(())
    }

    fn connection_lost(&mut self, server: &Server) -> Loss {
        if self.last_full.take().is_some_and(|last| last.elapsed() < SLOW_BEFORE_LOSS) {
            let what = format!(
                "the connection to {server} broke while `{}` delivered messages faster than the pipeline processed them. \
                 A server disconnects a client that is too slow (`max_pending`, `write_deadline`), and the messages that it \
                 had buffered for the client are lost; only the server's log says how many",
                self.subject
            );
            Loss { level: Level::Error, what, next: "reconnecting" }
        } else {
            let what = format!("the connection to {server} broke, and messages in transit are lost");
            Loss { level: Level::Warn, what, next: "reconnecting" }
        }
    }
}

impl Reader {
    pub(super) fn new(subject: Arc<str>, group: Option<Arc<str>>, link: SourceLink) -> Self {
        Reader {
            inboxes: InboxFilter::new(&subject),
            subject,
            group,
            batch: MessageBatch::default(),
            batch_messages: BATCH_MESSAGES.min(link.queue.bound().messages),
            drops: DropCounter::new(&link.name),
            link,
            last_full: None,
        }
    }

    /// The subscription is active.
    pub(super) fn established(&self, connection: &Connection, supervisor: &mut Supervisor<'_>) {
        let Some(outage) = supervisor.established(connection) else { return };
        self.link.counters.reconnects.add(1);
        let missed = match self.group {
            None => "messages that were published in the meantime are lost: core NATS stores nothing",
            Some(_) => "messages that were published in the meantime went to other members of its queue group, if any",
        };
        supervisor.report_return(format_args!("{outage}; on `{}`, {missed}", self.subject));
    }

    /// Adds a message to the batch, and hands the batch over when it is full.
    pub(super) fn read(&mut self, message: &Message) -> Result<(), Closed> {
        self.drops.count_received();
        if is_marker(message) {
            self.link.counters.markers.add(1);
            return Ok(());
        }
        // An answer to this program, and no message of the subject, whatever the wildcards match.
        if self.inboxes.is_inbox(&message.subject) {
            return Ok(());
        }
        self.add(message);
        if self.batch.len() >= self.batch_messages || self.batch.weight() >= BATCH_BYTES {
            self.hand_over()?;
        }
        Ok(())
    }

    /// Adds a message to the batch, with the metadata that the schema needs.
    fn add(&mut self, message: &Message) {
        let Metadata { headers, received_at, .. } = self.link.kept_metadata();
        if !headers && !received_at {
            return self.batch.push(&message.subject, &message.payload);
        }
        let headers = message.headers.as_ref().filter(|_| headers);
        let pairs = headers.into_iter().flat_map(HeaderMap::iter);
        let pairs = pairs.flat_map(|(name, values)| values.iter().map(|value| (name.as_ref(), value.as_str())));
        let received_at = received_at.then(DateTimeUtc::now);
        self.batch.push_with(&message.subject, &message.payload, pairs, received_at, None);
    }

    /// Hands the batch over to the worker. Blocks while the queue is full.
    pub(super) fn hand_over(&mut self) -> Result<(), Closed> {
        let counters = &self.link.counters;
        counters.received.add(self.batch.len() as u64);
        counters.bytes.add(self.batch.bytes() as u64);
        if self.link.queue.push(&mut self.batch)? {
            self.last_full = Some(Instant::now());
        }
        Ok(())
    }

    pub(super) fn warn(&self, message: fmt::Arguments<'_>) {
        report(Level::Warn, &self.link.name, message);
    }
}
