//! The consumer that a source reads with: one of its own, or one that it was given.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Start;
use super::pull_requests::PullLimits;
use super::start::DeliverPolicy;
use crate::data::{Error, ErrorKind};
use crate::nats::client::{ApiError, ApiPrefix, ConsumerLimits};

/// How long the server keeps an unused ephemeral consumer.
const INACTIVE_THRESHOLD: Duration = Duration::from_secs(300);
/// How long it keeps a consumer that only counts, if that cannot be deleted.
const COUNTING_THRESHOLD: Duration = Duration::from_secs(10);
/// When our own durable consumer delivers a message again that was not acknowledged. The server is asked to wait longer well
/// before that.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How many messages of our own durable consumer may be unacknowledged: as many as a full commit has.
pub(super) const MAX_ACK_PENDING: u64 = 256 * 1024;

/// What to read, and with which consumer.
#[derive(Clone, Debug)]
pub(super) struct ConsumerSpec {
    /// Whose JetStream has the stream.
    pub(super) api: ApiPrefix,
    pub(super) stream: Arc<str>,
    /// The subject filter, which may have wildcards.
    pub(super) subject: Arc<str>,
    pub(super) start: Start,
    /// The durable consumer that the user has named, if any.
    pub(super) durable: Option<Arc<str>>,
    /// The name of our own consumer: from the pipeline's name and the source's.
    pub(super) own_name: String,
}

/// A consumer on the server.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) name: String,
    /// The first stream sequence that it has not delivered yet.
    pub(super) next: u64,
    /// The number of its last delivery.
    pub(super) last_delivery: u64,
    /// Every message up to this sequence was acknowledged.
    pub(super) ack_floor: u64,
    /// How many messages it still has to deliver.
    pub(super) pending: u64,
    /// How many pull requests wait at it.
    pub(super) waiting: u64,
    /// How many pull requests it takes, if all of them wait: the server would refuse ours in silence.
    pub(super) is_full: Option<u64>,
    /// When it delivers a message again that was not acknowledged.
    pub(super) ack_wait: Duration,
    /// How many messages may be unacknowledged; `None` if there is no limit.
    pub(super) max_ack_pending: Option<u64>,
    pub(super) limits: PullLimits,
    /// How long it delivers nothing yet, because an administrator has paused it.
    pub(super) paused: Option<Duration>,
}

/// The request to create a consumer.
#[derive(Debug, Serialize)]
pub(super) struct CreateConsumer {
    stream_name: String,
    config: ConsumerConfig,
    action: &'static str,
}

/// The answer to `CONSUMER.CREATE` and `CONSUMER.INFO`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ConsumerInfo {
    pub(super) name: String,
    pub(super) config: ConsumerConfig,
    delivered: SequenceInfo,
    ack_floor: SequenceInfo,
    num_pending: u64,
    num_waiting: u64,
    paused: bool,
    pause_remaining: u64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SequenceInfo {
    consumer_seq: u64,
    stream_seq: u64,
}

/// A consumer's configuration in JetStream's API, as far as it matters here. Durations are in nanoseconds.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ConsumerConfig {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    durable_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deliver_subject: Option<String>,
    pub(super) ack_policy: String,
    replay_policy: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filter_subject: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) filter_subjects: Option<Vec<String>>,
    #[serde(flatten, skip_deserializing)]
    deliver_policy: DeliverPolicy,
    #[serde(skip_serializing_if = "Option::is_none")]
    ack_wait: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inactive_threshold: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_ack_pending: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mem_storage: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_replicas: Option<u64>,
    /// The most that one pull request may ask for. 0 is no limit.
    #[serde(skip_serializing)]
    pub(super) max_batch: i64,
    #[serde(skip_serializing)]
    pub(super) max_bytes: i64,
    #[serde(skip_serializing)]
    pub(super) max_expires: i64,
    /// The most pull requests that may wait.
    #[serde(skip_serializing)]
    pub(super) max_waiting: i64,
    /// How often a message is delivered at most. -1 is no limit.
    #[serde(skip_serializing)]
    pub(super) max_deliver: i64,
    /// When a message is delivered again, instead of `ack_wait`: after each of its deliveries.
    #[serde(skip_serializing)]
    backoff: Option<Vec<u64>>,
    #[serde(skip_serializing)]
    pub(super) headers_only: bool,
    #[serde(skip_serializing)]
    pub(super) priority_groups: Option<Vec<String>>,
}

impl ConsumerSpec {
    /// The endpoint and the request for a consumer without acknowledgements, which the server removes when it is unused.
    pub(super) fn ephemeral(
        &self,
        name: &str,
        deliver_policy: &DeliverPolicy,
        limits: ConsumerLimits,
    ) -> (String, CreateConsumer) {
        self.unacknowledged(
            name,
            deliver_policy.clone(),
            limits.inactive_threshold(INACTIVE_THRESHOLD.as_nanos() as u64),
        )
    }

