//! Where a source hands over its rows or messages.

use std::fmt;
use std::pin::pin;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use futures_util::future;

use super::acknowledging::Acknowledging;
use super::{
    AckProgress, BacklogProgress, Bound, Closed, InputBatch, InputQueue, MessageBatch, Position, RowBatch, SourceItem,
    Undecoded,
};
use crate::connector::thread::Ready;
use crate::data::{Change, Error, ErrorKind, Metadata, Schema};
use crate::plan::{ConnectionState, Control};
use crate::telemetry::SourceCounters;

/// Where a [`Source`](super::Source) hands over its rows or messages. Clones are the same sender, also for other threads.
///
/// Every call that hands something over blocks while too much waits: by default 65 536 messages or rows.
pub struct Sender<I: SourceItem> {
    link: SourceLink<I::Batch>,
    own_commits: bool,
    append_only: bool,
    ready: Ready,
}

/// Hands over rows.
pub type RowSender<R> = Sender<R>;

/// Hands over undecoded messages.
pub type MessageSender = Sender<Undecoded>;

/// What a source and its pipeline share.
pub struct SourceLink<B = MessageBatch> {
    /// The source's name, for logs and errors.
    pub name: Arc<str>,
    /// Where the messages or rows wait for the worker.
    pub queue: Arc<InputQueue<B>>,
    /// What is counted. The worker counts `rows` and `rejected`, the source everything else.
    pub counters: Arc<SourceCounters>,
    /// What the pipeline's rows need of each message beside subject and payload.
    pub metadata: Metadata,
    /// Tells the source when to stop, and ends the pipeline where the source fails.
    pub control: Control,
    /// The position behind which the pipeline has taken everything.
    pub position: Arc<Mutex<Option<Position>>>,
    /// How much of a backlog was handed over, where the source reads what a server has stored.
    pub backlog: Arc<BacklogProgress>,
    /// Where the source begins, if the pipeline persists.
    pub(crate) beginning: Arc<Beginning>,
    /// Whether it is connected.
    pub connection: Arc<ConnectionState>,
}

/// Where a source begins to read, if the pipeline persists.
#[derive(Debug, Default)]
pub(crate) struct Beginning {
    /// The sequence with which the source continues an earlier run, and when the message before that one was stored, in unix
    /// nanoseconds; 0 if it is not known.
    pub(crate) wanted: OnceLock<(u64, i64)>,
    /// The first sequence that the source can read, and when its stream was created.
    pub(crate) found: OnceLock<(u64, String)>,
    /// Whether its messages or rows are in the log. Not set for tables in memory.
    pub(crate) is_logged: OnceLock<bool>,
    /// The last position that an earlier run has logged.
    pub(crate) resume_after: OnceLock<Position>,
    /// If it acknowledges its messages.
    pub(crate) acknowledging: Acknowledging,
}

/// The pipeline stops or has ended: the source should return. It is not a failure.
///
/// What the source has handed over before is still processed and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

impl<I: SourceItem> Sender<I> {
    pub(super) fn new(link: SourceLink<I::Batch>, own_commits: bool, append_only: bool, ready: Ready) -> Self {
        Sender { link, own_commits, append_only, ready }
    }

    /// The source is ready: from now on it misses nothing. See
    /// [`announces_ready`](super::SourceSettings::announces_ready). Further calls do nothing.
    pub fn ready(&self) {
        self.ready.send(Ok(()));
    }

    /// Hands over a batch, and leaves an empty one in its place.
    ///
    /// # Errors
    /// The pipeline stops: the batch was not taken.
    pub fn send(&self, batch: &mut I::Batch) -> Result<(), Stopped> {
        if self.is_stopping() {
            return Err(self.refused());
        }
        let (messages, bytes) = (batch.len() as u64, batch.payload_bytes() as u64);
        self.link.queue.push(batch).map_err(|Closed| self.refused())?;
        self.link.counters.received.add(messages);
        self.link.counters.bytes.add(bytes);
        Ok(())
    }

    /// Commits what was handed over since the last commit, where the source has
    /// [commits of its own](super::SourceSettings::own_commits): all of it takes effect at once. Does nothing elsewhere.
    ///
    /// It returns when the pipeline has taken over the rows, not when their effects can be seen. From then on they take
    /// effect also where the source fails later, or the pipeline is stopped: it processes and writes them before it ends.
    /// Only a failure elsewhere, in a sink or a closure, ends the pipeline without them.
    ///
    /// # Errors
    /// The pipeline stops: the rows since the last commit are dropped.
    pub fn commit(&self) -> Result<(), Stopped> {
        self.link.queue.seal_with_room().map_err(|Closed| Stopped)
    }

