//! Keeps one source or sink connected: connects, runs a session on the connection, and reconnects when it breaks.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::{self, Either};
use tokio::task::unconstrained;

use super::{Connection, Dialer, Server, runtime};
use crate::data::{Error, Result};
use crate::plan::ConnectionState;
use crate::telemetry::{Level, LogLimiter, report};

/// What a source or sink does with a connection, and without one.
pub(crate) trait Supervised {
    /// Works over a connection until it breaks or nothing is left to do.
    ///
    /// It calls [`Supervisor::established`] as soon as the session works: the subscription is active, the stream is found.
    async fn run_session(
        &mut self,
        connection: &mut Connection,
        supervisor: &mut Supervisor<'_>,
    ) -> Result<(), SessionEnd>;

    /// Runs while there is no connection, and returns when none is needed any more. `is_ready` is false until the first
    /// session has been established.
    async fn while_disconnected(&mut self, is_ready: bool) -> Result<()>;

    /// The connection to `server` broke: what that means, as a sentence without its end. The supervisor reports it with the
    /// reason, as far as the server has said one.
    fn connection_lost(&mut self, server: &Server) -> Loss;

    /// Completes when the remaining work has taken too long, with or without a connection. Default: never.
    fn expired(&self) -> impl Future<Output = ()> + 'static {
        future::pending()
    }

    /// Ends the work after [`expired`](Supervised::expired) has completed.
    fn on_expired(&mut self) -> Result<()> {
        Ok(())
    }
}

/// That a connection broke, and what follows from it.
pub(crate) struct Loss {
    pub(crate) level: Level,
    /// A sentence without its end: `the connection to nats://h:4222 broke`.
    pub(crate) what: String,
    /// What happens now: `reconnecting`.
    pub(crate) next: &'static str,
}

/// Called once when the first session is established.
pub(crate) type Ready<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Why a session ended.
#[derive(Debug)]
pub(crate) enum SessionEnd {
    /// The connection broke. The supervisor opens another one.
    ConnectionLost,
    /// Nothing is left to do, because the pipeline stops.
    Finished,
    /// The source or sink cannot continue.
    Failed(Error),
}

/// The connection is closed: its client takes no more commands.
#[derive(Debug)]
pub(crate) struct ConnectionClosed;

impl From<ConnectionClosed> for SessionEnd {
    fn from(_: ConnectionClosed) -> Self {
        SessionEnd::ConnectionLost
    }
}

impl From<Error> for SessionEnd {
    fn from(error: Error) -> Self {
        SessionEnd::Failed(error)
    }
}

/// Runs the sessions of one source or sink, each on a connection of its own, one after the other.
pub(crate) struct Supervisor<'a> {
    dialer: Dialer,
    ready: Option<Ready<'a>>,
    /// When the current session was established.
    established_at: Option<Instant>,
    /// Since when there is no connection, and which server it was to.
    lost: Option<(Instant, Server)>,
    /// Connections that break again and again are reported from time to time.
    losses: LogLimiter,
    returns: LogLimiter,
    /// Where others see whether there is a connection.
    state: Arc<ConnectionState>,
    /// Whether they see that there is none.
    is_told: bool,
}

/// A time without a connection that has ended. As text: `the connection to a is back after 1.5 s, at b`.
pub(crate) struct Outage {
    before: Server,
    lasted: Duration,
    server: Server,
}

impl<'a> Supervisor<'a> {
    /// `state` is where others see whether there is a connection.
    pub(crate) fn new(dialer: Dialer, ready: Ready<'a>, state: &Arc<ConnectionState>) -> Self {
        let limiter = || LogLimiter::new(dialer.name());
        let (losses, returns) = (limiter(), limiter());
        let state = Arc::clone(state);
        Supervisor {
            dialer,
            ready: Some(ready),
            established_at: None,
            lost: None,
            losses,
            returns,
            state,
            is_told: false,
        }
    }

