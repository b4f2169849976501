//! How far the pipeline has confirmed a source's messages: acknowledgements wait for this.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// Tells a source which of its messages or rows are confirmed. They are counted in the order in which they were handed over,
/// so that no data has to travel back.
///
/// # Order
/// Confirmations come in the order in which the messages were handed over, a whole commit at a time: the commit is done, and
/// every sink has confirmed what it was given for it. A commit that changes nothing is confirmed together with those before
/// it.
///
/// # End
/// [`AckSnapshot::over`] becomes true, and [`ended`](AckProgress::ended) and [`wait_ended`](AckProgress::wait_ended) return:
/// - when the source has handed over its last message, which [`Sender::finish`](super::Sender::finish) says, and all of them
///   are confirmed; or else
/// - when the pipeline has ended, that is, when every sink has closed.
///
/// A pipeline does not end before `run` of each source has returned or has called `finish`. A source that waits for the end
/// therefore calls `finish` first:
///
/// ```
/// use pathway::io::{Failure, RowSender, Source};
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Line {
///     text: String,
/// }
///
/// /// The lines of a file, which is removed when all output is written.
/// struct File(std::path::PathBuf);
///
/// impl Source for File {
///     type Item = Line;
///
///     fn run(self, rows: &RowSender<Line>) -> Result<(), Failure> {
///         rows.acks().request();
///         for line in std::fs::read_to_string(&self.0)?.lines() {
///             rows.insert(Line { text: line.to_owned() })?;
///         }
///         rows.finish();
///         if rows.acks().wait_ended() {
///             std::fs::remove_file(&self.0)?;
///         }
///         Ok(())
///     }
/// }
///
/// # let path = std::env::temp_dir().join(format!("pathway-acks-{}", std::process::id()));
/// # std::fs::write(&path, "a\nb").expect("a file");
/// let pipeline = Pipeline::new();
/// let lines = pipeline.source(File(path.clone())).collect();
/// pipeline.run()?;
/// assert_eq!(lines.rows().len(), 2);
/// assert!(!path.exists());
/// # Ok::<(), pathway::Error>(())
/// ```
#[derive(Default)]
pub struct AckProgress {
    /// The source has asked for this. Nothing is kept for others. The worker reads it with each commit, so it is not locked.
    requested: AtomicBool,
    /// The source needs to know what is durable, also at the end: then that is not what is confirmed.
    waits_for_checkpoints: AtomicBool,
    state: Mutex<State>,
    changed: Notify,
    ended: Notify,
    /// Signalled with both, for a source that blocks.
    any: Condvar,
}

/// How far a source's messages are confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct AckSnapshot {
    /// So many of the first messages are confirmed: the commits that they belong to are done, and every sink has confirmed
    /// what it was given for them.
    pub messages: u64,
    /// So many of the first messages are durable: no restart will need them again. Without persistence that is the case as
    /// soon as they are confirmed.
    pub durable: u64,
    /// The numbers, from 0, of durable messages that could not be decoded.
    pub rejected: VecDeque<u64>,
    /// Nothing more follows: see [the end](AckProgress#end).
    pub over: bool,
}

#[derive(Default)]
struct State {
    messages: u64,
    durable: u64,
    rejected: VecDeque<u64>,
    /// How many messages there are in all, once the source has handed over the last one.
    last: Option<u64>,
    /// `None` until nothing more follows; then whether all messages are confirmed.
    end: Option<bool>,
    /// How many of the messages the source knows to be confirmed.
    seen: u64,
    /// How many threads block.
    blocked: usize,
}

impl AckProgress {
    /// Requests the progress. Call it before the first message is handed over: otherwise the source only learns of the end of
    /// the pipeline.
    pub fn request(&self) {
        self.requested.store(true, Ordering::Relaxed);
    }

