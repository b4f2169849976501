//! Publishes into a stream: what a publisher keeps from one connection to the next.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::atomic::{AtomicSession, AtomicSettings, AtomicState};
use super::key_guard::KeyGuard;
use super::order::OrderGuard;
use super::pending::PendingBatch;
use super::refusal_log::RefusalLog;
use super::resume::Resume;
use super::session::PublishSession;
use crate::connector::sink::{DeadLetters, SinkLink};
use crate::data::{Error, ErrorKind, Result, excerpt};
use crate::nats::client::{
    ApiError, ApiPrefix, BatchReceiver, Connection, HeaderTemplate, Loss, NatsUri, Server, SessionEnd, StreamInfo,
    Supervised, Supervisor,
};
use crate::nats::kv::bucket::Bucket;
use crate::telemetry::{Level, LogLimiter, report};

/// How long JetStream may take to answer whether the stream exists.
const STREAM_INFO_TIMEOUT: Duration = Duration::from_secs(5);

/// What does not change while the publisher runs.
pub(super) struct PublisherConfig {
    pub(super) uri: NatsUri,
    /// Whose JetStream has the stream.
    pub(super) api: ApiPrefix,
    pub(super) stream: Arc<str>,
    /// The subject of most messages, checked at the start; empty if each has its own.
    pub(super) subject: Arc<str>,
    /// How many messages are in flight at most.
    pub(super) window: usize,
    pub(super) dead_letters: Option<DeadLetters>,
    pub(super) one_by_one: bool,
    /// Rows give messages their ids, so that those of earlier runs and other writers can be the same.
    pub(super) own_ids: bool,
    /// Commits are atomic batches.
    pub(super) atomic: Option<AtomicSettings>,
}

