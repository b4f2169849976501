//! How the pipeline speaks to the person who runs it.
//!
//! Everything goes through `tracing`. Where no subscriber is installed, warnings and errors go to stderr:
//! a lost or rejected message must not be silent only because logging was not set up.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

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

/// Reports what may happen very often: the first few times at once, then at most once a second with the count.
#[derive(Debug)]
pub struct Throttle {
    part: Arc<str>,
    seen: u64,
    /// Seen since the last report.
    silent: u64,
    last: Option<Instant>,
}

impl Throttle {
    /// How many reports come out one by one before they are gathered.
    const FIRST: u64 = 10;
    /// How long reports are gathered from then on.
    const EVERY: Duration = Duration::from_secs(1);

    /// Reports about one part of the pipeline.
    pub fn new(part: &Arc<str>) -> Self {
        Throttle { part: Arc::clone(part), seen: 0, silent: 0, last: None }
    }

    /// Reports a sentence, or counts it for the next report.
    pub fn report(&mut self, level: Level, message: fmt::Arguments<'_>) {
        self.seen += 1;
        if self.seen > Self::FIRST && self.last.is_some_and(|last| last.elapsed() < Self::EVERY) {
            self.silent += 1;
            return;
        }
        self.last = Some(Instant::now());
        match std::mem::take(&mut self.silent) {
            0 => report(level, &self.part, message),
            silent => {
                report(level, &self.part, format_args!("{message} ({silent} more like it, {} in all)", self.seen))
            }
        }
    }
}
