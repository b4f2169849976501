//! The thread of a source or sink of the user's own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::data::{Error, ErrorKind, Result};
use crate::plan::Control;

/// Starts a thread. A panic on it ends the pipeline with an error: who is waited for would be waited for in vain.
///
/// # Errors
/// The system has no thread to give.
pub(super) fn spawn(
    name: &Arc<str>,
    kind: &'static str,
    control: &Control,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>> {
    let (named, control) = (Arc::clone(name), control.clone());
    let guarded = move || {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
            let what = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
            let what = what.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            let message = format!("{kind} `{named}` panicked, and the pipeline ended: {what}");
            control.fail(Error::new(ErrorKind::Panic, message));
        }
    };
    let thread = std::thread::Builder::new().name(name.to_string());
    thread.spawn(guarded).map_err(|error| {
        Error::new(ErrorKind::Config, format!("cannot start a thread for {kind} `{name}`")).with_source(error)
    })
}
