//! The answers of the service protocol: the JSON of ADR-32.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Serialize;

use super::declared::NatsEnd;
use super::endpoints::{EndpointInfo, EndpointStats};
use super::identity::Identity;
use crate::data::DateTimeUtc;
use crate::plan::ObservedPipeline;

/// How old the numbers of an answer may be: many requests together cost as much as one.
const OLDEST_STATS: Duration = Duration::from_millis(100);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    Ping,
    Info,
    Stats,
}

/// Makes the answers of one service.
pub(super) struct Answers {
    identity: Identity,
    started: DateTimeUtc,
    endpoints: Vec<EndpointInfo>,
    ping: Bytes,
    info: Bytes,
    /// The last answer with numbers, and when they were read.
    stats: Option<(Instant, Bytes)>,
    pipeline: Arc<dyn ObservedPipeline>,
}

/// An answer: what is the same in all, and the rest.
#[derive(Serialize)]
struct Answer<'a, T> {
    #[serde(rename = "type")]
    kind: &'a str,
    #[serde(flatten)]
    identity: &'a Identity,
    #[serde(flatten)]
    rest: T,
}

#[derive(Serialize)]
struct Ping {}

#[derive(Serialize)]
struct Info<'a> {
    description: &'static str,
    endpoints: &'a [EndpointInfo],
}

#[derive(Serialize)]
struct Stats<'a> {
    /// RFC 3339, in UTC. Not every client reads nanoseconds, or a time without a fraction.
    started: String,
    endpoints: Vec<EndpointStats<'a>>,
}

impl Verb {
    const ALL: [Verb; 3] = [Verb::Ping, Verb::Info, Verb::Stats];

    fn name(self) -> &'static str {
        match self {
            Verb::Ping => "PING",
            Verb::Info => "INFO",
            Verb::Stats => "STATS",
        }
    }
}

impl Answers {
    /// `ends` are the sources and sinks on NATS.
    pub(super) fn new(ends: &[NatsEnd], pipeline: Arc<dyn ObservedPipeline>) -> Self {
        let stats = pipeline.stats();
        let (identity, endpoints) = (Identity::of(&stats.pipeline), EndpointInfo::all(&stats, ends));
        let ping = json("ping_response", &identity, Ping {});
        let info = json("info_response", &identity, Info { description: "a Pathway pipeline", endpoints: &endpoints });
        Answers { identity, started: DateTimeUtc::now(), endpoints, ping, info, stats: None, pipeline }
    }

    /// The name of the service.
    pub(super) fn name(&self) -> &str {
        &self.identity.name
    }

    /// The subjects of requests, each with what it asks for: of all services, of those of this name, and of this one.
    pub(super) fn subjects(&self) -> impl Iterator<Item = (Verb, String)> {
        let Identity { name, id, .. } = &self.identity;
        let whose = [String::new(), format!(".{name}"), format!(".{name}.{id}")];
        whose.into_iter().flat_map(|whose| Verb::ALL.map(|verb| (verb, format!("$SRV.{}{whose}", verb.name()))))
    }

    /// The answer, which may have at most so many bytes. `None`: it cannot be so short.
    pub(super) fn answer(&mut self, verb: Verb, most: usize) -> Option<Bytes> {
        let answer = match verb {
            Verb::Ping => self.ping.clone(),
            Verb::Info => self.info.clone(),
            Verb::Stats => self.stats(most),
        };
        Some(answer).filter(|answer| answer.len() <= most)
    }

    fn stats(&mut self, most: usize) -> Bytes {
        let now = Instant::now();
        if let Some((read, answer)) = &self.stats
            && now.saturating_duration_since(*read) < OLDEST_STATS
        {
            return answer.clone();
        }
        let stats = self.pipeline.stats();
        let with = |has_data| {
            let endpoints = EndpointStats::all(&stats, &self.endpoints, has_data);
            json("stats_response", &self.identity, Stats { started: format!("{:.3}", self.started), endpoints })
        };
        let mut answer = with(true);
        if answer.len() > most {
            answer = with(false);
        }
        self.stats = Some((now, answer.clone()));
        answer
    }
}

fn json(kind: &str, identity: &Identity, rest: impl Serialize) -> Bytes {
    let kind = format!("io.nats.micro.v1.{kind}");
    // Nothing in it can fail: its keys are texts.
    serde_json::to_vec(&Answer { kind: &kind, identity, rest }).unwrap_or_default().into()
}
