//! The consumer that a source reads with: one of its own, or one that it was given.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::Start;
use super::pull_requests::Limits;
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::ApiError;

/// How long the server keeps a consumer that nobody uses, where it is one without state worth keeping.
const INACTIVE: Duration = Duration::from_secs(300);
/// How long a message of our own consumer may take before it is delivered again; it is asked to wait long before.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How many messages of our own consumer may wait for their acknowledgement: as many as a full commit has.
const MAX_ACK_PENDING: u64 = 256 * 1024;

/// What is to be read.
#[derive(Clone, Debug)]
pub(super) struct ConsumerConfig {
    pub(super) stream: Arc<str>,
    /// Which subjects of it; can have wildcards.
    pub(super) subject: Arc<str>,
    pub(super) start: Start,
    /// The consumer to read with, if it is not to be one of our own.
    pub(super) durable: Option<Arc<str>>,
    /// The name of our own consumer: that of the pipeline, and that of the source.
    pub(super) own: String,
}

/// A consumer at the server.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) name: String,
    /// The sequence from which on it has not delivered anything yet.
    pub(super) next: u64,
    /// How many messages it has for us.
    pub(super) pending: u64,
    /// How many requests for messages it has.
    pub(super) waiting: u64,
    /// When it delivers a message again that was not acknowledged.
    pub(super) ack_wait: Duration,
    pub(super) limits: Limits,
}

impl ConsumerConfig {
    /// The request for a consumer that needs no acknowledgements and is forgotten when it is not used.
    pub(super) fn passing(&self, begin: Value) -> (String, Value) {
        let name = format!("{}-{:08x}", self.own, random());
        let mut config = json!({
            "name": name,
            "ack_policy": "none",
            "replay_policy": "instant",
            "filter_subject": &*self.subject,
            "inactive_threshold": INACTIVE.as_nanos() as u64,
            "mem_storage": true,
            "num_replicas": 1,
        });
        merge(&mut config, begin);
        self.creation(&name, config)
    }

    /// The request for a consumer that stays and waits for acknowledgements.
    pub(super) fn lasting(&self) -> (String, Value) {
        let mut config = json!({
            "name": self.own,
            "durable_name": self.own,
            "ack_policy": "explicit",
            "replay_policy": "instant",
            "filter_subject": &*self.subject,
            "ack_wait": ACK_WAIT.as_nanos() as u64,
            "max_ack_pending": MAX_ACK_PENDING,
        });
        merge(&mut config, self.start.settings());
        self.creation(&self.own, config)
    }

    fn creation(&self, name: &str, config: Value) -> (String, Value) {
        let body = json!({"stream_name": &*self.stream, "config": config, "action": "create"});
        (format!("CONSUMER.CREATE.{}.{name}", self.stream), body)
    }

    /// Checks a consumer that is there already.
    pub(super) fn check(&self, info: &Value) -> Result<Consumer> {
        let (config, consumer) = (&info["config"], Consumer::of(info));
        let name = &consumer.name;
        let filters = filters(config);
        let complaint = if config.get("deliver_subject").is_some() {
            "it is a push consumer, and only a pull consumer can be read with back-pressure".to_owned()
        } else if config["ack_policy"] != "explicit" {
            let policy = config["ack_policy"].as_str().unwrap_or("unknown");
            format!(
                "its ack policy is `{policy}`, and messages are only acknowledged one by one: it should be `explicit`"
            )
        } else if filters.iter().all(|filter| *filter != &*self.subject)
            && !(filters.is_empty() && &*self.subject == ">")
        {
            let filters =
                if filters.is_empty() { "everything".to_owned() } else { format!("`{}`", filters.join("`, `")) };
            format!("it reads {filters}, and `{}` is asked for", self.subject)
        } else if filters.len() > 1 {
            format!("it reads `{}`, and only `{}` is asked for", filters.join("`, `"), self.subject)
        } else {
            return Ok(consumer);
        };
        let cure = match self.durable {
            Some(_) => "name another one in `durable`, or leave that out to have one made",
            None => "delete it, or give the pipeline or the source another name",
        };
        Err(self.error(
            ErrorKind::Config,
            format!("the consumer `{name}` of the stream can't be used: {complaint}; {cure}"),
        ))
    }

    /// Why there is no consumer.
    pub(super) fn refusal(&self, name: &str, error: &ApiError, again: bool) -> Error {
        if error.is(ApiError::CONSUMER_NOT_FOUND) {
            return if again {
                let message = format!(
                    "the consumer `{name}` was deleted while it was read: which messages are done with was only known there"
                );
                self.error(ErrorKind::Stream, message)
            } else {
                let message = format!(
                    "the stream has no consumer `{name}`: make it before the pipeline starts \
                     (`nats consumer add {} {name} --pull --ack explicit`), or leave `durable` out to have one made",
                    self.stream
                );
                self.error(ErrorKind::Config, message)
            };
        }
        let kind = if again { ErrorKind::Stream } else { ErrorKind::Config };
        self.error(kind, format!("there is no consumer `{name}`: {error}"))
    }

