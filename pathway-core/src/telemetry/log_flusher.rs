//! Writes the last line of each [`LogLimiter`](super::LogLimiter) after a burst, when no further event does.
//!
//! A thread does it, which exists only while a line is due.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Instant;

use tracing::Dispatch;
use tracing::dispatcher::{get_default, has_been_set, with_default};

use super::log_limiter::Shared;

/// A limiter with events that no line has mentioned yet.
struct Due {
    at: Instant,
    limiter: Weak<Shared>,
    /// Where the limiter's own thread writes its lines; `None` without a subscriber. Setting a subscriber that does nothing would
    /// turn off the lines on stderr.
    dispatch: Option<Dispatch>,
}

/// What the thread has to do.
struct Schedule {
    due: Vec<Due>,
    has_thread: bool,
}

static SCHEDULE: Mutex<Schedule> = Mutex::new(Schedule { due: Vec::new(), has_thread: false });

/// Signalled when something was added, which may be due sooner than the rest.
static ADDED: Condvar = Condvar::new();

/// Flushes a limiter at this time, unless it is dropped before.
pub(super) fn flush_at(at: Instant, limiter: &Arc<Shared>) {
    let dispatch = has_been_set().then(|| get_default(Dispatch::clone));
    let mut schedule = schedule();
    schedule.due.push(Due { at, limiter: Arc::downgrade(limiter), dispatch });
    ADDED.notify_one();
    if !schedule.has_thread {
        // Without a thread, the next event or the end of the limiter writes the line.
        schedule.has_thread = thread::Builder::new().name("pathway:log".into()).spawn(run).is_ok();
    }
}

fn run() {
    let mut guard = schedule();
    while let Some(next) = guard.due.iter().map(|due| due.at).min() {
        let wait = next.saturating_duration_since(Instant::now());
        if !wait.is_zero() {
            guard = ADDED.wait_timeout(guard, wait).unwrap_or_else(PoisonError::into_inner).0;
            continue;
        }
        let now = Instant::now();
        let ready: Vec<_> = guard.due.extract_if(.., |due| due.at <= now).collect();
        // Not while the schedule is locked: a subscriber may report something itself.
        drop(guard);
        for Due { limiter, dispatch, .. } in ready {
            match (limiter.upgrade(), dispatch) {
                (Some(limiter), Some(dispatch)) => with_default(&dispatch, || limiter.flush()),
                (Some(limiter), None) => limiter.flush(),
                (None, _) => {}
            }
        }
        guard = schedule();
    }
    guard.has_thread = false;
}

fn schedule() -> MutexGuard<'static, Schedule> {
    SCHEDULE.lock().unwrap_or_else(PoisonError::into_inner)
}
