//! Reads a stream: what a reader keeps from one connection, and from one consumer, to the next.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{HeaderMap, Message};
use futures_util::future::{self, Either};

use super::Start;
use super::arrivals::CountingLimits;
use super::backlog_reporter::BacklogReporter;
use super::bucket_keys::BucketKeys;
use super::consumer::ConsumerSpec;
use super::consumer_names::ConsumerNames;
use super::coverage::Coverage;
use super::delivery_info::DeliveryInfo;
use super::earlier_run::EarlierRun;
use super::position::Position;
use super::read_marks::{ReadMarks, RecentSubjects};
use super::session::{ConsumerSession, Restart};
use super::suspicion::Suspicion;
use super::unacked::UnackedMessages;
use crate::connector::source::{MessageBatch, SourceLink};
use crate::data::{DateTimeUtc, DecodeError, Error, ErrorKind, Metadata, Result};
use crate::nats::client::{
    Connection, Loss, NatsUri, PermissionError, Retention, Server, SessionEnd, StoredMessage, StreamInfo, Supervised,
    Supervisor,
};
use crate::nats::kv::ttl::TTL;
use crate::telemetry::{Level, LogLimiter, report};

/// How long the last acknowledgements may take once the pipeline has finished all messages.
const LAST_ACKS_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the server may take to answer whether the stream exists, at the start.
const STREAM_INFO_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause before another consumer, if the last one has delivered nothing.
pub(super) const PAUSE: Duration = Duration::from_millis(200);
/// A batch is handed over when it has this many messages, like a batch of a core subscription.
pub(super) const BATCH_MESSAGES: usize = 2048;
/// Or this many bytes.
pub(super) const BATCH_BYTES: usize = 1 << 20;

pub(super) struct Reader {
    pub(super) uri: NatsUri,
    /// How long the start may take.
    pub(super) start_timeout: Duration,
    pub(super) spec: ConsumerSpec,
    /// Removed from each subject.
    pub(super) prefix: Arc<str>,
    pub(super) link: SourceLink,
    pub(super) batch: MessageBatch,
    pub(super) backlog: BacklogReporter,
    pub(super) position: Position,
    /// The last messages that were read, if they are read by sequence.
    pub(super) marks: ReadMarks,
    /// Subjects that were read lately, if they show later whether a limit or a purge has removed messages.
    pub(super) subjects: RecentSubjects,
    records_subjects: bool,
    /// Which sequences have messages for this source, once the initial snapshot was read.
    pub(super) coverage: Coverage,
    /// Removals of unread messages.
    pub(super) removals: LogLimiter,
    /// Whether the stream has, or had, messages of other subjects among those of this source.
    pub(super) is_among_others: bool,
    /// Whether the server denies to say how many messages are unread.
    pub(super) is_count_denied: bool,
    /// Why no consumer can be created that only counts.
    pub(super) counting: CountingLimits,
    /// The keys that were read, if the stream is a bucket.
    pub(super) keys: Option<BucketKeys>,
    /// Keys that are taken out.
    pub(super) key_removals: LogLimiter,
    /// The stream as it was at the start.
    pub(super) stream: Option<StreamInfo>,
    /// Delivered messages, if the stream needs acknowledgements.
    pub(super) unacked: Option<UnackedMessages>,
    /// What an earlier run has left, if the stream needs acknowledgements.
    pub(super) earlier: Option<EarlierRun>,
    /// Whether a consumer has been read.
    pub(super) has_read: bool,
    /// The names of our ephemeral consumers.
    pub(super) names: ConsumerNames,
    /// Refusals of another consumer.
    pub(super) refusals: LogLimiter,
    /// Consumers that end, or are refused, again and again.
    restarts: LogLimiter,
    /// A consumer that takes no more pull requests.
    pub(super) full: LogLimiter,
    /// Breaks of the connection that a message may have caused.
    pub(super) suspicion: Suspicion,
    /// The sequence of the last message that was delivered, again or for the first time.
    pub(super) last_received: u64,
    /// How many messages the last consumer could still send.
    pub(super) requested: u64,
}

