//! Pipelines on streams and buckets of a real nats-server, checked through the JetStream API of async-nats.

mod acknowledge;
mod catching_up;
mod cluster;
mod columns;
mod consumers;
mod domains;
mod durables;
mod fleet;
mod imports;
mod inboxes;
mod kv;
mod lost_deliveries;
mod markers;
mod merge;
mod mirrors;
mod permissions;
mod read;
mod refusals;
mod removed;
mod restored;
mod rules;
mod stream_settings;
mod support;
mod unreadable;
mod vanished_keys;
mod write;
