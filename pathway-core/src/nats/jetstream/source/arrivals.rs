//! Counts what arrives while the pipeline is slow, before the stream may remove it.

use std::time::{Duration, Instant};

use super::consumer::{Consumer, ConsumerInfo};
use super::reader::Reader;
use super::unread::UnreadSnapshot;
use crate::nats::client::{Connection, Retention, SessionEnd, StreamInfo};

/// How often messages are counted again because more have arrived in the meantime.
const ATTEMPTS: usize = 5;
/// How long the creation of a consumer that only counts may take.
const CREATE_TIMEOUT: Duration = Duration::from_secs(2);
/// How many messages are looked at, at most, where no consumer can count them.
const MAX_LISTED: u64 = 100;
/// How long that may take. Meanwhile nothing is requested.
const LIST_TIMEOUT: Duration = Duration::from_millis(100);

/// Why no consumer can be created that only counts.
#[derive(Debug, Default)]
pub(super) struct CountingLimits {
    /// The server denies it.
    is_denied: bool,
    /// An earlier one may still be there. The server removes it soon.
    is_left_over: bool,
}

impl CountingLimits {
    /// The source has another consumer, or another connection.
    pub(super) fn reset(&mut self) {
        self.is_left_over = false;
    }
}

impl Reader {
    /// The pipeline is slow, and messages arrive: counts them.
    pub(super) async fn watch_unread(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        consumer: &Consumer,
    ) -> Result<(), SessionEnd> {
        self.position.unread.set_behind();
        self.count_arrivals(connection, stream).await?;
        let unread = &self.position.unread;
        if unread.has_lost() || (unread.is_exact() && unread.end() >= stream.last) {
            return Ok(());
        }
        let Some(first) = self.first_stored(connection).await? else { return Ok(()) };
        // While nothing is missing, the consumer knows best how many messages are unread.
        let is_known_best = !self.position.unread.is_exact() && first <= self.position.unread.position();
        if is_known_best || !self.add_arrivals(connection, stream, consumer).await? {
            self.replace_unread(connection, consumer, first).await?;
        }
        self.note_gap();
        Ok(())
    }

    /// Adds what has arrived behind the end to what is expected. Returns whether that is possible.
    async fn add_arrivals(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        consumer: &Consumer,
    ) -> Result<bool, SessionEnd> {
        let base = self.position.unread.base();
        if base >= stream.last {
            return Ok(true);
        }
        let mut arrivals = None;
        for attempt in 1..=attempts(stream) {
            let before = self.check_stream(connection).await?.last;
            let Some(count) = self.count_behind(connection, stream, base).await? else {
                arrivals = self.list_behind(connection, base, before).await?;
                break;
            };
            arrivals = Some(self.snapshot(connection, before, count).await?);
            if attempt == attempts(stream) || arrivals.is_some_and(|arrivals| arrivals.is_exact) {
                break;
            }
        }
        let Some(arrivals) = arrivals else { return Ok(false) };
        let info = self.consumer_info(connection, consumer).await?;
        let unread = &self.position.unread;
        let info = info.filter(|info| info.last_delivery == unread.last_delivery());
        let is_at_end = base == unread.end();
        let first = self.first_stored(connection).await?;
        let unread = &mut self.position.unread;
        let Some(first) = first.filter(|first| *first <= base) else {
            // Of what has arrived behind it, some may have been removed.
            unread.give_up_base();
            return Ok(!is_at_end);
        };
        if let Some(info) = info {
            // It may also have what has arrived since, so that what is missing is counted a second later.
            unread.lose_excess(info.pending, first);
        }
        unread.extend_by(base, arrivals);
        Ok(true)
    }

    /// Counts again how many messages are unread: as many as the consumer has. Before that, the first message that the stream
    /// had for this source, read or not, had the sequence `first`.
    async fn replace_unread(
        &mut self,
        connection: &mut Connection,
        consumer: &Consumer,
        first: u64,
    ) -> Result<(), SessionEnd> {
        for attempt in 1..=ATTEMPTS {
            let before = self.check_stream(connection).await?.last;
            let Some(info) = self.consumer_info(connection, consumer).await? else { return Ok(()) };
            let unread = &self.position.unread;
            if info.last_delivery != unread.last_delivery() {
                // The last deliveries have not been read yet.
                return Ok(());
            }
            let pending = unread.without_repeated(info.next.saturating_sub(1), info.pending);
            let snapshot = self.snapshot(connection, before, pending).await?;
            if !snapshot.is_exact && attempt < ATTEMPTS {
                continue;
            }
            let first_now = self.first_stored(connection).await?;
            let unread = &mut self.position.unread;
            // If an older message is left, none was removed that was not read. Where read messages are removed, it is one
            // that the pipeline is still processing.
            if first_now.is_none_or(|first_now| first_now > unread.position()) {
                // What was expected is gone only if it was gone before the consumer was asked: it counts what is left.
                if first <= unread.end() {
                    return Ok(());
                }
                unread.lose_before(first);
            }
            unread.lose_excess(info.pending, first);
            unread.replace(snapshot);
            return Ok(());
        }
        Ok(())
    }

