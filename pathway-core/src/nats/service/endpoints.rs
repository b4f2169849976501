//! The endpoints of a service: the sources and sinks of the pipeline, with their numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::declared::NatsEnd;
use super::identity::EndpointNames;
use crate::telemetry::{Level, SinkStats, SourceStats, Stats, recent_events};

/// What the description of an endpoint has (`EndpointInfo` in ADR-32).
#[derive(Clone, Debug, Serialize)]
pub(super) struct EndpointInfo {
    name: String,
    subject: String,
    queue_group: String,
    metadata: BTreeMap<&'static str, String>,
}

/// What the statistics of an endpoint have (`EndpointStats` in ADR-32).
#[derive(Debug, Serialize)]
pub(super) struct EndpointStats<'a> {
    name: &'a str,
    subject: &'a str,
    queue_group: &'a str,
    /// The messages of a source, or those that a sink has published.
    num_requests: u64,
    /// Messages that are lost for the pipeline: rejected, or dropped.
    num_errors: u64,
    last_error: String,
    /// How long the first worker has decoded or encoded them, in nanoseconds.
    processing_time: u64,
    average_processing_time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Data<'a>>,
}

/// All numbers of an endpoint, and what the pipeline does.
#[derive(Debug, Serialize)]
struct Data<'a> {
    kind: &'static str,
    pipeline_state: &'static str,
    pipeline_commits: u64,
    #[serde(flatten)]
    numbers: Numbers<'a>,
}

/// The numbers of a source or a sink.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
enum Numbers<'a> {
    Source(&'a SourceStats),
    Sink(&'a SinkStats),
}

impl<'a> Numbers<'a> {
    /// The sources, and then the sinks.
    fn all(stats: &'a Stats) -> impl Iterator<Item = Self> {
        stats.sources.iter().map(Numbers::Source).chain(stats.sinks.iter().map(Numbers::Sink))
    }

    fn kind(self) -> &'static str {
        match self {
            Numbers::Source(_) => "source",
            Numbers::Sink(_) => "sink",
        }
    }

    fn name(self) -> &'a str {
        match self {
            Numbers::Source(source) => &source.name,
            Numbers::Sink(sink) => &sink.name,
        }
    }

    fn messages(self) -> u64 {
        match self {
            Numbers::Source(source) => source.received,
            Numbers::Sink(sink) => sink.published,
        }
    }

    fn errors(self) -> u64 {
        match self {
            Numbers::Source(source) => source.rejected + source.dropped,
            Numbers::Sink(sink) => sink.rejected,
        }
    }

    fn processing_time(self) -> u64 {
        let seconds = match self {
            Numbers::Source(source) => source.busy_seconds,
            Numbers::Sink(sink) => sink.busy_seconds,
        };
        let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    }
}

impl EndpointInfo {
    /// Of all sources and sinks of a pipeline, in the order of its statistics. `ends` are those on NATS.
    pub(super) fn all(stats: &Stats, ends: &[NatsEnd]) -> Vec<Self> {
        let mut names = EndpointNames::default();
        let infos = Numbers::all(stats).map(|end| {
            let (name, true_name) = (names.add(end.name()), end.name());
            let mut metadata = BTreeMap::from([("kind", end.kind().to_owned()), ("name", true_name.to_owned())]);
            match ends.iter().find(|end| &*end.name == true_name) {
                Some(NatsEnd { subject, queue_group, transport, stream, .. }) => {
                    metadata.insert("transport", (*transport).to_owned());
                    let store = if *transport == "kv" { "bucket" } else { "stream" };
                    metadata.extend(stream.iter().map(|stream| (store, stream.clone())));
                    EndpointInfo { name, subject: subject.clone(), queue_group: queue_group.clone(), metadata }
                }
                // As for an endpoint of the protocol whose subject is not given.
                None => EndpointInfo { subject: name.clone(), name, queue_group: String::new(), metadata },
            }
        });
        infos.collect()
    }
}

impl<'a> EndpointStats<'a> {
    /// Of all endpoints. `has_data`: with their other numbers.
    pub(super) fn all(stats: &'a Stats, infos: &'a [EndpointInfo], has_data: bool) -> Vec<Self> {
        let is_of_end = |component: &str| Numbers::all(stats).any(|end| end.name() == component);
        // The newest first.
        let mut errors = recent_events(is_of_end);
        errors.retain(|event| event.level == Level::Error);
        let endpoints = infos.iter().zip(Numbers::all(stats)).map(|(info, numbers)| {
            let error = errors.iter().find(|event| event.component == numbers.name());
            let (messages, time) = (numbers.messages(), numbers.processing_time());
            EndpointStats {
                name: &info.name,
                subject: &info.subject,
                queue_group: &info.queue_group,
                num_requests: messages,
                num_errors: numbers.errors(),
                last_error: error.map(|event| event.message.clone()).unwrap_or_default(),
                processing_time: time,
                average_processing_time: time.checked_div(messages).unwrap_or_default(),
                data: has_data.then(|| Data {
                    kind: numbers.kind(),
                    pipeline_state: stats.state.name(),
                    pipeline_commits: stats.commits,
                    numbers,
                }),
            }
        });
        endpoints.collect()
    }
}
