//! The inboxes of this program's connections: the subjects at which it receives answers.

use std::sync::OnceLock;

use super::Options;
use crate::connector::subject::check_publish_subject;
use crate::data::{Error, ErrorKind, Result};

/// What the names of inboxes begin with, unless the options say otherwise.
const DEFAULT_PREFIX: &str = "_INBOX";

/// The token that all inboxes of this program have, behind the prefix.
fn token() -> &'static str {
    static TOKEN: OnceLock<String> = OnceLock::new();
    TOKEN.get_or_init(|| format!("pathway-{:016x}", fastrand::u64(..)))
}

/// What the inboxes of a connection begin with: `_INBOX.pathway-0123456789abcdef`.
pub(super) fn prefix(options: &Options) -> String {
    format!("{}.{}", options.inbox_prefix.as_deref().unwrap_or(DEFAULT_PREFIX), token())
}

/// # Errors
/// No subject can begin with the prefix in the options.
pub(super) fn check(options: &Options) -> Result<()> {
    let Some(prefix) = &options.inbox_prefix else { return Ok(()) };
    check_publish_subject(prefix).map_err(|error| {
        let message = "`Options::inbox_prefix` needs the first tokens of a subject, such as `_INBOX_orders`";
        Error::new(ErrorKind::Config, message).with_source(error)
    })
}

/// Whether a subject is an inbox of this program, or its inboxes' wildcard.
pub(crate) fn is_own_inbox(subject: &str) -> bool {
    subject.contains(token())
}

/// If a subject is an inbox of this program: the inboxes of all programs with the same prefix.
pub(super) fn every_inbox(subject: &str) -> Option<String> {
    let (prefix, _) = subject.split_once(token())?;
    Some(format!("{prefix}>"))
}

/// Tells messages to this program's inboxes from those of a subscription.
pub(crate) struct InboxFilter {
    /// A subject without wildcards is no inbox.
    has_wildcards: bool,
}

impl InboxFilter {
    /// For a subscription to `subject`.
    pub(crate) fn new(subject: &str) -> Self {
        InboxFilter { has_wildcards: subject.split('.').any(|token| token == "*" || token == ">") }
    }

    /// Whether a message on `subject` is for an inbox of this program.
    pub(crate) fn is_inbox(&self, subject: &str) -> bool {
        self.has_wildcards && is_own_inbox(subject)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inboxes_are_recognised() {
        let options = Options::new();
        let own = format!("{}.x.1", prefix(&options));
        assert!(own.starts_with("_INBOX.pathway-"));
        let custom = format!("{}.x", prefix(&options.inbox_prefix("svc.inbox")));
        assert!(custom.starts_with("svc.inbox.pathway-"));
        let filter = InboxFilter::new(">");
        assert!(filter.is_inbox(&own) && filter.is_inbox(&custom));
        assert!(!filter.is_inbox("_INBOX.x.1") && !filter.is_inbox("orders"));
        assert!(!InboxFilter::new("orders").is_inbox(&own));
    }

    #[test]
    fn an_invalid_prefix_is_an_error() {
        for prefix in ["", "a b", "a.", "a.*", ">"] {
            let error = check(&Options::new().inbox_prefix(prefix)).expect_err(prefix);
            assert_eq!(error.kind(), ErrorKind::Config);
        }
        check(&Options::new().inbox_prefix("_INBOX_svc")).expect("a prefix");
    }
}
