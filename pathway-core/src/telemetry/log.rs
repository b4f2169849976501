//! Writes log lines about a running pipeline.
//!
//! All lines go through `tracing`. If no subscriber is installed, warnings and errors also go to stderr: a lost or rejected
//! message must be reported even if logging was not set up. So do all others of a program that does nothing but run a pipeline. A
//! status on the terminal makes room for them.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use super::open_commit::open_commit;
use super::{recent, suspend_status};

/// How serious a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Data is lost or rejected, or the pipeline ends.
    Error,
    /// Something needs attention; nothing is lost.
    Warn,
    /// A normal event, such as a new connection.
    Info,
}

/// Writes one log line about a component of the pipeline: a source, a sink, an operator, or the pipeline itself.
pub fn report(level: Level, component: &str, message: fmt::Arguments<'_>) {
    write(level, component, message);
    recent::keep(level, component, 1, message);
}

/// Writes one log line for those who look for a cause. It is nothing that anybody has to know: it is no recent event.
pub fn debug(component: &str, message: fmt::Arguments<'_>) {
    tracing::debug!(target: "pathway", component, "{message}");
}

/// Writes one log line, without keeping it as a recent event.
pub(super) fn write(level: Level, component: &str, message: fmt::Arguments<'_>) {
    suspend_status(|| write_line(level, component, message));
}

fn write_line(level: Level, component: &str, message: fmt::Arguments<'_>) {
    let commit = open_commit();
    match level {
        Level::Error => tracing::error!(target: "pathway", component, commit, "{message}"),
        Level::Warn => tracing::warn!(target: "pathway", component, commit, "{message}"),
        Level::Info => tracing::info!(target: "pathway", component, commit, "{message}"),
    }
    if has_subscriber() {
        return;
    }
    let word = match level {
        Level::Error => "error",
        Level::Warn => "warning",
        Level::Info if INFO_ON_STDERR.load(Ordering::Relaxed) == 0 => return,
        Level::Info => "info",
    };
    // A name can have any characters, and a line must stay one.
    let component: String = component.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    // `eprintln!` panics where stderr is closed.
    let _ = writeln!(io::stderr(), "pathway: {word}: {component}: {message}");
}

/// Whether the program has installed a subscriber of `tracing`, which gets all lines.
pub fn has_subscriber() -> bool {
    tracing::dispatcher::has_been_set()
}

/// How many [`InfoOnStderr`] there are.
static INFO_ON_STDERR: AtomicUsize = AtomicUsize::new(0);

/// While it lives, the lines of normal events go to stderr, too, if no subscriber is installed: nothing else would say what the
/// program does.
#[derive(Debug)]
pub struct InfoOnStderr(());

impl InfoOnStderr {
    /// From now on.
    pub fn begin() -> Self {
        INFO_ON_STDERR.fetch_add(1, Ordering::Relaxed);
        InfoOnStderr(())
    }
}

impl Drop for InfoOnStderr {
    fn drop(&mut self) {
        INFO_ON_STDERR.fetch_sub(1, Ordering::Relaxed);
    }
}
