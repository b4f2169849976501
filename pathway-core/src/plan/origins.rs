//! Where the rows of a table of arrivals come from: its event time is the least time of its sources.

use std::sync::Arc;

use super::{NodeId, Order, Plan, Table};
use crate::data::Schema;

/// A source, or an operator that sends rows later than they arrive, such as `buffer`: a part of a table of arrivals that has an
/// event time of its own.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) node: NodeId,
    /// For the log.
    pub(crate) name: Arc<str>,
    /// Nothing comes from here once these have ended.
    pub(crate) sources: Arc<[NodeId]>,
}

impl Origin {
    pub(super) fn new(node: NodeId, name: &Arc<str>) -> Self {
        Origin { node, name: Arc::clone(name), sources: [node].into() }
    }
}

impl Plan {
    /// The rows of a node come from where those of the inputs do, if they are in the order of arrival. An operator that emits rows
    /// at the end of a commit has one event time for all of them, and ends with the sources of its inputs.
    pub(super) fn inherit_origins(&self, node: NodeId, inputs: &[NodeId]) {
        let mut origins: Vec<Origin> = Vec::new();
        for origin in inputs.iter().flat_map(|input| self.origins(*input).to_vec()) {
            if !origins.iter().any(|known| known.node == origin.node) {
                origins.push(origin);
            }
        }
        if self.properties(node).order != Order::Arrival {
            let own =
                self.origins(node).iter().map(|own| Origin { sources: sources(&origins), ..own.clone() }).collect();
            return self.set_origins(node, own);
        }
        self.set_origins(node, origins.into());
    }
}

impl<R: Schema> Table<R> {
    /// Where its rows come from, each once.
    pub(crate) fn origins(&self) -> Arc<[Origin]> {
        self.plan().origins(self.node())
    }

    /// The same table, whose rows are one part: they have an event time of their own, in whatever order their sources have sent
    /// them.
    pub(crate) fn into_origin(self) -> Table<R> {
        let (plan, input, origins) = (self.plan(), self.node(), self.origins());
        if origins.len() < 2 || self.properties().order != Order::Arrival {
            return self;
        }
        let Some(operator) = plan.operator(input) else { return self };
        let name = Arc::clone(operator.name());
        let node = plan.add::<R, _>(Arc::clone(&name), self.properties(), |node, _| {
            move |build| {
                let changes = build.get::<R>(input);
                let (id, changes) = build.dataflow.as_input(changes);
                build.set_input(node, id);
                build.put(node, changes);
            }
        });
        plan.set_operator(node, operator);
        plan.set_operator_inputs(node, "part", &[input]);
        plan.set_origins(node, [Origin { node, name, sources: sources(&origins) }].into());
        Table::new(plan.clone(), node)
    }
}

/// The sources of some origins, each once.
fn sources(origins: &[Origin]) -> Arc<[NodeId]> {
    let mut sources: Vec<_> = origins.iter().flat_map(|origin| origin.sources.iter().copied()).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.into()
}
