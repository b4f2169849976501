//! A NATS in memory: it runs whole pipelines in unit tests, without a server and without waiting.

mod broker;

pub use broker::{Broker, Published};
