//! Core NATS: subscriptions and publications, without a stream.

pub mod sink;
pub mod source;
