//! One connection of a publisher into a stream: sends messages within a window, and receives their answers.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Instant;

use async_nats::Subscriber;
use futures_util::future::{self, Either};

use super::ack::PublishAck;
use super::event::{Event, next_event};
use super::in_flight::{ANSWER_TIMEOUT, AckState, InFlight, RetryState};
use super::key_guard::{KeyOrder, OutputPlace};
use super::order::{LastMessage, Next};
use super::pause::PauseDetector;
use super::pending::{PendingBatch, has_new_key};
use super::publisher::Publisher;
use super::reject::{not_taken, refused_before};
use super::subject_queues::SubjectQueues;
use crate::nats::client::{ApiError, Backoff, Connection, ConnectionClosed, HeaderTemplate, SessionEnd, Supervisor};

/// How many messages are sent before answers are processed.
const SEND_AT_ONCE: usize = 256;

pub(super) struct PublishSession<'a> {
    pub(super) publisher: &'a mut Publisher,
    pub(super) connection: &'a mut Connection,
    pub(super) inbox: String,
    answers: Subscriber,
    /// Messages that were sent and are not done, in order; and the number of the first.
    pub(super) in_flight: VecDeque<InFlight>,
    pub(super) first_in_flight: u64,
    /// How many of them have no answer.
    pub(super) waiting: usize,
    /// The messages in flight by subject, if a subject may have only one.
    pub(super) queues: SubjectQueues,
    /// Which of the pending batches is being sent.
    pub(super) sending: usize,
    pub(super) retry: Option<RetryState>,
    pub(super) backoff: Backoff,
    /// When the last answer arrived, or the first message was sent.
    pub(super) last_answer: Instant,
    /// If the messages of a bucket must not be written behind those of another run, which no message says of other keys.
    pauses: Option<PauseDetector>,
}

impl<'a> PublishSession<'a> {
    pub(super) async fn open(
        publisher: &'a mut Publisher,
        connection: &'a mut Connection,
        is_reconnected: bool,
    ) -> Result<Self, ConnectionClosed> {
        let inbox = connection.client.new_inbox();
        let answers = connection.client.subscribe(format!("{inbox}.*")).await.map_err(|_| ConnectionClosed)?;
        let pauses = publisher.keys.as_ref().map(|_| PauseDetector::new());
        let mut session = PublishSession {
            publisher,
            connection,
            inbox,
            answers,
            in_flight: VecDeque::new(),
            first_in_flight: 0,
            waiting: 0,
            queues: SubjectQueues::default(),
            sending: 0,
            // It may be another server, which does not know the stream yet, or no longer.
            retry: is_reconnected.then_some(RetryState { check_stream: true, resume_at: None }),
            backoff: Backoff::new(),
            last_answer: Instant::now(),
            pauses,
        };
        session.rewind();
        Ok(session)
    }

    pub(super) fn established(&self, supervisor: &mut Supervisor<'_>) {
        self.publisher.established(self.connection, supervisor);
    }

