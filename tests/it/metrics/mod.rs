//! What a pipeline measures and counts: [`Running::stats`](pathway::Running::stats).

mod operators;
mod persistence;
mod sinks;
mod sources;
mod stages;
mod support;
mod text;
