//! How the threads of one running pipeline wake, stop and fail together.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::Thread;

use tokio::sync::watch;

use super::OtherProcesses;
use crate::data::{Commit, Error};
use crate::persistence::{PersistentState, RecordedAnswers, Recorder};
use crate::telemetry::{
    Counter, Flag, Latencies, Level, ReplayMeter, Span, StateRequests, number_log_lines, pipeline_span, report,
};

/// Shared by all threads of one running pipeline; cheap to clone.
#[derive(Clone)]
pub struct Control {
    shared: Arc<Shared>,
}

struct Shared {
    /// The worker that feeds the dataflow. It sleeps while nothing arrives. Set once, when it starts.
    worker: OnceLock<Thread>,
    /// All workers. They are woken when the pipeline fails.
    workers: Mutex<Vec<Thread>>,
    /// Becomes true once. From then on, sources read no more.
    stopping: watch::Sender<bool>,
    /// The log says that the pipeline stops.
    is_stop_reported: AtomicBool,
    /// The first error that ended the pipeline; `run` returns it.
    error: Mutex<Option<Error>>,
    /// The pipeline ends without finishing what it has read.
    failed: AtomicBool,
    /// The open commit is not to be completed.
    abandoned: AtomicBool,
    /// Messages that servers have stored are still to be processed.
    catching_up: AtomicBool,
    persistent: OnceLock<Arc<PersistentState>>,
    recorder: OnceLock<Arc<Recorder>>,
    replayed: OnceLock<Arc<RecordedAnswers>>,
    replay: OnceLock<ReplayMeter>,
    /// The other processes, if there are some.
    others: OnceLock<Arc<dyn OtherProcesses>>,
    /// How long commits take.
    latencies: Arc<Latencies>,
    state_requests: StateRequests,
    /// The span of the log lines of this pipeline.
    span: OnceLock<Span>,
    /// The number of the open commit, which log lines have.
    open_commit: Arc<Counter>,
    /// The state is loaded, and all commits of earlier runs are computed.
    started: Flag,
    ended: Flag,
}

impl Default for Control {
    fn default() -> Self {
        Control::new()
    }
}

impl Control {
    /// The control of a pipeline that has not started.
    pub fn new() -> Self {
        let shared = Shared {
            worker: OnceLock::new(),
            workers: Mutex::default(),
            stopping: watch::Sender::new(false),
            is_stop_reported: AtomicBool::new(false),
            error: Mutex::new(None),
            failed: AtomicBool::new(false),
            abandoned: AtomicBool::new(false),
            catching_up: AtomicBool::new(false),
            persistent: OnceLock::new(),
            recorder: OnceLock::new(),
            replayed: OnceLock::new(),
            replay: OnceLock::new(),
            others: OnceLock::new(),
            latencies: Arc::default(),
            state_requests: StateRequests::default(),
            span: OnceLock::new(),
            open_commit: Arc::default(),
            started: Flag::default(),
            ended: Flag::default(),
        };
        Control { shared: Arc::new(shared) }
    }

    /// Registers the calling thread as a worker. [`Control::wake`] wakes the first one. Its log lines have the number of the open
    /// commit.
    pub fn adopt_worker(&self, is_first: bool) {
        number_log_lines(Arc::clone(&self.shared.open_commit));
        let worker = std::thread::current();
        self.shared.workers.lock().unwrap_or_else(PoisonError::into_inner).push(worker.clone());
        if is_first {
            let _ = self.shared.worker.set(worker);
        }
    }

    /// Wakes the first worker: there is something to read, or room to write again.
    pub fn wake(&self) {
        if let Some(worker) = self.shared.worker.get() {
            worker.unpark();
        }
    }

    /// Stops the pipeline: it reads no more, finishes the open commit, flushes, and ends.
    pub fn stop(&self) {
        self.begin_stop();
        let is_first = !self.shared.is_stop_reported.swap(true, Ordering::AcqRel);
        if is_first && self.has_started() && !self.has_failed() && !self.has_ended() {
            let message = format_args!("stopping: it reads no more, and writes what is left");
            self.span().in_scope(|| report(Level::Info, "pipeline", message));
        }
    }

    /// The same, without a word in the log.
    pub(crate) fn begin_stop(&self) {
        self.shared.stopping.send_replace(true);
        self.others().into_iter().for_each(|others| others.stop());
        self.wake();
    }

