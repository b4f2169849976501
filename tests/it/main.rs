//! The integration tests, as one binary: they use the crate as its users do.

mod broker;
mod clock;
mod console;
mod delivery;
mod facade;
mod formats;
mod jetstream;
mod logs;
mod macros;
mod metrics;
mod monitor;
mod nats_service;
mod nexmark;
mod oracle;
mod panics;
mod processes;
mod schema;
mod support;
mod user_code;
mod vectors;
