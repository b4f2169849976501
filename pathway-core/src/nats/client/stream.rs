//! A stream, as JetStream's API describes it.

use serde_json::Value;

use super::{matches, overlap};
use crate::data::{Error, ErrorKind, Result};

/// What is known of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StreamInfo {
    /// When it was made, as the server writes it: another stream of that name has another.
    pub(crate) created: String,
    /// What it takes, with wildcards; none where it only mirrors other streams.
    pub(crate) subjects: Vec<String>,
    /// Whether what it stores has other subjects than what it takes: it mirrors, gathers or renames.
    pub(crate) rewrites: bool,
    pub(crate) retention: Retention,
    /// Whether it is in a cluster, where it has replicas or can be given some at any time.
    pub(crate) is_clustered: bool,
    /// Whether old messages make room for new ones of their subject.
    pub(crate) is_by_subject: bool,
    /// The sequence of the first message that is there; one more than `last` where none is.
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// How long a stream keeps its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Retention {
    /// Up to its limits, read or not.
    Limits,
    /// Until every consumer has acknowledged them.
    Interest,
    /// Until its consumer has acknowledged them.
    WorkQueue,
}

impl StreamInfo {
    pub(crate) fn of(info: &Value) -> Self {
        let (config, state) = (&info["config"], &info["state"]);
        let is_set = |value: &Value| match value {
            Value::Null => false,
            Value::Array(list) => !list.is_empty(),
            _ => true,
        };
        let subjects = config["subjects"].as_array().into_iter().flatten();
        StreamInfo {
            created: info["created"].as_str().unwrap_or_default().to_owned(),
            subjects: subjects.filter_map(|subject| subject.as_str().map(ToOwned::to_owned)).collect(),
            rewrites: ["mirror", "sources", "subject_transform"].iter().any(|key| is_set(&config[key])),
            retention: match config["retention"].as_str() {
                Some("interest") => Retention::Interest,
                Some("workqueue") => Retention::WorkQueue,
                _ => Retention::Limits,
            },
            is_clustered: info["cluster"]["name"].as_str().is_some_and(|name| !name.is_empty()),
            is_by_subject: config["max_msgs_per_subject"].as_i64().unwrap_or_default() > 0,
            first: state["first_seq"].as_u64().unwrap_or_default(),
            last: state["last_seq"].as_u64().unwrap_or_default(),
        }
    }

    /// Whether it stores messages that match a subject, which can have wildcards.
    pub(crate) fn can_hold(&self, subject: &str) -> bool {
        self.rewrites || self.subjects.iter().any(|own| overlap(own, subject))
    }

    /// Whether it takes what is published on a subject.
    pub(crate) fn takes(&self, subject: &str) -> bool {
        self.subjects.iter().any(|own| matches(own, subject))
    }

    /// Whether all that it stores matches a subject, so that the sequences read have no holes of other subjects.
    pub(crate) fn is_all_of(&self, subject: &str) -> bool {
        subject == ">" || (!self.rewrites && self.subjects.iter().all(|own| own == subject))
    }

    /// Its subjects, for a sentence.
    pub(crate) fn listed(&self) -> String {
        match self.subjects.as_slice() {
            [] => "none".to_owned(),
            subjects => subjects.iter().map(|subject| format!("`{subject}`")).collect::<Vec<_>>().join(", "),
        }
    }
}

/// Checks the name of a stream, a consumer or a bucket.
///
/// # Errors
/// Nothing can have that name.
pub(crate) fn check_stream_name(kind: &str, name: &str) -> Result<()> {
    let complaint = if name.is_empty() {
        "it is empty"
    } else if name.contains(|c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c)) {
        "blanks and `.`, `*`, `>`, `/`, `\\` are not possible in it"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Config, format!("`{name}` is no name of a {kind}: {complaint}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_is_read() {
        let answer = json!({
            "created": "2026-01-01T00:00:00Z",
            "config": {"subjects": ["a.>", "b"], "retention": "workqueue", "max_msgs_per_subject": -1, "sources": []},
            "state": {"first_seq": 3, "last_seq": 9},
        });
        let stream = StreamInfo::of(&answer);
        assert_eq!((stream.first, stream.last, stream.retention), (3, 9, Retention::WorkQueue));
        assert!(!stream.rewrites && !stream.is_by_subject);
        assert!(stream.takes("a.b") && stream.takes("b") && !stream.takes("c"));
        assert!(stream.can_hold("*.x") && !stream.can_hold("c.>") && !stream.is_all_of("a.>") && stream.is_all_of(">"));
        assert_eq!(stream.listed(), "`a.>`, `b`");
        assert!(StreamInfo::of(&json!({"config": {"mirror": {"name": "M"}}})).can_hold("anything"));
    }

    #[test]
    fn names() {
        for name in ["ORDERS", "a-b_c", "ü"] {
            check_stream_name("stream", name).expect(name);
        }
        for name in ["", "a.b", "a b", "*", ">", "a/b"] {
            let error = check_stream_name("stream", name).expect_err(name).to_string();
            assert!(error.contains("no name of a stream"), "{error}");
        }
    }
}
