//! The nodes of a plan.

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::graph::{Declared, DeclaredEnd};
use super::identity::RowType;
use super::names::Names;
use super::{Build, Control, Observer, Origin, SinkHandle, SourceHandle, TimeInput};
use crate::data::Schema;
use crate::persistence::{NodeIdentity, Persistence, Recording, ReplayedRecording};
use crate::telemetry::{Level, NodeMeters, OperatorContext, report};

/// Which node of its plan a table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub(crate) usize);

/// What is known about a table's changes before the pipeline runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableProperties {
    /// The order in which the rows of a commit leave the table.
    pub order: Order,
    /// Rows are only inserted. Operators then need not keep the state that a removal would need.
    pub append_only: bool,
    /// Rows are only removed because event time has left them behind.
    pub forgets: bool,
    /// The rows are there when the pipeline starts.
    pub is_static: bool,
}

impl TableProperties {
    /// Whether the table is a sequence of rows, each of which comes after others in an order that does not depend on commits
    /// or workers. Operators that depend on time then decide row by row.
    pub fn is_sequence(self) -> bool {
        self.order.is_sequence() && (self.append_only || self.forgets)
    }
}

impl Default for TableProperties {
    /// Sorted rows that change: what holds for every table.
    fn default() -> Self {
        TableProperties { order: Order::Sorted, append_only: false, forgets: false, is_static: false }
    }
}

impl TableProperties {
    /// Messages as they arrive: each adds a row, forever.
    pub const ARRIVALS: TableProperties =
        TableProperties { order: Order::Arrival, append_only: true, forgets: false, is_static: false };
    /// Rows that an operator keeps by key, and that change.
    pub const GROUPED: TableProperties =
        TableProperties { order: Order::Sorted, append_only: false, forgets: false, is_static: false };
}

/// The order in which the rows of one commit leave a table through a sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The order in which their messages arrived, whichever source they are from: no operator has kept them until the end of
    /// a commit.
    Arrival,
    /// The order in which an operator has emitted them, which its input determines whatever the commits are.
    Emission,
    /// Sorted by their columns: the same for any number of workers.
    Sorted,
}

impl Order {
    /// Whether the rows are on the first worker, in an order that does not depend on commits or workers.
    pub fn is_sequence(self) -> bool {
        self != Order::Sorted
    }
}

/// A pipeline's declaration, shared by the pipeline and its tables.
#[derive(Clone)]
pub struct Plan {
    state: Arc<Mutex<State>>,
    control: Control,
}

pub(super) struct State {
    /// The pipeline's name.
    pub(super) name: Arc<str>,
    pub(super) nodes: Vec<Node>,
    names: Names,
    /// What only one source may use.
    claims: HashSet<String>,
    connectors: Connectors,
    /// What sources and sinks show of themselves, by their names.
    pub(super) ends: HashMap<Arc<str>, DeclaredEnd>,
    /// The sinks for dead letters, with the names of their sources.
    pub(super) dead_letter_sinks: Vec<(Arc<str>, Arc<str>)>,
    pub(super) operators: Vec<OperatorContext>,
    /// Which node's rows an operator makes.
    pub(super) operator_of: HashMap<NodeId, OperatorContext>,
    /// What connectors share, by its type.
    shared: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
    /// What is reported when the pipeline starts, each with the name of a source or sink.
    warnings: Vec<(Arc<str>, String)>,
    /// Where the pipeline's state is kept.
    persistence: Option<Persistence>,
    /// Where it is recorded.
    recording: Option<Recording>,
    /// The recording in place of its sources.
    replayed: Option<ReplayedRecording>,
    /// Where it is to be watched.
    monitor: Option<String>,
    /// Whether `run` shows a status on the terminal, if the program says it.
    console: Option<bool>,
    /// What shows it to others.
    pub(super) observers: Vec<Box<dyn Observer>>,
}

/// Builds a node's part of the dataflow on one worker.
type BuildNode = Box<dyn for<'scope> Fn(&mut Build<'scope>) + Send + Sync>;

/// One operator, source or sink of a plan.
pub(crate) struct Node {
    pub(crate) properties: TableProperties,
    pub(crate) build: BuildNode,
    /// What tells it from the nodes of another program.
    pub(super) identity: NodeIdentity,
    /// What it counts.
    meters: NodeMeters,
    /// What only its picture shows.
    pub(super) declared: Declared,
    /// Where its rows come from.
    pub(super) origins: Arc<[Origin]>,
    /// The inputs of joins by time whose times its event time does not pass.
    pub(super) time_inputs: Arc<[TimeInput]>,
}

