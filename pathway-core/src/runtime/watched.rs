//! What the monitor and the console see of a running pipeline.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use super::commit_scheduler::unix_millis;
use super::observation::Observation;
use crate::observation::{EndSnapshot, EndState, Observed, Snapshot};
use crate::plan::{ConnectionState, Graph, Lost};
use crate::telemetry::{Flag, Stats, recent_events};

/// A pipeline that is watched.
pub(super) struct Watched {
    observation: Arc<Observation>,
    /// Whose errors and warnings are shown.
    components: HashSet<String>,
    /// In unix milliseconds.
    started: u64,
}

impl Watched {
    pub(super) fn new(observation: &Arc<Observation>) -> Self {
        let names = observation.graph.nodes.iter().map(|node| node.name.clone());
        let components = names.chain(["pipeline", "recording"].map(str::to_owned)).collect();
        Watched { observation: Arc::clone(observation), components, started: unix_millis() }
    }

    fn sources(&self) -> Vec<EndSnapshot> {
        let Observation { connectors, started, .. } = &*self.observation;
        let sources = connectors.sources.iter().zip(&started.sources);
        let source = sources.map(|(source, started)| EndSnapshot {
            name: source.stats().name,
            state: end_state(started, source.connection()),
            is_full: false,
        });
        source.collect()
    }

    fn sinks(&self) -> Vec<EndSnapshot> {
        let Observation { connectors, started, .. } = &*self.observation;
        let sinks = connectors.sinks.iter().zip(&started.sinks);
        let sink = sinks.map(|(sink, started)| EndSnapshot {
            name: sink.stats().name,
            state: end_state(started, sink.connection()),
            is_full: sink.is_full(),
        });
        sink.collect()
    }
}

impl Observed for Watched {
    fn graph(&self) -> &Graph {
        &self.observation.graph
    }

    fn stats(&self) -> Stats {
        self.observation.reader.stats()
    }

    fn snapshot(&self) -> Snapshot {
        Snapshot {
            pipeline: self.observation.graph.pipeline.clone(),
            version: env!("CARGO_PKG_VERSION"),
            time: unix_millis(),
            started: self.started,
            stuck: self.stuck(),
            missing: self.missing(),
            sources: self.sources(),
            sinks: self.sinks(),
            stats: self.stats(),
            events: recent_events(|component| self.components.contains(component)),
        }
    }

    fn stuck(&self) -> Option<String> {
        let stuck = self.observation.heartbeat.stuck_for(Instant::now())?;
        let (commit, seconds) = (self.observation.reader.commits(), stuck.as_secs());
        Some(format!("the pipeline has worked on one thing for {seconds} s, behind {commit} commits"))
    }

    fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (kind, ends) in [("source", self.sources()), ("sink", self.sinks())] {
            for EndSnapshot { name, state, .. } in ends {
                match state {
                    EndState::Connected => {}
                    EndState::Starting => missing.push(format!("{kind} `{name}` has not connected yet")),
                    EndState::Disconnected { reason, .. } => missing.push(format!("{kind} `{name}`: {reason}")),
                }
            }
        }
        if self.observation.control.is_stopping() {
            missing.push("the pipeline stops".to_owned());
        } else if missing.is_empty() && !self.observation.control.has_started() {
            missing.push("what earlier runs have left is being restored and computed again".to_owned());
        }
        missing
    }
}

fn end_state(started: &Flag, connection: Option<&ConnectionState>) -> EndState {
    match connection.and_then(ConnectionState::current) {
        _ if !started.get() => EndState::Starting,
        Some(Lost { since, what }) => EndState::Disconnected { since, reason: what },
        None => EndState::Connected,
    }
}