    /// The source has handed over its last message or row. [`run`](super::Source::run) may then wait until everything is
    /// confirmed; for the pipeline, the source has ended.
    ///
    /// What was not committed is committed, as when `run` returns `Ok`; where the pipeline stops already, it is dropped. A
    /// source that hands over more afterwards ends the pipeline with an error. Further calls do nothing.
    ///
    /// See [`AckProgress`] for what happens then, with an example.
    pub fn finish(&self) {
        match self.is_stopping() {
            true => self.link.queue.finish(),
            false => self.link.queue.seal_and_finish(),
        }
    }

    /// Which of the messages or rows are confirmed, and which are durable, counted in the order in which they were handed over.
    pub fn acks(&self) -> &AckProgress {
        self.link.queue.acks()
    }

    /// The position behind which the source should continue: the last one that it had set when an earlier run of a pipeline that
    /// [persists](crate::plan::Pipeline::persist) ended. What it had handed over up to there is in the pipeline's log. `None`: at
    /// its beginning, as its settings say.
    pub fn resume_after(&self) -> Option<&Position> {
        self.link.beginning.resume_after.get()
    }

    /// What the pipeline needs of each message beside subject and payload.
    pub fn metadata(&self) -> Metadata {
        self.link.kept_metadata()
    }

    /// Whether the pipeline stops, and the source should return.
    pub fn is_stopping(&self) -> bool {
        self.link.control.is_stopping() || self.link.queue.is_closed()
    }

    /// Waits until the pipeline stops, in a source that waits asynchronously.
    pub async fn stopped(&self) {
        let (stopped, closed) = (pin!(self.link.control.stopped()), pin!(self.link.queue.closed()));
        future::select(stopped, closed).await;
    }

    /// Waits for `duration`, in a source that polls. A stop of the pipeline ends the wait at once.
    ///
    /// # Errors
    /// The pipeline stops.
    pub fn sleep(&self, duration: Duration) -> Result<(), Stopped> {
        let begin = Instant::now();
        // Not `thread::park`: that would take the wake-ups that the source's own code waits for.
        let (alarm, alarms) = sync_channel(1);
        let waker = Waker::from(Arc::new(Alarm(alarm)));
        let mut stopped = pin!(self.stopped());
        while stopped.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            let left = duration.saturating_sub(begin.elapsed());
            if left.is_zero() {
                return Ok(());
            }
            // Also ends when the time is over.
            let _ = alarms.recv_timeout(left);
        }
        Err(Stopped)
    }

    /// What the source and its pipeline share.
    pub fn link(&self) -> &SourceLink<I::Batch> {
        &self.link
    }

    /// The queue has taken nothing. That is a mistake of the source where it has ended itself.
    fn refused(&self) -> Stopped {
        if self.link.queue.is_ended() && !self.link.control.is_stopping() {
            let message = format!(
                "source `{}` has handed over more after its end: nothing may follow after `Sender::finish`, and once `run` \
                 has returned",
                self.link.name
            );
            self.link.control.stop_with(Error::new(ErrorKind::Custom, message));
        }
        Stopped
    }
}

impl<R: Schema> Sender<R> {
    /// How many rows share a batch, where the source has no commits of its own.
    const BATCH_ROWS: usize = 1024;

    /// Inserts a row.
    ///
    /// # Errors
    /// The pipeline stops: the row was not taken.
    pub fn insert(&self, row: R) -> Result<(), Stopped> {
        self.change(Change::insert(row))
    }

    /// Removes a row. It must have been inserted before; [`check_removals`](super::SourceSettings::check_removals) checks that.
    ///
    /// # Errors
    /// The pipeline stops: the row was not taken. In an [append-only](super::SourceSettings::append_only) source, this call
    /// ends the pipeline with an error.
    pub fn remove(&self, row: R) -> Result<(), Stopped> {
        self.change(Change::remove(row))
    }

    /// Says where the source stands behind the last row: it can continue from there.
    ///
    /// # Errors
    /// The pipeline stops.
    pub fn set_position(&self, position: Position) -> Result<(), Stopped> {
        self.add(|batch| batch.set_position(position))
    }

