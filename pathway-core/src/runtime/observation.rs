//! What others can see of a pipeline, from the moment that it starts.

use std::sync::Arc;

use super::heartbeat::Heartbeat;
use super::stats_reader::StatsReader;
use crate::plan::{ConnectionState, Connectors, Control, Declaration, Graph, ObservedPipeline};
use crate::telemetry::{Counter, Flag, Stats};

/// What the handle of a running pipeline and its monitor see of it.
pub(super) struct Observation {
    pub(super) graph: Graph,
    pub(super) control: Control,
    pub(super) connectors: Arc<Connectors>,
    pub(super) reader: StatsReader,
    pub(super) heartbeat: Heartbeat,
    /// Which sources and sinks have started.
    pub(super) started: StartedEnds,
}

/// Which sources and sinks have started, by their numbers.
#[derive(Debug)]
pub(super) struct StartedEnds {
    pub(super) sources: Vec<Flag>,
    pub(super) sinks: Vec<Flag>,
}

impl StartedEnds {
    /// None is started, and none is missing.
    pub(super) fn set_all(&self) {
        self.sources.iter().chain(&self.sinks).for_each(|started| started.set(true));
    }
}

impl Observation {
    /// Takes the operators of the declaration. `commits` is how many commits were sealed.
    pub(super) fn new(graph: Graph, control: &Control, declaration: &mut Declaration, commits: &Arc<Counter>) -> Self {
        let Declaration { connectors, operators, nodes, .. } = declaration;
        let none = |ends| (0..ends).map(|_| Flag::default()).collect();
        let started = StartedEnds { sources: none(connectors.sources.len()), sinks: none(connectors.sinks.len()) };
        let reader = StatsReader::new(
            graph.pipeline.as_str().into(),
            control.clone(),
            Arc::clone(commits),
            Arc::clone(connectors),
            std::mem::take(operators),
            nodes,
        );
        let (control, connectors) = (control.clone(), Arc::clone(connectors));
        Observation { graph, control, connectors, reader, heartbeat: Heartbeat::default(), started }
    }
}

impl ObservedPipeline for Observation {
    fn stats(&self) -> Stats {
        self.reader.stats()
    }

    fn is_connected(&self, name: &str) -> bool {
        let Connectors { sources, sinks } = &*self.connectors;
        let source = sources.iter().find(|source| source.stats().name == name).map(|source| source.connection());
        let end = source.or_else(|| sinks.iter().find(|sink| sink.stats().name == name).map(|sink| sink.connection()));
        end.flatten().and_then(ConnectionState::current).is_none()
    }
}