    /// Whether the source has requested the progress.
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Relaxed)
    }

    /// Requests to know which messages a checkpoint has, also when the pipeline ends.
    pub(crate) fn wait_for_checkpoints(&self) {
        self.waits_for_checkpoints.store(true, Ordering::Relaxed);
    }

    /// A checkpoint has everything, once that is confirmed: then both are the same.
    pub(super) fn end_of_checkpoints(&self) {
        self.waits_for_checkpoints.store(false, Ordering::Relaxed);
    }

    /// Whether nothing more follows, and no checkpoint has everything: what is not durable by now is for the next run.
    pub(crate) fn is_over_before_checkpoint(&self) -> bool {
        self.waits_for_checkpoints.load(Ordering::Relaxed) && self.is_over()
    }

    /// Whether [nothing more follows](AckProgress#end).
    pub(crate) fn is_over(&self) -> bool {
        self.lock().end.is_some()
    }

    /// The message with this number, from 0, could not be decoded.
    pub(super) fn reject(&self, number: u64) {
        if self.is_requested() {
            self.lock().rejected.push_back(number);
        }
    }

    /// The first `messages` messages are confirmed, and the first `durable` ones durable.
    pub(super) fn advance(&self, messages: u64, durable: u64) {
        let mut state = self.lock();
        state.messages = messages;
        state.durable = durable;
        state.end_after_last(self.waits_for_checkpoints.load(Ordering::Relaxed));
        self.notify(state);
    }

    /// The source has handed over its last message: there are so many.
    pub(super) fn set_last(&self, messages: u64) {
        let mut state = self.lock();
        state.last = Some(messages);
        state.end_after_last(self.waits_for_checkpoints.load(Ordering::Relaxed));
        self.notify(state);
    }

    /// The pipeline has ended: all `messages` that it has taken are confirmed, or it has failed (`None`).
    pub(super) fn end(&self, messages: Option<u64>) {
        let mut state = self.lock();
        if state.end.is_none() {
            state.end = Some(messages.is_some());
            state.messages = messages.unwrap_or(state.messages);
            if !self.waits_for_checkpoints.load(Ordering::Relaxed) {
                state.durable = state.messages;
            }
        }
        self.notify(state);
    }

    /// The pipeline has ended before a message that it could not decode: the first `messages` are confirmed, and no others.
    pub(super) fn end_after(&self, messages: u64) {
        /// How long the source has to acknowledge these, before it learns that not all are confirmed.
        const TIME: Duration = Duration::from_secs(2);
        if self.is_requested() && messages > 0 && !self.waits_for_checkpoints.load(Ordering::Relaxed) {
            self.advance(messages, messages);
            std::thread::sleep(TIME);
        }
        self.end(None);
    }

    fn notify(&self, state: MutexGuard<'_, State>) {
        let (blocked, ended) = (state.blocked > 0, state.end.is_some());
        drop(state);
        self.changed.notify_one();
        if ended {
            self.ended.notify_one();
        }
        // A condition variable makes a system call also where nobody waits.
        if blocked {
            self.any.notify_all();
        }
    }

    /// Waits until [nothing more follows](AckProgress#end). Returns false where the pipeline has failed, or has stopped at a
    /// message of this source that could not be decoded: not all are confirmed. Only the source may wait.
    pub async fn ended(&self) -> bool {
        loop {
            if let Some(all) = self.lock().end {
                return all;
            }
            self.ended.notified().await;
        }
    }

    /// Blocks until [nothing more follows](AckProgress#end). Returns false where not all are confirmed, as
    /// [`ended`](AckProgress::ended) does.
    pub fn wait_ended(&self) -> bool {
        let mut state = self.lock();
        loop {
            if let Some(all) = state.end {
                return all;
            }
            state.blocked += 1;
            state = self.any.wait(state).unwrap_or_else(PoisonError::into_inner);
            state.blocked -= 1;
        }
    }

    /// Waits until something has changed. Only the source may wait.
    pub async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Blocks until more messages are confirmed than the source knows of, until nothing more follows, or until `timeout` has
    /// passed; and [takes](AckProgress::take) how far the messages are confirmed.
    ///
    /// A stop of the pipeline does not interrupt it: [`Sender::is_stopping`](super::Sender::is_stopping) tells.
    pub fn wait_changed(&self, timeout: Duration) -> AckSnapshot {
        let begin = Instant::now();
        let mut state = self.lock();
        while state.messages == state.seen && state.end.is_none() {
            let Some(left) = timeout.checked_sub(begin.elapsed()).filter(|left| !left.is_zero()) else { break };
            state.blocked += 1;
            state = self.any.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            state.blocked -= 1;
        }
        state.take()
    }

    /// How far the messages are confirmed. Each rejected message that is durable is returned once.
    pub fn take(&self) -> AckSnapshot {
        self.lock().take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Ends with the last message. A source that waits for checkpoints may still get one.
    fn end_after_last(&mut self, waits_for_checkpoints: bool) {
        let done = if waits_for_checkpoints { self.durable.min(self.messages) } else { self.messages };
        if self.end.is_none() && self.last.is_some_and(|last| done >= last) {
            self.end = Some(true);
        }
    }

    fn take(&mut self) -> AckSnapshot {
        self.seen = self.messages;
        let durable = self.rejected.iter().take_while(|number| **number < self.durable).count();
        let rejected = self.rejected.drain(..durable).collect();
        AckSnapshot { messages: self.messages, durable: self.durable, rejected, over: self.end.is_some() }
    }
}

