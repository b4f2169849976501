//! Opens the consumer that a reader reads with: a new ephemeral one, or the durable one that knows what was acknowledged.

use std::time::{Duration, Instant};

use serde::Serialize;
use serde::de::IgnoredAny;

use super::Start;
use super::consumer::{Consumer, ConsumerInfo};
use super::reader::{PAUSE, Reader};
use super::start::DeliverPolicy;
use crate::data::{DateTimeUtc, Error, ErrorKind};
use crate::nats::client::{ApiError, Connection, SessionEnd, StreamInfo};
use crate::nats::kv::bucket::Bucket;
use crate::telemetry::Level;

/// How long another program may continue to read with our consumer: it may be the previous run, which is still ending.
const OTHER_READER_TIMEOUT: Duration = Duration::from_secs(5);
/// How long the deletion of an earlier consumer may take. In a cluster, the server that had it may be gone.
const DELETE_TIMEOUT: Duration = Duration::from_secs(2);
/// How often the deletion of earlier consumers is tried when each name is used.
const DELETE_ATTEMPTS: usize = 5;
/// The pause before another attempt when the server has as many consumers as it allows.
const LIMIT_PAUSE: Duration = Duration::from_secs(1);

impl Reader {
    /// The consumer to read with from here on.
    pub(super) async fn open_consumer(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
    ) -> Result<Consumer, SessionEnd> {
        let is_resumed = self.position.next > 0;
        self.counting.reset();
        let consumer = match self.unacked {
            Some(_) => self.open_durable_consumer(connection, stream, is_resumed).await?,
            None => self.open_ephemeral_consumer(connection, stream, is_resumed).await?,
        };
        if is_resumed {
            self.position.snapshot.resume(consumer.pending);
            self.recount_unread(connection, stream, &consumer).await?;
        } else {
            let _ = self.link.beginning.found.set((consumer.next, stream.created.clone()));
            let reads_newest = self.spec.start == Start::LastPerSubject;
            self.position.start(consumer.next, consumer.pending, stream.last, reads_newest);
            self.count_unread(connection, stream, &consumer).await?;
        }
        self.report_removed(connection, stream).await?;
        Ok(consumer)
    }

    /// A new consumer behind the last message that was read.
    async fn open_ephemeral_consumer(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        is_resumed: bool,
    ) -> Result<Consumer, SessionEnd> {
        if !is_resumed {
            self.check_start()?;
        }
        let deliver_policy: DeliverPolicy = match self.spec.start {
            // In the consumer's own order, so that what follows the last message read is what was not read.
            start @ Start::LastPerSubject if !self.position.snapshot.is_complete() => start.into(),
            _ if is_resumed => DeliverPolicy::ByStartSequence { opt_start_seq: self.position.next },
            start => start.into(),
        };
        loop {
            let name = self.free_name(connection).await?;
            let (endpoint, request) = self.spec.ephemeral(&name, &deliver_policy, stream.consumer_limits);
            let error = match self.request_consumer(connection, &endpoint, Some(&request), is_resumed).await? {
                Ok(info) => return Ok(Consumer::from(&info)),
                Err(error) => error,
            };
            if !is_resumed || !error.is_limit() {
                return Err(self.spec.no_consumer("for this source", &error, is_resumed).into());
            }
            // It had a consumer, so the limit was met by others, or by one that the server still has to remove.
            let stream = &self.spec.stream;
            let message =
                format_args!("stream `{stream}`: the server refuses another consumer ({error}); trying again");
            self.refusals.report(Level::Warn, 1, message);
            self.until_stopped(connection, tokio::time::sleep(LIMIT_PAUSE)).await?;
        }
    }

    /// The name for the next ephemeral consumer, after earlier ones were deleted. An earlier one may be on a server that
    /// does not answer; then the other name is free.
    async fn free_name(&mut self, connection: &mut Connection) -> Result<String, SessionEnd> {
        for _ in 0..DELETE_ATTEMPTS {
            for name in self.names.used() {
                if self.delete_consumer(connection, &name).await? {
                    self.names.release(&name);
                }
            }
            if let Some(name) = self.names.take() {
                return Ok(name);
            }
            self.until_stopped(connection, tokio::time::sleep(PAUSE)).await?;
        }
        self.names.renew();
        self.warn(format_args!(
            "stream `{}`: the server does not answer when an unused consumer is to be deleted; it removes it later by itself",
            self.spec.stream
        ));
        Ok(self.names.take().unwrap_or_default())
    }

    /// Deletes an earlier consumer of this source. Returns whether its name can be used again.
    pub(super) async fn delete_consumer(
        &mut self,
        connection: &mut Connection,
        name: &str,
    ) -> Result<bool, SessionEnd> {
        let endpoint = format!("CONSUMER.DELETE.{}.{name}", self.spec.stream);
        let api = connection.api(&self.spec.api);
        let request = api.request::<IgnoredAny>(&endpoint, None::<&()>);
        let deleted = self.until_stopped_or_denied(connection, tokio::time::timeout(DELETE_TIMEOUT, request)).await?;
        Ok(match deleted {
            Ok(Ok(Ok(_))) => true,
            Ok(Ok(Err(error))) => error.has_code(ApiError::CONSUMER_NOT_FOUND),
            Ok(Err(_)) => false,
            Err(denied) if denied.subject().ends_with(&endpoint) => {
                // The server removes it when it has been unused for long enough. A new name does not collide with it.
                self.names.renew();
                false
            }
            Err(denied) => return Err(self.permission_denied(connection, &denied).into()),
        })
    }

