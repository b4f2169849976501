//! Pipelines on streams and buckets of a real nats-server, checked through the JetStream API of async-nats.

mod acknowledge;
mod cluster;
mod columns;
mod inboxes;
mod kv;
mod mirrors;
mod read;
mod rules;
mod support;
mod write;
