//! One NATS connection: where the servers are, who we are to them, and how long the connection lives.

mod api;
mod connect_failure;
mod connection;
mod credentials;
mod dialer;
mod environment;
mod event;
mod flush_barrier;
mod nats_uri;
mod options;
mod runtime;
mod stream;
mod subject;
mod tls;
mod uri;

#[cfg(test)]
pub(crate) mod support;
#[cfg(test)]
mod tests;

pub use credentials::Credentials;
pub use nats_uri::{NatsUri, Server};
pub use options::Options;
pub use subject::{check_publish_subject, check_queue_group, check_subscribe_subject};

pub(crate) use api::{Api, ApiError, Interruption, until_lost};
pub(crate) use connection::Connection;
pub(crate) use dialer::Dialer;
pub(crate) use event::PermissionError;
pub(crate) use flush_barrier::FlushBarrier;
pub(crate) use runtime::runtime;
pub(crate) use stream::{Retention, StreamInfo, check_stream_name};
pub(crate) use subject::{matches, overlap};