    /// The consumer that knows which messages were acknowledged.
    async fn open_durable_consumer(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        is_resumed: bool,
    ) -> Result<Consumer, SessionEnd> {
        let name = self.spec.durable.clone().unwrap_or_else(|| self.spec.own_name.as_str().into());
        let name = &*name;
        let endpoint = format!("CONSUMER.INFO.{}.{name}", self.spec.stream);
        let start = Instant::now();
        loop {
            let found = self.request_consumer(connection, &endpoint, None::<&()>, is_resumed).await?;
            let is_missing = found.as_ref().is_err_and(|error| error.has_code(ApiError::CONSUMER_NOT_FOUND));
            let info = if is_missing && !is_resumed && self.spec.durable.is_none() {
                self.create_durable_consumer(connection, stream).await?
            } else {
                found
            };
            let info = info.map_err(|error| self.spec.no_consumer(name, &error, is_resumed))?;
            let consumer = self.spec.check(&info, stream)?;
            if let Some(paused) = consumer.paused {
                let seconds = paused.as_secs_f32().ceil();
                self.warn(format_args!("the consumer `{name}` is paused: it delivers nothing for another {seconds} s"));
            }
            if let Some(most) = consumer.is_full {
                let message = format_args!(
                    "the consumer `{name}` has {most} pull requests, as many as it takes (`max_waiting`): nothing is read \
                     until those of other programs are served"
                );
                self.full.report(Level::Warn, 1, message);
            }
            // Programs may share the messages of a consumer that the user has created on purpose.
            if is_resumed || self.spec.durable.is_some() || consumer.waiting == 0 {
                return Ok(consumer);
            }
            if start.elapsed() >= OTHER_READER_TIMEOUT {
                let message = format!(
                    "another program reads with the consumer `{name}`, and each of the two would get a part of the \
                     messages: give this pipeline a name of its own (`Pipeline::named`)"
                );
                return Err(self.spec.error(ErrorKind::Config, message).into());
            }
            self.until_stopped(connection, tokio::time::sleep(PAUSE)).await?;
        }
    }

    /// Creates our own durable consumer, with as many unacknowledged messages as the server allows.
    async fn create_durable_consumer(
        &self,
        connection: &mut Connection,
        stream: &StreamInfo,
    ) -> Result<Result<ConsumerInfo, ApiError>, SessionEnd> {
        self.check_start()?;
        let mut limits = stream.consumer_limits;
        loop {
            let (endpoint, request) = self.spec.durable(limits);
            let created = self.request_consumer(connection, &endpoint, Some(&request), false).await?;
            match created.as_ref().err().and_then(ApiError::max_ack_pending) {
                Some(allowed) if limits.max_ack_pending.is_none_or(|limit| allowed < limit) => {
                    limits.max_ack_pending = Some(allowed);
                }
                _ => return Ok(created),
            }
        }
    }

    /// Checks that the server begins where it is asked to.
    fn check_start(&self) -> Result<(), Error> {
        match self.spec.start.refusal(DateTimeUtc::now()) {
            Some(reason) => Err(self.spec.error(ErrorKind::Config, reason)),
            None => Ok(()),
        }
    }

    async fn request_consumer(
        &self,
        connection: &mut Connection,
        endpoint: &str,
        body: Option<&impl Serialize>,
        is_resumed: bool,
    ) -> Result<Result<ConsumerInfo, ApiError>, SessionEnd> {
        let api = connection.api(&self.spec.api);
        let limit = (!is_resumed).then_some(self.start_timeout);
        self.until_stopped(connection, api.request_with_retry(endpoint, body, limit)).await
    }

    /// The error where the stream is not available. `domain` is that of the server.
    pub(super) fn no_stream(&self, error: &ApiError, domain: Option<String>) -> Error {
        let api = &self.spec.api;
        match (&self.stream, error.has_code(ApiError::STREAM_NOT_FOUND)) {
            (None, true) => {
                let hint = Bucket::hint(&self.spec.stream, &api.nats_options());
                let message = api.no_stream(&self.uri, domain.as_deref(), &hint);
                self.spec.error(ErrorKind::Config, message)
            }
            (Some(_), true) => self.spec.error(ErrorKind::Stream, "it was deleted while it was read"),
            (None, false) if error.is_not_enabled() => self.spec.error(ErrorKind::Connect, api.not_enabled(error)),
            (None, false) => self.spec.error(ErrorKind::Connect, error),
            (Some(_), false) if error.is_not_enabled() => {
                self.spec.error(ErrorKind::Stream, api.no_longer_enabled(error))
            }
            (Some(_), false) => self.spec.error(ErrorKind::Stream, error),
        }
    }
}