    /// Publishes until everything is stored and there will be no more batches.
    pub(super) async fn run(&mut self) -> Result<(), SessionEnd> {
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
            if self.retry.as_ref().is_some_and(|retry| retry.check_stream) {
                match self.publisher.stream_info(self.connection).await? {
                    // A server or a cluster that is starting.
                    Err(ApiError::Temporary(reason)) => {
                        self.publisher.report_unavailable(&reason);
                        continue;
                    }
                    answer => self.publisher.check_stream(answer, self.connection)?,
                }
                match self.publisher.resume {
                    Some(_) => self.publisher.find_position(self.connection).await?,
                    None => self.check_interference(),
                }
                self.publisher.check_bucket(self.connection).await?;
                self.retry.iter_mut().for_each(|retry| retry.check_stream = false);
            }
        }
    }

    /// Sends messages that have room in the window, up to a number.
    async fn send(&mut self) -> Result<(), SessionEnd> {
        if self.retry.is_some() {
            return Ok(());
        }
        if self.queues.has_refused() {
            self.queues.resume(Instant::now());
        }
        for _ in 0..SEND_AT_ONCE {
            if self.pauses.as_mut().is_some_and(PauseDetector::has_paused) {
                self.retry = Some(RetryState { check_stream: true, resume_at: None });
                return Ok(());
            }
            if let Some(number) = self.queues.next_ready() {
                self.send_queued(number).await?;
                continue;
            }
            let pending = &self.publisher.pending;
            while pending.get(self.sending).is_some_and(|batch| batch.sent == batch.outgoing.len()) {
                self.sending += 1;
            }
            if !self.has_room() || self.sending >= pending.len() || !self.send_next().await? {
                break;
            }
        }
        self.remove_done();
        // The connection's task runs.
        tokio::task::yield_now().await;
        Ok(())
    }

    /// Whether another message may be in flight. Where single subjects are refused, messages behind theirs go on.
    fn has_room(&self) -> bool {
        let in_flight = if self.publisher.by_subject { self.waiting } else { self.in_flight.len() };
        in_flight < self.publisher.config.window
    }

    /// Sends the next message, or queues it behind another one of its subject. Returns false if it must wait because of the
    /// order.
    async fn send_next(&mut self) -> Result<bool, SessionEnd> {
        let slot = self.first_in_flight + self.in_flight.len() as u64;
        let Publisher { pending, order, by_subject, .. } = &mut *self.publisher;
        let Some(pending) = pending.get_mut(self.sending) else { return Ok(false) };
        let place = pending.sent;
        if pending.stored.contains(&place) {
            pending.sent += 1;
            let stored = InFlight::new(AckState::Done, None);
            self.in_flight.push_back(stored);
            // The stream's last message may be another one.
            order.forget_last();
            return Ok(true);
        }
        let last = match order.next() {
            Next::Unconditional => None,
            Next::After(last) => Some(last),
            Next::Wait => return Ok(false),
        };
        let batch = &pending.outgoing.batch;
        let subject = by_subject.then(|| Arc::<str>::from(batch.subject_of(&batch.messages[place])));
        let is_again = place < pending.tried;
        pending.sent += 1;
        pending.tried = pending.tried.max(pending.sent);
        let must_wait = subject.as_ref().is_some_and(|subject| !self.queues.add(subject, slot));
        self.in_flight.push_back(InFlight::new(AckState::Queued, subject));
        if !must_wait {
            self.transmit(slot, (self.sending, place), last, is_again).await?;
        }
        Ok(true)
    }

    /// Sends a message whose turn has come: the one before it is done, or it was refused.
    async fn send_queued(&mut self, slot: u64) -> Result<(), SessionEnd> {
        let is_again = self.in_flight_mut(slot).is_some_and(|message| message.state == AckState::Refused);
        match self.place_of(slot) {
            Some(place) => self.transmit(slot, place, None, is_again).await,
            None => Ok(()),
        }
    }

    /// Sends a message in flight, or rejects it. `place` is its batch and its place in that; `last` is the message that it
    /// must follow.
    async fn transmit(
        &mut self,
        slot: u64,
        place: (usize, usize),
        last: Option<LastMessage>,
        is_again: bool,
    ) -> Result<(), SessionEnd> {
        self.publisher.record_bucket()?;
        let (in_batch, number) = place;
        let was_refused = self.publisher.was_refused(self.publisher.pending[in_batch].outgoing.batch.commit, number);
        let Publisher { pending, link, config, id_prefix, stream, order, resume, keys, .. } = &mut *self.publisher;
        let pending = &pending[in_batch];
        let batch = Arc::clone(&pending.outgoing.batch);
        let message = &batch.messages[number];
        let subject = batch.subject_of(message);
        let not_taken = || not_taken(stream.as_ref(), config, message, subject);
        let refused = pending.validate(number, message);
        let refused = refused.or_else(|| was_refused.then(|| not_taken().unwrap_or_else(refused_before)));
        let is_known = refused.is_some();
        let id = format!("{id_prefix}-{}-{number}", batch.commit);
        // What the stream takes now may be something else: the log says what it has refused.
        if let (Some(resume), false) = (resume.as_mut(), is_known)
            && let skipped = resume.skip(&id, batch.commit, batch.time)
            && let Some(sequence) = skipped.map_err(|reason| resume.error(link, config, &reason))?
        {
            if let Some(message) = self.in_flight_mut(slot) {
                (message.state, message.sequence) = (AckState::Done, Some(sequence));
            }
            self.remove_done();
            return Ok(());
        }
        let invalid = refused.or_else(not_taken);
        let key_order = keys.as_ref().filter(|_| invalid.is_none());
        let output = OutputPlace { commit: batch.commit, index: number as u64 };
        let key_order = key_order.map(|keys| keys.next(subject, output, has_new_key(message)));
        match key_order {
            Some(KeyOrder::LookUp) => return self.look_up(slot, place).await,
            Some(KeyOrder::Stored) => {
                self.on_sent(slot, AckState::Done, None);
                return Ok(());
            }
            _ => {}
        }
        let sent = match invalid {
            None => {
                let condition = last.as_ref().map(LastMessage::condition);
                let condition = condition.as_ref().map(|(name, value)| (*name, &**value));
                let headers = match key_order {
                    Some(KeyOrder::After(last)) => HeaderTemplate::of_key(batch.time, message, &id, last),
                    _ => HeaderTemplate::with_id(batch.time, message, &id, condition.as_slice()),
                };
                let reply = format!("{}.{slot}", self.inbox);
                match pending.outgoing.publish(&self.connection.client, message, headers, Some(reply)).await? {
                    None => Ok(id),
                    Some(error) => Err(error),
                }
            }
            Some(error) => Err(error),
        };
        let (state, id) = match sent {
            Ok(id) => {
                resume.iter_mut().for_each(|resume| resume.sent());
                order.on_sent(id.clone());
                link.counters.republished.add(u64::from(is_again));
                (AckState::Waiting, Some(id))
            }
            Err(error) => {
                if !is_known && self.publisher.resume.is_some() {
                    // Before any message behind it is sent.
                    self.publisher.record_refused(place, error.to_string())?;
                }
                let reply = format!("{}.{slot}", self.inbox);
                let waits = self.publisher.reject(&self.connection.client, place, &error, reply).await?;
                (if waits { AckState::Waiting } else { AckState::Done }, None)
            }
        };
        self.on_sent(slot, state, id);
        Ok(())
    }

    async fn next_event(&mut self, lost: Pin<&mut impl Future<Output = ()>>) -> Result<Event, SessionEnd> {
        let has_next = self.has_room() && self.sending < self.publisher.pending.len();
        let can_send =
            self.retry.is_none() && (self.queues.is_ready() || (has_next && !self.publisher.order.must_wait()));
        let (timer, batches) = (self.next_timer(), &self.publisher.batches);
        let waiting = next_event(self.connection, &mut self.answers, batches, lost, timer, can_send);
        let (answers, event) = waiting.await;
        for (number, answer) in answers {
            if self.is_looked_up(number) {
                self.on_look_up(number, &answer)?;
                continue;
            }
            let Publisher { config, stream, .. } = &*self.publisher;
            let domain = stream.as_ref().map_or("", |stream| &stream.domain);
            self.on_ack(number, PublishAck::parse(&answer, &config.stream, domain))?;
        }
        self.remove_done();
        event
    }

    /// When something is to be done although nothing arrives.
    fn next_timer(&self) -> Option<Instant> {
        match &self.retry {
            Some(RetryState { resume_at: Some(at), .. }) => Some(*at),
            // The stream is asked for again.
            Some(RetryState { check_stream: true, .. }) => Some(Instant::now()),
            retry => {
                let answer = (self.waiting > 0).then(|| self.last_answer + ANSWER_TIMEOUT);
                let resume = if retry.is_none() { self.queues.next_resume() } else { None };
                answer.into_iter().chain(resume).min()
            }
        }
    }
}
