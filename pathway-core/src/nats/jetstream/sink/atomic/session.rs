//! One connection of a publisher of atomic batches: sends one batch after the other, and receives their answers.

use std::future::Future;
use std::pin::{Pin, pin};
use std::time::Instant;

use async_nats::Subscriber;
use futures_util::future::{self, Either};

use super::Publisher;
use super::answer::BatchAck;
use super::batch::{Batch, Progress};
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{ApiError, Backoff, Connection, ConnectionClosed, SessionEnd, Supervisor};
use crate::nats::jetstream::sink::event::{Event, next_event};
use crate::nats::jetstream::sink::in_flight::ANSWER_TIMEOUT;
use crate::nats::jetstream::sink::pending::PendingBatch;

/// How many messages are sent before the connection's task runs.
const SEND_AT_ONCE: usize = 256;

pub(in super::super) struct AtomicSession<'a> {
    pub(super) publisher: &'a mut Publisher,
    pub(super) connection: &'a mut Connection,
    inbox: String,
    answers: Subscriber,
    /// What the ids of batches begin with, and the number of answers that were asked for before this attempt.
    batch_prefix: String,
    next_answer: u64,
    /// The batch is sent again.
    pub(super) retry: Option<Retry>,
    pub(super) backoff: Backoff,
    /// How often in a row the stream's last message was another one than the batch was to follow.
    pub(super) out_of_order: u32,
    /// When the last answer arrived, or the batch was sent.
    pub(super) last_answer: Instant,
}

/// When and how a batch is sent again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Retry {
    /// The stream is asked for first, and for its last message.
    pub(super) check_stream: bool,
    pub(super) at: Instant,
}

impl<'a> AtomicSession<'a> {
    pub(in super::super) async fn open(
        publisher: &'a mut Publisher,
        connection: &'a mut Connection,
        is_reconnected: bool,
    ) -> Result<Self, ConnectionClosed> {
        let inbox = connection.client.new_inbox();
        let answers = connection.client.subscribe(format!("{inbox}.*")).await.map_err(|_| ConnectionClosed)?;
        let mut session = AtomicSession {
            publisher,
            connection,
            inbox,
            answers,
            batch_prefix: format!("{:016x}", fastrand::u64(..)),
            next_answer: 0,
            // It may be another server, which does not know the stream yet, or no longer.
            retry: is_reconnected.then(|| Retry { check_stream: true, at: Instant::now() }),
            backoff: Backoff::new(),
            out_of_order: 0,
            last_answer: Instant::now(),
        };
        if let Some(batch) = session.batch_mut() {
            // The answer may have been lost with the connection.
            batch.is_unclear |= batch.attempts > 0;
        }
        session.forget_unsent();
        session.begin_attempt();
        Ok(session)
    }

    pub(in super::super) fn established(&self, supervisor: &mut Supervisor<'_>) {
        self.publisher.established(self.connection, supervisor);
    }

    /// Publishes until everything is stored and there will be no more batches.
    pub(in super::super) async fn run(&mut self) -> Result<(), SessionEnd> {
        let mut lost = pin!(self.connection.lost());
        loop {
            // Sending can wait for the socket, and so forever.
            match future::select(pin!(self.send()), lost.as_mut()).await {
                Either::Left((outcome, _)) => outcome?,
                Either::Right(_) => return Err(SessionEnd::ConnectionLost),
            }
            if self.publisher.batches.is_finished() && self.publisher.pending.is_empty() {
                return Ok(());
            }
            match self.next_event(lost.as_mut()).await? {
                Event::Batch(batch) => self.publisher.pending.push_back(PendingBatch::new(batch)),
                Event::LastBatch => self.publisher.batches.finish(),
                Event::Progress => {}
            }
            self.check_timers();
            let now = Instant::now();
            if let Some(retry) = self.retry.filter(|retry| now >= retry.at)
                && (!retry.check_stream || self.check_stream().await?)
            {
                self.retry = None;
                self.begin_attempt();
            }
        }
    }