impl Node {
    pub(crate) fn name(&self) -> &str {
        &self.identity.name
    }

    pub(crate) fn meters(&self) -> &NodeMeters {
        &self.meters
    }
}

/// What was declared.
pub(crate) struct Declaration {
    pub(crate) nodes: Vec<Node>,
    /// What tells the program from others.
    pub(crate) program: Vec<NodeIdentity>,
    pub(crate) connectors: Arc<Connectors>,
    pub(crate) operators: Vec<OperatorContext>,
    pub(crate) persistence: Option<Persistence>,
    pub(crate) recording: Option<Recording>,
    pub(crate) replayed: Option<ReplayedRecording>,
    pub(crate) monitor: Option<String>,
    pub(crate) console: Option<bool>,
    pub(crate) observers: Vec<Box<dyn Observer>>,
}

/// The sources and sinks of a plan, in the order of their declaration. They start before the dataflow does.
#[derive(Default)]
pub(crate) struct Connectors {
    pub(crate) sources: Vec<Box<dyn SourceHandle>>,
    pub(crate) sinks: Vec<Box<dyn SinkHandle>>,
}

impl Plan {
    pub(crate) fn new() -> Self {
        let state = State {
            name: program(),
            nodes: Vec::new(),
            names: Names::default(),
            claims: HashSet::new(),
            connectors: Connectors::default(),
            ends: HashMap::new(),
            dead_letter_sinks: Vec::new(),
            operators: Vec::new(),
            operator_of: HashMap::new(),
            shared: HashMap::new(),
            warnings: Vec::new(),
            persistence: None,
            recording: None,
            replayed: None,
            monitor: None,
            console: None,
            observers: Vec::new(),
        };
        Plan { state: Arc::new(Mutex::new(state)), control: Control::new() }
    }

    /// What all threads of the running pipeline share.
    pub fn control(&self) -> &Control {
        &self.control
    }

    /// The pipeline's name. Default: the name of the program's file.
    pub fn name(&self) -> Arc<str> {
        Arc::clone(&self.lock().name)
    }

    pub(super) fn set_name(&self, name: Arc<str>) {
        self.lock().name = name;
    }

    pub(super) fn with_names<T>(&self, change: impl FnOnce(&mut Names) -> T) -> T {
        change(&mut self.lock().names)
    }

    /// Claims something that only one source of the plan may use. Returns false if another one has claimed it.
    pub(crate) fn claim(&self, what: String) -> bool {
        self.lock().claims.insert(what)
    }

