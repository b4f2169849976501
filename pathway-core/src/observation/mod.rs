//! A running pipeline, as those see it who show it: the monitor and the console. `runtime/` implements it.

use serde::Serialize;

use crate::plan::Graph;
use crate::telemetry::{RecentEvent, Stats};

/// A pipeline, from the moment that it starts until after its end. To look at it never waits for the pipeline for long.
#[cfg_attr(not(feature = "monitor"), expect(dead_code, reason = "a console shows less than a monitor"))]
pub(crate) trait Observed: Send + Sync + 'static {
    /// The pipeline as it is declared.
    fn graph(&self) -> &Graph;

    /// What it has counted and measured.
    fn stats(&self) -> Stats;

    /// Everything that changes.
    fn snapshot(&self) -> Snapshot;

    /// Why the pipeline is stuck; `None` while it works, or waits.
    fn stuck(&self) -> Option<String>;

    /// What is missing before the pipeline is ready, each as a sentence; empty if it is.
    fn missing(&self) -> Vec<String>;
}

/// A pipeline at one moment. As JSON, it is the monitor's answer to `/stats.json`.
#[derive(Debug, Serialize)]
pub(crate) struct Snapshot {
    pub(crate) pipeline: String,
    /// Of this crate.
    pub(crate) version: &'static str,
    /// When it was taken, in unix milliseconds.
    pub(crate) time: u64,
    /// When the pipeline was started, in unix milliseconds. It tells a client of the monitor that another run answers.
    pub(crate) started: u64,
    /// See [`Observed::stuck`].
    pub(crate) stuck: Option<String>,
    /// See [`Observed::missing`].
    pub(crate) missing: Vec<String>,
    pub(crate) sources: Vec<EndSnapshot>,
    pub(crate) sinks: Vec<EndSnapshot>,
    pub(crate) stats: Stats,
    /// Errors and warnings, the newest first.
    pub(crate) events: Vec<RecentEvent>,
}

/// Whether a source or a sink is connected.
#[derive(Debug, Serialize)]
pub(crate) struct EndSnapshot {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) state: EndState,
    /// Whether the pipeline reads nothing because so much waits for this sink.
    pub(crate) is_full: bool,
}

#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum EndState {
    /// It has not connected yet.
    Starting,
    Connected,
    /// Its connection broke and is not back, since then in unix milliseconds.
    Disconnected {
        since: u64,
        reason: String,
    },
}
