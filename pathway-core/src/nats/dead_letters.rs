//! The dead letters of a source: a sink of its own for what could not be read.

use std::sync::Arc;

use super::client::Options;
use super::server::{ServerSink, SinkSubject};
use crate::connector::Endpoint;
use crate::connector::sink::{DeadLetters, EncodedBatch, End, Outbox, SinkLink};
use crate::data::{Commit, DecodeError, Message};
use crate::plan::Plan;
use crate::telemetry::SinkCounters;
use crate::testing::{Broker, Published};

/// Where a source puts what it could not read.
#[derive(Clone)]
pub(super) struct DeadLetterBox {
    dead_letters: DeadLetters,
    link: SinkLink,
    /// Where it is published at once; else the sink's thread takes it out of the outbox.
    broker: Option<Broker>,
}

impl DeadLetterBox {
    /// Adds the sink to the plan, at the place where the source reads.
    pub(super) fn open(plan: &Plan, place: &Endpoint, options: &Options, source: &Arc<str>, subject: String) -> Self {
        let control = plan.control().clone();
        let outbox = Arc::new(Outbox::new(control.clone()));
        let name = plan.unique_name(&format!("{source}-dead-letters"));
        let link = SinkLink { name, outbox, counters: Arc::<SinkCounters>::default(), control };
        let subject: Arc<str> = subject.into();
        let end = End::Source(Arc::clone(source));
        let dead_letters = DeadLetters { subject: Arc::clone(&subject), pipeline: plan.name(), end };
        let (sink, broker) = match place {
            Endpoint::Memory(broker) => (None, Some(broker.clone())),
            Endpoint::Server(uri) => {
                let (uri, options) = (uri.clone(), options.clone());
                // One that is too large once it has its headers is cut.
                let again = Some(dead_letters.clone());
                let subject = SinkSubject::All(subject);
                let sink = ServerSink { uri, subject, options, dead_letters: again };
                (Some(Box::new(sink) as Box<dyn crate::connector::sink::Sink>), None)
            }
        };
        plan.add_sink(sink, link.clone());
        DeadLetterBox { dead_letters, link, broker }
    }

    /// A parcel for the dead letters of one batch.
    pub(super) fn parcel(&self, commit: Commit) -> EncodedBatch {
        EncodedBatch::new(commit, 0, Arc::clone(&self.dead_letters.subject))
    }

    /// Adds a message that could not be read.
    pub(super) fn add(&self, parcel: &mut EncodedBatch, message: &Message<'_>, reject: &DecodeError) {
        parcel.payloads.extend_from_slice(message.payload);
        parcel.push(true, Some(Box::new(self.dead_letters.of_message(message, reject))));
    }

    /// Sends them off.
    pub(super) fn send(&self, parcel: EncodedBatch) {
        let count = parcel.letters.len() as u64;
        self.link.counters.queued.add(count);
        let Some(broker) = &self.broker else { return self.link.outbox.push(parcel) };
        parcel.letters.iter().for_each(|letter| broker.deliver(Published::of(&parcel, letter)));
        self.link.counters.published.add(count);
    }
}
