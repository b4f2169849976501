//! The dataflow of a plan, under construction on one worker.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::{NodeId, SourceOperator};
use crate::data::Schema;
use crate::dataflow::{Changes, DataflowBuilder, ErasedStream, Progress};
use crate::telemetry::Counter;

/// What a node needs to build its part of the dataflow.
pub struct Build<'scope> {
    /// Where the node adds its operators.
    pub dataflow: DataflowBuilder<'scope>,
    /// The outputs of the nodes that are built.
    streams: HashMap<NodeId, ErasedStream>,
    /// Nodes that another node reads.
    read: HashSet<NodeId>,
    /// The source operators of the first worker; other workers have none.
    sources: Vec<Box<dyn SourceOperator>>,
    /// The `time` of the commit that is being sealed.
    commit_time: Arc<Counter>,
}

impl<'scope> Build<'scope> {
    pub(crate) fn new(dataflow: DataflowBuilder<'scope>, commit_time: Arc<Counter>) -> Self {
        Build { dataflow, streams: HashMap::new(), read: HashSet::new(), sources: Vec::new(), commit_time }
    }

    /// The `time` of the commit that is being sealed, in unix milliseconds.
    pub fn clock(&self) -> Arc<Counter> {
        Arc::clone(&self.commit_time)
    }

    /// Adds a source operator for the first worker to run.
    pub fn add_source_operator(&mut self, source: Box<dyn SourceOperator>) {
        self.sources.push(source);
    }

    /// Sets the output of a node.
    pub fn put<R: Schema>(&mut self, node: NodeId, stream: Changes<R>) {
        self.streams.insert(node, stream.erase());
    }

    /// The output of a node that was built before.
    ///
    /// # Panics
    /// If the node was not built, or has rows of another type. Neither can happen: a `Table<R>` is only made together with a
    /// node whose output has rows of type `R`, and nodes are built in the order in which they were declared.
    pub fn get<R: Schema>(&mut self, node: NodeId) -> Changes<R> {
        self.read.insert(node);
        match self.streams[&node].typed() {
            Some(stream) => stream,
            None => unreachable!("the rows of node {node:?} are of another type"),
        }
    }

    /// Ends the construction: returns the source operators, and what seals commits.
    pub(crate) fn finish(mut self) -> (Vec<Box<dyn SourceOperator>>, Box<dyn Progress>) {
        for (_, unread) in self.streams.iter().filter(|(node, _)| !self.read.contains(node)) {
            self.dataflow.track_unread(*unread);
        }
        (self.sources, self.dataflow.finish())
    }
}

impl fmt::Debug for Build<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Build")
            .field("dataflow", &self.dataflow)
            .field("nodes", &self.streams.len())
            .finish_non_exhaustive()
    }
}
