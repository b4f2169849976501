//! Finds a pipeline that reads what it writes: a source whose subject matches that of a sink, at the same server.

use std::sync::{Arc, Mutex, PoisonError};

use super::client::{NatsUri, Options, Server, overlap};
use crate::connector::Endpoint;
use crate::plan::Plan;

/// The subjects that the sources and sinks of one pipeline use.
#[derive(Default)]
pub(super) struct SubjectUses(Mutex<Vec<SubjectUse>>);

/// A subject that a source reads, or that a sink or dead letters go to.
#[derive(Clone, Debug)]
pub(super) struct SubjectUse {
    pub(super) role: Role,
    /// The source's or sink's name.
    pub(super) name: Arc<str>,
    pub(super) place: Place,
    /// The subject, which may have wildcards.
    pub(super) subject: String,
    /// The stream that is read or written.
    pub(super) stream: Option<String>,
}

/// What a subject is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Source,
    Sink,
    /// The dead letters of a source.
    SourceDeadLetters,
    /// The dead letters of a sink.
    SinkDeadLetters,
}

/// Where a subject is used. Users with other credentials may be in another account, where the same subject is another one.
#[derive(Clone, Debug)]
pub(super) struct Place {
    endpoint: Endpoint,
    uri: Option<NatsUri>,
}

impl Place {
    pub(super) fn new(endpoint: &Endpoint, options: &Options) -> Self {
        let uri = match endpoint {
            Endpoint::Server(uri) => NatsUri::parse(uri).ok().map(|uri| uri.with(options)),
            Endpoint::Memory(_) => None,
        };
        Place { endpoint: endpoint.clone(), uri }
    }

    fn is(&self, other: &Place) -> bool {
        if let (Endpoint::Memory(one), Endpoint::Memory(other)) = (&self.endpoint, &other.endpoint) {
            return Arc::ptr_eq(one, other);
        }
        let (Some(one), Some(other)) = (&self.uri, &other.uri) else { return false };
        let is_same = |one: &Server, other: &Server| one.host == other.host && one.port == other.port;
        let share = one.servers().iter().any(|server| other.servers().iter().any(|other| is_same(server, other)));
        share && one.credentials() == other.credentials()
    }
}

impl SubjectUse {
    /// Adds this to the uses of a pipeline, which reports at its start where it reads what it writes.
    pub(super) fn add(self, plan: &Plan) {
        let uses = plan.shared::<SubjectUses>();
        let mut uses = uses.0.lock().unwrap_or_else(PoisonError::into_inner);
        for other in uses.iter() {
            let (source, sink) = if self.role == Role::Source { (&self, other) } else { (other, &self) };
            if source.reads(sink) {
                plan.warn_at_start(&source.name, source.warning(sink));
            }
        }
        uses.push(self);
    }

    /// Whether this is a source that may read what goes to the other subject.
    fn reads(&self, sink: &SubjectUse) -> bool {
        if self.role != Role::Source || sink.role == Role::Source || !self.place.is(&sink.place) {
            return false;
        }
        let pattern = if self.subject.is_empty() { ">" } else { &self.subject };
        // A broker in memory has no streams.
        let has_streams = self.place.uri.is_some();
        let is_possible = match (&self.stream, &sink.stream) {
            _ if !has_streams => true,
            (Some(from), Some(to)) => from == to,
            // Which subjects a stream takes is not known here.
            (Some(_), None) => pattern != ">",
            (None, _) => true,
        };
        is_possible && overlap(pattern, &sink.subject)
    }

    fn warning(&self, sink: &SubjectUse) -> String {
        let (pattern, to) = (if self.subject.is_empty() { ">" } else { &self.subject }, &sink.subject);
        let what = match sink.role {
            Role::Source | Role::Sink => format!("sink `{}` writes to `{to}`", sink.name),
            Role::SourceDeadLetters => format!("the dead letters of source `{}` go to `{to}`", sink.name),
            Role::SinkDeadLetters => format!("the dead letters of sink `{}` go to `{to}`", sink.name),
        };
        let condition = match &self.stream {
            Some(stream) if sink.stream.is_none() => format!(" if stream `{stream}` takes them"),
            _ => String::new(),
        };
        format!(
            "source `{}` reads `{pattern}`, and {what} on the same server: the pipeline reads its own messages{condition}, \
             which can go round for ever",
            self.name
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject_use(role: Role, uri: &str, subject: &str, stream: Option<&str>) -> SubjectUse {
        let place = Place::new(&uri.into(), &Options::new());
        SubjectUse { role, name: "x".into(), place, subject: subject.to_owned(), stream: stream.map(str::to_owned) }
    }

    #[test]
    fn a_source_reads_what_is_written_to_its_subject_on_the_same_server() {
        for (source, stream, uri, subject, into, expected) in [
            ("a.>", None, "nats://h", "a.b", None, true),
            ("a.>", None, "nats://i,h:4222", "a.b", None, true),
            ("a.>", None, "nats://h:4223", "a.b", None, false),
            ("a.>", None, "nats://u:p@h", "a.b", None, false),
            ("a.>", None, "nats://h", "b", None, false),
            (">", None, "nats://h", "a.b", Some("S"), true),
            (">", None, "nats://h", "$KV.b.>", Some("KV_b"), true),
            ("a.>", Some("S"), "nats://h", "a.b", None, true),
            ("a.>", Some("S"), "nats://h", "a.b", Some("S"), true),
            ("a.>", Some("S"), "nats://h", "a.b", Some("T"), false),
            // The stream probably does not take the subject.
            ("", Some("S"), "nats://h", "b", None, false),
            (">", Some("S"), "nats://h", "b", None, false),
            ("", Some("S"), "nats://h", "b", Some("S"), true),
        ] {
            let source = subject_use(Role::Source, "nats://h", source, stream);
            let sink = subject_use(Role::Sink, uri, subject, into);
            assert_eq!(source.reads(&sink), expected, "{source:?} {sink:?}");
            assert!(!sink.reads(&source) && !source.reads(&source));
        }
    }
}
