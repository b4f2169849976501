//! The dead letters of a source: a sink of their own, at the server or broker that the source reads from.

use std::sync::Arc;

use super::client::{NatsUri, Options, check_publish_subject};
use super::core::sink::CoreSink;
use super::service;
use super::subject_uses::{Place, Role, SubjectUse};
use crate::connector::Endpoint;
use crate::connector::sink::{BatchOutput, DeadLetters, Origin, add_memory_sink, add_sink};
use crate::connector::source::DeadLetterOutput;
use crate::data::Result;
use crate::plan::{DeclaredEnd, NodeKind, Plan};

/// Adds a sink for the dead letters of a source, at the endpoint that the source reads from.
pub(super) fn dead_letter_output(
    plan: &Plan,
    endpoint: &Endpoint,
    options: &Options,
    source: &Arc<str>,
    subject: &str,
) -> DeadLetterOutput {
    let name = plan.default_name(NodeKind::Sink, &format!("{source}-dead-letters"));
    plan.add_dead_letter_sink(source, &name);
    let origin = Origin::Source(Arc::clone(source));
    let (place, to) = (Place::new(endpoint, options), subject.to_owned());
    SubjectUse { role: Role::SourceDeadLetters, name: Arc::clone(source), place, subject: to, stream: None }.add(plan);
    let declared = DeclaredEnd { kind: "nats", subject: Some(subject.to_owned()), ..DeclaredEnd::default() };
    service::add_end(plan, NodeKind::Sink, &name, (endpoint, options), &declared, None);
    let dead_letters = DeadLetters { subject: subject.into(), pipeline: plan.name(), origin };
    let output = match endpoint {
        Endpoint::Memory(broker) => BatchOutput::in_memory(plan, add_memory_sink(plan, name), Arc::clone(broker), None),
        Endpoint::Server(uri) => {
            let is_valid =
                check_dead_letters(subject).map_err(|error| error.of_component(&format!("source `{source}`")));
            let sink = is_valid.and_then(|()| NatsUri::parse(uri)).map(|uri| {
                // A dead letter that is too large with its headers is cut.
                CoreSink::new(uri).options(options.clone()).dead_letters(Some(dead_letters.clone()))
            });
            let link = match sink {
                Ok(sink) => add_sink(plan, name, sink),
                Err(error) => {
                    plan.control().fail(error);
                    add_memory_sink(plan, name)
                }
            };
            BatchOutput::new(plan, link, None)
        }
    };
    DeadLetterOutput::new(dead_letters, output)
}

/// Checks the subject of dead letters.
pub(super) fn check_dead_letters(subject: &str) -> Result<()> {
    check_publish_subject(subject).map_err(|error| error.of_component(&format!("`.dead_letter({subject:?})`")))
}