    /// Adds a node whose output has rows of type `R`. Its inputs must be in the plan already.
    pub fn add<R: Schema, B>(
        &self,
        name: Arc<str>,
        properties: TableProperties,
        build: impl FnOnce(NodeId, Arc<str>) -> B,
    ) -> NodeId
    where
        B: for<'scope> Fn(&mut Build<'scope>) + Send + Sync + 'static,
    {
        self.add_measured::<R, B>(name, properties, NodeMeters::default(), build)
    }

    /// The same, for a node that says what it counts.
    pub(super) fn add_measured<R: Schema, B>(
        &self,
        name: Arc<str>,
        properties: TableProperties,
        meters: NodeMeters,
        build: impl FnOnce(NodeId, Arc<str>) -> B,
    ) -> NodeId
    where
        B: for<'scope> Fn(&mut Build<'scope>) + Send + Sync + 'static,
    {
        let boxed = |id, name| Box::new(build(id, name)) as BuildNode;
        self.add_node(name, properties, meters, RowType::of::<R>(), Box::new(boxed))
    }

    fn add_node(
        &self,
        name: Arc<str>,
        properties: TableProperties,
        meters: NodeMeters,
        row: RowType,
        build: Box<dyn FnOnce(NodeId, Arc<str>) -> BuildNode + '_>,
    ) -> NodeId {
        let mut state = self.lock();
        let id = NodeId(state.nodes.len());
        let origins = [Origin::new(id, &name)].into();
        let build = build(id, Arc::clone(&name));
        let identity = NodeIdentity {
            name: name.to_string(),
            base: state.names.base_of(&name),
            columns: format!("{}: {}", row.name, row.columns_text()),
            append_only: properties.append_only,
            is_static: properties.is_static,
            ..NodeIdentity::default()
        };
        let declared = Declared::of(row);
        state.nodes.push(Node { properties, build, identity, meters, declared, origins, time_inputs: Arc::default() });
        id
    }

    /// Adds a source, which starts with the pipeline.
    pub fn add_source(&self, source: impl SourceHandle + 'static) {
        self.lock().connectors.sources.push(Box::new(source));
    }

    /// Adds a sink, which starts with the pipeline.
    pub fn add_sink(&self, sink: impl SinkHandle + 'static) {
        self.lock().connectors.sinks.push(Box::new(sink));
    }

    /// What the sources and sinks of one kind share: one value of each type.
    pub fn shared<T: Default + Send + Sync + 'static>(&self) -> Arc<T> {
        let mut state = self.lock();
        let value = state.shared.entry(TypeId::of::<T>()).or_insert_with(|| Arc::<T>::default());
        // It has this type, because that is its key.
        Arc::clone(value).downcast().unwrap_or_default()
    }

    /// Reports something when the pipeline starts.
    pub fn warn_at_start(&self, component: &Arc<str>, warning: String) {
        self.lock().warnings.push((Arc::clone(component), warning));
    }

    pub(crate) fn report_warnings(&self) {
        for (component, warning) in std::mem::take(&mut self.lock().warnings) {
            report(Level::Warn, &component, format_args!("{warning}"));
        }
    }

    /// What is known about a node's changes.
    pub fn properties(&self, node: NodeId) -> TableProperties {
        self.lock().nodes[node.0].properties
    }

    /// Where a node's rows come from.
    pub(super) fn origins(&self, node: NodeId) -> Arc<[Origin]> {
        Arc::clone(&self.lock().nodes[node.0].origins)
    }

    pub(super) fn set_origins(&self, node: NodeId, origins: Arc<[Origin]>) {
        self.lock().nodes[node.0].origins = origins;
    }

    /// The inputs of joins by time whose times a node's event time does not pass.
    pub(super) fn time_inputs(&self, node: NodeId) -> Arc<[TimeInput]> {
        Arc::clone(&self.lock().nodes[node.0].time_inputs)
    }

    pub(super) fn set_time_inputs(&self, node: NodeId, inputs: Arc<[TimeInput]>) {
        self.lock().nodes[node.0].time_inputs = inputs;
    }

    /// Changes what tells a node from those of another program.
    pub(super) fn update_identity(&self, node: NodeId, update: impl FnOnce(&mut NodeIdentity)) {
        update(&mut self.lock().nodes[node.0].identity);
    }

    pub(super) fn set_persistence(&self, persistence: Persistence) {
        self.lock().persistence = Some(persistence);
    }

    pub(super) fn set_recording(&self, recording: Recording) {
        self.lock().recording = Some(recording);
    }

    pub(crate) fn set_replayed(&self, recording: ReplayedRecording) {
        self.lock().replayed = Some(recording);
    }

    #[cfg(feature = "monitor")]
    pub(crate) fn set_monitor(&self, address: String) {
        self.lock().monitor = Some(address);
    }

    #[cfg(feature = "console")]
    pub(crate) fn set_console(&self, is_shown: bool) {
        self.lock().console = Some(is_shown);
    }

    /// Takes the declaration, to run it.
    pub(crate) fn take(&self) -> Declaration {
        let mut state = self.lock();
        let state = &mut *state;
        Declaration {
            program: state.nodes.iter().map(|node| node.identity.clone()).collect(),
            nodes: std::mem::take(&mut state.nodes),
            connectors: Arc::new(std::mem::take(&mut state.connectors)),
            operators: std::mem::take(&mut state.operators),
            persistence: state.persistence.take(),
            recording: state.recording.take(),
            replayed: state.replayed.take(),
            monitor: state.monitor.take(),
            console: state.console,
            observers: std::mem::take(&mut state.observers),
        }
    }

    /// Whether two tables belong to one pipeline.
    pub fn is(&self, other: &Plan) -> bool {
        Arc::ptr_eq(&self.state, &other.state)
    }

    /// Whether nothing is declared.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().nodes.is_empty()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of the running program.
fn program() -> Arc<str> {
    let path = std::env::current_exe().ok();
    let name = path.as_deref().and_then(|path| path.file_stem()).map(|name| name.to_string_lossy().into());
    name.unwrap_or_else(|| "pathway".into())
}

impl fmt::Debug for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Plan").field("name", &self.name()).finish_non_exhaustive()
    }
}
