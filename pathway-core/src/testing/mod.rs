//! A NATS in memory: it runs whole pipelines in unit tests, without a server and without waiting.

mod broker;
mod subject;

pub use broker::{Broker, Published};
