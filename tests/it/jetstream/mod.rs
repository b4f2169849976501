//! Whole pipelines on JetStream, at a real server; async-nats' own JetStream looks on.

mod acknowledge;
mod cluster;
mod columns;
mod kv;
mod read;
mod support;
mod write;
