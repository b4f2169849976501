//! Publishes on core NATS subjects: what a publisher keeps from one connection to the next.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use super::pending::PendingBatch;
use super::session::PublishSession;
use crate::connector::sink::{DeadLetters, SinkLink};
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{
    BatchReceiver, Connection, HeaderTemplate, Loss, NatsUri, Server, SessionEnd, Supervised, Supervisor,
};
use crate::telemetry::{Level, LogLimiter, report};

pub(super) struct Publisher {
    uri: NatsUri,
    pub(super) link: SinkLink,
    pub(super) template: HeaderTemplate,
    pub(super) dead_letters: Option<DeadLetters>,
    pub(super) batches: BatchReceiver,
    /// What the server has not confirmed, in order.
    pub(super) pending: VecDeque<PendingBatch>,
    pub(super) rejects: LogLimiter,
    /// If the pipeline persists: what the header `pathway_commit` of its messages begins with.
    pub(super) commit_prefix: Option<String>,
}

impl Supervised for Publisher {
    async fn run_session(
        &mut self,
        connection: &mut Connection,
        supervisor: &mut Supervisor<'_>,
    ) -> Result<(), SessionEnd> {
        let mut session = PublishSession::open(self, connection).await?;
        session.established(supervisor);
        session.run().await
    }

    async fn while_disconnected(&mut self, is_ready: bool) -> Result<()> {
        self.batches.collect(is_ready, &mut self.pending, PendingBatch::new).await;
        Ok(())
    }

    fn connection_lost(&mut self, server: &Server) -> Loss {
        let next = "reconnecting, messages that were not confirmed are kept";
        Loss { level: Level::Warn, what: format!("the connection to {server} broke"), next }
    }

    fn expired(&self) -> impl Future<Output = ()> + 'static {
        self.batches.expired()
    }

    fn on_expired(&mut self) -> Result<()> {
        let missing: u64 = self.pending.iter().map(|batch| batch.outgoing.len() as u64 - batch.counted).sum();
        let message = format!(
            "{}: {missing} messages could not be published: {} did not confirm them within {} s of the end",
            self.link.name,
            self.uri,
            self.batches.drain_timeout_seconds()
        );
        Err(Error::new(ErrorKind::Network, message))
    }
}

impl Publisher {
    pub(super) fn new(
        uri: NatsUri,
        link: SinkLink,
        drain_timeout: Duration,
        dead_letters: Option<DeadLetters>,
    ) -> Self {
        Publisher {
            uri,
            rejects: LogLimiter::new(&link.name),
            batches: BatchReceiver::new(link.clone(), drain_timeout),
            commit_prefix: link.control.persistent().map(|state| state.id_prefix(&link.name)),
            link,
            template: HeaderTemplate::new(),
            dead_letters,
            pending: VecDeque::new(),
        }
    }

    pub(super) fn warn(&self, message: fmt::Arguments<'_>) {
        report(Level::Warn, &self.link.name, message);
    }
}
