//! What async-nats tells about a connection, sorted into what ends a pipeline and what is only reported.

use async_nats::{Event, ServerError};

use crate::telemetry::{Level, report};

/// What an end of the pipeline must act upon: the server refuses a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum PermissionError {
    /// We may not subscribe to this subject.
    SubscribeDenied(String),
    /// We may not publish on this subject.
    PublishDenied(String),
}

impl PermissionError {
    /// The subject that is refused.
    pub(crate) fn subject(&self) -> &str {
        match self {
            PermissionError::SubscribeDenied(subject) | PermissionError::PublishDenied(subject) => subject,
        }
    }
}

/// Reports an event, or turns it into a notice.
pub(super) fn sort(event: Event, part: &str, server: &str) -> Option<PermissionError> {
    match event {
        // Each drop has this event, but events get lost in a flood; the source counts drops itself, exactly.
        Event::SlowConsumer(_) => {}
        // A connection ends where its `Lost` says so, and connections are reported where they are made.
        Event::Connected | Event::Disconnected | Event::Draining | Event::Closed | Event::ClientError(_) => {}
        Event::LameDuckMode => {
            let message = format_args!("the server {server} shuts down; the connection will move to another");
            report(Level::Warn, part, message);
        }
        Event::ServerError(ServerError::Other(text)) => {
            let notice = denial(&text);
            if notice.is_none() {
                let meaning = if text.eq_ignore_ascii_case("slow consumer") {
                    ": it closes the connection, because the pipeline was too slow for too long, and messages are lost"
                } else {
                    ""
                };
                report(Level::Error, part, format_args!("the server {server} says: {text}{meaning}"));
            }
            return notice;
        }
        Event::ServerError(error) => report(Level::Error, part, format_args!("the server {server} says: {error}")),
    }
    None
}

/// Reads `Permissions Violation for Publish to "subject"`, with more behind it for some servers.
fn denial(text: &str) -> Option<PermissionError> {
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
    fn denials_are_read() {
        assert_eq!(
            denial("Permissions Violation for Subscription to \"a.>\""),
            Some(PermissionError::SubscribeDenied("a.>".into()))
        );
        assert_eq!(
            denial("Permissions Violation for Subscription to \"a\" using queue \"q\""),
            Some(PermissionError::SubscribeDenied("a".into()))
        );
        assert_eq!(
            denial("Permissions Violation for Publish to \"sum\""),
            Some(PermissionError::PublishDenied("sum".into()))
        );
        assert_eq!(denial("Slow Consumer"), None);
    }
}
