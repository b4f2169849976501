//! Reads what a pipeline counts.

use std::sync::Arc;

use crate::plan::{Connectors, Control, Node};
use crate::telemetry::{
    Counter, LatencyStats, NodeMeters, OperatorContext, PersistenceStats, PipelineState, ReplayStats, SinkStats,
    SourceStats, Stats,
};

/// Reads what a pipeline counts, on any thread, from before its sources and sinks start until after its end.
#[derive(Clone)]
pub(crate) struct StatsReader(Arc<Counted>);

/// What counts.
struct Counted {
    pipeline: Arc<str>,
    control: Control,
    commits: Arc<Counter>,
    connectors: Arc<Connectors>,
    operators: Vec<OperatorContext>,
    /// The nodes of the plan, by their names: those of sources and sinks are among them.
    nodes: Vec<(String, NodeMeters)>,
}

impl StatsReader {
    pub(super) fn new(
        pipeline: Arc<str>,
        control: Control,
        commits: Arc<Counter>,
        connectors: Arc<Connectors>,
        operators: Vec<OperatorContext>,
        nodes: &[Node],
    ) -> Self {
        let nodes = nodes.iter().map(|node| (node.name().to_owned(), node.meters().clone())).collect();
        StatsReader(Arc::new(Counted { pipeline, control, commits, connectors, operators, nodes }))
    }

    /// How many commits there are.
    pub(super) fn commits(&self) -> u64 {
        self.0.commits.get()
    }

    /// What the pipeline has counted so far.
    pub(crate) fn stats(&self) -> Stats {
        let Counted { pipeline, control, operators, .. } = &*self.0;
        control.ask_for_states();
        let sources = self.sources();
        Stats {
            pipeline: pipeline.to_string(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            state: self.state(&sources),
            commits: self.commits(),
            commit_rows: control.latencies().row_stats(),
            latency: self.latency(),
            sources,
            operators: operators.iter().map(OperatorContext::stats).collect(),
            sinks: self.sinks(),
            persistence: self.persistence(),
            recording: control.recorder().map(|recorder| recorder.stats()),
            replay: control.replay().map(ReplayStats::from),
        }
    }

    fn state(&self, sources: &[SourceStats]) -> PipelineState {
        let control = &self.0.control;
        match () {
            () if control.has_ended() => PipelineState::Ended,
            () if control.is_stopping() => PipelineState::Stopping,
            () if !control.has_started() => PipelineState::Starting,
            () if control.is_catching_up() || sources.iter().any(|source| source.is_behind) => {
                PipelineState::CatchingUp
            }
            () => PipelineState::Running,
        }
    }

    fn latency(&self) -> LatencyStats {
        self.0.control.latencies().stats()
    }

    fn sources(&self) -> Vec<SourceStats> {
        let mut sources: Vec<_> = self.0.connectors.sources.iter().map(|source| source.stats()).collect();
        for source in &mut sources {
            if let Some(meters) = self.node(&source.name) {
                source.add_node(meters);
            }
        }
        sources
    }

    fn sinks(&self) -> Vec<SinkStats> {
        let mut sinks: Vec<_> = self.0.connectors.sinks.iter().map(|sink| sink.stats()).collect();
        for sink in &mut sinks {
            if let Some(meters) = self.node(&sink.name) {
                sink.add_node(meters);
            }
        }
        sinks
    }

    fn persistence(&self) -> Option<PersistenceStats> {
        let state = self.0.control.persistent()?;
        Some(PersistenceStats::new(state.epoch(), state.meter()))
    }

    fn node(&self, name: &str) -> Option<&NodeMeters> {
        self.0.nodes.iter().find(|(other, _)| other == name).map(|(_, meters)| meters)
    }
}