    /// Asks for the stream, and for its last message. Returns false if it does not answer for now.
    async fn check_stream(&mut self) -> Result<bool, SessionEnd> {
        let answered = match self.publisher.stream_info(self.connection).await? {
            // A server or a cluster that is starting.
            Err(ApiError::Temporary(reason)) => {
                self.publisher.report_unavailable(&reason);
                false
            }
            answer => {
                self.publisher.check_stream(answer, self.connection)?;
                self.check_position().await?
            }
        };
        if answered {
            // It may take other messages now.
            self.forget_unsent();
        } else {
            self.retry_after_pause(true);
        }
        Ok(answered)
    }

    /// Plans the batch anew, unless an attempt may have stored it.
    pub(super) fn forget_unsent(&mut self) {
        if let Some(atomic) = &mut self.publisher.atomic {
            let is_kept = |batch: &Batch| batch.is_unclear || matches!(batch.progress, Progress::Stored(_));
            atomic.batch = atomic.batch.take().filter(is_kept);
        }
    }

    fn begin_attempt(&mut self) {
        if let Some(batch) = self.publisher.atomic.as_mut().and_then(|atomic| atomic.batch.as_mut()) {
            batch.begin_attempt(&mut self.next_answer);
        }
    }

    pub(super) fn batch_mut(&mut self) -> Option<&mut Batch> {
        self.publisher.atomic.as_mut()?.batch.as_mut()
    }

    /// Sends the batch, or plans the next one and sends that.
    async fn send(&mut self) -> Result<(), SessionEnd> {
        if self.retry.is_some() {
            return Ok(());
        }
        loop {
            if self.batch_mut().is_none() {
                let max_payload = self.connection.client.max_payload();
                let batch = self.publisher.plan_batch(max_payload)?;
                let Some(atomic) = self.publisher.atomic.as_mut().filter(|_| batch.is_some()) else { return Ok(()) };
                atomic.batch = batch;
                self.begin_attempt();
            }
            self.send_dead_letters().await?;
            self.send_messages().await?;
            // The connection's task runs.
            tokio::task::yield_now().await;
            if !self.finish_batch() {
                return Ok(());
            }
        }
    }

    /// Sends what cannot be published as dead letters.
    async fn send_dead_letters(&mut self) -> Result<(), SessionEnd> {
        while let Some(batch) = self.batch_mut()
            && let Some(reject) = batch.rejects.get(batch.rejected).cloned()
        {
            let number = batch.rejected;
            batch.rejected += 1;
            if reject.is_done {
                continue;
            }
            let answer = batch.first_answer.saturating_add((batch.messages.len() + number) as u64);
            let reply = format!("{}.{answer}", self.inbox);
            let is_sent = self.publisher.reject(&self.connection.client, reject.place, &reject.error, reply).await?;
            self.last_answer = Instant::now();
            if let Some(reject) = self.batch_mut().and_then(|batch| batch.rejects.get_mut(number)) {
                reject.is_done = !is_sent;
            }
        }
        Ok(())
    }

    /// Sends the messages of the batch. The first and the last one ask for an answer, and all do if nobody knows why a batch was
    /// incomplete.
    async fn send_messages(&mut self) -> Result<(), SessionEnd> {
        let Some(atomic) = &self.publisher.atomic else { return Ok(()) };
        let is_careful = atomic.is_careful;
        loop {
            let Some(batch) = self.batch_mut() else { return Ok(()) };
            let Progress::Sending(number) = batch.progress else { return Ok(()) };
            let Some(&place) = batch.messages.get(number) else { return Ok(()) };
            let (count, first, is_again) = (batch.messages.len(), batch.first_answer, batch.attempts > 0);
            let is_last = number + 1 == count;
            let id = format!("{}-{first}", self.batch_prefix);
            let headers = self.publisher.batch_headers(place, &id, number, count);
            let asks = is_careful || number == 0 || is_last;
            let reply = asks.then(|| format!("{}.{}", self.inbox, first + number as u64));
            let outgoing = &self.publisher.pending[place.0].outgoing;
            let message = &outgoing.batch.messages[place.1];
            let refused = outgoing.publish(&self.connection.client, message, headers, reply).await?;
            self.publisher.link.counters.republished.add(u64::from(is_again));
            self.last_answer = Instant::now();
            if let Some(error) = refused {
                // The server has another limit than when the batch was planned.
                self.reject(number, &error.to_string())?;
                self.retry_now();
                return Ok(());
            }
            let Some(batch) = self.batch_mut() else { return Ok(()) };
            batch.progress = if is_last { Progress::Sent } else { Progress::Sending(number + 1) };
            batch.attempts += usize::from(is_last);
            if number % SEND_AT_ONCE == SEND_AT_ONCE - 1 {
                tokio::task::yield_now().await;
            }
        }
    }

