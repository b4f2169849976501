//! The thread that reads a stream: what it knows from one connection, and one consumer, to the next.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{self, Either};
use serde_json::json;
use tokio::task::unconstrained;

use super::Start;
use super::consumer::{Consumer, ConsumerConfig};
use super::consumer_session::{ConsumerSession, Exit};
use super::position::{GapPolicy, Position};
use super::session::{Break, Session};
use super::unacked::UnackedMessages;
use crate::connector::source::{Batch, SourceLink};
use crate::connector::thread::Ready;
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{self, ApiError, Dialer, Retention, StreamInfo};
use crate::nats::kv::bucket::Bucket;
use crate::telemetry::{Level, report};

/// How long the last acknowledgements may take once all that is to be acknowledged is known.
const LAST_ACKS: Duration = Duration::from_secs(10);
/// The pause before another consumer, where the one before has brought nothing.
const PAUSE: Duration = Duration::from_millis(200);
/// How long another program may go on to read with a consumer of ours: it may be the run before this one, which ends.
const OTHER_READER: Duration = Duration::from_secs(5);

pub(super) struct Reader {
    pub(super) dialer: Dialer,
    /// How long the start may take.
    patience: Duration,
    pub(super) wanted: ConsumerConfig,
    /// What is left out at the beginning of each subject.
    pub(super) prefix: Arc<str>,
    pub(super) link: SourceLink,
    pub(super) batch: Batch,
    pub(super) position: Position,
    /// The stream as it was at the start.
    stream: Option<StreamInfo>,
    /// Where it waits for acknowledgements: what is not acknowledged.
    pub(super) held: Option<UnackedMessages>,
    /// Taken when the first consumer stands.
    ready: Option<Ready>,
    /// When the connection broke, until there is another.
    lost: Option<(Instant, String)>,
}

impl Reader {
    pub(super) fn new(
        dialer: Dialer,
        patience: Duration,
        wanted: ConsumerConfig,
        prefix: Arc<str>,
        link: SourceLink,
    ) -> Self {
        Reader {
            dialer,
            patience,
            wanted,
            prefix,
            link,
            batch: Batch::default(),
            position: Position::default(),
            stream: None,
            held: None,
            ready: None,
            lost: None,
        }
    }

    pub(super) fn run(mut self, ready: Ready) {
        self.ready = Some(ready);
        let outcome = loop {
            // A runtime for each connection: its end ends all that async-nats has running.
            let life = client::runtime().map_err(Break::Fatal).and_then(|runtime| {
                // A task that is not unconstrained is cut off after 128 messages, and starves under a flood.
                let end = runtime.block_on(unconstrained(self.live()));
                runtime.shutdown_background();
                end
            });
            match life {
                Ok(()) | Err(Break::Stopped) => break Ok(()),
                Err(Break::Lost) => {}
                Err(Break::Fatal(error)) => break Err(error),
            }
        };
        if let Some(held) = self.held.as_ref().filter(|held| held.waiting() > 0) {
            let (n, stream) = (held.waiting(), &self.wanted.stream);
            self.warn(format_args!("{n} messages of stream `{stream}` are not acknowledged: they will come again"));
        }
        match (self.ready.take(), outcome) {
            (Some(ready), outcome) => ready.send(outcome),
            (None, Err(error)) => self.link.control.fail(error),
            (None, Ok(())) => {}
        }
    }

    /// One connection, from its making to its end, or until the last acknowledgements have taken too long.
    async fn live(&mut self) -> Result<(), Break> {
        let queue = self.link.queue.clone();
        let overdue = pin!(async {
            if queue.settled().ended().await {
                tokio::time::sleep(LAST_ACKS).await;
            }
        });
        match future::select(overdue, pin!(self.connected())).await {
            Either::Left(_) => Err(Break::Stopped),
            Either::Right((outcome, _)) => outcome,
        }
    }

    async fn connected(&mut self) -> Result<(), Break> {
        let mut session = self.connect().await?;
        let outcome = self.read(&mut session).await;
        if matches!(outcome, Err(Break::Lost)) {
            let server = session.connection.server.to_string();
            self.warn(format_args!("the connection to {server} broke; connecting again"));
            self.lost = Some((Instant::now(), server));
        }
        outcome
    }

