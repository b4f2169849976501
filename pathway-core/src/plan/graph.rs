//! A picture of a pipeline as it is declared: what it reads, computes and writes, and what flows where.

mod columns;
mod declared;
mod dot;
mod label;
mod mermaid;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use serde::Serialize;

pub use columns::GraphColumn;
pub(super) use declared::Declared;
pub(crate) use declared::DeclaredEnd;

use super::node::State;
use super::{NodeId, Pipeline, Plan};
use crate::persistence::NodeRole;

/// A pipeline as it is declared; see [`Pipeline::graph`].
///
/// Its order is that of the declaration, so that a program always gives the same graph. It holds no addresses of servers and no
/// credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Graph {
    /// The name of the pipeline.
    pub pipeline: String,
    /// Sources, operators and sinks: each reads only nodes before it.
    pub nodes: Vec<GraphNode>,
    /// What flows where.
    pub edges: Vec<GraphEdge>,
}

/// A source, an operator or a sink of a [`Graph`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GraphNode {
    /// The name in logs and statistics, which no other node has.
    pub name: String,
    /// What it is.
    pub role: GraphRole,
    /// What made it: `jetstream`, `reduce`, `kv`. Of a source or a sink, what it reads or writes.
    pub verb: String,
    /// Whether the program has given it a name.
    pub is_named: bool,
    /// The subject that a source reads or a sink writes, if there is one for all messages.
    pub subject: Option<String>,
    /// The stream or bucket that a source reads or a sink writes.
    pub stream: Option<String>,
    /// The parameters that the plan knows: the kind of a join, the length of a window, a primary key, the keys of `reduce!` and
    /// `join!` as they are written. What closures compute is not known.
    pub parameters: Vec<String>,
    /// The subject of its dead letters, if it has one.
    pub dead_letters: Option<String>,
    /// The name of its row; empty for dead letters.
    pub row: String,
    /// The columns of its row, in order.
    pub columns: Vec<GraphColumn>,
    /// Whether its rows are never removed.
    pub append_only: bool,
}

/// What a node of a [`Graph`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphRole {
    /// Brings rows in: a subject, a stream, a bucket, rows of the program.
    Source,
    /// Makes a table of other tables.
    Operator,
    /// Takes the changes of a table out: to NATS, a closure, a collection.
    Sink,
}

/// What flows from one node of a [`Graph`] to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GraphEdge {
    /// The number of the node that it comes from, in [`Graph::nodes`].
    pub from: usize,
    /// The number of the node that it goes to.
    pub to: usize,
    /// Whether these are messages that could not be decoded, and not rows.
    pub dead_letters: bool,
}

impl Pipeline {
    /// The pipeline as a picture: for a README, a review, or a page that shows it while it runs.
    ///
    /// It has what was declared so far, and nothing is started or connected. While the pipeline runs,
    /// [`Running::graph`](crate::runtime::Running::graph) has the same.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Order { city: String, price: f64 }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::named("orders");
    /// let orders = nats::read(&pipeline, &broker, "orders.>").json::<Order>();
    /// let cities = reduce!(o in orders by o.city => { o.city, total: sum(o.price) }).named("cities");
    /// nats::write(&cities, &broker, "totals").json();
    ///
    /// let expected = r#"flowchart LR
    ///     n0[("<b>orders.#gt;</b>")]
    ///     n1["<b>cities</b><br/>reduce<br/>by o.city"]
    ///     n2[/"<b>totals</b>"/]
    ///     n0 --> n1
    ///     n1 --> n2
    /// "#;
    /// assert_eq!(pipeline.graph().to_mermaid(), expected);
    /// # drop(pipeline.start()?);
    /// # broker.close();
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn graph(&self) -> Graph {
        self.plan().graph()
    }
}