impl fmt::Debug for AckProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        let mut debug = f.debug_struct("AckProgress");
        debug.field("messages", &state.messages).field("over", &state.end.is_some()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejected_messages_are_returned_once_they_are_confirmed() {
        let progress = AckProgress::default();
        progress.reject(0);
        progress.request();
        [1, 4, 5].into_iter().for_each(|number| progress.reject(number));
        progress.advance(5, 5);
        let snapshot = progress.take();
        assert_eq!((snapshot.messages, snapshot.rejected, snapshot.over), (5, VecDeque::from([1, 4]), false));
        progress.end(Some(7));
        let snapshot = progress.take();
        assert_eq!((snapshot.messages, snapshot.rejected, snapshot.over), (7, VecDeque::from([5]), true));
        assert_eq!(format!("{progress:?}"), "AckProgress { messages: 7, over: true, .. }");
    }

    #[test]
    fn it_is_over_when_the_last_message_is_confirmed() {
        let progress = AckProgress::default();
        progress.advance(2, 2);
        progress.set_last(3);
        assert!(!progress.take().over);
        progress.advance(3, 3);
        assert!(progress.take().over && progress.wait_ended());
        // A later failure does not undo it.
        progress.end(None);
        assert!(progress.wait_ended());

        let nothing = AckProgress::default();
        nothing.set_last(0);
        assert!(nothing.wait_ended());

        let failed = AckProgress::default();
        failed.advance(2, 2);
        failed.end(None);
        assert!(!failed.wait_ended());
        assert_eq!(failed.take(), AckSnapshot { messages: 2, durable: 2, rejected: VecDeque::new(), over: true });
    }

    #[test]
    fn the_end_makes_nothing_durable_for_a_source_that_waits_for_checkpoints() {
        let progress = AckProgress::default();
        progress.request();
        progress.wait_for_checkpoints();
        [0, 3].into_iter().for_each(|number| progress.reject(number));
        progress.advance(4, 2);
        assert_eq!(progress.take().rejected, [0]);
        progress.end_after(4);
        let snapshot = progress.take();
        assert_eq!((snapshot.messages, snapshot.durable, snapshot.rejected.len(), progress.is_over()), (4, 2, 0, true));
    }

    #[test]
    fn a_blocking_wait_returns_at_a_change_or_after_its_timeout() {
        let (progress, long) = (AckProgress::default(), Duration::from_secs(60));
        assert_eq!(progress.wait_changed(Duration::from_millis(1)).messages, 0);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| progress.wait_changed(long).messages);
            progress.advance(1, 1);
            assert_eq!(waiting.join().expect("no panic"), 1);
            let waiting = scope.spawn(|| (progress.wait_changed(long).over, progress.wait_ended()));
            progress.end(Some(1));
            assert_eq!(waiting.join().expect("no panic"), (true, true));
        });
    }
}
