//! The spans of commits, for subscribers of `tracing` that want them.

use super::commit_loop::CommitLoop;
use crate::telemetry::{Span, are_commits_traced, commit_span};

impl CommitLoop<'_> {
    /// The span of the open commit, which begins when something waits for it; none if nobody wants to know.
    ///
    /// It ends when the operators are done with the commit, and all sinks, whose spans are its children, have confirmed.
    #[inline]
    pub(super) fn open_span(&mut self) -> Span {
        if are_commits_traced() && self.span.is_none() && self.sources.iter().any(|source| source.has_arrivals()) {
            self.span = commit_span(&self.observation.graph.pipeline, self.commits.get());
        }
        self.span.clone()
    }

    /// That of the commit that is about to be sealed.
    pub(super) fn take_span(&mut self) -> Span {
        std::mem::replace(&mut self.span, Span::none())
    }
}