    /// The same for a consumer that is never read: the answer says how many messages there are from the sequence `first` on.
    pub(super) fn counting(&self, name: &str, first: u64, limits: ConsumerLimits) -> (String, CreateConsumer) {
        let deliver_policy = DeliverPolicy::ByStartSequence { opt_start_seq: first };
        self.unacknowledged(name, deliver_policy, limits.inactive_threshold(COUNTING_THRESHOLD.as_nanos() as u64))
    }

    fn unacknowledged(
        &self,
        name: &str,
        deliver_policy: DeliverPolicy,
        inactive_threshold: u64,
    ) -> (String, CreateConsumer) {
        let config = ConsumerConfig {
            ack_policy: "none".to_owned(),
            deliver_policy,
            inactive_threshold: Some(inactive_threshold),
            mem_storage: Some(true),
            num_replicas: Some(1),
            ..self.base_config(name)
        };
        self.create(name, config)
    }

    /// The endpoint and the request for our own consumer with acknowledgements, which stays on the server.
    pub(super) fn durable(&self, limits: ConsumerLimits) -> (String, CreateConsumer) {
        let name = &self.own_name;
        let config = ConsumerConfig {
            durable_name: Some(name.clone()),
            ack_policy: "explicit".to_owned(),
            deliver_policy: self.start.into(),
            ack_wait: Some(ACK_WAIT.as_nanos() as u64),
            max_ack_pending: Some(
                limits.max_ack_pending.map_or(MAX_ACK_PENDING, |limit| limit.min(MAX_ACK_PENDING)) as i64
            ),
            ..self.base_config(name)
        };
        self.create(name, config)
    }

    fn base_config(&self, name: &str) -> ConsumerConfig {
        ConsumerConfig {
            name: Some(name.to_owned()),
            replay_policy: "instant".to_owned(),
            filter_subject: (&*self.subject != ">").then(|| self.subject.to_string()),
            ..ConsumerConfig::default()
        }
    }

    fn create(&self, name: &str, config: ConsumerConfig) -> (String, CreateConsumer) {
        let request = CreateConsumer { stream_name: self.stream.to_string(), config, action: "create" };
        // Administrators grant a filter by naming it in the request's subject.
        let filter = if &*self.subject == ">" { String::new() } else { format!(".{}", self.subject) };
        (format!("CONSUMER.CREATE.{}.{name}{filter}", self.stream), request)
    }

    /// Why there is no consumer. `is_running` says that there was one before.
    pub(super) fn no_consumer(&self, name: &str, error: &ApiError, is_running: bool) -> Error {
        let kind = if is_running { ErrorKind::Stream } else { ErrorKind::Config };
        let message = match error.has_code(ApiError::CONSUMER_NOT_FOUND) {
            _ if error.is_not_unique() => format!(
                "another consumer of this work queue has messages on `{}`, and each message of a work queue is for one \
                 consumer only ({error}): read other subjects, delete the other consumer (`nats{} consumer rm {}`), or \
                 read with it (`.durable(..)`)",
                self.subject,
                self.api.nats_options(),
                self.stream
            ),
            _ if is_running && error.is_not_enabled() => self.api.no_longer_enabled(error),
            true if is_running => format!(
                "the consumer `{name}` was deleted while it was in use; only it knew which messages were acknowledged"
            ),
            true => format!(
                "the stream has no consumer `{name}`: create it before you start the pipeline \
                 (`nats{} consumer add {} {name} --pull --ack explicit`), or remove `durable` to have one created",
                self.api.nats_options(),
                self.stream
            ),
            false => format!("the consumer `{name}` is not available: {error}"),
        };
        self.error(kind, message)
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl fmt::Display) -> Error {
        Error::new(kind, format!("stream `{}`{}: {message}", self.stream, self.api.place()))
    }
}

impl ConsumerConfig {
    /// The shortest time after which it delivers a message again.
    fn ack_wait(&self) -> Duration {
        let waits = self.ack_wait.into_iter().chain(self.backoff.iter().flatten().copied());
        waits.min().map_or(ACK_WAIT, Duration::from_nanos)
    }
}

