//! The thread that publishes: what it holds from one connection to the next.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{self, Either};
use tokio::task::unconstrained;

use super::headers::HeaderTemplate;
use super::pending::PendingBatch;
use super::session::PublishSession;
use crate::connector::sink::{DeadLetters, EncodedBatch, Outbox, SinkLink};
use crate::connector::thread::Ready;
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::{self, Connection, Dialer};
use crate::telemetry::{Level, LogLimiter, report};

pub(super) struct Publisher {
    pub(super) dialer: Dialer,
    pub(super) link: SinkLink,
    pub(super) template: HeaderTemplate,
    pub(super) dead_letters: Option<DeadLetters>,
    /// What the server has not confirmed, in order.
    pub(super) pending: VecDeque<PendingBatch>,
    /// No more will come.
    pub(super) finished: bool,
    last_deadline: Duration,
    /// Until when the last messages must be confirmed; set when no more will come.
    pub(super) finish_by: Option<Instant>,
    pub(super) rejects: LogLimiter,
    /// Taken when there is a connection for the first time.
    ready: Option<Ready>,
    /// When the connection broke, until there is another.
    lost: Option<(Instant, String)>,
}

/// How a connection's life ended.
pub(super) enum End {
    /// It broke.
    Lost,
    /// Everything is confirmed, and no more will come.
    Done,
}

impl Publisher {
    pub(super) fn new(
        dialer: Dialer,
        link: SinkLink,
        last_deadline: Duration,
        dead_letters: Option<DeadLetters>,
    ) -> Self {
        Publisher {
            dialer,
            rejects: LogLimiter::new(&link.name),
            link,
            template: HeaderTemplate::new(),
            dead_letters,
            pending: VecDeque::new(),
            finished: false,
            last_deadline,
            finish_by: None,
            ready: None,
            lost: None,
        }
    }

    pub(super) fn run(mut self, ready: Ready) {
        self.ready = Some(ready);
        let outcome = loop {
            // A runtime for each connection: its end ends all that async-nats has running, and drops all that it has queued.
            // What the next connection publishes thus stands in no order with leftovers.
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
        let connection = if self.lost.is_none() {
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
        let Ok(mut line) = PublishSession::new(self, connection).await else { return Ok(self.lose(server)) };
        line.courier.settle_in(&server);
        match line.run().await? {
            End::Done => Ok(End::Done),
            End::Lost => Ok(self.lose(server)),
        }
    }

    /// Connects again, and takes what comes meanwhile. `None` when there is nothing to connect for any more.
    async fn reconnect(&mut self) -> Result<Option<Connection>> {
        let Publisher { dialer, link, pending, finished, finish_by, last_deadline, .. } = self;
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
                        *finish_by = Some(Instant::now() + *last_deadline);
                    }
                    Either::Right((Either::Right(_), _)) => break,
                }
            }
        }
        Err(self.overdue())
    }

    /// There is a connection.
    fn settle_in(&mut self, server: &str) {
        if let Some(ready) = self.ready.take() {
            ready.send(Ok(()));
        }
        let Some((since, before)) = self.lost.take() else { return };
        let again: u64 = self.pending.iter().filter(|item| item.tried).map(PendingBatch::publishable).sum();
        self.link.counters.reconnects.add(1);
        self.link.counters.republished.add(again);
        self.warn(format_args!(
            "the connection to {before} is back after {:.1} s, at {server}; \
             {again} messages that were not confirmed are published again",
            since.elapsed().as_secs_f32()
        ));
    }

    /// The connection broke.
    fn lose(&mut self, server: String) -> End {
        self.warn(format_args!(
            "the connection to {server} broke; what was not confirmed is kept until there is another"
        ));
        self.lost = Some((Instant::now(), server));
        End::Lost
    }

    /// No more will come.
    pub(super) fn finish(&mut self) {
        self.finished = true;
        self.finish_by = Some(Instant::now() + self.last_deadline);
    }

    /// The time for the last messages is over.
    pub(super) fn overdue(&self) -> Error {
        let missing: u64 = self.pending.iter().map(|item| item.parcel.letters.len() as u64 - item.counted).sum();
        let message = format!(
            "{}: {missing} messages could not be published: {} did not confirm them within {} s of the end",
            self.link.name,
            self.dialer.endpoint(),
            self.last_deadline.as_secs_f32()
        );
        Error::new(ErrorKind::Network, message)
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
