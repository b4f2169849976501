//! The thread that publishes into a stream: what it holds from one connection to the next.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{self, Either};
use tokio::task::unconstrained;

use super::order::OrderGuard;
use super::pending::PendingBatch;
use super::session::PublishSession;
use crate::connector::sink::{DeadLetters, EncodedBatch, Outbox, SinkLink};
use crate::connector::thread::Ready;
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{
    self, Api, ApiError, Connection, Dialer, Interruption, PermissionError, StreamInfo, until_lost,
};
use crate::nats::kv::bucket::Bucket;
use crate::telemetry::{Level, LogLimiter, report};

/// How long JetStream may take to say what it knows of the stream.
pub(super) const ANSWER: Duration = Duration::from_secs(5);

/// What does not change.
pub(super) struct Settings {
    pub(super) stream: Arc<str>,
    pub(super) subject: Arc<str>,
    pub(super) window: usize,
    pub(super) last_deadline: Duration,
    pub(super) dead_letters: Option<DeadLetters>,
    pub(super) one_by_one: bool,
}

pub(super) struct Publisher {
    pub(super) dialer: Dialer,
    pub(super) link: SinkLink,
    pub(super) settings: Settings,
    /// What all ids of this run begin with. Nothing is kept from one run to the next, so that what the next one
    /// publishes are other messages, whatever their commits' numbers.
    pub(super) origin: String,
    /// What the next message must follow.
    pub(super) chain: OrderGuard,
    /// The stream as it was when it was last asked for.
    pub(super) stream: Option<StreamInfo>,
    /// What is not stored, in order.
    pub(super) pending: VecDeque<PendingBatch>,
    /// No more will come.
    pub(super) finished: bool,
    /// Until when the last messages must be stored; set when no more will come.
    pub(super) finish_by: Option<Instant>,
    pub(super) rejects: LogLimiter,
    /// Taken when the stream was found for the first time.
    ready: Option<Ready>,
    /// When the connection broke, until there is another.
    lost: Option<(Instant, String)>,
}

/// How a connection's life ended.
pub(super) enum End {
    /// It broke.
    Lost,
    /// Everything is stored, and no more will come.
    Done,
}

impl Publisher {
    pub(super) fn new(dialer: Dialer, link: SinkLink, settings: Settings) -> Self {
        Publisher {
            dialer,
            rejects: LogLimiter::new(&link.name),
            link,
            chain: if settings.one_by_one { OrderGuard::open() } else { OrderGuard::default() },
            settings,
            origin: format!("{:016x}", random()),
            stream: None,
            pending: VecDeque::new(),
            finished: false,
            finish_by: None,
            ready: None,
            lost: None,
        }
    }

