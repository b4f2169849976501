//! The dataflow of a plan, under construction on one worker.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::{AnswerLog, ArrivalLog, Control, NodeId, SourceArrivals, SourceOperator};
use crate::data::Schema;
use crate::dataflow::{
    Changes, DataflowBuilder, ErasedStream, InputHandle, InputId, Item, OperatorState, Progress, Stream,
};
use crate::telemetry::{Counter, OperatorContext};

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
    /// The inputs of these.
    source_inputs: Vec<InputId>,
    /// The inputs of the nodes that have one.
    inputs: HashMap<NodeId, InputId>,
    /// If operators need to know which sources have ended.
    ends: Option<(InputHandle<InputId>, Stream<InputId>)>,
    /// The `time` of the commit that is being sealed.
    commit_time: Arc<Counter>,
    /// If the pipeline persists or is recorded.
    arrivals: Option<ArrivalLog>,
    /// The operators that make asynchronous calls.
    calls: Vec<String>,
}

impl<'scope> Build<'scope> {
    pub(crate) fn new(
        dataflow: DataflowBuilder<'scope>,
        commit_time: Arc<Counter>,
        arrivals: Option<ArrivalLog>,
    ) -> Self {
        Build {
            dataflow,
            streams: HashMap::new(),
            read: HashSet::new(),
            sources: Vec::new(),
            source_inputs: Vec::new(),
            inputs: HashMap::new(),
            ends: None,
            commit_time,
            arrivals,
            calls: Vec::new(),
        }
    }

    /// The `time` of the commit that is being sealed, in unix milliseconds.
    pub fn clock(&self) -> Arc<Counter> {
        Arc::clone(&self.commit_time)
    }

    /// The log of what the asynchronous calls of the node that is being built answer; `None` if the pipeline neither persists nor
    /// is recorded or replayed. It reads rows of type `R`, and makes rows of type `O`.
    pub(crate) fn answer_log<R: Schema, O: Schema>(
        &mut self,
        control: &Control,
        operator: &OperatorContext,
    ) -> Option<AnswerLog> {
        let operator = operator.to_string();
        self.calls.push(operator.clone());
        AnswerLog::new::<R, O>(control, self.dataflow.node(), operator, self.clock())
    }

    /// Adds the input of a source.
    pub fn add_input<D: Item>(&mut self, node: NodeId) -> (InputHandle<D>, Stream<D>) {
        let (handle, stream) = self.dataflow.input();
        self.set_input(node, handle.id());
        (handle, stream)
    }

    /// Where the operator of the next source says what arrives, if the pipeline persists or is recorded.
    pub(crate) fn source_arrivals(&self) -> Option<SourceArrivals> {
        Some(SourceArrivals::new(self.arrivals.clone()?, u32::try_from(self.sources.len()).ok()?))
    }

    /// Adds the operator of a source for the first worker to run.
    pub fn add_source_operator(&mut self, input: InputId, source: Box<dyn SourceOperator>) {
        self.sources.push(source);
        self.source_inputs.push(input);
    }

    pub(super) fn set_input(&mut self, node: NodeId, input: InputId) {
        self.inputs.insert(node, input);
    }

    /// The input of a node that was built before, if it has one.
    pub(crate) fn input_of(&self, node: NodeId) -> Option<InputId> {
        self.inputs.get(&node).copied()
    }

    /// The inputs of the sources that have ended, each once, behind all of its rows. A pipeline that stops ends no source.
    pub(crate) fn source_ends(&mut self) -> Stream<InputId> {
        self.ends.get_or_insert_with(|| self.dataflow.input()).1
    }

    /// Sets the output of a node.
    pub fn put<R: Schema>(&mut self, node: NodeId, stream: Changes<R>) {
        self.put_erased(node, stream.erase());
    }

    fn put_erased(&mut self, node: NodeId, stream: ErasedStream) {
        self.dataflow.count_rows(stream);
        self.streams.insert(node, stream);
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

    /// Ends the construction.
    pub(crate) fn finish(mut self) -> Built {
        // In the order of the nodes: each worker must build the same graph.
        let unread = self.streams.into_iter().filter(|(node, _)| !self.read.contains(node));
        unread.collect::<BTreeMap<_, _>>().into_values().for_each(|unread| self.dataflow.track_unread(unread));
        let inputs = self.source_inputs.into_iter().enumerate().collect();
        let ends = self.ends.map(|(output, _)| SourceEnds { output, inputs });
        let (progress, states) = self.dataflow.finish();
        Built { sources: self.sources, ends, progress, states, calls: self.calls }
    }
}

/// What the commit loop needs of a dataflow.
pub(crate) struct Built {
    pub(crate) sources: Vec<Box<dyn SourceOperator>>,
    pub(crate) ends: Option<SourceEnds>,
    /// Seals commits.
    pub(crate) progress: Box<dyn Progress>,
    /// The operators with state.
    pub(crate) states: Vec<OperatorState>,
    /// The operators that make asynchronous calls.
    pub(crate) calls: Vec<String>,
}

/// Tells operators which sources have ended.
pub(crate) struct SourceEnds {
    output: InputHandle<InputId>,
    /// The sources that have not ended, with their inputs.
    inputs: Vec<(usize, InputId)>,
}

impl SourceEnds {
    /// Whether the end of a source was sent.
    pub(crate) fn has_sent(&self, source: usize) -> bool {
        self.inputs.iter().all(|(number, _)| *number != source)
    }

    /// The operators know of these ends already.
    pub(crate) fn leave_out(&mut self, sources: Vec<usize>) {
        self.inputs.retain(|(number, _)| !sources.contains(number));
    }

    /// Sends the ends of the sources that have ended since the last call into the open commit. Returns these sources.
    pub(crate) fn send(&mut self, sources: &[Box<dyn SourceOperator>]) -> Vec<usize> {
        let ended = self.inputs.iter().map(|(number, _)| *number).filter(|number| sources[*number].is_finished());
        let ended: Vec<_> = ended.collect();
        self.send_of(&ended);
        ended
    }

    /// Sends the ends of these sources into the open commit.
    pub(crate) fn send_of(&mut self, ended: &[usize]) {
        let output = &mut self.output;
        self.inputs.retain(|(number, input)| {
            let has_ended = ended.contains(number);
            if has_ended {
                output.send(&mut vec![*input]);
            }
            !has_ended
        });
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