impl Supervised for Reader {
    /// Reads over one connection, with one consumer after the other.
    async fn run_session(
        &mut self,
        connection: &mut Connection,
        supervisor: &mut Supervisor<'_>,
    ) -> Result<(), SessionEnd> {
        loop {
            let stream = self.check_stream(connection).await?;
            self.check_last_read(connection, &stream).await?;
            if self.unacked.is_none() && self.skip_unreadable(connection).await? {
                supervisor.break_explained();
            }
            let consumer = self.open_consumer(connection, &stream).await?;
            if self.unacked.is_some() && self.terminate_unreadable(connection, &consumer).await? {
                supervisor.break_explained();
            }
            let Restart { reason, is_idle } = {
                let mut session = ConsumerSession::open(self, connection, consumer).await?;
                session.established(supervisor);
                session.continue_earlier_run().await?;
                session.run().await?
            };
            let (stream, next) = (&self.spec.stream, self.position.next);
            let message = format_args!("stream `{stream}`: {reason}; reading continues at sequence {next}");
            self.restarts.report(Level::Warn, 1, message);
            self.backlog.set_behind();
            if is_idle {
                self.until_stopped(connection, tokio::time::sleep(PAUSE)).await?;
            }
        }
    }

    async fn while_disconnected(&mut self, _: bool) -> Result<()> {
        self.link.control.stopped().await;
        // What is not acknowledged is known to the next run of a pipeline that persists.
        if !self.unacked.as_ref().is_none_or(UnackedMessages::is_empty) && !self.waits_for_checkpoints() {
            // The worker finishes what it has. The acknowledgements still need a connection.
            self.link.queue.finish();
            future::pending::<()>().await;
        }
        Ok(())
    }

    fn connection_lost(&mut self, server: &Server) -> Loss {
        self.suspicion.connection_lost(self.position.next);
        self.backlog.set_behind();
        self.backlog.count(&self.link);
        Loss { level: Level::Warn, what: format!("the connection to {server} broke"), next: "reconnecting" }
    }

    /// The last acknowledgements have taken too long, or the pipeline has failed.
    fn expired(&self) -> impl Future<Output = ()> + 'static {
        let queue = Arc::clone(&self.link.queue);
        async move {
            if queue.acks().ended().await {
                tokio::time::sleep(LAST_ACKS_TIMEOUT).await;
            }
        }
    }
}

impl Reader {
    pub(super) fn new(
        uri: NatsUri,
        start_timeout: Duration,
        spec: ConsumerSpec,
        prefix: Arc<str>,
        is_bucket: bool,
        backlog: BacklogReporter,
        link: SourceLink,
    ) -> Self {
        Reader {
            uri,
            start_timeout,
            names: ConsumerNames::new(&spec.own_name),
            refusals: LogLimiter::new(&link.name),
            removals: LogLimiter::new(&link.name),
            subjects: RecentSubjects::default(),
            records_subjects: false,
            coverage: Coverage::Filtered,
            is_among_others: false,
            is_count_denied: false,
            counting: CountingLimits::default(),
            restarts: LogLimiter::new(&link.name),
            full: LogLimiter::new(&link.name),
            suspicion: Suspicion::default(),
            keys: is_bucket.then(|| BucketKeys::new(&prefix)),
            key_removals: LogLimiter::new(&link.name),
            spec,
            prefix,
            link,
            batch: MessageBatch::default(),
            backlog,
            position: Position::default(),
            marks: ReadMarks::default(),
            stream: None,
            unacked: None,
            earlier: None,
            has_read: false,
            last_received: 0,
            requested: 0,
        }
    }

    /// Completes `work`, unless the connection breaks, the server denies a subject, or the pipeline stops.
    ///
    /// With acknowledgements, a stop does not interrupt it: no more is read, but messages in the queue are acknowledged.
    pub(super) async fn until_stopped<T>(
        &self,
        connection: &mut Connection,
        work: impl Future<Output = T>,
    ) -> Result<T, SessionEnd> {
        let outcome = self.until_stopped_or_denied(connection, work).await?;
        outcome.map_err(|denied| self.permission_denied(connection, &denied).into())
    }

