//! Events of async-nats: permission errors and the reason for the end of a connection are returned, the others are logged.

use async_nats::{Event, ServerError as ClientServerError};

use super::server_error::ServerError;
use crate::telemetry::{Level, report};

/// The server does not allow us to use a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PermissionError {
    /// We may not subscribe to this subject.
    SubscribeDenied(String),
    /// We may not publish on this subject.
    PublishDenied(String),
    /// We may not ask for answers on this subject.
    ReplyDenied(String),
    /// We have as many subscriptions as the server or the account allows: a subscription, the server does not say which, was
    /// refused. Nothing would ever arrive there.
    TooManySubscriptions,
    /// Something else: the server's words.
    Other(String),
}

/// What follows from an event.
pub(super) enum Outcome {
    /// Nothing, or a log line was enough.
    None,
    /// The server does not allow something.
    Denied(PermissionError),
    /// The server ends the connection: the reason.
    Closing(String),
    /// The connection is closed. All that the server had to say was said.
    Closed,
}

impl PermissionError {
    /// Parses `Permissions Violation for Publish to "subject"`. Some servers add more text at the end.
    pub(super) fn parse(text: &str) -> Option<PermissionError> {
        if text.eq_ignore_ascii_case("maximum subscriptions exceeded") {
            return Some(PermissionError::TooManySubscriptions);
        }
        let rest = text.strip_prefix("Permissions Violation")?;
        let mut parts = rest.split('"');
        let (verb, subject) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default().to_owned());
        Some(match verb {
            " for Subscription to " => PermissionError::SubscribeDenied(subject),
            " for Publish to " => PermissionError::PublishDenied(subject),
            " for Publish with Reply of " => PermissionError::ReplyDenied(subject),
            _ => PermissionError::Other(text.to_owned()),
        })
    }

    /// The subject that is denied; empty if it is not known.
    pub(crate) fn subject(&self) -> &str {
        match self {
            PermissionError::SubscribeDenied(subject)
            | PermissionError::PublishDenied(subject)
            | PermissionError::ReplyDenied(subject) => subject,
            PermissionError::TooManySubscriptions | PermissionError::Other(_) => "",
        }
    }

    /// What can be done about it. `lasting` makes what holds for every run of a subject that has a part of its own
    /// in each one.
    pub(super) fn cure(&self, lasting: impl Fn(&str) -> String) -> Option<String> {
        match self {
            PermissionError::SubscribeDenied(subject) => {
                Some(format!("allow the user to subscribe to `{}`", lasting(subject)))
            }
            PermissionError::PublishDenied(subject) => {
                Some(format!("allow the user to publish on `{}`", lasting(subject)))
            }
            PermissionError::ReplyDenied(_) | PermissionError::TooManySubscriptions | PermissionError::Other(_) => None,
        }
    }

    /// What is denied, to complete "does not allow us to …".
    pub(super) fn action(&self) -> String {
        let (verb, subject) = match self {
            PermissionError::SubscribeDenied(subject) => ("subscribe to", subject),
            PermissionError::PublishDenied(subject) => ("publish on", subject),
            PermissionError::ReplyDenied(subject) => ("ask for answers on", subject),
            PermissionError::TooManySubscriptions => {
                return "have another subscription (maximum subscriptions exceeded): raise `max_subscriptions` of the server, \
                        or the limit of the account"
                    .to_owned();
            }
            PermissionError::Other(text) => return format!("do something (it says: {text})"),
        };
        format!("{verb} `{subject}` (permissions violation)")
    }
}

/// Logs an event of the source or sink `name`, if there is one, or returns what follows from it.
pub(super) fn on_event(event: Event, name: Option<&str>, server: &str) -> Outcome {
    match event {
        // Each drop causes this event, but under a flood events get lost. The source counts drops itself, exactly.
        Event::SlowConsumer(_) => Outcome::None,
        // The supervisor reports connections.
        Event::Disconnected | Event::Closed => Outcome::Closed,
        Event::Connected | Event::Draining | Event::ClientError(_) => Outcome::None,
        Event::LameDuckMode => {
            let message =
                format_args!("the server {server} is shutting down; the connection will move to another server");
            name.into_iter().for_each(|name| report(Level::Warn, name, message));
            Outcome::None
        }
        Event::ServerError(error) => {
            let text = match error {
                ClientServerError::Other(text) => text,
                error => error.to_string(),
            };
            match ServerError::parse(&text) {
                ServerError::Denied(denied) => Outcome::Denied(denied),
                ServerError::Credentials => Outcome::Closing(text),
                ServerError::Permanent(reason) | ServerError::Full(reason) | ServerError::Closed(reason) => {
                    Outcome::Closing(reason)
                }
            }
        }
    }
}
