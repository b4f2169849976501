//! Buckets of keys and values, which are streams with rules of their own.

use crate::data::{Error, ErrorKind, Headers, Result};

/// The header that says that a key goes.
pub(crate) const OPERATION: &str = "KV-Operation";
pub(crate) const DELETE: &str = "DEL";
/// The header of a message with which the server itself ends a subject, for example because it has become too old.
const MARKER: &str = "Nats-Marker-Reason";
/// What the names of buckets' streams begin with.
const STREAM: &str = "KV_";

/// The names that a bucket has as a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// The stream that it is.
    pub(crate) stream: String,
    /// What the subjects of all its keys begin with.
    pub(crate) prefix: String,
}

impl Bucket {
    /// # Errors
    /// Nothing can have that name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            let message =
                format!("`{name}` is no name of a bucket: only letters, digits, `_` and `-` are possible in it");
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Bucket { stream: format!("{STREAM}{name}"), prefix: format!("$KV.{name}.") })
    }

    /// How to make it, where a stream is one.
    pub(crate) fn cure(stream: &str) -> String {
        let bucket = stream.strip_prefix(STREAM);
        bucket.map_or_else(String::new, |name| format!("; `nats kv add {name}` makes the bucket"))
    }
}

/// Why there can be no such key, if there can't.
pub(crate) fn key_complaint(key: &str) -> Option<&'static str> {
    let possible = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_=.".contains(&byte);
    if key.is_empty() {
        Some("it is empty")
    } else if !key.bytes().all(possible) {
        Some("only letters and digits of ASCII, `-`, `/`, `_`, `=` and `.` are possible in it")
    } else if key.starts_with('.') || key.ends_with('.') || key.contains("..") {
        Some("a dot stands between two other signs")
    } else {
        None
    }
}

/// Whether a message of a bucket says that its key is gone.
pub(crate) fn is_removal(headers: Headers<'_>) -> bool {
    matches!(headers.get(OPERATION), Some(DELETE | "PURGE")) || headers.get(MARKER).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_keys() {
        let bucket = Bucket::named("totals-1_a").expect("a bucket");
        assert_eq!((bucket.stream.as_str(), bucket.prefix.as_str()), ("KV_totals-1_a", "$KV.totals-1_a."));
        for name in ["", "a.b", "ü", "a b", "a>"] {
            assert_eq!(Bucket::named(name).expect_err(name).kind(), ErrorKind::Config);
        }
        assert_eq!((Bucket::cure("KV_a").contains("nats kv add a"), Bucket::cure("A").is_empty()), (true, true));
        for key in ["a", "a.b", "A-1/_=", "0"] {
            assert_eq!(key_complaint(key), None, "{key}");
        }
        for key in ["", "a b", ".a", "a.", "a..b", "ü", "a*", ">"] {
            assert!(key_complaint(key).is_some(), "{key}");
        }
    }
}