    /// A permission error as an error that ends the pipeline.
    pub(super) fn permission_denied(&self, connection: &Connection, denied: &PermissionError) -> Error {
        connection.permission_denied_for(denied, &self.names.used())
    }

    /// The same, for work that can be done without: the inner error is the subject that the server denies.
    pub(super) async fn until_stopped_or_denied<T>(
        &self,
        connection: &mut Connection,
        work: impl Future<Output = T>,
    ) -> Result<Result<T, PermissionError>, SessionEnd> {
        let mut working = pin!(connection.until_denied(work));
        match future::select(pin!(self.link.control.stopped()), working.as_mut()).await {
            Either::Left(_) if self.unacked.is_some() && self.has_read => {
                self.link.queue.finish();
                working.await
            }
            Either::Left(_) => Err(SessionEnd::Finished),
            Either::Right((outcome, _)) => outcome,
        }
    }

    /// Checks that the stream exists, is still the same, and has what was not read yet.
    pub(super) async fn check_stream(&mut self, connection: &mut Connection) -> Result<StreamInfo, SessionEnd> {
        let limit = self.stream.is_none().then_some(self.start_timeout.min(STREAM_INFO_TIMEOUT));
        let api = connection.api(&self.spec.api);
        let found = self.until_stopped(connection, api.stream_info(&self.spec.stream, limit)).await?;
        let found = found.map_err(|error| self.no_stream(&error, connection.domain()))?;
        let Some(before) = &self.stream else {
            if !found.can_store(&self.spec.subject) {
                let message = format!(
                    "its subjects ({}) never match `{}`, so nothing would be read",
                    found.subject_list(),
                    self.spec.subject
                );
                return Err(self.spec.error(ErrorKind::Config, message).into());
            }
            if found.retention != Retention::Limits || self.spec.durable.is_some() {
                self.acknowledge_messages(&found)?;
            } else if self.link.beginning.is_logged.get() != Some(&true)
                && let Some((next, stored)) = self.link.beginning.wanted.get().copied()
            {
                self.continue_behind(connection, &found, next, stored).await?;
            }
            self.records_subjects = found.retention == Retention::Limits && !found.is_limited_per_subject;
            self.coverage = Coverage::of(&found, &self.spec.subject);
            self.stream = Some(found.clone());
            return Ok(found);
        };
        if before.created != found.created {
            let message = "it was deleted and created again while it was read: its sequences start again, and the tables \
                           contain messages that no longer exist; start the pipeline again";
            return Err(self.spec.error(ErrorKind::Stream, message).into());
        }
        // Reading can start far behind the end of the stream: until a message is read, that is no position in it.
        let read = self.position.next.saturating_sub(1).min(if self.marks.is_empty() { before.last } else { u64::MAX });
        if self.unacked.is_none() && found.last < read {
            let message = format!(
                "it ends at sequence {}, but was read up to {read}: the server has lost the end of the stream, and new \
                 messages get the same sequences; start the pipeline again",
                found.last
            );
            return Err(self.spec.error(ErrorKind::Stream, message).into());
        }
        self.check_coverage(&found);
        Ok(found)
    }

    /// A consumer exists.
    pub(super) fn established(&self, connection: &Connection, supervisor: &mut Supervisor<'_>) {
        let Some(outage) = supervisor.established(connection) else { return };
        self.link.counters.reconnects.add(1);
        let (stream, next) = (&self.spec.stream, self.position.next);
        supervisor.report_return(format_args!("{outage}; reading of stream `{stream}` continues at sequence {next}"));
    }

    /// Adds a message to the batch, and hands the batch over when it is full.
    pub(super) fn read(&mut self, message: &Message, info: &DeliveryInfo) {
        self.advance(info);
        if self.records_subjects {
            self.subjects.record(&message.subject);
        }
        self.add(message, info);
        self.backlog.record(&mut self.batch, info.stored);
        if self.unacked.is_none() {
            let has_ttl = message.headers.as_ref().is_some_and(|headers| headers.get(TTL).is_some());
            self.marks.record(&message.subject, info.stream_sequence, info.stored, has_ttl);
            self.record_key(message, info);
        }
        self.set_position(info.stream_sequence, info.stored);
        if self.batch.len() >= BATCH_MESSAGES || self.batch.weight() >= BATCH_BYTES {
            self.hand_over();
        }
    }