    pub(super) fn error(&self, kind: ErrorKind, message: impl std::fmt::Display) -> Error {
        Error::new(kind, format!("stream `{}`: {message}", self.stream))
    }
}

impl Consumer {
    pub(super) fn of(info: &Value) -> Self {
        let config = &info["config"];
        Consumer {
            name: info["name"].as_str().unwrap_or_default().to_owned(),
            next: info["delivered"]["stream_seq"].as_u64().unwrap_or_default() + 1,
            pending: info["num_pending"].as_u64().unwrap_or_default(),
            waiting: info["num_waiting"].as_u64().unwrap_or_default(),
            ack_wait: config["ack_wait"].as_u64().map_or(ACK_WAIT, Duration::from_nanos),
            limits: Limits::of(config),
        }
    }
}

/// The name of a consumer for a source of a pipeline: others have other names.
pub(super) fn own_name(pipeline: &str, source: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '_' || c == '-' { c } else { '_' };
    let mut name: String = format!("{pipeline}-{source}").chars().map(plain).collect();
    // A name that had to be changed, or cut, could be another's.
    if name.len() > 80 || name != format!("{pipeline}-{source}") {
        name.truncate(80);
        name.push_str(&format!("-{:08x}", fingerprint(pipeline, source)));
    }
    name
}

/// FNV-1a: the same in every run and on every machine.
fn fingerprint(pipeline: &str, source: &str) -> u32 {
    let bytes = pipeline.bytes().chain([0]).chain(source.bytes());
    bytes.fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

fn filters(config: &Value) -> Vec<&str> {
    let one = config["filter_subject"].as_str().filter(|filter| !filter.is_empty());
    let many = config["filter_subjects"].as_array().into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many).collect()
}

fn merge(config: &mut Value, more: Value) {
    if let (Some(config), Value::Object(more)) = (config.as_object_mut(), more) {
        config.extend(more);
    }
}

fn random() -> u32 {
    use std::hash::BuildHasher;
    std::hash::RandomState::new().hash_one(0) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(durable: bool) -> ConsumerConfig {
        ConsumerConfig {
            stream: "S".into(),
            subject: "a.>".into(),
            start: Start::New,
            durable: durable.then(|| "d".into()),
            own: own_name("p", "s"),
        }
    }

    #[test]
    fn names_are_stable_and_do_not_meet() {
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
        // The hash of one zero byte: a name must be the same in the next version, too.
        assert_eq!(fingerprint("", ""), 0x050c_5d1f);
    }

    #[test]
    fn a_consumer_that_is_there_is_checked() {
        let good = json!({"name": "d", "delivered": {"stream_seq": 4}, "num_pending": 3, "config": {
            "ack_policy": "explicit", "filter_subject": "a.>", "ack_wait": 1_000_000_000}});
        let consumer = wanted(true).check(&good).expect("a consumer");
        assert_eq!((consumer.next, consumer.pending, consumer.ack_wait), (5, 3, Duration::from_secs(1)));
        for (key, value, expected) in [
            ("deliver_subject", json!("x"), "push consumer"),
            ("ack_policy", json!("none"), "ack policy is `none`"),
            ("filter_subject", json!("b"), "it reads `b`, and `a.>` is asked for"),
            ("filter_subject", json!(""), "it reads everything"),
            ("filter_subjects", json!(["b"]), "it reads `a.>`, `b`"),
        ] {
            let mut info = good.clone();
            info["config"][key] = value;
            let error = wanted(true).check(&info).expect_err(expected);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(expected) && error.to_string().contains("leave that out"), "{error}");
            let error = wanted(false).check(&info).expect_err(expected);
            assert!(error.to_string().contains("another name"), "{error}");
        }
    }

    #[test]
    fn requests() {
        let (verb, body) = wanted(false).passing(json!({"deliver_policy": "by_start_sequence", "opt_start_seq": 7}));
        assert!(verb.starts_with("CONSUMER.CREATE.S.p-s-"), "{verb}");
        assert_eq!((&body["config"]["opt_start_seq"], &body["config"]["ack_policy"]), (&json!(7), &json!("none")));
        let (verb, body) = wanted(false).lasting();
        assert_eq!((verb.as_str(), &body["config"]["deliver_policy"]), ("CONSUMER.CREATE.S.p-s", &json!("new")));
    }
}
