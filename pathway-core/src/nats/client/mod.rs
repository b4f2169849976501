//! One NATS connection: where the servers are, who we are to them, and how long the connection lives.

mod api;
mod connect_failure;
mod connection;
mod credentials;
mod dialer;
mod environment;
mod event;
mod flush_barrier;
pub(crate) mod kv;
mod nats_uri;
mod options;
mod stream;
mod subject;
mod thread;
mod tls;
mod uri;

#[cfg(test)]
pub(crate) mod support;
#[cfg(test)]
mod tests;

pub use super::client::credentials::Credentials;
pub use super::client::nats_uri::{NatsUri, Server};
pub use super::client::options::Options;
pub use super::client::subject::{check_publish_subject, check_queue_group, check_subscribe_subject};

pub(crate) use super::client::api::{Api, ApiError, Interruption, until_lost};
pub(crate) use super::client::connection::Connection;
pub(crate) use super::client::dialer::Dialer;
pub(crate) use super::client::event::PermissionError;
pub(crate) use super::client::flush_barrier::FlushBarrier;
pub(crate) use super::client::stream::{Retention, StreamInfo, check_stream_name};
pub(crate) use super::client::subject::{matches, overlap};
pub(crate) use super::client::thread::{Ready, runtime, spawn};