    /// The server has marked the end of a subject.
    pub(super) fn skip_marker(&mut self, info: &DeliveryInfo) {
        self.advance(info);
        self.link.counters.markers.add(1);
    }

    fn advance(&mut self, info: &DeliveryInfo) {
        self.position.advance(info, self.coverage());
        self.note_gap();
    }

    /// If a gap was found, remembers the subjects that were read before it.
    pub(super) fn note_gap(&mut self) {
        if let Some(subjects) = self.position.unread.new_gap() {
            self.subjects.all().clone_into(subjects);
        }
    }

    /// Adds a message to the batch, with the metadata that the schema needs.
    fn add(&mut self, message: &Message, info: &DeliveryInfo) {
        let Metadata { headers, received_at, delivery, .. } = self.link.kept_metadata();
        let subject = message.subject.strip_prefix(&*self.prefix).unwrap_or(&message.subject);
        if !headers && !received_at && !delivery {
            return self.batch.push(subject, &message.payload);
        }
        let headers = message.headers.as_ref().filter(|_| headers);
        let pairs = headers.into_iter().flat_map(HeaderMap::iter);
        let pairs = pairs.flat_map(|(name, values)| values.iter().map(|value| (name.as_ref(), value.as_str())));
        let received_at = received_at.then(DateTimeUtc::now);
        self.batch.push_with(subject, &message.payload, pairs, received_at, delivery.then(|| info.delivery()));
    }

    /// Hands the batch over to the worker. Never blocks: no more is requested than the queue has room for.
    pub(super) fn hand_over(&mut self) {
        let Reader { link, batch, backlog, .. } = self;
        link.counters.received.add(batch.len() as u64);
        link.counters.bytes.add(batch.bytes() as u64);
        // If the worker takes no more, the pipeline is ending.
        let _ = link.queue.push_unblocked(batch);
        backlog.handed_over(link);
    }

    /// Ends the initial snapshot when all of it was read.
    pub(super) fn end_snapshot(&self) {
        if self.keys.is_some() {
            self.position.snapshot.count(&self.link.counters);
        }
        if self.position.snapshot.is_complete() && !self.link.queue.is_past_snapshot(u64::MAX) {
            self.link.queue.end_snapshot();
        }
    }

    /// Which sequences of the stream have messages for this source.
    pub(super) fn coverage(&self) -> Coverage {
        let reads_newest = self.spec.start == Start::LastPerSubject && !self.position.snapshot.is_complete();
        if reads_newest { Coverage::Newest } else { self.coverage }
    }

    /// Adds a message that the client cannot receive, to be rejected.
    pub(super) fn reject(&mut self, message: &StoredMessage, reason: &str) {
        self.position.skip(message.sequence, self.coverage());
        self.note_gap();
        self.add_rejected(message, reason);
        self.hand_over();
    }

    pub(super) fn add_rejected(&mut self, message: &StoredMessage, reason: &str) {
        let subject = message.subject.strip_prefix(&*self.prefix).unwrap_or(&message.subject);
        let error = DecodeError::message(format!(
            "the client cannot parse message {} of stream `{}`, which was therefore fetched by its sequence: {reason}",
            message.sequence, self.spec.stream
        ));
        let delivery = self.link.metadata.delivery;
        let delivery = delivery.then(|| DeliveryInfo::of_lost(message.sequence, message.stored, 0).delivery());
        self.batch.push_rejected(subject, &message.payload, message.readable_headers(), delivery, error);
        self.backlog.record(&mut self.batch, message.stored);
        if self.unacked.is_none() {
            let has_ttl = message.readable_headers().any(|(name, _)| name == TTL);
            self.marks.record(&message.subject, message.sequence, message.stored, has_ttl);
            self.record_stored_key(message);
        }
        self.set_position(message.sequence, message.stored);
    }

    pub(super) fn warn(&self, message: fmt::Arguments<'_>) {
        report(Level::Warn, &self.link.name, message);
    }
}
