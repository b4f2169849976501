//! The ends of a real server: what was declared is checked when the pipeline starts.

use std::sync::Arc;
use std::thread::JoinHandle;

use super::client::{NatsUri, Options, check_publish_subject};
use super::core::sink::CoreSink;
use super::core::source::Subscription;
use super::subscription_options::SubscriptionOptions;
use crate::connector::sink::{DeadLetters, Sink, SinkLink};
use crate::connector::source::{Source, SourceLink};
use crate::data::Result;

/// A core NATS subscription, as declared.
pub(super) struct ServerSource {
    pub(super) uri: String,
    pub(super) subject: String,
    pub(super) options: Options,
    pub(super) share: SubscriptionOptions,
}

impl Source for ServerSource {
    fn start(self: Box<Self>, link: SourceLink) -> Result<JoinHandle<()>> {
        let SubscriptionOptions { queue_group, readers, .. } = self.share;
        let mut subscription = Subscription::new(NatsUri::parse(&self.uri)?, &self.subject)?.options(self.options);
        if let Some(group) = queue_group {
            subscription = subscription.queue_group(&group)?;
        }
        Box::new(subscription.readers(readers)).start(link)
    }
}

/// Core NATS publishing, as declared.
pub(super) struct ServerSink {
    pub(super) uri: String,
    pub(super) subject: SinkSubject,
    pub(super) options: Options,
    pub(super) dead_letters: Option<DeadLetters>,
}

/// Where the messages of a sink go.
pub(super) enum SinkSubject {
    /// All to one subject.
    All(Arc<str>),
    /// Each to its own.
    Own,
}

impl Sink for ServerSink {
    fn start(self: Box<Self>, link: SinkLink) -> Result<JoinHandle<()>> {
        if let SinkSubject::All(subject) = &self.subject {
            check_publish_subject(subject)?;
        }
        if let Some(dead_letters) = &self.dead_letters {
            check_publish_subject(&dead_letters.subject)?;
        }
        let publisher = CoreSink::new(NatsUri::parse(&self.uri)?).options(self.options);
        Box::new(publisher.dead_letters(self.dead_letters)).start(link)
    }
}