    /// `count` messages were there when the stream ended with the sequence `before`, or later. That is exact if it has none
    /// for this source behind it now.
    async fn snapshot(
        &mut self,
        connection: &mut Connection,
        before: u64,
        count: u64,
    ) -> Result<UnreadSnapshot, SessionEnd> {
        let next = self.look_up_next(connection, before + 1).await?;
        if next.is_none() && !self.cannot_look_up() {
            return Ok(UnreadSnapshot { end: before, expected: count, is_exact: true });
        }
        let last = self.check_stream(connection).await?.last;
        Ok(UnreadSnapshot::between(before, last, count))
    }

    /// How many messages the stream has for this source behind a sequence. `None` if the server does not say that.
    ///
    /// Only a new consumer knows that. A work queue allows no second consumer of the same messages.
    async fn count_behind(
        &mut self,
        connection: &mut Connection,
        stream: &StreamInfo,
        base: u64,
    ) -> Result<Option<u64>, SessionEnd> {
        let CountingLimits { is_denied, is_left_over } = self.counting;
        if is_denied || is_left_over || stream.retention == Retention::WorkQueue {
            return Ok(None);
        }
        let Some(name) = self.names.take() else { return Ok(None) };
        let (endpoint, request) = self.spec.counting(&name, base + 1, stream.consumer_limits);
        let api = connection.api(&self.spec.api);
        let created = tokio::time::timeout(CREATE_TIMEOUT, api.request::<ConsumerInfo>(&endpoint, Some(&request)));
        let created = match self.until_stopped_or_denied(connection, created).await? {
            Ok(created) => created.ok(),
            Err(denied) if denied.subject().ends_with(&endpoint) => {
                self.counting.is_denied = true;
                self.names.release(&name);
                self.warn_cannot_count(&denied.subject().replace(&name, "*"));
                return Ok(None);
            }
            Err(denied) => return Err(self.permission_denied(connection, &denied).into()),
        };
        if let Some(Err(error)) = &created
            && error.is_refusal()
        {
            self.names.release(&name);
            return Ok(None);
        }
        // Without an answer, it may exist nevertheless.
        if self.delete_consumer(connection, &name).await? {
            self.names.release(&name);
        } else {
            self.counting.is_left_over = true;
        }
        Ok(created.and_then(Result::ok).map(|info| Consumer::from(&info).pending))
    }

    /// The same for messages up to a sequence, one by one. `None` if they are too many.
    async fn list_behind(
        &mut self,
        connection: &mut Connection,
        base: u64,
        end: u64,
    ) -> Result<Option<UnreadSnapshot>, SessionEnd> {
        let (start, mut next) = (Instant::now(), base + 1);
        for expected in 0..MAX_LISTED {
            let found = self.look_up_next(connection, next).await?;
            if self.cannot_look_up() || start.elapsed() >= LIST_TIMEOUT {
                break;
            }
            match found {
                Some(message) if message.sequence <= end => next = message.sequence + 1,
                _ => return Ok(Some(UnreadSnapshot { end, expected, is_exact: true })),
            }
        }
        Ok(None)
    }

    /// The sequence of the first message for this source that the stream has, read or not.
    async fn first_stored(&mut self, connection: &mut Connection) -> Result<Option<u64>, SessionEnd> {
        let first = self.look_up_next(connection, 1).await?;
        Ok(first.map(|first| first.sequence))
    }

    /// What the consumer has delivered and still has to deliver. `None` if the server does not say that.
    pub(super) async fn consumer_info(
        &mut self,
        connection: &mut Connection,
        consumer: &Consumer,
    ) -> Result<Option<Consumer>, SessionEnd> {
        if self.is_count_denied {
            return Ok(None);
        }
        let endpoint = format!("CONSUMER.INFO.{}.{}", self.spec.stream, consumer.name);
        let api = connection.api(&self.spec.api);
        let request = api.request::<ConsumerInfo>(&endpoint, None::<&()>);
        match self.until_stopped_or_denied(connection, request).await? {
            Ok(info) => {
                let info = info.ok().map(|info| Consumer::from(&info));
                info.iter().for_each(|info| self.backlog.set_pending(info.pending, &self.link));
                Ok(info)
            }
            Err(denied) if denied.subject().ends_with(&endpoint) => {
                self.is_count_denied = true;
                self.warn_cannot_count(denied.subject());
                Ok(None)
            }
            Err(denied) => Err(self.permission_denied(connection, &denied).into()),
        }
    }

    fn warn_cannot_count(&self, subject: &str) {
        self.warn(format_args!(
            "stream `{}`: without permission to publish on `{subject}`, the source cannot always count messages that are \
             removed before they are read",
            self.spec.stream,
        ));
    }
}

/// In a cluster, a consumer is created by agreement of the servers: too costly to repeat, and the next second is near.
fn attempts(stream: &StreamInfo) -> usize {
    if stream.is_clustered { 1 } else { ATTEMPTS }
}