impl From<&ConsumerInfo> for Consumer {
    fn from(info: &ConsumerInfo) -> Self {
        Consumer {
            name: info.name.clone(),
            next: info.delivered.stream_seq + 1,
            last_delivery: info.delivered.consumer_seq,
            ack_floor: info.ack_floor.stream_seq,
            pending: info.num_pending,
            waiting: info.num_waiting,
            is_full: u64::try_from(info.config.max_waiting).ok().filter(|most| *most > 0 && info.num_waiting >= *most),
            ack_wait: info.config.ack_wait(),
            max_ack_pending: info
                .config
                .max_ack_pending
                .and_then(|most| u64::try_from(most).ok())
                .filter(|most| *most > 0),
            paused: info.paused.then(|| Duration::from_nanos(info.pause_remaining)),
            limits: PullLimits::new(&info.config),
        }
    }
}

/// The name of the consumer of one source in one pipeline. No other has the same.
pub(super) fn own_name(pipeline: &str, source: &str) -> String {
    let replace = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let mut name: String = format!("{pipeline}-{source}").chars().map(replace).collect();
    // A name that had to be changed or cut could be equal to another one.
    if name.len() > 80 || name != format!("{pipeline}-{source}") {
        name.truncate(80);
        name.push_str(&format!("-{:08x}", fnv1a(pipeline, source)));
    }
    name
}

/// FNV-1a: the same in every run and on every machine.
fn fnv1a(pipeline: &str, source: &str) -> u32 {
    let bytes = pipeline.bytes().chain([0]).chain(source.bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    pub(in super::super) fn spec(durable: bool) -> ConsumerSpec {
        ConsumerSpec {
            api: ApiPrefix::Own,
            stream: "S".into(),
            subject: "a.>".into(),
            start: Start::New,
            durable: durable.then(|| "d".into()),
            own_name: own_name("p", "s"),
        }
    }

    #[test]
    fn names_are_stable_and_unique() {
        assert_eq!(own_name("orders-service", "orders"), "orders-service-orders");
        let names = [
            own_name("p", "a.>"),
            own_name("p", "a.*"),
            own_name("p", "a__"),
            own_name("p a", ""),
            own_name("p", &"x".repeat(200)),
        ];
        for (n, name) in names.iter().enumerate() {
            assert!(name.len() <= 89 && !name.contains(['.', '*', '>', ' ']), "{name}");
            assert!(!names[..n].contains(name), "{name}");
        }
        // The hash of one zero byte. The next version must produce the same names.
        assert_eq!(fnv1a("", ""), 0x050c_5d1f);
    }

    #[test]
    fn requests_are_written_as_the_api_expects_them() {
        let limits = ConsumerLimits::default();
        let policy = DeliverPolicy::ByStartSequence { opt_start_seq: 7 };
        let (endpoint, request) = spec(false).ephemeral("p-s-1a", &policy, limits);
        assert_eq!(endpoint, "CONSUMER.CREATE.S.p-s-1a.a.>");
        let expected = json!({"stream_name": "S", "action": "create", "config": {
            "name": "p-s-1a", "ack_policy": "none", "replay_policy": "instant", "filter_subject": "a.>",
            "deliver_policy": "by_start_sequence", "opt_start_seq": 7, "inactive_threshold": 300_000_000_000_u64,
            "mem_storage": true, "num_replicas": 1}});
        assert_eq!(serde_json::to_value(&request).expect("JSON"), expected);
        let (endpoint, request) = spec(false).counting("p-s-1a", 7, limits);
        let mut counting = expected;
        counting["config"]["inactive_threshold"] = json!(10_000_000_000_u64);
        assert_eq!(
            (endpoint.as_str(), serde_json::to_value(&request).expect("JSON")),
            ("CONSUMER.CREATE.S.p-s-1a.a.>", counting)
        );
        let (endpoint, request) = spec(false).durable(limits);
        let expected = json!({"stream_name": "S", "action": "create", "config": {
            "name": "p-s", "durable_name": "p-s", "ack_policy": "explicit", "replay_policy": "instant",
            "filter_subject": "a.>", "deliver_policy": "new", "ack_wait": 30_000_000_000_u64,
            "max_ack_pending": 262_144}});
        assert_eq!(serde_json::to_value(&request).expect("JSON"), expected);
        assert_eq!(endpoint, "CONSUMER.CREATE.S.p-s.a.>");
        let (endpoint, request) = ConsumerSpec { subject: ">".into(), ..spec(false) }.durable(limits);
        assert_eq!((endpoint.as_str(), request.config.filter_subject), ("CONSUMER.CREATE.S.p-s", None));
        let limits = ConsumerLimits { max_ack_pending: Some(1000), inactive_threshold: Some(60) };
        let config = |(_, request)| serde_json::to_value::<CreateConsumer>(request).expect("JSON")["config"].clone();
        assert_eq!(config(spec(false).durable(limits))["max_ack_pending"], 1000);
        assert_eq!(config(spec(false).ephemeral("n", &policy, limits))["inactive_threshold"], 60);
    }
}