    /// Confirms the commits of the batch if nothing is left to be done for it. Returns whether the next one can be sent.
    pub(super) fn finish_batch(&mut self) -> bool {
        let Some(atomic) = self.publisher.atomic.as_mut() else { return false };
        let Some(batch) = atomic.batch.take_if(|batch| batch.is_done()) else { return false };
        atomic.is_careful = false;
        self.backoff.reset();
        self.out_of_order = 0;
        self.publisher.refusals.over();
        self.publisher.finish_batch(&batch);
        true
    }

    async fn next_event(&mut self, lost: Pin<&mut impl Future<Output = ()>>) -> Result<Event, SessionEnd> {
        let can_send = self.retry.is_none() && self.batch_mut().is_none() && !self.publisher.pending.is_empty();
        let (timer, batches) = (self.next_timer(), &self.publisher.batches);
        let waiting = next_event(self.connection, &mut self.answers, batches, lost, timer, can_send);
        let (answers, event) = waiting.await;
        for (number, answer) in answers {
            let stream = self.publisher.stream.as_ref();
            let domain = stream.map_or("", |stream| &stream.domain);
            let ack = BatchAck::parse(&answer, &self.publisher.config.stream, domain);
            self.on_answer(number, ack)?;
        }
        self.finish_batch();
        event
    }

    /// When something is to be done although nothing arrives.
    fn next_timer(&mut self) -> Option<Instant> {
        match self.retry {
            Some(retry) => Some(retry.at),
            None => self.batch_mut().is_some_and(|batch| batch.is_waiting()).then(|| self.last_answer + ANSWER_TIMEOUT),
        }
    }

    /// Sends the batch again when its answer is overdue.
    fn check_timers(&mut self) {
        let is_overdue = Instant::now() >= self.last_answer + ANSWER_TIMEOUT;
        if self.retry.is_some() || !is_overdue {
            return;
        }
        let Some(batch) = self.batch_mut().filter(|batch| batch.is_waiting()) else { return };
        batch.is_unclear |= batch.progress == Progress::Sent;
        let messages = batch.messages.len();
        let stream = &self.publisher.config.stream;
        self.publisher.warn(format_args!(
            "stream `{stream}` has answered nothing for {} s; a batch of {messages} messages is sent again, with the same ids",
            ANSWER_TIMEOUT.as_secs()
        ));
        // Perhaps it was edited, and acknowledges nothing any more.
        self.retry = Some(Retry { check_stream: true, at: Instant::now() });
    }

    /// The batch is sent again at once.
    pub(super) fn retry_now(&mut self) {
        self.retry = Some(Retry { check_stream: false, at: Instant::now() });
    }

    /// The batch is sent again after a pause.
    pub(super) fn retry_after_pause(&mut self, check_stream: bool) {
        // How much of it is stored, the stream says.
        let check_stream = check_stream || self.publisher.persists();
        self.retry = Some(Retry { check_stream, at: Instant::now() + self.backoff.next_pause() });
    }

    /// The stream will never take a message of the batch.
    pub(super) fn reject(&mut self, number: usize, reason: &str) -> Result<()> {
        match self.batch_mut().and_then(|batch| batch.reject(number, reason)) {
            Some(place) => self.publisher.record_refused(place, reason.to_owned()),
            None => Ok(()),
        }
    }

    /// The error of a stream that takes no batch.
    pub(super) fn refused(&self, reason: &str) -> Error {
        self.publisher.error(ErrorKind::Stream, reason)
    }
}