    async fn connect(&mut self) -> Result<Session, Break> {
        let control = self.link.control.clone();
        let again = self.lost.is_some();
        let dialer = &mut self.dialer;
        let mut connecting = pin!(async { if again { dialer.again().await } else { dialer.first().await } });
        let connection = match future::select(pin!(control.stopped()), connecting.as_mut()).await {
            Either::Left(_) if self.held.as_ref().is_none_or(UnackedMessages::is_empty) => return Err(Break::Stopped),
            Either::Left(_) => {
                self.link.queue.finish();
                connecting.await?
            }
            Either::Right((connection, _)) => connection?,
        };
        let mut session = Session::new(connection, control);
        session.acknowledged = self.held.as_ref().map(|_| self.link.queue.clone());
        Ok(session)
    }

    /// Reads over one connection, with one consumer after the other.
    async fn read(&mut self, session: &mut Session) -> Result<(), Break> {
        loop {
            let stream = self.look_at_stream(session).await?;
            let consumer = self.consumer(session, &stream).await?;
            let mut life = ConsumerSession::open(self, session, consumer).await?;
            life.reader.settle_in(life.session);
            match life.run().await? {
                Exit::Stopped => return Ok(()),
                Exit::Again { reason, idle } => {
                    drop(life);
                    let (stream, next) = (&self.wanted.stream, self.position.next);
                    self.warn(format_args!("stream `{stream}`: {reason}; reading on from sequence {next}"));
                    if idle {
                        session.during(&self.link.name, self.dialer.endpoint(), tokio::time::sleep(PAUSE)).await?;
                    }
                }
            }
        }
    }

    /// Looks whether the stream is there, is the same as ever, and still has what was not read.
    pub(super) async fn look_at_stream(&mut self, session: &mut Session) -> Result<StreamInfo, Break> {
        let limit = self.stream.is_none().then_some(self.patience.min(Duration::from_secs(5)));
        let api = session.api.clone();
        let asking = api.stream(&self.wanted.stream, limit);
        let found = session.during(&self.link.name, self.dialer.endpoint(), asking).await?;
        let found = found.map_err(|error| self.no_stream(&error))?;
        let Some(before) = &self.stream else {
            if !found.can_hold(&self.wanted.subject) {
                let message = format!(
                    "none of its subjects ({}) can be `{}`, so that nothing would ever be read",
                    found.listed(),
                    self.wanted.subject
                );
                return Err(self.wanted.error(ErrorKind::Config, message).into());
            }
            if found.retention != Retention::Limits || self.wanted.durable.is_some() {
                self.held = Some(UnackedMessages::default());
                self.link.queue.settled().want();
            }
            self.stream = Some(found.clone());
            return Ok(found);
        };
        if before.created != found.created {
            let message = "it was deleted and made anew while it was read: its sequences begin again, and the tables \
                           hold what is no longer there; start the pipeline again";
            return Err(self.wanted.error(ErrorKind::Stream, message).into());
        }
        if self.held.is_none() && found.last + 1 < self.position.next {
            let message = format!(
                "it ends at sequence {}, and was read up to {}: the server has lost its end, and new messages have the \
                 same sequences; start the pipeline again",
                found.last,
                self.position.next - 1
            );
            return Err(self.wanted.error(ErrorKind::Stream, message).into());
        }
        Ok(found)
    }

    fn no_stream(&self, error: &ApiError) -> Error {
        match (&self.stream, error.is(ApiError::STREAM_NOT_FOUND)) {
            (None, true) => {
                let cure = Bucket::hint(&self.wanted.stream);
                let message = format!("there is no such stream at {}{cure}", self.dialer.endpoint());
                self.wanted.error(ErrorKind::Config, message)
            }
            (Some(_), true) => self.wanted.error(ErrorKind::Stream, "it was deleted while it was read"),
            (None, false) => self.wanted.error(ErrorKind::Connect, error),
            (Some(_), false) => self.wanted.error(ErrorKind::Stream, error),
        }
    }

    /// The consumer to read with from here on.
    async fn consumer(&mut self, session: &mut Session, stream: &StreamInfo) -> Result<Consumer, Break> {
        if self.held.is_some() {
            return self.lasting_consumer(session, stream).await;
        }
        let again = self.position.next > 0;
        if again {
            self.report_lost(stream, true);
        }
        let begin = match self.wanted.start {
            // In its own order, so that what comes after the last message read is what was not read.
            start @ Start::LastPerSubject if !self.position.caught_up => start.settings(),
            _ if again => json!({"deliver_policy": "by_start_sequence", "opt_start_seq": self.position.next}),
            start => start.settings(),
        };
        let (verb, body) = self.wanted.passing(begin);
        let info = self.ask(session, &verb, &body, again).await?;
        let info = info.map_err(|error| self.wanted.refusal("for this source", &error, again))?;
        let consumer = Consumer::of(&info);
        self.stand(&consumer, stream, again);
        Ok(consumer)
    }