    pub(super) fn run(mut self, ready: Ready) {
        self.ready = Some(ready);
        let outcome = loop {
            // A runtime for each connection: its end ends all that async-nats has running, and drops all that it has queued.
            let life = client::runtime().and_then(|runtime| {
                let end = runtime.block_on(unconstrained(self.live()));
                runtime.shutdown_background();
                end
            });
            match life {
                Ok(End::Lost) => {}
                Ok(End::Done) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.rejects.flush();
        match (self.ready.take(), outcome) {
            (Some(ready), outcome) => ready.send(outcome),
            (None, Err(error)) => self.link.control.fail(error),
            (None, Ok(())) => {}
        }
    }

    /// One connection, from its making to its end.
    async fn live(&mut self) -> Result<End> {
        let connection = if self.ready.is_some() && self.lost.is_none() {
            let control = self.link.control.clone();
            match future::select(pin!(control.stopped()), pin!(self.dialer.first())).await {
                // Nothing was given to a sink that was not ready.
                Either::Left(_) => return Ok(End::Done),
                Either::Right((connection, _)) => connection?,
            }
        } else {
            match self.reconnect().await? {
                Some(connection) => connection,
                None => return Ok(End::Done),
            }
        };
        let server = connection.server.to_string();
        let end = self.connected(connection).await?;
        if matches!(end, End::Lost) {
            let message =
                format_args!("the connection to {server} broke; what is not stored is kept until there is another");
            self.warn(message);
            self.lost = Some((Instant::now(), server));
        }
        Ok(end)
    }

    async fn connected(&mut self, mut connection: Connection) -> Result<End> {
        let api = Api::new(connection.client.clone());
        if self.ready.is_some() {
            let asking = api.stream(&self.settings.stream, Some(ANSWER));
            match until_lost(&mut connection, asking).await {
                Ok(answer) => self.found(answer)?,
                // As long as nothing runs, another attempt may go better.
                Err(Interruption::Lost) => return Ok(End::Lost),
                Err(Interruption::Denied(notice)) => return Err(self.denied(&connection, &notice)),
            }
        }
        let Ok(mut line) = PublishSession::new(self, connection, api).await else { return Ok(End::Lost) };
        line.courier.settle_in();
        let end = line.run().await;
        line.rewind();
        end
    }

    /// The stream was asked for.
    pub(super) fn found(&mut self, answer: Result<StreamInfo, ApiError>) -> Result<()> {
        let again = self.stream.is_some();
        let stream = match answer {
            Ok(stream) => stream,
            Err(error) => {
                let kind = match (again, &error) {
                    (true, _) => ErrorKind::Stream,
                    (false, ApiError::Away(_)) => ErrorKind::Connect,
                    (false, ApiError::Refused { .. }) => ErrorKind::Config,
                };
                let cure = Bucket::hint(&self.settings.stream);
                let message = match error.is(ApiError::STREAM_NOT_FOUND) {
                    true if again => "it was deleted while it was written to".to_owned(),
                    true => format!("there is no such stream at {}{cure}", self.dialer.endpoint()),
                    false => error.to_string(),
                };
                return Err(self.error(kind, message));
            }
        };
        let subject = &*self.settings.subject;
        if !subject.is_empty() && !stream.takes(subject) {
            let kind = if again { ErrorKind::Stream } else { ErrorKind::Config };
            let message = format!("it does not take `{subject}`; its subjects are {}", stream.listed());
            return Err(self.error(kind, message));
        }
        if !again && stream.is_clustered {
            self.chain.count_from(stream.last);
        }
        self.stream = Some(stream);
        Ok(())
    }

    /// Connects again, and takes what comes meanwhile. `None` when there is nothing to connect for any more.
    async fn reconnect(&mut self) -> Result<Option<Connection>> {
        let Publisher { dialer, link, settings, pending, finished, finish_by, .. } = self;
        {
            let mut dialing = pin!(dialer.again());
            loop {
                if *finished && pending.is_empty() {
                    return Ok(None);
                }
                let next = pin!(next(&link.outbox, *finished));
                let over = pin!(until(*finish_by));
                match future::select(dialing.as_mut(), future::select(next, over)).await {
                    Either::Left((connection, _)) => return connection.map(Some),
                    Either::Right((Either::Left((Some(parcel), _)), _)) => pending.push_back(PendingBatch::new(parcel)),
                    Either::Right((Either::Left((None, _)), _)) => {
                        *finished = true;
                        *finish_by = Some(Instant::now() + settings.last_deadline);
                    }
                    Either::Right((Either::Right(_), _)) => break,
                }
            }
        }
        Err(self.overdue())
    }

    /// There is a connection, and the stream.
    fn settle_in(&mut self) {
        if let Some(ready) = self.ready.take() {
            ready.send(Ok(()));
        }
        if let Some((since, before)) = self.lost.take() {
            self.link.counters.reconnects.add(1);
            let seconds = since.elapsed().as_secs_f32();
            self.warn(format_args!("the connection to {before} is back after {seconds:.1} s; publishing goes on"));
        }
    }

    /// Whether a connection broke before.
    pub(super) fn was_lost(&self) -> bool {
        self.lost.is_some()
    }

    /// No more will come.
    pub(super) fn finish(&mut self) {
        self.finished = true;
        self.finish_by = Some(Instant::now() + self.settings.last_deadline);
    }

    /// The time for the last messages is over.
    pub(super) fn overdue(&self) -> Error {
        let missing: u64 = self.pending.iter().map(PendingBatch::left).sum();
        let message = format!(
            "{missing} messages could not be stored: {} did not take them within {} s of the end",
            self.dialer.endpoint(),
            self.settings.last_deadline.as_secs_f32()
        );
        self.error(ErrorKind::Network, message)
    }

    pub(super) fn denied(&self, connection: &Connection, notice: &PermissionError) -> Error {
        let verb = match notice {
            PermissionError::SubscribeDenied(_) => "subscribe to",
            PermissionError::PublishDenied(_) => "publish on",
        };
        let (server, identity, subject) = (&connection.server, self.dialer.endpoint().identity(), notice.subject());
        let message = format!("{server} does not let {identity} {verb} `{subject}` (permissions violation)");
        self.error(ErrorKind::Authorization, message)
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl std::fmt::Display) -> Error {
        Error::new(kind, format!("{}: stream `{}`: {message}", self.link.name, self.settings.stream))
    }

    pub(super) fn warn(&self, message: std::fmt::Arguments<'_>) {
        report(Level::Warn, &self.link.name, message);
    }
}

/// The next parcel; `None` when there will be no more, which is said once.
pub(super) async fn next(outbox: &Outbox, finished: bool) -> Option<Arc<EncodedBatch>> {
    if finished { future::pending().await } else { outbox.next().await }
}

/// Waits until an instant, or for ever.
pub(super) async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant.into()).await,
        None => future::pending().await,
    }
}

fn random() -> u64 {
    use std::hash::BuildHasher;
    std::hash::RandomState::new().hash_one(std::process::id())
}
