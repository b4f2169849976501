//! Writes log lines about a running pipeline.
//!
//! All lines go through `tracing`. If no subscriber is installed, warnings and errors also go to stderr: a lost or rejected
//! message must be reported even if logging was not set up.

use std::fmt;
use std::io::{self, Write};

use serde::Serialize;

use super::recent;

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

/// Writes one log line, without keeping it as a recent event.
pub(super) fn write(level: Level, component: &str, message: fmt::Arguments<'_>) {
    match level {
        Level::Error => tracing::error!(target: "pathway", component, "{message}"),
        Level::Warn => tracing::warn!(target: "pathway", component, "{message}"),
        Level::Info => tracing::info!(target: "pathway", component, "{message}"),
    }
    if level != Level::Info && !tracing::dispatcher::has_been_set() {
        let word = if level == Level::Error { "error" } else { "warning" };
        // `eprintln!` panics where stderr is closed.
        let _ = writeln!(io::stderr(), "pathway: {word}: {component}: {message}");
    }
}
