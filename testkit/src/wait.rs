//! Waiting for a condition, with a deadline.

use std::{
    thread,
    time::{Duration, Instant},
};

/// How long anything in a test may take: long enough for a machine that is busy with other tests.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Short against what tests wait for, long against checking the condition.
const POLL: Duration = Duration::from_millis(2);

/// Waits until `condition` returns true.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
///
/// static DONE: AtomicBool = AtomicBool::new(false);
/// std::thread::spawn(|| DONE.store(true, Ordering::Relaxed));
/// pathway_testkit::wait_for("the thread", || DONE.load(Ordering::Relaxed));
/// ```
///
/// # Panics
///
/// The condition is still false after [`DEADLINE`]. The message names `what` was waited for.
#[track_caller]
pub fn wait_for(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < DEADLINE, "gave up after {} s of waiting for: {what}", DEADLINE.as_secs());
        thread::sleep(POLL);
    }
}
