//! The thread of a service: it keeps a connection, and ends with the pipeline.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use futures_util::future::{self, Either};
use tokio::sync::oneshot;
use tokio::task::unconstrained;

use super::answers::Answers;
use super::session::{self, CAPACITY};
use crate::nats::client::{Backoff, Dialer, NatsUri, Options, SessionEnd, runtime};
use crate::plan::ObservedPipeline;
use crate::telemetry::{debug, spawn};

/// How often it looks whether the sources and sinks of its server are connected, while it is not. They notice in this time, too, that
/// a server is gone.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// How rarely it tries to connect where that fails although they are connected, as where a server takes no more connections: each
/// attempt is a line in the server's log, and in that of async-nats.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// A connection that lasted this long has worked.
const STABLE_AFTER: Duration = Duration::from_secs(5);
/// How long the end of the pipeline waits for it. It ends at once, unless the system holds it up.
const END_TIMEOUT: Duration = Duration::from_secs(1);

/// What the thread does.
pub(super) struct Service {
    dialer: Dialer,
    answers: Answers,
    pipeline: Arc<dyn ObservedPipeline>,
    /// The sources and sinks on its server. They connect first: they report what is wrong, and a server may allow only so many
    /// connections.
    first: Vec<Arc<str>>,
    backoff: Backoff,
    /// How long to wait before the next attempt to connect.
    pause: Duration,
}

impl Service {
    pub(super) fn new(
        uri: NatsUri,
        options: Options,
        answers: Answers,
        pipeline: Arc<dyn ObservedPipeline>,
        first: Vec<Arc<str>>,
    ) -> Self {
        // What the list of connections of the server has.
        let name = format!("{} (nats micro)", answers.name());
        let dialer = Dialer::new(uri, options, name.into(), CAPACITY);
        let backoff = Backoff::between(LOOK_EVERY, LONGEST_PAUSE);
        Service { dialer, answers, pipeline, first, backoff, pause: Duration::ZERO }
    }

    fn run(mut self, mut stopped: oneshot::Receiver<Infallible>) {
        loop {
            // One for each connection, as for sources and sinks: its end ends all that async-nats does.
            let Ok(runtime) = runtime() else { return };
            let session = async {
                match future::select(pin!(self.connect_and_answer()), &mut stopped).await {
                    Either::Left((end, _)) => end,
                    Either::Right(_) => SessionEnd::Finished,
                }
            };
            // Requests are taken before async-nats reads more.
            let end = runtime.block_on(unconstrained(session));
            runtime.shutdown_background();
            if !matches!(end, SessionEnd::ConnectionLost) {
                return;
            }
        }
    }

    /// One connection, from its opening to its end.
    async fn connect_and_answer(&mut self) -> SessionEnd {
        tokio::time::sleep(self.pause).await;
        while !self.first.iter().all(|end| self.pipeline.is_connected(end)) {
            tokio::time::sleep(LOOK_EVERY).await;
        }
        let begin = Instant::now();
        let mut connection = match self.dialer.try_quietly().await {
            Ok(connection) => connection,
            Err(reasons) => {
                debug("pipeline", format_args!("no connection for `nats micro`: cannot reach {reasons}"));
                self.pause = self.backoff.next_pause();
                return SessionEnd::ConnectionLost;
            }
        };
        let opened = Instant::now();
        let end = session::run(&mut connection, &mut self.answers, opened - begin).await;
        if opened.elapsed() >= STABLE_AFTER {
            self.backoff.reset();
        }
        self.pause = self.backoff.next_pause();
        end
    }
}

/// The running thread. Dropping this ends it.
pub(super) struct ServiceThread {
    /// Dropped to end the thread.
    stop: Option<oneshot::Sender<Infallible>>,
    /// Closes when the thread has ended.
    ended: mpsc::Receiver<Infallible>,
    thread: Option<JoinHandle<()>>,
}

impl ServiceThread {
    /// `None`: the thread cannot be started, and the pipeline runs without its service.
    pub(super) fn start(service: Service) -> Option<Self> {
        let (stop, stopped) = oneshot::channel();
        let (running, ended) = mpsc::channel();
        let run = move || {
            service.run(stopped);
            drop(running);
        };
        match spawn("pathway-micro", run) {
            Ok(thread) => Some(ServiceThread { stop: Some(stop), ended, thread: Some(thread) }),
            Err(error) => {
                debug("pipeline", format_args!("no thread for `nats micro`: {error}"));
                None
            }
        }
    }
}

impl Drop for ServiceThread {
    fn drop(&mut self) {
        drop(self.stop.take());
        if self.ended.recv_timeout(END_TIMEOUT) != Err(RecvTimeoutError::Timeout) {
            self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
        }
    }
}