    /// Runs sessions until nothing is left to do.
    ///
    /// # Errors
    /// The first session could not be established within [`connect_deadline`](super::Options::connect_deadline); or the
    /// source or sink cannot continue.
    pub(crate) fn run(mut self, work: &mut impl Supervised) -> Result<()> {
        loop {
            // One runtime for each connection. Its end ends all tasks of async-nats and drops all that they have queued, so
            // that what the next connection publishes is not mixed with leftovers.
            let runtime = runtime()?;
            // tokio would interrupt the task after every 128 messages, and at high load it would hardly run.
            let end = runtime.block_on(unconstrained(self.run_until_expired(work)));
            runtime.shutdown_background();
            match end {
                Ok(()) | Err(SessionEnd::Finished) => return Ok(()),
                Err(SessionEnd::ConnectionLost) => {}
                Err(SessionEnd::Failed(error)) => return Err(error),
            }
        }
    }

    async fn run_until_expired(&mut self, work: &mut impl Supervised) -> Result<(), SessionEnd> {
        let expired = pin!(work.expired());
        if let Either::Left((end, _)) = future::select(pin!(self.connect_and_run(work)), expired).await {
            return end;
        }
        Ok(work.on_expired()?)
    }

    /// One connection, from its opening to its end.
    async fn connect_and_run(&mut self, work: &mut impl Supervised) -> Result<(), SessionEnd> {
        let mut connection = self.connect(work).await?;
        // Later connections are the end of an outage, of which the session says more.
        if self.is_starting() {
            report(Level::Info, self.dialer.name(), format_args!("connected to {}", connection.described()));
        }
        let end = work.run_session(&mut connection, self).await;
        if matches!(end, Err(SessionEnd::ConnectionLost)) {
            let lasted = self.established_at.take().map_or(Duration::ZERO, |established| established.elapsed());
            let reason = connection.loss_reason().await;
            self.dialer.connection_lost(&connection.server, lasted, reason.as_deref());
            let Loss { level, what, next } = work.connection_lost(&connection.server);
            let reason = reason.map(|reason| format!(" ({reason})")).unwrap_or_default();
            self.losses.report(level, 1, format_args!("{what}{reason}; {next}"));
            if !self.is_told && !self.is_starting() {
                self.is_told = true;
                let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64);
                self.state.lost(now, format!("{what}{reason}"));
            }
            self.lost = Some((Instant::now(), connection.server));
        }
        end
    }

    async fn connect(&mut self, work: &mut impl Supervised) -> Result<Connection, SessionEnd> {
        let is_ready = !self.is_starting();
        let idle = pin!(work.while_disconnected(is_ready));
        match future::select(idle, pin!(self.dialer.connect(is_ready))).await {
            Either::Left((outcome, _)) => {
                outcome?;
                Err(SessionEnd::Finished)
            }
            Either::Right((connection, _)) => Ok(connection?),
        }
    }

    /// Records that the session works. Returns the outage that this ends, if there was a connection before.
    pub(crate) fn established(&mut self, connection: &Connection) -> Option<Outage> {
        self.established_at.get_or_insert_with(Instant::now);
        if let Some(ready) = self.ready.take() {
            ready();
        }
        let (since, before) = self.lost.take()?;
        if std::mem::take(&mut self.is_told) {
            self.state.returned();
        }
        Some(Outage { before, lasted: since.elapsed(), server: connection.server.clone() })
    }

    /// Reports that the connection is back: the outage, and what that means.
    pub(crate) fn report_return(&mut self, message: fmt::Arguments<'_>) {
        self.returns.report(Level::Warn, 1, message);
    }

    /// Records that the last break had a cause that is gone: it was not the server's fault, so the next break has no pause.
    pub(crate) fn break_explained(&mut self) {
        self.dialer.break_explained();
    }

    /// Whether no session has been established yet.
    pub(crate) fn is_starting(&self) -> bool {
        self.ready.is_some()
    }

    /// Whether a connection broke before this one.
    pub(crate) fn is_reconnected(&self) -> bool {
        self.lost.is_some()
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outage { before, lasted, server } = self;
        write!(f, "the connection to {before} is back after {:.1} s, at {server}", lasted.as_secs_f32())
    }
}
