//! The dataflow under construction on one worker.

use std::any::TypeId;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{NodeId, Pump};
use crate::data::{Counter, Schema};
use crate::flow::{Changes, Graph, Progress};

/// What a node sees while it builds its part of the dataflow.
pub struct Build<'scope> {
    /// Where the operators are made.
    pub graph: Graph<'scope>,
    streams: HashMap<NodeId, Erased<'scope>>,
    /// Nodes that another node reads.
    read: HashSet<NodeId>,
    /// What the first worker pumps; other workers have none.
    pumps: Vec<Box<dyn Pump>>,
    /// The time on the wire of the commit that is being sealed.
    clock: Arc<Counter>,
}

/// A [`Changes<'scope, R>`] whose row type is known by its `TypeId` only.
struct Erased<'scope> {
    row: TypeId,
    stream: Box<dyn AnyChanges<'scope> + 'scope>,
}

/// What can be done with the changes of any row.
trait AnyChanges<'scope> {
    fn watch(&self, graph: &Graph<'scope>);
}

impl<'scope, R: Schema> AnyChanges<'scope> for Changes<'scope, R> {
    fn watch(&self, graph: &Graph<'scope>) {
        graph.watch(self);
    }
}

impl<'scope> Build<'scope> {
    pub(crate) fn new(graph: Graph<'scope>, clock: Arc<Counter>) -> Self {
        Build { graph, streams: HashMap::new(), read: HashSet::new(), pumps: Vec::new(), clock }
    }

    /// The time on the wire of the commit that is being sealed: unix milliseconds.
    pub fn clock(&self) -> Arc<Counter> {
        Arc::clone(&self.clock)
    }

    /// Adds what the first worker is to pump.
    pub fn add_pump(&mut self, pump: Box<dyn Pump>) {
        self.pumps.push(pump);
    }

    /// Puts down a node's output.
    pub fn put<R: Schema>(&mut self, node: NodeId, stream: Changes<'scope, R>) {
        let erased = Erased { row: TypeId::of::<R>(), stream: Box::new(stream) };
        self.streams.insert(node, erased);
    }

    /// The output of a node that was built before.
    ///
    /// # Panics
    /// If the node was not built, or has rows of another type. A `Table<R>` is only made together with a
    /// node whose output has type `R`, and nodes are built in the order of their making: it can't happen.
    pub fn get<R: Schema>(&mut self, node: NodeId) -> Changes<'scope, R> {
        self.read.insert(node);
        let erased = &self.streams[&node];
        assert_eq!(erased.row, TypeId::of::<R>(), "the rows of node {node:?} are of another type");
        let stream: *const (dyn AnyChanges<'scope> + 'scope) = &*erased.stream;
        // SAFETY: `put` is the only place that makes an `Erased`, and it boxes a `Changes<'scope, R>` for the
        // `R` whose `TypeId` it notes. That `TypeId` was just found equal to this `R`'s, and as `R: 'static`
        // it leaves no lifetime open. The one remaining parameter, `'scope`, is `Build`'s own; `Build` is
        // invariant in it, so that a stream put for one scope can't be taken for another. The reference
        // made here ends with this call, while `self` is borrowed.
        let stream = unsafe { &*stream.cast::<Changes<'scope, R>>() };
        stream.clone()
    }

    /// Ends the construction: what to pump, and what seals commits.
    pub(crate) fn finish(self) -> (Vec<Box<dyn Pump>>, Progress) {
        for (_, unread) in self.streams.iter().filter(|(node, _)| !self.read.contains(node)) {
            unread.stream.watch(&self.graph);
        }
        (self.pumps, self.graph.finish())
    }
}
