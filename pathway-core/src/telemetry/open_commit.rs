//! The number of the open commit, which log lines of workers have.

use std::cell::RefCell;
use std::sync::Arc;

use super::Counter;

thread_local! {
    /// That of the pipeline whose worker this thread is.
    static OPEN: RefCell<Option<Arc<Counter>>> = const { RefCell::new(None) };
}

/// The calling thread is a worker of the pipeline whose open commit has this number, until it ends.
pub fn number_log_lines(open: Arc<Counter>) {
    OPEN.set(Some(open));
}

/// The number of the open commit, on a worker's thread.
pub(super) fn open_commit() -> Option<u64> {
    // Not while a thread ends.
    OPEN.try_with(|open| open.try_borrow().ok()?.as_ref().map(|open| open.get())).ok().flatten()
}
