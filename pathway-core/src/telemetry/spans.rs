//! The spans of `tracing` in which the threads of a pipeline run, so that each line says where it comes from.

use std::io;
use std::thread::{Builder, JoinHandle};

use tracing::Span;

/// The target of the spans of commits.
const TARGET: &str = "pathway::commit";

/// The span of a pipeline. All of its threads run in it.
pub fn pipeline_span(name: &str) -> Span {
    tracing::info_span!(target: "pathway", parent: None, "pipeline", pipeline = name)
}

/// The span of a source's thread, inside that of the pipeline.
pub fn source_span(pipeline: &Span, name: &str) -> Span {
    tracing::info_span!(target: "pathway", parent: pipeline, "source", source = name)
}

/// The span of a sink's thread, inside that of the pipeline.
pub fn sink_span(pipeline: &Span, name: &str) -> Span {
    tracing::info_span!(target: "pathway", parent: pipeline, "sink", sink = name)
}

/// The span of a worker's thread, inside that of the pipeline.
pub fn worker_span(pipeline: &Span, worker: usize) -> Span {
    tracing::info_span!(target: "pathway", parent: pipeline, "worker", worker)
}

/// Whether spans of commits are wanted.
#[inline]
pub fn are_commits_traced() -> bool {
    tracing::enabled!(target: TARGET, tracing::Level::DEBUG)
}

/// The span of a commit: from its first message until the operators are done with it and all sinks have confirmed it.
///
/// It is no child of the pipeline's: each commit is a trace of its own.
pub fn commit_span(pipeline: &str, commit: u64) -> Span {
    use tracing::field::Empty;
    tracing::debug_span!(target: TARGET, parent: None, "commit", pipeline, commit, rows = Empty, time = Empty)
}

/// A part of a commit, if the caller runs in the span of one: the operators, while they complete it.
pub fn operators_span() -> Span {
    if is_in_commit() { tracing::debug_span!(target: TARGET, "operators") } else { Span::none() }
}

/// A part of a commit, if the caller runs in the span of one: its record is written into the log.
pub fn log_span() -> Span {
    if is_in_commit() { tracing::debug_span!(target: TARGET, "log") } else { Span::none() }
}

/// A part of a commit: a sink writes it, until it has confirmed it. Then this is dropped.
#[derive(Debug)]
pub struct PublishSpan {
    commit: Span,
    /// Inside that of the commit.
    publish: Span,
}

impl PublishSpan {
    /// Begins now, if the caller runs in the span of a commit.
    pub fn begin(sink: &str) -> Self {
        if !is_in_commit() {
            return PublishSpan { commit: Span::none(), publish: Span::none() };
        }
        PublishSpan { commit: Span::current(), publish: tracing::debug_span!(target: TARGET, "publish", sink) }
    }
}

impl Drop for PublishSpan {
    fn drop(&mut self) {
        // For OpenTelemetry, a span ends when it was left for the last time.
        self.commit.in_scope(|| self.publish.in_scope(|| ()));
    }
}

/// Whether the caller runs in the span of a commit. Those that a restart computes again have none.
#[inline]
fn is_in_commit() -> bool {
    let is_commit = |span: &tracing::Metadata<'_>| (span.target(), span.name()) == (TARGET, "commit");
    are_commits_traced() && Span::current().metadata().is_some_and(is_commit)
}

/// Starts a thread of a pipeline, in the span of the calling thread.
///
/// # Errors
/// The system has none.
pub fn spawn<T: Send + 'static>(
    name: impl Into<String>,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let span = Span::current();
    // A thread's name cannot contain NUL.
    Builder::new().name(name.into().replace('\0', "")).spawn(move || span.in_scope(body))
}