pub(super) struct Publisher {
    pub(super) link: SinkLink,
    pub(super) config: PublisherConfig,
    /// The prefix of all message ids of this run. It is random, because the next run publishes other messages, whatever the
    /// numbers of their commits; unless the pipeline persists.
    pub(super) id_prefix: String,
    pub(super) order: OrderGuard,
    pub(super) template: HeaderTemplate,
    /// The stream, as it was when it was last asked for.
    pub(super) stream: Option<StreamInfo>,
    pub(super) batches: BatchReceiver,
    /// What is not stored, in order.
    pub(super) pending: VecDeque<PendingBatch>,
    pub(super) rejects: LogLimiter,
    pub(super) refusals: RefusalLog,
    /// Messages are in order by subject only, and one of a subject is in flight at a time.
    pub(super) by_subject: bool,
    /// How far earlier runs have come, if the pipeline persists.
    pub(super) resume: Option<Resume>,
    /// Which message each key must follow, if it is a bucket and the pipeline persists.
    pub(super) keys: Option<KeyGuard>,
    /// Keys that others write, too.
    pub(super) overwritten: LogLimiter,
    /// The batch that is being written, if commits are atomic batches.
    pub(super) atomic: Option<AtomicState>,
    /// Whether it was reported that another domain stores the messages, too.
    knows_other_domain: bool,
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
            self.check_stream(stream, connection)?;
            match self.config.atomic {
                Some(_) => self.find_shared_position(connection).await?,
                None => self.find_position(connection).await?,
            }
            self.check_bucket(connection).await?;
            self.report_purged();
        }
        if self.atomic.is_some() {
            let mut session = AtomicSession::open(self, connection, is_reconnected).await?;
            session.established(supervisor);
            return session.run().await;
        }
        let mut session = PublishSession::open(self, connection, is_reconnected).await?;
        session.established(supervisor);
        let end = session.run().await;
        if matches!(end, Err(SessionEnd::ConnectionLost)) {
            session.publisher.order.on_connection_lost();
        }
        session.rewind();
        end
    }

    async fn while_disconnected(&mut self, is_ready: bool) -> Result<()> {
        self.batches.collect(is_ready, &mut self.pending, PendingBatch::new).await;
        Ok(())
    }

    fn connection_lost(&mut self, server: &Server) -> Loss {
        let next = "reconnecting, messages that were not stored are kept";
        Loss { level: Level::Warn, what: format!("the connection to {server} broke"), next }
    }

    fn expired(&self) -> impl Future<Output = ()> + 'static {
        self.batches.expired()
    }

    fn on_expired(&mut self) -> Result<()> {
        let mut missing = BTreeMap::new();
        self.pending.iter().for_each(|batch| batch.count_missing(&mut missing));
        let reason = self.refusals.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
        let message = format!(
            "{} messages could not be stored, for {}: {} did not store them within {} s of the end{reason}",
            missing.values().sum::<usize>(),
            list(&missing),
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
            by_subject: config.one_by_one,
            resume: Resume::new(&config, &link),
            keys: KeyGuard::new(&link).filter(|_| config.one_by_one),
            overwritten: LogLimiter::new(&link.name),
            atomic: config.atomic.as_ref().map(|settings| AtomicState::new(settings, &link)),
            id_prefix: match link.control.persistent() {
                Some(state) if !config.own_ids => state.id_prefix(&link.name),
                _ => format!("{:016x}", fastrand::u64(..)),
            },
            config,
            template: HeaderTemplate::new(),
            stream: None,
            batches: BatchReceiver::new(link.clone(), drain_timeout),
            pending: VecDeque::new(),
            rejects: LogLimiter::new(&link.name),
            refusals: RefusalLog::default(),
            knows_other_domain: false,
            link,
        }
    }

    /// Asks for the stream.
    pub(super) async fn stream_info(
        &self,
        connection: &mut Connection,
    ) -> Result<Result<StreamInfo, ApiError>, SessionEnd> {
        let api = connection.api(&self.config.api);
        connection.until_lost(api.stream_info(&self.config.stream, Some(STREAM_INFO_TIMEOUT))).await
    }

    /// A connection works: says so if there was none for a while.
    pub(super) fn established(&self, connection: &Connection, supervisor: &mut Supervisor<'_>) {
        let Some(outage) = supervisor.established(connection) else { return };
        self.link.counters.reconnects.add(1);
        supervisor.report_return(format_args!("{outage}; publishing continues"));
    }

    /// Checks that the stream exists and takes the subject.
    pub(super) fn check_stream(&mut self, answer: Result<StreamInfo, ApiError>, connection: &Connection) -> Result<()> {
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
                        let PublisherConfig { uri, api, stream, .. } = &self.config;
                        api.no_stream(uri, connection.domain().as_deref(), &Bucket::hint(stream, &api.nats_options()))
                    }
                    false if error.is_not_enabled() && is_running => self.config.api.no_longer_enabled(&error),
                    false if error.is_not_enabled() => self.config.api.not_enabled(&error),
                    false => error.to_string(),
                };
                return Err(self.error(kind, message));
            }
        };
        if self.keys.is_some() && self.stream.as_ref().is_some_and(|before| before.created != stream.created) {
            let message = "it was deleted and created again while it was written to, and lacks the values of keys that do not \
                           change: begin anew with another directory";
            return Err(self.error(ErrorKind::Stream, message));
        }
        let kind = if is_running { ErrorKind::Stream } else { ErrorKind::Config };
        if let Some(refusal) = stream.writing.refusal(&self.config.stream) {
            return Err(self.error(kind, refusal));
        }
        if let Some(refusal) = self.atomic_refusal(&stream, connection) {
            return Err(self.error(kind, refusal));
        }
        if stream.subjects.is_empty() {
            let message = "it takes no messages, only copies of those of other streams: write into one of these";
            return Err(self.error(kind, message));
        }
        let subject = &*self.config.subject;
        if !subject.is_empty() && !stream.takes(subject) {
            let message = format!("it does not take `{subject}`; its subjects are {}", stream.subject_list());
            return Err(self.error(kind, message));
        }
        if !is_running && stream.writing.acknowledges_early() {
            self.warn(format_args!(
                "stream `{}` acknowledges messages before they are stored (`persist_mode: async`): some are lost if its \
                 server is killed",
                self.config.stream
            ));
        }
        if !is_running && (stream.is_clustered || self.config.own_ids) {
            self.order.use_sequences(stream.last);
        }
        if stream.writing.refuses_by_subject() && !self.by_subject {
            (self.by_subject, self.order) = (true, OrderGuard::disabled());
        }
        self.stream = Some(stream);
        Ok(())
    }

    /// Reports that the stream does not say whether it exists, from time to time.
    pub(super) fn report_unavailable(&mut self, reason: &str) {
        if let Some(waited) = self.refusals.on_refused(reason, Instant::now()) {
            let (stream, place) = (&self.config.stream, self.config.api.place());
            self.warn(format_args!(
                "stream `{stream}`{place} is not available: {reason}, for {:.0} s so far; retrying",
                waited.as_secs_f32()
            ));
        }
    }

    /// Reports that another stream stores the messages, too, once.
    pub(super) fn report_other_domain(&mut self, other: &str) {
        if std::mem::replace(&mut self.knows_other_domain, true) {
            return;
        }
        let (stream, place) = (&self.config.stream, self.config.api.place());
        self.warn(format_args!(
            "stream `{stream}`{place}: {other} stores the messages, too; its answers are ignored. To store them once, give \
             the two streams different subjects"
        ));
    }

    /// Reports that the stream refuses messages for a subject now, from time to time.
    pub(super) fn report_refusal(&mut self, subject: &str, reason: &str, others_pass: bool) {
        let Some(waited) = self.refusals.on_refused(reason, Instant::now()) else { return };
        let (stream, subject) = (&self.config.stream, excerpt(subject));
        let since =
            if waited.is_zero() { String::new() } else { format!(", for {:.0} s so far", waited.as_secs_f32()) };
        let others = if others_pass { "; messages of other subjects pass" } else { "" };
        self.warn(format_args!(
            "stream `{stream}` accepts no messages for `{}` now: {reason}{since}; retrying{others}",
            subject.escape_debug()
        ));
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl fmt::Display) -> Error {
        let PublisherConfig { stream, api, .. } = &self.config;
        Error::new(kind, format!("{}: stream `{stream}`{}: {message}", self.link.name, api.place()))
    }

    pub(super) fn warn(&self, message: fmt::Arguments<'_>) {
        report(Level::Warn, &self.link.name, message);
    }
}

/// Subjects with the numbers of their messages, as part of a sentence.
fn list(subjects: &BTreeMap<String, usize>) -> String {
    const MOST: usize = 3;
    let first = subjects.iter().take(MOST);
    let mut list: Vec<_> =
        first.map(|(subject, count)| format!("`{}` ({count})", excerpt(subject).escape_debug())).collect();
    if subjects.len() > MOST {
        list.push(format!("{} other subjects", subjects.len() - MOST));
    }
    list.join(", ")
}
