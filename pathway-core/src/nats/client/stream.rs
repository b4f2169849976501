//! A stream, as JetStream's API describes it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::writing_rules::WritingRules;
use super::{covers, matches, overlap};
use crate::data::{Error, ErrorKind, Result};

/// What is known of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "StreamInfoResponse")]
pub(crate) struct StreamInfo {
    /// The JetStream domain that has it; empty if its server has none.
    pub(crate) domain: String,
    /// When it was created, as the server writes it: another stream of the same name has another time.
    pub(crate) created: String,
    /// The subjects that it takes, with wildcards; none if it only mirrors other streams.
    pub(crate) subjects: Vec<String>,
    /// Whether it stores messages under other subjects than those that it takes: it is a mirror, has sources, or
    /// transforms subjects.
    pub(crate) rewrites: bool,
    /// Whether it stores what it takes under other subjects.
    pub(crate) transforms_subjects: bool,
    pub(crate) retention: Retention,
    /// Whether it is in a cluster, where it has replicas or may get some at any time.
    pub(crate) is_clustered: bool,
    /// Whether old messages are removed in favour of new ones of their subject.
    pub(crate) is_limited_per_subject: bool,
    pub(crate) consumer_limits: ConsumerLimits,
    /// The sequence of the oldest message; one more than `last` if there is none.
    pub(crate) first: u64,
    pub(crate) last: u64,
    /// How many messages behind the oldest one were removed.
    pub(crate) deleted: u64,
    /// How many subjects its messages have.
    pub(crate) num_subjects: u64,
    /// How many consumers it has.
    pub(crate) consumers: u64,
    /// The subjects of its messages, if they were asked for.
    pub(crate) stored_subjects: Vec<String>,
    /// Whether it has the messages and sequences of another stream, so that a sequence may have no message.
    pub(crate) is_mirror: bool,
    pub(crate) removal: RemovalRules,
    pub(crate) writing: WritingRules,
}

/// What makes a stream remove its oldest messages, and how far it is from that. 0 or less is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct RemovalRules {
    max_msgs: i64,
    max_bytes: i64,
    max_age: i64,
    messages: u64,
}

/// What a stream allows its consumers at most. `None` is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct ConsumerLimits {
    /// In nanoseconds.
    pub(crate) inactive_threshold: Option<u64>,
    pub(crate) max_ack_pending: Option<u64>,
}

/// How long a stream keeps its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Retention {
    /// Until every consumer has acknowledged them.
    Interest,
    /// Until its consumer has acknowledged them.
    WorkQueue,
    /// Up to its limits, read or not.
    #[default]
    #[serde(other)]
    Limits,
}

