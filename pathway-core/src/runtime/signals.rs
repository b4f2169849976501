//! SIGINT and SIGTERM stop a pipeline gracefully.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use crate::data::{Error, ErrorKind, Result};
use crate::plan::Control;
use crate::telemetry::{Level, close_status, report, spawn};

/// Signals in this time behind the first one are taken for the same: `timeout`, shells and supervisors send one to the process,
/// and the same one to its group.
const ONE_SIGNAL: Duration = Duration::from_secs(1);

/// How long the end of the process waits for its last log line.
const LOG_TIMEOUT: Duration = Duration::from_secs(1);

/// Listens for signals until it is dropped.
pub(super) struct Signals {
    /// Dropping it ends the listening thread.
    done: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    /// The thread that writes the log line of the first signal.
    log_thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Signals {
    /// Stops the pipeline at the first signal, and ends the process at the next one that comes more than a second later.
    ///
    /// # Errors
    /// The process cannot listen for signals.
    pub(super) fn listen(control: Control) -> Result<Self> {
        let failed = |error| Error::new(ErrorKind::Config, "cannot listen for SIGINT and SIGTERM").with_source(error);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(failed)?;
        let (done, ended) = oneshot::channel();
        let mut stream = {
            let _inside = runtime.enter();
            Stream::new().map_err(failed)?
        };
        let log_thread = Arc::<Mutex<Option<JoinHandle<()>>>>::default();
        let started = Arc::clone(&log_thread);
        let listen = async move {
            let name = stream.next().await;
            // On a thread of its own: a terminal or a pipe that takes nothing must not hold the stop up, nor a subscriber that
            // panics.
            let stopping = control.clone();
            let stop = move || {
                stopping.span().in_scope(|| report(Level::Info, "pipeline", format_args!("received {name}")));
                stopping.stop();
            };
            control.begin_stop();
            *started.lock().unwrap_or_else(PoisonError::into_inner) = spawn("pathway-stop", stop).ok();
            let first = Instant::now();
            let mut name = stream.next().await;
            while first.elapsed() < ONE_SIGNAL {
                name = stream.next().await;
            }
            let ending = control.clone();
            let log = move || {
                let message = format_args!("second {name}: ended before everything was flushed");
                close_status();
                ending.span().in_scope(|| report(Level::Error, "pipeline", message));
            };
            // Nobody waits for long for a terminal that takes nothing.
            let (thread, end) = (spawn("pathway-stop", log), Instant::now() + LOG_TIMEOUT);
            while thread.as_ref().is_ok_and(|thread| !thread.is_finished()) && Instant::now() < end {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            std::process::exit(130);
        };
        let listen_until_done = async move {
            tokio::select! {
                () = listen => {}
                _ = ended => {}
            }
        };
        let thread = spawn("pathway-signals", move || runtime.block_on(listen_until_done)).map_err(failed)?;
        Ok(Signals { done: Some(done), thread: Some(thread), log_thread })
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        self.done.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let log_thread = self.log_thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let end = Instant::now() + LOG_TIMEOUT;
        while log_thread.as_ref().is_some_and(|thread| !thread.is_finished()) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

#[cfg(unix)]
struct Stream {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stream {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Stream { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

#[cfg(windows)]
struct Stream(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Stream {
    fn new() -> std::io::Result<Self> {
        tokio::signal::windows::ctrl_c().map(Stream)
    }

    async fn next(&mut self) -> &'static str {
        self.0.recv().await;
        "Ctrl-C"
    }
}
