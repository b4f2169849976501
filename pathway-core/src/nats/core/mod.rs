//! Core NATS: subscriptions and publishing, without a stream.

pub mod sink;
pub mod source;
