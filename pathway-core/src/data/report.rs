//! How the pipeline speaks to the person who runs it.
//!
//! Everything goes through `tracing`. Where no subscriber is installed, warnings and errors go to stderr:
//! a lost or rejected message must not be silent only because logging was not set up.

use std::fmt;

/// How grave a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Data is lost or rejected, or the pipeline ends.
    Error,
    /// Something needs attention; nothing is lost.
    Warn,
    /// A step of the pipeline's life.
    Info,
}

/// Reports a sentence, with the pipeline's part that it is about.
pub fn report(level: Level, part: &str, message: fmt::Arguments<'_>) {
    match level {
        Level::Error => tracing::error!(target: "pathway", part, "{message}"),
        Level::Warn => tracing::warn!(target: "pathway", part, "{message}"),
        Level::Info => tracing::info!(target: "pathway", part, "{message}"),
    }
    if level != Level::Info && !tracing::dispatcher::has_been_set() {
        let word = if level == Level::Error { "error" } else { "warning" };
        eprintln!("pathway: {word}: {part}: {message}");
    }
}