/// The answer to `STREAM.INFO`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct StreamInfoResponse {
    domain: String,
    created: String,
    config: StreamConfig,
    state: StreamState,
    cluster: Option<ClusterInfo>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StreamConfig {
    subjects: Option<Vec<String>>,
    mirror: Option<IgnoredAny>,
    sources: Option<Vec<IgnoredAny>>,
    subject_transform: Option<IgnoredAny>,
    retention: Retention,
    max_msgs_per_subject: i64,
    max_msgs: i64,
    max_bytes: i64,
    max_age: i64,
    #[serde(flatten)]
    writing: WritingRules,
    consumer_limits: Option<ConsumerLimits>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct StreamState {
    first_seq: u64,
    last_seq: u64,
    messages: u64,
    num_deleted: u64,
    num_subjects: u64,
    consumer_count: u64,
    subjects: Option<BTreeMap<String, IgnoredAny>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ClusterInfo {
    name: String,
}

impl From<StreamInfoResponse> for StreamInfo {
    fn from(response: StreamInfoResponse) -> Self {
        let StreamInfoResponse { domain, created, config, state, cluster } = response;
        let has_sources = config.sources.is_some_and(|sources| !sources.is_empty());
        StreamInfo {
            domain,
            created,
            subjects: config.subjects.unwrap_or_default(),
            transforms_subjects: config.subject_transform.is_some(),
            rewrites: config.mirror.is_some() || has_sources || config.subject_transform.is_some(),
            retention: config.retention,
            is_clustered: cluster.is_some_and(|cluster| !cluster.name.is_empty()),
            is_limited_per_subject: config.max_msgs_per_subject > 0,
            consumer_limits: config.consumer_limits.unwrap_or_default().without_zeros(),
            first: state.first_seq,
            last: state.last_seq,
            deleted: state.num_deleted,
            num_subjects: state.num_subjects,
            consumers: state.consumer_count,
            stored_subjects: state.subjects.unwrap_or_default().into_keys().collect(),
            is_mirror: config.mirror.is_some(),
            removal: RemovalRules {
                max_msgs: config.max_msgs,
                max_bytes: config.max_bytes,
                max_age: config.max_age,
                messages: state.messages,
            },
            writing: config.writing,
        }
    }
}

impl ConsumerLimits {
    /// How long an unused consumer may stay, in nanoseconds, if we want this long.
    pub(crate) fn inactive_threshold(self, wanted: u64) -> u64 {
        self.inactive_threshold.map_or(wanted, |limit| limit.min(wanted))
    }

    /// In the API, 0 is no limit.
    fn without_zeros(self) -> Self {
        let limit = |limit: Option<u64>| limit.filter(|limit| *limit > 0);
        let ConsumerLimits { inactive_threshold, max_ack_pending } = self;
        ConsumerLimits { inactive_threshold: limit(inactive_threshold), max_ack_pending: limit(max_ack_pending) }
    }
}

impl StreamInfo {
    /// Whether it can store messages that match a subject, which may have wildcards.
    pub(crate) fn can_store(&self, subject: &str) -> bool {
        self.rewrites || self.subjects.iter().any(|own| overlap(own, subject))
    }

    /// Whether it takes what is published on a subject.
    pub(crate) fn takes(&self, subject: &str) -> bool {
        self.subjects.iter().any(|own| matches(own, subject))
    }

    /// Whether all that it stores matches a subject, so that a reader of that subject sees every sequence.
    pub(crate) fn is_covered_by(&self, subject: &str) -> bool {
        subject == ">" || (!self.rewrites && self.subjects.iter().all(|own| covers(subject, own)))
    }

    /// Whether messages can be removed, or not even be stored, because others have read them or nobody reads them: so their
    /// sequences are all that is left of them.
    pub(crate) fn forgets_others(&self) -> bool {
        match self.retention {
            Retention::Limits => false,
            Retention::WorkQueue => self.consumers > 1,
            Retention::Interest => true,
        }
    }

    /// How many messages it can store at most before others are removed, if it refuses what it has no room for.
    pub(crate) fn most_at_once(&self) -> Option<usize> {
        let most = usize::try_from(self.removal.max_msgs).ok().filter(|most| *most > 0);
        most.filter(|_| self.writing.refuses_when_full())
    }

    /// Its subjects, as part of a sentence.
    pub(crate) fn subject_list(&self) -> String {
        match self.subjects.as_slice() {
            [] => "none".to_owned(),
            subjects => subjects.iter().map(|subject| format!("`{subject}`")).collect::<Vec<_>>().join(", "),
        }
    }
}

impl RemovalRules {
    /// Whether messages are removed by their age.
    pub(crate) fn expires(self) -> bool {
        self.max_age > 0
    }

    /// The likely cause of a removal. `from_front` says that the stream has no older messages.
    pub(crate) fn likely_cause(self, from_front: bool) -> String {
        let limits = [("max_msgs", self.max_msgs), ("max_bytes", self.max_bytes), ("max_age", self.max_age)];
        let limits: Vec<String> =
            limits.iter().filter(|(_, limit)| *limit > 0).map(|(name, _)| format!("`{name}`")).collect();
        if !from_front || limits.is_empty() {
            "a purge".to_owned()
        } else if self.max_msgs > 0 && self.messages >= self.max_msgs as u64 {
            "the stream's limit `max_msgs`".to_owned()
        } else {
            format!("the stream's limits ({}) or a purge", limits.join(", "))
        }
    }
}

/// Checks the name of a stream, a consumer or a bucket.
///
/// # Errors
/// The name is invalid.
pub(crate) fn check_stream_name(kind: &str, name: &str) -> Result<()> {
    let error = if name.is_empty() {
        "it is empty"
    } else if name.contains(|c: char| c.is_whitespace() || c.is_control() || ".*>/\\".contains(c)) {
        "it must not contain white space or any of `.`, `*`, `>`, `/`, `\\`"
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Config, format!("`{name}` is not a valid name for a {kind}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(json: &str) -> StreamInfo {
        serde_json::from_str(json).expect("a stream")
    }

    #[test]
    fn a_stream_info_is_parsed() {
        let stream = parse(
            r#"{"created": "2026-01-01T00:00:00Z", "state": {"first_seq": 3, "last_seq": 9}, "config": {
                "subjects": ["a.>", "b"], "retention": "workqueue", "max_msgs_per_subject": -1, "sources": []}}"#,
        );
        assert_eq!((stream.first, stream.last, stream.retention), (3, 9, Retention::WorkQueue));
        assert!(!stream.rewrites && !stream.is_limited_per_subject && !stream.is_clustered);
        assert!(stream.takes("a.b") && stream.takes("b") && !stream.takes("c"));
        assert!(stream.can_store("*.x") && !stream.can_store("c.>"));
        assert!(!stream.is_covered_by("a.>") && stream.is_covered_by(">") && !stream.is_covered_by("*"));
        assert_eq!(stream.subject_list(), "`a.>`, `b`");
        assert!(!stream.forgets_others() && StreamInfo { consumers: 2, ..stream.clone() }.forgets_others());
        assert!(!stream.writing.refuses_by_subject() && stream.writing.refusal("S").is_none());
        let full = parse(
            r#"{"config": {"subjects": ["a"], "discard": "new", "discard_new_per_subject": true, "no_ack": true}}"#,
        );
        assert!(!full.transforms_subjects && full.most_at_once().is_none());
        let small = parse(
            r#"{"config": {"subjects": ["a"], "max_msgs": 7, "discard": "new", "subject_transform": {"src": ""}}}"#,
        );
        assert!(small.transforms_subjects && small.most_at_once() == Some(7));
        assert!(full.writing.refuses_by_subject() && full.writing.refusal("S").is_some() && full.takes("a"));
        let mirror = parse(r#"{"config": {"mirror": {"name": "M"}, "subjects": null}, "cluster": {"name": "c"}}"#);
        assert!(mirror.can_store("anything") && mirror.is_clustered);
    }

    #[test]
    fn names_are_checked() {
        for name in ["ORDERS", "a-b_c", "ü"] {
            check_stream_name("stream", name).expect(name);
        }
        for name in ["", "a.b", "a b", "*", ">", "a/b"] {
            let error = check_stream_name("stream", name).expect_err(name).to_string();
            assert!(error.contains("not a valid name for a stream"), "{error}");
        }
    }
}
