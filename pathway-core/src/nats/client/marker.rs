//! Markers: messages with which a server itself notes that it has removed the last message of a subject.

use async_nats::Message;

/// The header that says why: `MaxAge`, `Purge` or `Remove`.
pub(crate) const MARKER_REASON: &str = "Nats-Marker-Reason";

/// Whether a message is a marker. It has no payload, and is not data.
pub(crate) fn is_marker(message: &Message) -> bool {
    message.payload.is_empty() && message.headers.as_ref().is_some_and(|headers| headers.get(MARKER_REASON).is_some())
}

#[cfg(test)]
mod tests {
    use async_nats::{HeaderMap, HeaderName};

    use super::*;

    #[test]
    fn only_empty_messages_with_the_header_are_markers() {
        let message = |payload: &'static str, headers: Option<HeaderMap>| Message {
            subject: "a".into(),
            reply: None,
            payload: payload.into(),
            headers,
            status: None,
            description: None,
            length: 0,
        };
        let headers =
            |name: &'static str| Some(HeaderMap::from_iter([(HeaderName::from_static(name), "MaxAge".into())]));
        assert!(is_marker(&message("", headers(MARKER_REASON))));
        assert!(!is_marker(&message("x", headers(MARKER_REASON))) && !is_marker(&message("", headers("a"))));
        assert!(!is_marker(&message("", None)));
    }
}
