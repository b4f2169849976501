//! What the sources and sinks of a pipeline say of themselves when they are declared, and the start of the service.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::answers::Answers;
use super::thread::{Service, ServiceThread};
use crate::connector::Endpoint;
use crate::nats::client::{NatsUri, Options};
use crate::nats::kv::bucket;
use crate::plan::{DeclaredEnd, NodeKind, ObservedPipeline, Observer, Plan};

/// The sources and sinks of one pipeline on NATS.
#[derive(Default)]
pub(super) struct Declared(Mutex<Ends>);

#[derive(Default)]
struct Ends {
    is_off: bool,
    /// The one on whose server the service is: the first source, or the first sink if there is no source.
    host: Option<Host>,
    ends: Vec<NatsEnd>,
}

struct Host {
    kind: NodeKind,
    uri: NatsUri,
    options: Options,
}

/// A source or a sink on NATS.
pub(super) struct NatsEnd {
    pub(super) name: Arc<str>,
    uri: NatsUri,
    /// The subject that it reads or writes; with a wildcard, if there are several.
    pub(super) subject: String,
    /// Empty without one.
    pub(super) queue_group: String,
    /// `nats`, `jetstream` or `kv`.
    pub(super) transport: &'static str,
    /// The stream or the bucket.
    pub(super) stream: Option<String>,
}

/// Adds a source or a sink to the service of its pipeline. One in memory is not part of it.
pub(in crate::nats) fn add_end(
    plan: &Plan,
    kind: NodeKind,
    name: &Arc<str>,
    (endpoint, options): (&Endpoint, &Options),
    declared: &DeclaredEnd,
    queue_group: Option<&str>,
) {
    let Endpoint::Server(uri) = endpoint else { return };
    // A URI that cannot be used is an error of the source or sink.
    let Ok(uri) = NatsUri::parse(uri) else { return };
    let shared = plan.shared::<Declared>();
    let mut ends = shared.lock();
    if ends.host.is_none() {
        plan.add_observer(ServiceStart(Arc::clone(&shared)));
    }
    if ends.host.as_ref().is_none_or(|host| host.kind != NodeKind::Source && kind == NodeKind::Source) {
        ends.host = Some(Host { kind, uri: uri.clone(), options: options.clone() });
    }
    ends.ends.push(NatsEnd {
        name: Arc::clone(name),
        uri,
        subject: subject(declared),
        queue_group: queue_group.unwrap_or_default().to_owned(),
        transport: declared.kind,
        stream: declared.stream.clone(),
    });
}

/// The subject of a source or a sink. Where each row has its own, and where all subjects of a stream are read, it is any.
fn subject(DeclaredEnd { kind, subject, stream, .. }: &DeclaredEnd) -> String {
    match (subject, stream) {
        (Some(subject), _) if !subject.is_empty() => subject.clone(),
        (_, Some(name)) if *kind == "kv" => bucket::subjects(name).0,
        _ => ">".to_owned(),
    }
}

impl Declared {
    pub(super) fn set_on(&self, is_on: bool) {
        self.lock().is_off = !is_on;
    }

    fn lock(&self) -> MutexGuard<'_, Ends> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the service with its pipeline.
struct ServiceStart(Arc<Declared>);

impl Observer for ServiceStart {
    fn start(self: Box<Self>, pipeline: Arc<dyn ObservedPipeline>) -> Option<Box<dyn Send>> {
        let Ends { is_off, host, ends } = std::mem::take(&mut *self.0.lock());
        let Host { uri, options, .. } = host.filter(|_| !is_off)?;
        let same_server = ends.iter().filter(|end| end.uri.servers() == uri.servers());
        let first = same_server.map(|end| Arc::clone(&end.name)).collect();
        let answers = Answers::new(&ends, Arc::clone(&pipeline));
        let thread = ServiceThread::start(Service::new(uri, options, answers, pipeline, first))?;
        Some(Box::new(thread))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(kind: &'static str, subject: Option<&str>, stream: Option<&str>) -> DeclaredEnd {
        let (subject, stream) = (subject.map(str::to_owned), stream.map(str::to_owned));
        DeclaredEnd { kind, subject, stream, ..DeclaredEnd::default() }
    }

    #[test]
    fn the_first_source_is_the_host_and_without_one_the_first_sink() {
        let (plan, options) = (Plan::new(), Options::new());
        let add = |kind, name: &str, uri: &str| {
            let endpoint = Endpoint::from(uri);
            add_end(&plan, kind, &name.into(), (&endpoint, &options), &declared("nats", Some(name), None), None);
            let shared = plan.shared::<Declared>();
            let ends = shared.lock();
            ends.host.as_ref().map(|host| host.uri.to_string())
        };
        let at = |host: &str| Some(format!("nats://{host}:4222"));
        assert_eq!(add(NodeKind::Sink, "wrong", "nats://"), None);
        assert_eq!(add(NodeKind::Sink, "a", "one"), at("one"));
        assert_eq!(add(NodeKind::Sink, "b", "two"), at("one"));
        assert_eq!(add(NodeKind::Source, "c", "three"), at("three"));
        assert_eq!(add(NodeKind::Source, "d", "four"), at("three"));
        assert_eq!(plan.take().observers.len(), 1);
    }

    #[test]
    fn every_end_has_a_subject() {
        assert_eq!(subject(&declared("nats", Some("a.*"), None)), "a.*");
        assert_eq!(subject(&declared("jetstream", Some(""), Some("S"))), ">");
        assert_eq!(subject(&declared("nats", None, None)), ">");
        assert_eq!(subject(&declared("kv", None, Some("totals"))), "$KV.totals.>");
    }
}