    fn change(&self, change: Change<R>) -> Result<(), Stopped> {
        if self.append_only && change.diff < 0 {
            let message = format!("source `{}` is append-only, and has removed a row", self.link.name);
            self.link.control.stop_with(Error::new(ErrorKind::Custom, message));
            return Err(Stopped);
        }
        self.add(|batch| batch.changes.push(change))?;
        self.link.counters.received.add(1);
        Ok(())
    }

    fn add(&self, add: impl FnOnce(&mut RowBatch<R>)) -> Result<(), Stopped> {
        let queue = &self.link.queue;
        let added = match self.own_commits {
            true => queue.append_to_open(add),
            false => queue.append(Self::BATCH_ROWS, add),
        };
        added.map_err(|Closed| self.refused())
    }
}

/// Wakes a thread that sleeps.
struct Alarm(SyncSender<()>);

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        // If it is full, the thread has not noticed the last alarm yet.
        let _ = self.0.try_send(());
    }
}

impl<I: SourceItem> Clone for Sender<I> {
    fn clone(&self) -> Self {
        Sender {
            link: self.link.clone(),
            own_commits: self.own_commits,
            append_only: self.append_only,
            ready: self.ready.clone(),
        }
    }
}

impl<I: SourceItem> fmt::Debug for Sender<I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").field("source", &self.link.name).finish_non_exhaustive()
    }
}

impl<B: InputBatch> SourceLink<B> {
    /// A link with an empty queue.
    pub(crate) fn new(name: Arc<str>, metadata: Metadata, bound: Bound, control: Control) -> Self {
        let queue = Arc::new(InputQueue::bounded(control.clone(), bound));
        let (counters, position, backlog, beginning, connection) = Default::default();
        SourceLink { name, queue, counters, metadata, control, position, backlog, beginning, connection }
    }

    /// What the source keeps of each message beside subject and payload: also what only a recording needs.
    pub(crate) fn kept_metadata(&self) -> Metadata {
        if self.control.recorder().is_some() { Metadata::ALL } else { self.metadata }
    }
}

impl<B> Clone for SourceLink<B> {
    fn clone(&self) -> Self {
        SourceLink {
            name: Arc::clone(&self.name),
            queue: Arc::clone(&self.queue),
            counters: Arc::clone(&self.counters),
            metadata: self.metadata,
            control: self.control.clone(),
            position: Arc::clone(&self.position),
            backlog: Arc::clone(&self.backlog),
            beginning: Arc::clone(&self.beginning),
            connection: Arc::clone(&self.connection),
        }
    }
}

impl<B> fmt::Debug for SourceLink<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceLink").field("name", &self.name).finish_non_exhaustive()
    }
}

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pipeline stops")
    }
}

impl std::error::Error for Stopped {}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::super::Undecoded;
    use super::*;

    fn sender() -> Sender<Undecoded> {
        let link = SourceLink::new("test".into(), Metadata::NONE, Bound::default(), Control::default());
        Sender::new(link, false, true, Ready::default())
    }

    #[test]
    fn a_stop_and_the_end_of_the_queue_end_every_sleep() {
        for end in [|sender: &Sender<_>| sender.link.control.stop(), |sender: &Sender<_>| sender.link.queue.close()] {
            let sender = sender();
            thread::scope(|scope| {
                let sleeps = [(); 4].map(|()| scope.spawn(|| sender.clone().sleep(Duration::from_secs(60))));
                assert_eq!(sender.sleep(Duration::from_millis(10)), Ok(()));
                end(&sender);
                assert!(sleeps.map(|sleep| sleep.join().expect("no panic")).iter().all(|slept| *slept == Err(Stopped)));
            });
            assert_eq!(sender.sleep(Duration::ZERO), Err(Stopped));
        }
    }

    /// The thread gives up the processor once for each wait.
    #[cfg(target_os = "linux")]
    #[test]
    fn a_sleep_does_not_wake_up_again_and_again() {
        let waits = || {
            let status = std::fs::read_to_string("/proc/thread-self/status").expect("this thread's status");
            let waits = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            waits.and_then(|waits| waits.trim().parse::<u64>().ok()).expect("a number")
        };
        let (before, sender) = (waits(), sender());
        assert_eq!(sender.sleep(Duration::from_millis(400)), Ok(()));
        assert!(waits() - before < 10, "{} waits", waits() - before);
    }
}
