//! The dataflow under construction on one worker.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{NodeId, SourceOperator};
use crate::data::Schema;
use crate::dataflow::{AnyFlow, Changes, DataflowBuilder, Progress};
use crate::telemetry::Counter;

/// What a node sees while it builds its part of the dataflow.
pub struct Build<'scope> {
    /// Where the operators are made.
    pub graph: DataflowBuilder<'scope>,
    /// What nodes have put down, with the type of their rows.
    streams: HashMap<NodeId, (TypeId, AnyFlow<'scope>)>,
    /// Nodes that another node reads.
    read: HashSet<NodeId>,
    /// What the first worker pumps; other workers have none.
    pumps: Vec<Box<dyn SourceOperator>>,
    /// The time on the wire of the commit that is being sealed.
    clock: Arc<Counter>,
}

impl<'scope> Build<'scope> {
    pub(crate) fn new(graph: DataflowBuilder<'scope>, clock: Arc<Counter>) -> Self {
        Build { graph, streams: HashMap::new(), read: HashSet::new(), pumps: Vec::new(), clock }
    }

    /// The time on the wire of the commit that is being sealed: unix milliseconds.
    pub fn clock(&self) -> Arc<Counter> {
        Arc::clone(&self.clock)
    }

    /// Adds what the first worker is to pump.
    pub fn add_source_operator(&mut self, pump: Box<dyn SourceOperator>) {
        self.pumps.push(pump);
    }

    /// Puts down a node's output.
    pub fn put<R: Schema>(&mut self, node: NodeId, stream: Changes<'scope, R>) {
        self.streams.insert(node, (TypeId::of::<R>(), stream.into_any()));
    }

    /// The output of a node that was built before.
    ///
    /// # Panics
    /// If the node was not built, or has rows of another type. A `Table<R>` is only made together with a
    /// node whose output has type `R`, and nodes are built in the order of their making: it can't happen.
    pub fn get<R: Schema>(&mut self, node: NodeId) -> Changes<'scope, R> {
        self.read.insert(node);
        let (row, stream) = &self.streams[&node];
        assert_eq!(*row, TypeId::of::<R>(), "the rows of node {node:?} are of another type");
        stream.of()
    }

    /// Ends the construction: what to pump, and what seals commits.
    pub(crate) fn finish(self) -> (Vec<Box<dyn SourceOperator>>, Progress) {
        for (_, (_, unread)) in self.streams.iter().filter(|(node, _)| !self.read.contains(node)) {
            self.graph.watch(unread);
        }
        (self.pumps, self.graph.finish())
    }
}
