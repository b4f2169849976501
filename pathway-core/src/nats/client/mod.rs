//! Connections to NATS: options, credentials and TLS, the supervisor that keeps a connection, and JetStream's API.

mod api;
mod api_prefix;
mod backoff;
mod connect_failure;
mod connection;
mod credentials;
mod dialer;
mod environment;
mod event;
mod flush_barrier;
mod headers;
mod inbox;
mod marker;
mod nats_uri;
mod options;
mod publish;
mod refusals;
mod runtime;
mod server_error;
mod stored_message;
mod stream;
mod supervisor;
mod tls;
mod uri;
mod writing_rules;

#[cfg(test)]
pub(crate) mod support;
#[cfg(test)]
mod tests;

pub use crate::connector::subject::{check_publish_subject, check_queue_group, check_subscribe_subject};
pub use credentials::Credentials;
pub use nats_uri::{NatsUri, Server};
pub use options::Options;

pub(crate) use crate::connector::subject::{covers, matches, overlap};
pub(crate) use api::{Api, ApiError, ErrorResponse, MessageRequest, parse};
pub(crate) use api_prefix::{ApiPrefix, ApiSettings};
pub(crate) use backoff::Backoff;
pub(crate) use connection::Connection;
pub(crate) use dialer::Dialer;
pub(crate) use event::PermissionError;
pub(crate) use flush_barrier::FlushBarrier;
pub(crate) use headers::{HeaderTemplate, wire_length};
pub(crate) use inbox::{InboxFilter, is_own_inbox};
pub(crate) use marker::{MARKER_REASON, is_marker};
pub(crate) use publish::{BatchReceiver, OutgoingBatch, has_own_subject, sleep_until};
pub(crate) use runtime::runtime;
pub(crate) use stored_message::StoredMessage;
pub(crate) use stream::{ConsumerLimits, Retention, StreamInfo, check_stream_name};
pub(crate) use supervisor::{ConnectionClosed, Loss, Ready, SessionEnd, Supervised, Supervisor};
