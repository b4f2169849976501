//! Which operators a plan has, for its statistics.

use std::sync::Arc;

use super::NodeId;
use super::node::Plan;
use crate::telemetry::{NodeMeters, OperatorContext};

impl Plan {
    /// Adds an operator to the statistics.
    pub(super) fn add_operator(&self, name: Arc<str>, meters: NodeMeters) -> OperatorContext {
        let operator = OperatorContext::new(name, meters);
        self.lock().operators.push(operator.clone());
        operator
    }

    /// Remembers which operator makes the rows of a node.
    pub(super) fn set_operator(&self, node: NodeId, operator: OperatorContext) {
        self.lock().operator_of.insert(node, operator);
    }

    /// The operator that makes the rows of a node; `None` for those of a source.
    pub(super) fn operator(&self, node: NodeId) -> Option<OperatorContext> {
        self.lock().operator_of.get(&node).cloned()
    }
}
