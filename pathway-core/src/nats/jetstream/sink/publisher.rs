//! Publishes into a stream: what a publisher keeps from one connection to the next.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::order::OrderGuard;
use super::pending::PendingBatch;
use super::session::PublishSession;
use crate::connector::sink::{DeadLetters, SinkLink};
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{
    Api, ApiError, BatchReceiver, Connection, HeaderTemplate, NatsUri, Server, SessionEnd, StreamInfo, Supervised,
    Supervisor,
};
use crate::nats::kv::bucket::Bucket;
use crate::telemetry::{Level, LogLimiter, report};

/// How long JetStream may take to answer whether the stream exists.
const STREAM_INFO_TIMEOUT: Duration = Duration::from_secs(5);

/// What does not change while the publisher runs.
pub(super) struct PublisherConfig {
    pub(super) uri: NatsUri,
    pub(super) stream: Arc<str>,
    /// The subject of most messages, checked at the start; empty if each has its own.
    pub(super) subject: Arc<str>,
    /// How many messages are in flight at most.
    pub(super) window: usize,
    pub(super) dead_letters: Option<DeadLetters>,
    pub(super) one_by_one: bool,
}

pub(super) struct Publisher {
    pub(super) link: SinkLink,
    pub(super) config: PublisherConfig,
    /// The prefix of all message ids of this run. It is random, because the next run publishes other messages, whatever the
    /// numbers of their commits.
    pub(super) id_prefix: String,
    pub(super) order: OrderGuard,
    pub(super) template: HeaderTemplate,
    /// The stream, as it was when it was last asked for.
    pub(super) stream: Option<StreamInfo>,
    pub(super) batches: BatchReceiver,
    /// What is not stored, in order.
    pub(super) pending: VecDeque<PendingBatch>,
    pub(super) rejects: LogLimiter,
}

impl Supervised for Publisher {
    async fn run_session(
        &mut self,
        connection: &mut Connection,
        supervisor: &mut Supervisor<'_>,
    ) -> Result<(), SessionEnd> {
        let is_reconnected = supervisor.is_reconnected();
        if supervisor.is_starting() {
            let stream = self.stream_info(connection).await?;
            self.check_stream(stream)?;
        }
        let mut session = PublishSession::open(self, connection, is_reconnected).await?;
        session.established(supervisor);
        let end = session.run().await;
        session.rewind();
        end
    }

    async fn while_disconnected(&mut self, is_ready: bool) -> Result<()> {
        self.batches.collect(is_ready, &mut self.pending, PendingBatch::new).await;
        Ok(())
    }

    fn connection_lost(&mut self, server: &Server) {
        self.warn(format_args!(
            "the connection to {server} broke; reconnecting, messages that were not stored are kept"
        ));
    }

    fn expired(&self) -> impl Future<Output = ()> + 'static {
        self.batches.expired()
    }

    fn on_expired(&mut self) -> Result<()> {
        let missing: usize = self.pending.iter().map(PendingBatch::remaining).sum();
        let message = format!(
            "{missing} messages could not be stored: {} did not store them within {} s of the end",
            self.config.uri,
            self.batches.drain_timeout_seconds()
        );
        Err(self.error(ErrorKind::Network, message))
    }
}

impl Publisher {
    pub(super) fn new(config: PublisherConfig, drain_timeout: Duration, link: SinkLink) -> Self {
        Publisher {
            order: if config.one_by_one { OrderGuard::disabled() } else { OrderGuard::default() },
            config,
            id_prefix: format!("{:016x}", fastrand::u64(..)),
            template: HeaderTemplate::new(),
            stream: None,
            batches: BatchReceiver::new(link.clone(), drain_timeout),
            pending: VecDeque::new(),
            rejects: LogLimiter::new(&link.name),
            link,
        }
    }

    /// Asks for the stream.
    pub(super) async fn stream_info(
        &self,
        connection: &mut Connection,
    ) -> Result<Result<StreamInfo, ApiError>, SessionEnd> {
        let api = Api::new(connection.client.clone());
        connection.until_lost(api.stream_info(&self.config.stream, Some(STREAM_INFO_TIMEOUT))).await
    }

    /// Checks that the stream exists and takes the subject.
    pub(super) fn check_stream(&mut self, answer: Result<StreamInfo, ApiError>) -> Result<()> {
        let is_running = self.stream.is_some();
        let stream = match answer {
            Ok(stream) => stream,
            Err(error) => {
                let kind = match (is_running, &error) {
                    (true, _) => ErrorKind::Stream,
                    (false, ApiError::Temporary(_)) => ErrorKind::Connect,
                    (false, ApiError::Refused { .. }) => ErrorKind::Config,
                };
                let message = match error.has_code(ApiError::STREAM_NOT_FOUND) {
                    true if is_running => "it was deleted while it was written to".to_owned(),
                    true => {
                        let hint = Bucket::hint(&self.config.stream);
                        format!("there is no such stream at {}{hint}", self.config.uri)
                    }
                    false => error.to_string(),
                };
                return Err(self.error(kind, message));
            }
        };
        let subject = &*self.config.subject;
        if !subject.is_empty() && !stream.takes(subject) {
            let kind = if is_running { ErrorKind::Stream } else { ErrorKind::Config };
            let message = format!("it does not take `{subject}`; its subjects are {}", stream.subject_list());
            return Err(self.error(kind, message));
        }
        if !is_running && stream.is_clustered {
            self.order.use_sequences(stream.last);
        }
        self.stream = Some(stream);
        Ok(())
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl fmt::Display) -> Error {
        Error::new(kind, format!("{}: stream `{}`: {message}", self.link.name, self.config.stream))
    }

    pub(super) fn warn(&self, message: fmt::Arguments<'_>) {
        report(Level::Warn, &self.link.name, message);
    }
}
