//! Checks and compares subjects.

use crate::data::{Error, ErrorKind, Result};

/// Checks a subject to subscribe to: `orders`, `orders.new`, `orders.*.eu`, `orders.>`.
///
/// As in NATS, `*` and `>` are wildcards only if they are a whole token.
///
/// # Errors
/// The server would refuse it, or no subject could ever match it.
///
/// ```
/// use pathway_core::connector::subject::check_subscribe_subject;
///
/// assert!(check_subscribe_subject("orders.*.eu").is_ok());
/// assert!(check_subscribe_subject("orders..eu").is_err());
/// ```
pub fn check_subscribe_subject(subject: &str) -> Result<()> {
    let last = subject.split('.').count() - 1;
    let error = match subject_error(subject) {
        None if subject.split('.').position(|token| token == ">").is_some_and(|n| n < last) => {
            "`>` matches all remaining tokens, so it must be the last token"
        }
        None => return Ok(()),
        Some(error) => error,
    };
    Err(Error::new(
        ErrorKind::Config,
        format!("the subject `{}` cannot be subscribed to: {error}", subject.escape_debug()),
    ))
}

/// Checks a subject to publish on.
///
/// # Errors
/// The server would refuse it, or it has a wildcard.
///
/// ```
/// use pathway_core::connector::subject::check_publish_subject;
///
/// assert!(check_publish_subject("totals.eu").is_ok());
/// assert!(check_publish_subject("totals.*").is_err());
/// ```
pub fn check_publish_subject(subject: &str) -> Result<()> {
    let error = match subject_error(subject) {
        None if subject.split('.').any(|token| token == "*" || token == ">") => {
            "`*` and `>` are wildcards, which are allowed only in subscriptions"
        }
        None => return Ok(()),
        Some(error) => error,
    };
    Err(Error::new(
        ErrorKind::Config,
        format!("the subject `{}` cannot be published on: {error}", subject.escape_debug()),
    ))
}

/// Checks the name of a queue group.
///
/// # Errors
/// It is empty, or contains white space or a control character, which would end the name on the wire.
///
/// ```
/// use pathway_core::connector::subject::check_queue_group;
///
/// assert!(check_queue_group("totals.eu").is_ok());
/// assert!(check_queue_group("two words").is_err());
/// ```
pub fn check_queue_group(name: &str) -> Result<()> {
    let error = if name.is_empty() {
        "it is empty"
    } else if name.chars().any(|c| c.is_whitespace() || c.is_control()) {
        "it contains white space or a control character"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Config, format!("the queue group `{name}` cannot be joined: {error}")))
}

/// What is wrong with a subject of either kind.
fn subject_error(subject: &str) -> Option<&'static str> {
    if subject.is_empty() {
        Some("it is empty")
    } else if subject.chars().any(|c| c.is_whitespace() || c.is_control()) {
        Some("it contains white space or a control character")
    } else if subject.starts_with('.') || subject.ends_with('.') {
        Some("it begins or ends with a dot")
    } else if subject.contains("..") {
        Some("it contains two dots in a row")
    } else {
        None
    }
}

/// Whether a subject matches a pattern with wildcards.
pub(crate) fn matches(pattern: &str, subject: &str) -> bool {
    compare(pattern, subject, |wanted, token| wanted == "*" || wanted == token)
}

/// Whether there is a subject that matches both patterns.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    compare(one, other, |one, other| one == "*" || other == "*" || one == other)
}

/// Whether every subject that matches the pattern `narrow` also matches the pattern `wide`.
pub(crate) fn covers(wide: &str, narrow: &str) -> bool {
    let mut narrow = narrow.split('.');
    for token in wide.split('.') {
        match (token, narrow.next()) {
            (">", Some(_)) => return true,
            (_, None | Some(">")) => return false,
            (token, Some(other)) if token == "*" || token == other => {}
            _ => return false,
        }
    }
    narrow.next().is_none()
}

fn compare(one: &str, other: &str, is_match: impl Fn(&str, &str) -> bool) -> bool {
    let mut others = other.split('.');
    for token in one.split('.') {
        match (token, others.next()) {
            (">", Some(_)) | (_, Some(">")) => return true,
            (token, Some(other)) if is_match(token, other) => {}
            _ => return false,
        }
    }
    others.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_covers_narrower_ones() {
        for (wide, narrow) in [(">", "a.*"), (">", ">"), ("a.>", "a.b.>"), ("a.*", "a.b"), ("*.*", "a.*"), ("a", "a")] {
            assert!(covers(wide, narrow), "{wide} {narrow}");
        }
        for (wide, narrow) in
            [("a.*", "a.>"), ("a.b", "a.*"), ("a.>", "a"), ("a.>", ">"), ("a.*", "a.b.c"), ("*", "a.b")]
        {
            assert!(!covers(wide, narrow), "{wide} {narrow}");
        }
    }

    #[test]
    fn patterns_match_and_overlap() {
        for (one, other, expected) in [
            ("a.b", "a.b", true),
            ("a.b", "a.b.c", false),
            ("a.b.c", "a.b", false),
            ("a.b", "a", false),
            ("a.*", "a.b", true),
            ("a.*", "a", false),
            ("a.*", "a.b.c", false),
            ("a.>", "a", false),
            ("a.>", "a.b.c", true),
            (">", "a", true),
            (">", "a.b", true),
            ("*.b", "a.b", true),
            ("*.b", "a.c", false),
        ] {
            assert_eq!((matches(one, other), overlap(one, other)), (expected, expected), "{one} {other}");
        }
        for (one, other, expected) in [
            ("a.*", "*.b", true),
            ("a.>", "*.b.c", true),
            ("a.*", "b.*", false),
            ("a.b", "a.>", true),
            ("a", "a.>", false),
            ("a.*.c", "a.b.>", true),
        ] {
            assert_eq!((overlap(one, other), overlap(other, one)), (expected, expected), "{one} {other}");
        }
    }

    #[test]
    fn subjects_are_checked() {
        for subject in ["a", "a.b", "a.*.b", ">", "*", "a.>", "a*", "a>.b", "ü.ß", "$SYS.x", "a-b_c"] {
            check_subscribe_subject(subject).expect(subject);
        }
        for (subject, expected) in [
            ("", "empty"),
            ("a b", "white space"),
            ("a\r\nPUB x 0", "white space"),
            ("a\u{a0}", "white space"),
            ("\0", "control"),
            (".a", "dot"),
            ("a.", "dot"),
            ("a..b", "two dots"),
            ("a.>.b", "last token"),
            (">.a", "last token"),
        ] {
            let error = check_subscribe_subject(subject).expect_err(subject);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(expected), "{error}");
        }
        for subject in ["a", "a.b", "a*.>b"] {
            check_publish_subject(subject).expect(subject);
        }
        for subject in ["", "a b", "a..b", "a.*", "a.>", "*"] {
            check_publish_subject(subject).expect_err(subject);
        }
    }
}
