//! One NATS connection: where the servers are, who we are to them, and how long the connection lives.

mod api;
mod connection;
mod credentials;
mod dial;
mod endpoint;
mod environment;
mod event;
mod fence;
pub(crate) mod kv;
mod options;
mod place;
mod refusal;
mod stream;
mod subject;
mod tally;
mod thread;
mod tls;
mod uri;

#[cfg(test)]
pub(crate) mod support;
#[cfg(test)]
mod tests;

pub use credentials::Credentials;
pub use endpoint::{Endpoint, Server};
pub use options::Options;
pub use place::{IntoPlace, Place};
pub use subject::{check_publish_subject, check_queue_group, check_subscribe_subject};

pub(crate) use api::{Api, ApiError, Interruption, undisturbed};
pub(crate) use connection::Connection;
pub(crate) use dial::Dialer;
pub(crate) use event::Notice;
pub(crate) use fence::Fence;
pub(crate) use stream::{Retention, StreamInfo, check_stream_name};
pub(crate) use subject::{matches, overlap};
pub(crate) use tally::Tally;
pub(crate) use thread::{Ready, runtime, spawn};
