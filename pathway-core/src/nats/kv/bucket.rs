//! The names, keys and headers of key-value buckets, which are streams with rules of their own.

use crate::connector::source::MessageBatch;
use crate::data::{Error, ErrorKind, Headers, Result};
use crate::nats::client::MARKER_REASON;

/// The header of a message that deletes a key.
pub(crate) const OPERATION: &str = "KV-Operation";
pub(crate) const DELETE: &str = "DEL";
/// The names of buckets' streams begin with this.
const STREAM: &str = "KV_";

/// The names of a bucket as a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bucket {
    /// The stream.
    pub(crate) stream: String,
    /// The subjects of all keys begin with this.
    pub(crate) prefix: String,
}

impl Bucket {
    /// # Errors
    /// No bucket can have that name.
    pub(crate) fn named(name: &str) -> Result<Self> {
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            let message = format!("`{name}` cannot be the name of a bucket: it may have letters, digits, `_` and `-`");
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(Bucket { stream: format!("{STREAM}{name}"), prefix: prefix(name) })
    }

    /// The name of the bucket, of its stream.
    pub(crate) fn name_of(stream: &str) -> &str {
        stream.strip_prefix(STREAM).unwrap_or(stream)
    }

    /// How to create the bucket, if a stream is one, with these options of the `nats` command.
    pub(crate) fn hint(stream: &str, nats_options: &str) -> String {
        let bucket = stream.strip_prefix(STREAM);
        bucket.map_or_else(String::new, |name| format!("; `nats{nats_options} kv add {name}` creates the bucket"))
    }
}

/// The subjects of a bucket's keys begin with this.
pub(crate) fn prefix(bucket: &str) -> String {
    format!("$KV.{bucket}.")
}

/// The subjects of a bucket's keys, and its stream.
pub(crate) fn subjects(bucket: &str) -> (String, Option<String>) {
    (prefix(bucket) + ">", Some(format!("{STREAM}{bucket}")))
}

/// What the subjects of the keys begin with in a bucket that has this subject.
pub(crate) fn prefix_of(subject: &str) -> Option<String> {
    let (bucket, _key) = subject.strip_prefix("$KV.")?.split_once('.')?;
    Some(prefix(bucket))
}

/// What the subjects of the keys begin with in a stream, if it is a bucket.
pub(crate) fn prefix_in(stream: &str) -> Option<String> {
    stream.strip_prefix(STREAM).map(prefix)
}

/// Why a key is not possible, if it is not.
pub(crate) fn key_error(key: &str) -> Option<&'static str> {
    let possible = |byte: u8| byte.is_ascii_alphanumeric() || b"-/_=.".contains(&byte);
    if key.is_empty() {
        Some("it is empty")
    } else if !key.bytes().all(possible) {
        Some("it may have ASCII letters and digits, `-`, `/`, `_`, `=` and `.`")
    } else if key.starts_with('.') || key.ends_with('.') || key.contains("..") {
        Some("a dot must stand between two other characters")
    } else {
        None
    }
}

/// Whether a message of a bucket deletes its key. The server itself does so, too, for example when a key has expired.
pub(crate) fn is_removal(headers: Headers<'_>) -> bool {
    removes(|name| headers.get(name))
}

/// The same, for headers of any kind. `get` finds a value.
pub(crate) fn removes<'h>(get: impl Fn(&str) -> Option<&'h str>) -> bool {
    matches!(get(OPERATION), Some(DELETE | "PURGE")) || get(MARKER_REASON).is_some()
}

/// Adds the deletion of a key that no message of the bucket announces.
pub(crate) fn push_deletion(batch: &mut MessageBatch, key: &str) {
    batch.push_with(key, &[], [(OPERATION, DELETE)], None, None);
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
        assert_eq!(
            (Bucket::hint("KV_a", "").contains("nats kv add a"), Bucket::hint("A", "").is_empty()),
            (true, true)
        );
        assert_eq!(prefix_of("$KV.b.x.y").as_deref(), Some("$KV.b."));
        assert_eq!((prefix_of("b.x"), prefix_of("$KV.b"), prefix_in("S")), (None, None, None));
        assert_eq!(prefix_in("KV_b").as_deref(), Some("$KV.b."));
        for key in ["a", "a.b", "A-1/_=", "0"] {
            assert_eq!(key_error(key), None, "{key}");
        }
        for key in ["", "a b", ".a", "a.", "a..b", "ü", "a*", ">"] {
            assert!(key_error(key).is_some(), "{key}");
        }
    }
}