impl Plan {
    /// What is declared so far.
    pub(crate) fn graph(&self) -> Graph {
        let state = self.lock();
        let mut graph = Graph { pipeline: state.name.to_string(), ..Graph::default() };
        // The number in the graph of each node of the plan.
        let mut numbers: Vec<usize> = Vec::new();
        for (id, node) in state.nodes.iter().enumerate() {
            // An event time of its own is no operator to users.
            if let Some(input) = node.identity.inputs.first().filter(|_| node.identity.kind == EVENT_TIME_PART) {
                let number = numbers[*input as usize];
                graph.nodes[number].update_name(&state, NodeId(id));
                numbers.push(number);
                continue;
            }
            let number = graph.nodes.len();
            let edges = node.identity.inputs.iter().map(|input| GraphEdge {
                from: numbers[*input as usize],
                to: number,
                dead_letters: false,
            });
            graph.edges.extend(edges);
            numbers.push(number);
            graph.nodes.push(GraphNode::new(&state, id));
        }
        graph.add_dead_letters(&state);
        graph
    }
}

/// The verb of a node that gives a table an event time of its own, behind the operator that makes it.
const EVENT_TIME_PART: &str = "part";

impl Graph {
    fn add_dead_letters(&mut self, state: &State) {
        let by_name: HashMap<_, _> = (0..).zip(&self.nodes).map(|(number, node)| (node.name.clone(), number)).collect();
        for (source, sink) in &state.dead_letter_sinks {
            let Some(from) = by_name.get(&**source).copied() else { continue };
            let to = self.nodes.len();
            let subject = self.nodes[from].dead_letters.clone();
            self.nodes.push(GraphNode {
                name: sink.to_string(),
                role: GraphRole::Sink,
                verb: "dead letters".to_owned(),
                is_named: false,
                subject,
                stream: None,
                parameters: Vec::new(),
                dead_letters: None,
                row: String::new(),
                columns: Vec::new(),
                append_only: true,
            });
            self.edges.push(GraphEdge { from, to, dead_letters: true });
        }
    }
}

impl GraphNode {
    fn new(state: &State, id: usize) -> Self {
        let node = &state.nodes[id];
        let identity = &node.identity;
        let end = state.ends.get(&*identity.name);
        let role = match identity.role {
            NodeRole::Source => GraphRole::Source,
            NodeRole::Sink => GraphRole::Sink,
            NodeRole::Operator | NodeRole::Named => GraphRole::Operator,
        };
        let verb = match end {
            Some(end) => end.kind,
            None if role == GraphRole::Operator => &identity.kind,
            // Rows of the program, a collection, a closure: the name is the verb, and perhaps a number.
            None => &identity.base,
        };
        GraphNode {
            name: identity.name.clone(),
            role,
            verb: verb.to_owned(),
            is_named: identity.role == NodeRole::Named || end.is_some_and(|end| end.is_named),
            subject: end.and_then(|end| end.subject.clone()),
            stream: end.and_then(|end| end.stream.clone()),
            parameters: node.declared.details.clone(),
            dead_letters: end.and_then(|end| end.dead_letters.clone()),
            row: node.declared.row.to_owned(),
            columns: node.declared.columns.clone(),
            append_only: identity.append_only,
        }
    }

    /// Takes the name that was given to another node of the same operator.
    fn update_name(&mut self, state: &State, node: NodeId) {
        let identity = &state.nodes[node.0].identity;
        if identity.role == NodeRole::Named {
            (self.name, self.is_named) = (identity.name.clone(), true);
        }
    }
}

impl Plan {
    /// Says what a source or a sink with this name shows of itself.
    pub(crate) fn declare_end(&self, name: &Arc<str>, end: DeclaredEnd) {
        self.lock().ends.insert(Arc::clone(name), end);
    }

    /// Says that a sink takes the dead letters of a source.
    pub(crate) fn add_dead_letter_sink(&self, source: &Arc<str>, sink: &Arc<str>) {
        self.lock().dead_letter_sinks.push((Arc::clone(source), Arc::clone(sink)));
    }

    /// Says something about an operator that its picture shows.
    pub(crate) fn add_detail(&self, node: NodeId, detail: String) {
        self.lock().nodes[node.0].declared.details.push(detail);
    }
}
