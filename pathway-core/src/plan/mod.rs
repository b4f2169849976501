//! A pipeline as it is declared: named nodes in topological order, and the two ends.
//!
//! Nothing runs yet. Tables are handles on nodes; `run` builds the dataflow from the plan on every worker.

mod answer_log;
mod arrival_log;
mod build;
mod connection_state;
mod control;
mod graph;
mod handles;
mod identity;
mod manual_commits;
mod names;
mod net;
mod node;
mod observer;
mod operators_of_nodes;
mod origins;
mod other_processes;
mod pipeline;
mod source_operator;
mod table;
mod time_inputs;

pub(crate) use answer_log::AnswerLog;
pub(crate) use arrival_log::{ArrivalLog, SourceArrivals};
pub use build::Build;
pub(crate) use build::{Built, SourceEnds};
pub use connection_state::{ConnectionState, Lost};
pub use control::Control;
pub(crate) use graph::DeclaredEnd;
pub use graph::{Graph, GraphColumn, GraphEdge, GraphNode, GraphRole};
pub use handles::{Replay, SinkHandle, SourceHandle};
pub use manual_commits::ManualCommits;
pub use names::NodeKind;
pub use node::{NodeId, Order, Plan, TableProperties};
pub use pipeline::Pipeline;
pub use source_operator::{Acknowledged, Arrived, Backlog, CommitTrigger, SourceOperator};
pub use table::Table;

pub(crate) use crate::persistence::{Expected, OutputCheck, OutputDigest, is_not_as_before};
pub(crate) use identity::columns_of;
pub(crate) use net::{net, net_in_arrival_order};
pub(crate) use node::{Connectors, Declaration, Node};
pub(crate) use observer::{ObservedPipeline, Observer};
pub(crate) use origins::Origin;
pub(crate) use other_processes::OtherProcesses;
pub(crate) use time_inputs::{InputTime, TimeInput};
