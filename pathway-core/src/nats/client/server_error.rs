//! What a server means by an error that it sends outside of an answer (`-ERR`), and what can be done about it.

use super::event::PermissionError;

/// What an error of the server means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ServerError {
    /// The server does not allow us to do something. The connection stays.
    Denied(PermissionError),
    /// It does not accept the credentials, or no longer.
    Credentials,
    /// We cannot use it until something is changed: the reason.
    Permanent(String),
    /// It takes no connection now, because others have as many as there may be: the reason, with what can be done.
    Full(String),
    /// It closes this connection; another one may work: the reason.
    Closed(String),
}

impl ServerError {
    pub(super) fn parse(text: &str) -> Self {
        // async-nats adds the prefix.
        let text = text.strip_prefix("nats: ").unwrap_or(text);
        let lower = text.to_ascii_lowercase();
        if let Some(denied) = PermissionError::parse(text) {
            return ServerError::Denied(denied);
        }
        match lower.as_str() {
            "authorization violation"
            | "user authentication expired"
            | "user authentication revoked"
            | "account authentication expired" => ServerError::Credentials,
            "maximum connections exceeded" => ServerError::Full(
                "it has as many connections as it allows: end other clients, or raise its `max_connections` (a pipeline \
                 needs a connection for each source and each sink)"
                    .to_owned(),
            ),
            "maximum account active connections exceeded" => ServerError::Full(
                "the account has as many connections as it may have: end other clients, or raise its limit of connections \
                 (a pipeline needs one for each source and each sink)"
                    .to_owned(),
            ),
            "connection throttling is active. please try again later." => {
                ServerError::Full("it takes no connections at the moment (connection throttling)".to_owned())
            }
            "maximum control line exceeded" => ServerError::Closed(format!(
                "{text}: a command is longer than it allows, because of a long subject, or of credentials with many \
                 permissions; raise its `max_control_line`"
            )),
            "maximum payload violation" => ServerError::Closed(format!(
                "{text}: a message is larger than its `max_payload`, which is smaller than when we connected"
            )),
            "authentication timeout" => ServerError::Closed(format!(
                "{text}: we did not authenticate in time; it or the network is slow, or its `authorization.timeout` too short"
            )),
            "stale connection" => ServerError::Closed(format!("{text}: we did not answer its PINGs in time")),
            "slow consumer" => ServerError::Closed(format!(
                "{text}: the pipeline was too slow for too long, and messages are lost"
            )),
            "secure connection - tls required" => ServerError::Permanent("it requires TLS; use tls:// in the URI".to_owned()),
            "no responders requires headers support" | "message headers not supported" => ServerError::Permanent(
                "it does not support headers, which a pipeline needs; remove `no_header_support` from its configuration"
                    .to_owned(),
            ),
            _ if lower.starts_with("attempted to connect to") => ServerError::Permanent(
                format!("{text}: correct the port in the URI; clients have one of their own, 4222 by default"),
            ),
            // Such as `Failed Account Registration`, `Unknown Protocol Operation`, and what later servers send. Whatever was
            // refused has no effect, so nothing that depends on it may be waited for.
            _ => ServerError::Closed(text.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every text that nats-server 2.15 sends to clients.
    #[test]
    fn every_error_of_a_server_has_a_meaning() {
        let denied = |verb: fn(String) -> PermissionError, subject: &str| format!("{:?}", verb(subject.to_owned()));
        for (text, expected) in [
            ("Authorization Violation", "Credentials".to_owned()),
            ("User Authentication Expired", "Credentials".to_owned()),
            ("User Authentication Revoked", "Credentials".to_owned()),
            ("Account Authentication Expired", "Credentials".to_owned()),
            ("maximum connections exceeded", "Full: raise its `max_connections`".to_owned()),
            ("nats: maximum connections exceeded", "Full: raise its `max_connections`".to_owned()),
            ("maximum account active connections exceeded", "Full: raise its limit of connections".to_owned()),
            ("Connection throttling is active. Please try again later.", "Full: throttling".to_owned()),
            ("maximum subscriptions exceeded", "TooManySubscriptions".to_owned()),
            ("maximum control line exceeded", "Closed: `max_control_line`".to_owned()),
            ("Maximum Payload Violation", "Closed: `max_payload`".to_owned()),
            ("Authentication Timeout", "Closed: `authorization.timeout`".to_owned()),
            ("Stale Connection", "Closed: PINGs".to_owned()),
            ("Slow Consumer", "Closed: too slow".to_owned()),
            ("Secure Connection - TLS Required", "Permanent: tls://".to_owned()),
            ("no responders requires headers support", "Permanent: `no_header_support`".to_owned()),
            ("message headers not supported", "Permanent: `no_header_support`".to_owned()),
            ("attempted to connect to route port", "Permanent: correct the port".to_owned()),
            ("attempted to connect to leaf node port", "Permanent: correct the port".to_owned()),
            ("attempted to connect to gateway port", "Permanent: correct the port".to_owned()),
            ("invalid client protocol", "Closed: invalid client protocol".to_owned()),
            ("Failed Account Registration", "Closed: Failed Account Registration".to_owned()),
            ("Unknown Protocol Operation", "Closed: Unknown Protocol Operation".to_owned()),
            ("Invalid Subject", "Closed: Invalid Subject".to_owned()),
            ("Invalid Publish Subject", "Closed: Invalid Publish Subject".to_owned()),
            ("Something New", "Closed: Something New".to_owned()),
            ("Permissions Violation for Subscription to \"a.>\"", denied(PermissionError::SubscribeDenied, "a.>")),
            (
                "Permissions Violation for Subscription to \"a\" using queue \"q\"",
                denied(PermissionError::SubscribeDenied, "a"),
            ),
            (
                "Permissions Violation for Subscription to \"a\" (sid \"1\")",
                denied(PermissionError::SubscribeDenied, "a"),
            ),
            (
                "Permissions Violation for Subscription to \"a.b.c\", too many tokens",
                denied(PermissionError::SubscribeDenied, "a.b.c"),
            ),
            ("Permissions Violation for Publish to \"sum\"", denied(PermissionError::PublishDenied, "sum")),
            (
                "Permissions Violation for Publish with Reply of \"_R_.x\"",
                denied(PermissionError::ReplyDenied, "_R_.x"),
            ),
            (
                "Permissions Violation for something new",
                denied(PermissionError::Other, "Permissions Violation for something new"),
            ),
        ] {
            let (variant, part) = expected.split_once(": ").unwrap_or((&expected, ""));
            let found = format!("{:?}", ServerError::parse(text));
            assert!(found.contains(variant) && found.contains(part), "{text}: {found}");
            assert_eq!(
                found.starts_with("Denied"),
                expected.contains("Denied") || expected.contains("Too") || expected.contains("Other")
            );
        }
    }
}
