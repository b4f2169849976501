//! Events of async-nats: permission errors are returned, the others are logged.

use async_nats::{Event, ServerError};

use crate::telemetry::{Level, report};

/// The server does not allow us to use a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PermissionError {
    /// We may not subscribe to this subject.
    SubscribeDenied(String),
    /// We may not publish on this subject.
    PublishDenied(String),
    /// We have as many subscriptions as the server or the account allows: a subscription, the server does not say which, was
    /// refused. Nothing would ever arrive there.
    TooManySubscriptions,
}

impl PermissionError {
    /// The subject that is denied; empty if it is not known.
    pub(crate) fn subject(&self) -> &str {
        match self {
            PermissionError::SubscribeDenied(subject) | PermissionError::PublishDenied(subject) => subject,
            PermissionError::TooManySubscriptions => "",
        }
    }

    /// What is denied, to complete "does not allow us to …".
    pub(super) fn action(&self) -> String {
        let (verb, subject) = match self {
            PermissionError::SubscribeDenied(subject) => ("subscribe to", subject),
            PermissionError::PublishDenied(subject) => ("publish on", subject),
            PermissionError::TooManySubscriptions => {
                return "have another subscription (maximum subscriptions exceeded): raise `max_subscriptions` of the server, \
                        or the limit of the account"
                    .to_owned();
            }
        };
        format!("{verb} `{subject}` (permissions violation)")
    }
}

/// Logs an event, or returns it as a permission error.
pub(super) fn on_event(event: Event, name: &str, server: &str) -> Option<PermissionError> {
    match event {
        // Each drop causes this event, but under a flood events get lost. The source counts drops itself, exactly.
        Event::SlowConsumer(_) => {}
        // `Connection::lost` says when a connection ends, and the supervisor reports connections.
        Event::Connected | Event::Disconnected | Event::Draining | Event::Closed | Event::ClientError(_) => {}
        Event::LameDuckMode => {
            let message =
                format_args!("the server {server} is shutting down; the connection will move to another server");
            report(Level::Warn, name, message);
        }
        Event::ServerError(ServerError::Other(text)) => {
            let denied = parse_permission_error(&text);
            if denied.is_none() {
                let meaning = if text.eq_ignore_ascii_case("slow consumer") {
                    ": it closes the connection because the pipeline was too slow for too long, and messages are lost"
                } else {
                    ""
                };
                report(Level::Error, name, format_args!("the server {server} reports: {text}{meaning}"));
            }
            return denied;
        }
        Event::ServerError(error) => {
            report(Level::Error, name, format_args!("the server {server} reports: {error}"));
        }
    }
    None
}

/// Parses `Permissions Violation for Publish to "subject"`. Some servers add more text at the end.
fn parse_permission_error(text: &str) -> Option<PermissionError> {
    if text.eq_ignore_ascii_case("maximum subscriptions exceeded") {
        return Some(PermissionError::TooManySubscriptions);
    }
    let rest = text.strip_prefix("Permissions Violation for ")?;
    let (verb, rest) = rest.split_once(" to \"")?;
    let subject = rest.split_once('"').map_or(rest, |(subject, _)| subject).to_owned();
    match verb {
        "Subscription" => Some(PermissionError::SubscribeDenied(subject)),
        "Publish" => Some(PermissionError::PublishDenied(subject)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permission_errors_are_parsed() {
        assert_eq!(
            parse_permission_error("Permissions Violation for Subscription to \"a.>\""),
            Some(PermissionError::SubscribeDenied("a.>".into()))
        );
        assert_eq!(
            parse_permission_error("Permissions Violation for Subscription to \"a\" using queue \"q\""),
            Some(PermissionError::SubscribeDenied("a".into()))
        );
        assert_eq!(
            parse_permission_error("Permissions Violation for Publish to \"sum\""),
            Some(PermissionError::PublishDenied("sum".into()))
        );
        assert_eq!(
            parse_permission_error("maximum subscriptions exceeded"),
            Some(PermissionError::TooManySubscriptions)
        );
        assert_eq!(parse_permission_error("Slow Consumer"), None);
    }
}
