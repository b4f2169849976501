//! The dataflow under construction on one worker.

use std::any::TypeId;
use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use timely::dataflow::operators::probe::{Handle as Probe, Probe as _};
use timely::dataflow::{Scope, StreamVec};

use super::{NodeId, Pump};
use crate::data::{Change, Commit, Counter, Schema};

/// The changes of a table, as a stream of the dataflow.
pub type Changes<'scope, R> = StreamVec<'scope, Commit, Change<R>>;

/// What a node sees while it builds its part of the dataflow.
pub struct Build<'scope> {
    scope: Scope<'scope, Commit>,
    streams: HashMap<NodeId, Erased<'scope>>,
    /// Nodes that another node reads.
    read: HashSet<NodeId>,
    /// What the first worker pumps; other workers have none.
    pumps: Vec<Box<dyn Pump>>,
    through: Through,
    /// The time on the wire of the commit that is being sealed.
    clock: Arc<Counter>,
}

/// Tells when a commit is through all of the dataflow.
#[derive(Default)]
pub(crate) struct Through {
    /// The first commit that each sink has not worked off. A sink tells this itself, because an operator behind it
    /// that does would cost every commit a round of the dataflow.
    sinks: Vec<Rc<Cell<Commit>>>,
    /// Watches the tables that nothing reads.
    unread: Probe<Commit>,
}

impl Through {
    /// Whether all commits before `next` are.
    pub(crate) fn is_before(&self, next: Commit) -> bool {
        self.sinks.iter().all(|sink| sink.get() >= next) && !self.unread.less_than(&next)
    }
}

/// A [`Changes<'scope, R>`] whose row type is known by its `TypeId` only.
struct Erased<'scope> {
    row: TypeId,
    stream: Box<dyn AnyChanges<'scope> + 'scope>,
}

/// What can be done with the changes of any row.
trait AnyChanges<'scope> {
    fn probe_with(&self, probe: &Probe<Commit>);
}

impl<'scope, R: Schema> AnyChanges<'scope> for Changes<'scope, R> {
    fn probe_with(&self, probe: &Probe<Commit>) {
        self.clone().probe_with(probe);
    }
}

impl<'scope> Build<'scope> {
    pub(crate) fn new(scope: Scope<'scope, Commit>, clock: Arc<Counter>) -> Self {
        Build {
            scope,
            streams: HashMap::new(),
            read: HashSet::new(),
            pumps: Vec::new(),
            through: Through::default(),
            clock,
        }
    }

    /// The scope to build in.
    pub fn scope(&self) -> Scope<'scope, Commit> {
        self.scope
    }

    /// Whether this is the worker that has the sources and the sinks.
    pub fn is_first(&self) -> bool {
        self.scope.index() == 0
    }

    /// Whether there is one worker only, so that rows need not be exchanged.
    pub fn is_alone(&self) -> bool {
        self.scope.peers() == 1
    }

    /// The time on the wire of the commit that is being sealed: unix milliseconds.
    pub fn clock(&self) -> Arc<Counter> {
        Arc::clone(&self.clock)
    }

    /// Adds what the first worker is to pump.
    pub fn add_pump(&mut self, pump: Box<dyn Pump>) {
        self.pumps.push(pump);
    }

    /// Makes a commit be through only when a sink has worked it off: the sink keeps there the first commit
    /// that it has not.
    pub fn watch(&mut self) -> Rc<Cell<Commit>> {
        let sink = Rc::default();
        self.through.sinks.push(Rc::clone(&sink));
        sink
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

    /// Ends the construction: what to pump, and what tells when a commit is through.
    pub(crate) fn finish(self) -> (Vec<Box<dyn Pump>>, Through) {
        for (_, unread) in self.streams.iter().filter(|(node, _)| !self.read.contains(node)) {
            unread.stream.probe_with(&self.through.unread);
        }
        (self.pumps, self.through)
    }
}
