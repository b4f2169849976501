//! A pipeline as it is declared: named nodes in topological order, and the two ends.
//!
//! Nothing runs yet. Tables are handles on nodes; `run` builds the dataflow from the plan on every worker.

mod build;
mod net;
mod node;
mod pipeline;
mod pump;
mod table;

pub use build::Build;
pub use node::{NodeId, Order, Plan, Shape};
pub use pipeline::Pipeline;
pub use pump::{Pace, Pump};
pub use table::Table;

pub(crate) use net::{net, net_in_order_of_arrival};
pub(crate) use node::{Ends, Node};