    /// The consumer that remembers what was acknowledged.
    async fn lasting_consumer(&mut self, session: &mut Session, stream: &StreamInfo) -> Result<Consumer, Break> {
        let again = self.position.next > 0;
        let name = self.wanted.durable.as_deref().unwrap_or(&self.wanted.own).to_owned();
        let verb = format!("CONSUMER.INFO.{}.{name}", self.wanted.stream);
        let start = Instant::now();
        loop {
            let found = self.ask(session, &verb, &serde_json::Value::Null, again).await?;
            let missing = found.as_ref().is_err_and(|error| error.is(ApiError::CONSUMER_NOT_FOUND));
            let info = if missing && !again && self.wanted.durable.is_none() {
                let (verb, body) = self.wanted.lasting();
                self.ask(session, &verb, &body, again).await?
            } else {
                found
            };
            let info = info.map_err(|error| self.wanted.refusal(&name, &error, again))?;
            let consumer = self.wanted.check(&info)?;
            // With a consumer that the user made, several programs may share the messages on purpose.
            if again || self.wanted.durable.is_some() || consumer.waiting == 0 {
                self.stand(&consumer, stream, again);
                return Ok(consumer);
            }
            if start.elapsed() >= OTHER_READER {
                let message = format!(
                    "another program reads with the consumer `{name}`, and each of the two would see a part of the \
                     messages: give this pipeline a name of its own (`Pipeline::named`)"
                );
                return Err(self.wanted.error(ErrorKind::Config, message).into());
            }
            session.during(&self.link.name, self.dialer.endpoint(), tokio::time::sleep(PAUSE)).await?;
        }
    }

    fn stand(&mut self, consumer: &Consumer, stream: &StreamInfo, again: bool) {
        match again {
            false => self.position.begin(consumer.next, consumer.pending, stream.last),
            true => self.position.go_on(consumer.pending),
        }
    }

    async fn ask(
        &self,
        session: &mut Session,
        verb: &str,
        body: &serde_json::Value,
        again: bool,
    ) -> Result<Result<serde_json::Value, ApiError>, Break> {
        let api = session.api.clone();
        let asking = api.request_with_retry(verb, body, (!again).then_some(self.patience));
        session.during(&self.link.name, self.dialer.endpoint(), asking).await
    }

    /// Reports what the stream has removed before it was read.
    pub(super) fn report_lost(&mut self, stream: &StreamInfo, idle: bool) {
        let holes = self.holes();
        if let Some((range, count)) = self.position.lost(stream, holes, idle) {
            let (first, last) = (range.start, range.end - 1);
            let message = format_args!(
                "stream `{}`: {count} messages (sequences {first} to {last}) were removed before they were read, \
                 by a purge or by the stream's limits",
                self.wanted.stream
            );
            report(Level::Error, &self.link.name, message);
            self.link.counters.dropped.add(count);
        }
    }

    pub(super) fn holes(&self) -> GapPolicy {
        let newest_only = self.wanted.start == Start::LastPerSubject && !self.position.caught_up;
        match &self.stream {
            Some(stream) if newest_only || stream.is_by_subject => GapPolicy::Usual,
            Some(stream) if self.held.is_none() && stream.is_all_of(&self.wanted.subject) => GapPolicy::Tell,
            _ => GapPolicy::Filtered,
        }
    }

    /// There is a consumer.
    fn settle_in(&mut self, session: &Session) {
        if let Some(ready) = self.ready.take() {
            ready.send(Ok(()));
        }
        if let Some((since, before)) = self.lost.take() {
            self.link.counters.reconnects.add(1);
            let (seconds, server) = (since.elapsed().as_secs_f32(), &session.connection.server);
            self.warn(format_args!(
                "the connection to {before} is back after {seconds:.1} s, at {server}; stream `{}` is read on from sequence {}",
                self.wanted.stream, self.position.next
            ));
        }
    }

    fn warn(&self, message: std::fmt::Arguments<'_>) {
        report(Level::Warn, &self.link.name, message);
    }
}
