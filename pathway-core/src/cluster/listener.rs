//! The thread to which other processes connect.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::oneshot;
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use super::conversation::Conversation;
use super::forming::{Progress, Report, Timing};
use super::handshake::{self, Answer, Failure, Identity};
use super::reception::Reception;
use crate::telemetry;

/// The most handshakes at a time. One of ours takes milliseconds: where there are more, somebody else only holds connections open,
/// and the oldest is closed.
const MOST_HANDSHAKES: usize = 8;

/// How long the thread waits after the system had no connection for it, because too many files are open.
const AFTER_FAILURE: Duration = Duration::from_millis(100);

/// How long to wait before binding is tried again.
const BIND_AGAIN: Duration = Duration::from_millis(50);

/// The thread to which other processes connect. It ends when this is dropped.
pub(super) struct Listener {
    /// Taken when it is dropped, which ends the thread.
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What each handshake needs.
struct Door {
    identity: Arc<Identity>,
    reception: Arc<Reception>,
    report: Report,
    deadline: Duration,
}

/// Listens on an address, and on nothing else. The port of a process that was killed is busy for a moment.
pub(super) fn bind(address: &str, deadline: Duration) -> io::Result<std::net::TcpListener> {
    let begin = Instant::now();
    loop {
        match std::net::TcpListener::bind(address) {
            Err(error) if error.kind() == ErrorKind::AddrInUse && begin.elapsed() < deadline => {
                thread::sleep(BIND_AGAIN)
            }
            other => return other,
        }
    }
}

impl Listener {
    pub(super) fn start(
        listener: std::net::TcpListener,
        identity: Arc<Identity>,
        reception: Arc<Reception>,
        report: Report,
        timing: &Timing,
    ) -> io::Result<Listener> {
        listener.set_nonblocking(true)?;
        let runtime = runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let listener = {
            let _inside = runtime.enter();
            TcpListener::from_std(listener)?
        };
        let door = Arc::new(Door { identity, reception, report, deadline: timing.handshake });
        let (end, ended) = oneshot::channel();
        let thread = telemetry::spawn("pathway:cluster", move || runtime.block_on(listen(listener, door, ended)))?;
        Ok(Listener { end: Some(end), thread: Some(thread) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.end.take();
        if let Some(thread) = self.thread.take() {
            // It panics only if the caller's report does, and that was printed.
            let _ = thread.join();
        }
    }
}

async fn listen(listener: TcpListener, door: Arc<Door>, mut ended: oneshot::Receiver<()>) {
    let mut handshakes: VecDeque<AbortHandle> = VecDeque::new();
    loop {
        let accepted = tokio::select! {
            _ = &mut ended => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, from)) = accepted else {
            sleep(AFTER_FAILURE).await;
            continue;
        };
        handshakes.retain(|handshake| !handshake.is_finished());
        if handshakes.len() >= MOST_HANDSHAKES
            && let Some(oldest) = handshakes.pop_front()
        {
            oldest.abort();
        }
        let door = Arc::clone(&door);
        handshakes.push_back(tokio::spawn(async move { door.open(stream, from).await }).abort_handle());
    }
}

impl Door {
    /// Leads a handshake, and lets who has passed it wait for the forming.
    async fn open(&self, stream: TcpStream, from: SocketAddr) {
        let failure = match timeout(self.deadline, self.greet(stream)).await {
            Ok(Ok(()) | Err(Failure::Nothing | Failure::Later(_))) => return,
            // It is said who differs.
            Ok(Err(Failure::Refused(reason))) => reason,
            Ok(Err(failure @ Failure::NotOfCluster)) => format!("a connection from {} is {failure}", from.ip()),
            Ok(Err(failure)) => format!("a connection from {} is not of this cluster: {failure}", from.ip()),
            Err(_) => {
                format!("a connection from {} has not said who it is in {:?}", from.ip(), self.deadline)
            }
        };
        (self.report)(Progress::Refused(failure));
    }

    async fn greet(&self, stream: TcpStream) -> Result<(), Failure> {
        let conversation = Conversation::new(stream).map_err(|error| Failure::Broken(error.into()))?;
        let visitor = handshake::accept(&self.identity, conversation).await?;
        let Some(mut visitor) = self.reception.offer(visitor) else { return Ok(()) };
        let reason = format!("another process {} is connected there", visitor.process);
        visitor.conversation.send(&Answer::Later(reason)).await?;
        Ok(())
    }
}