    /// Stops the pipeline, as [`stop`](Control::stop) does, with an error as its result. The first error counts; later ones
    /// are reported.
    ///
    /// This is for the failure of a source: what it has handed over before is complete, and can still be written.
    pub fn stop_with(&self, error: Error) {
        self.keep(error);
        self.stop();
    }

    /// Ends the pipeline with an error, without finishing what it has read. The first error counts.
    pub fn fail(&self, error: Error) {
        self.keep(error);
        self.shared.failed.store(true, Ordering::Release);
        self.abandon();
    }

    /// Ends the pipeline without completing its open commit.
    pub(crate) fn abandon(&self) {
        self.shared.abandoned.store(true, Ordering::Release);
        if let Some(others) = self.others() {
            let error = self.shared.error.lock().unwrap_or_else(PoisonError::into_inner);
            let failure = error.as_ref().map(|error| (error.kind(), format!("{error:#}")));
            // To tell them may fail, which is another error.
            drop(error);
            others.end(failure);
        }
        self.stop();
        self.wake_all();
    }

    /// Wakes all workers.
    pub(crate) fn wake_all(&self) {
        self.shared.workers.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Thread::unpark);
    }

    /// Whether the open commit is not to be completed.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.shared.abandoned.load(Ordering::Acquire)
    }

    fn keep(&self, error: Error) {
        let mut first = self.shared.error.lock().unwrap_or_else(PoisonError::into_inner);
        if first.is_none() {
            *first = Some(error);
        } else if !self.has_failed() {
            drop(first);
            let message = format_args!("another error while it stops: {error:#}");
            self.span().in_scope(|| report(Level::Error, "pipeline", message));
        }
    }

    /// The error that ends the pipeline, with its causes.
    pub(crate) fn error_text(&self) -> Option<String> {
        let error = self.shared.error.lock().unwrap_or_else(PoisonError::into_inner);
        error.as_ref().map(|error| format!("{error:#}"))
    }

    /// Whether the pipeline stops.
    pub fn is_stopping(&self) -> bool {
        *self.shared.stopping.borrow()
    }

    /// Says whether messages that servers have stored are still to be processed. The commit loop says so before it takes more.
    pub fn set_catching_up(&self, is_catching_up: bool) {
        let before = self.shared.catching_up.swap(is_catching_up, Ordering::Relaxed);
        if let Some(others) = self.others().filter(|_| before != is_catching_up) {
            others.set_catching_up(is_catching_up);
        }
    }

    /// Whether messages that servers have stored are still to be processed: that no row arrives then does not mean that there is
    /// none.
    pub fn is_catching_up(&self) -> bool {
        self.shared.catching_up.load(Ordering::Relaxed)
    }

    /// Waits until the pipeline stops.
    pub async fn stopped(&self) {
        // The sender lives as long as `self`, so the wait cannot fail.
        let _ = self.shared.stopping.subscribe().wait_for(|stopping| *stopping).await;
    }

    /// The pipeline's state on disk, if it persists.
    pub(crate) fn persistent(&self) -> Option<&Arc<PersistentState>> {
        self.shared.persistent.get()
    }

    pub(crate) fn set_persistent(&self, state: Arc<PersistentState>) {
        state.set_latencies(Arc::clone(&self.shared.latencies));
        let _ = self.shared.persistent.set(state);
    }

    /// The pipeline's recording, if it is recorded.
    pub(crate) fn recorder(&self) -> Option<&Arc<Recorder>> {
        self.shared.recorder.get()
    }

    pub(crate) fn set_recorder(&self, recorder: Arc<Recorder>) {
        let _ = self.shared.recorder.set(recorder);
    }

    /// The answers to asynchronous calls, if a recording is replayed.
    pub(crate) fn replayed(&self) -> Option<&Arc<RecordedAnswers>> {
        self.shared.replayed.get()
    }

    pub(crate) fn set_replayed(&self, answers: Arc<RecordedAnswers>) {
        let _ = self.shared.replayed.set(answers);
    }

    /// The pipeline starts, and has this name. Its threads run in its span.
    pub(crate) fn begin_span(&self, pipeline: &str) -> Span {
        self.shared.span.get_or_init(|| pipeline_span(pipeline)).clone()
    }

    /// The span of the log lines of this pipeline, if it has started.
    pub fn span(&self) -> Span {
        self.shared.span.get().cloned().unwrap_or_else(Span::none)
    }

    /// The number of the open commit, which the log lines of workers have.
    pub(crate) fn set_open_commit(&self, commit: Commit) {
        self.shared.open_commit.set(commit);
    }

    /// What the replay counts, if a recording is replayed.
    pub(crate) fn replay(&self) -> Option<&ReplayMeter> {
        self.shared.replay.get()
    }

    pub(crate) fn set_replay(&self, meter: ReplayMeter) {
        let _ = self.shared.replay.set(meter);
    }

    /// The other processes of the pipeline, if it runs in several.
    pub(crate) fn others(&self) -> Option<&dyn OtherProcesses> {
        self.shared.others.get().map(|others| &**others)
    }

    pub(crate) fn set_others(&self, others: Arc<dyn OtherProcesses>) {
        let _ = self.shared.others.set(others);
    }

    /// How long the commits take.
    pub fn latencies(&self) -> &Latencies {
        &self.shared.latencies
    }

    /// How workers are asked how large their states are.
    pub(crate) fn state_requests(&self) -> &StateRequests {
        &self.shared.state_requests
    }

    /// Asks the workers how large their states are, and waits a moment for their answers. A worker itself does not wait.
    pub(crate) fn ask_for_states(&self) {
        let this = std::thread::current().id();
        let workers = self.shared.workers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if workers.iter().all(|worker| worker.id() != this) {
            self.shared.state_requests.ask(|| workers.iter().for_each(Thread::unpark));
        }
    }

    /// The state is loaded, and all commits of earlier runs are computed.
    pub(crate) fn set_started(&self) {
        self.shared.started.set(true);
    }

    /// Whether all commits of earlier runs are computed.
    pub(crate) fn has_started(&self) -> bool {
        self.shared.started.get()
    }

    /// Nothing runs any more.
    pub(crate) fn set_ended(&self) {
        self.shared.ended.set(true);
    }

    /// Whether nothing runs any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.shared.ended.get()
    }

    /// Whether both belong to one pipeline.
    pub fn is(&self, other: &Control) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Takes the error that ended the pipeline.
    pub fn take_error(&self) -> Option<Error> {
        self.shared.error.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Whether the pipeline has failed: it does not finish what it has read.
    pub fn has_failed(&self) -> bool {
        self.shared.failed.load(Ordering::Acquire)
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control").field("stopping", &self.is_stopping()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::ErrorKind;
    use crate::telemetry::capture::Log;

    fn error(message: &str) -> Error {
        Error::new(ErrorKind::Custom, message)
    }

    /// Other processes that cannot be told of the end.
    struct Unreachable(Control);

    impl OtherProcesses for Unreachable {
        fn seal(&self, _: Commit, _: u64) {}

        fn set_catching_up(&self, _: bool) {}

        fn stop(&self) {}

        fn end(&self, failure: Option<(ErrorKind, String)>) {
            assert_eq!(failure, Some((ErrorKind::Custom, "one".to_owned())));
            if !self.0.is_stopping() {
                self.0.begin_stop();
                self.0.fail(error("two"));
            }
        }
    }

    #[test]
    fn an_error_while_others_are_told_of_an_error_is_a_later_one() {
        let control = Control::new();
        control.set_others(Arc::new(Unreachable(control.clone())));
        control.fail(error("one"));
        assert_eq!(control.take_error().map(|error| error.to_string()).as_deref(), Some("one"));
    }

    #[test]
    fn the_first_error_counts_and_later_ones_are_reported_while_it_stops() {
        let (log, control) = (Log::default(), Control::new());
        tracing::subscriber::with_default(log.clone(), || {
            control.stop_with(error("one"));
            assert!(control.is_stopping() && !control.has_failed());
            control.stop_with(error("two"));
            control.fail(error("three"));
            assert!(control.has_failed());
            // What fails because of that says nothing new.
            control.fail(error("four"));
        });
        assert_eq!(
            log.lines(),
            ["two", "three"].map(|text| format!("ERROR pipeline: another error while it stops: {text}"))
        );
        assert_eq!(control.take_error().map(|error| error.to_string()).as_deref(), Some("one"));
    }
}
