//! A source that reads a JetStream stream.
//!
//! A stream that keeps its messages up to its limits is read without acknowledgements, by its sequences. Its consumer is
//! ephemeral: whenever anything is wrong with it, another one is created behind the last message that was read.
//! A stream that keeps messages until they are acknowledged (a work queue, or one with interest retention) is read with a
//! durable consumer, and a message is acknowledged when the servers have everything that was written for it; in a pipeline that
//! persists, when a checkpoint has it.

mod acknowledge;
mod arrivals;
mod backlog_reporter;
mod bucket_keys;
mod consumer;
mod consumer_check;
mod consumer_names;
mod coverage;
mod delivery_info;
mod earlier_run;
mod key_check;
mod lost_messages;
mod missing;
mod open;
mod position;
mod pull_requests;
mod read_marks;
mod reader;
mod removals;
mod session;
mod snapshot;
mod start;
mod suspicion;
mod unacked;
mod unread;
mod unreadable;

pub use super::source::start::Start;

use std::sync::Arc;

use super::source::backlog_reporter::BacklogReporter;
use super::source::consumer::ConsumerSpec;
use super::source::reader::Reader;
use crate::connector::Failure;
use crate::connector::source::{MergedSources, MessageSender, Replay, Source, SourceSettings, Undecoded};
use crate::data::Result;
use crate::nats::client::{
    ApiPrefix, Dialer, NatsUri, Options, Supervisor, check_stream_name, check_subscribe_subject,
};

/// A reader of a stream.
#[derive(Clone, Debug)]
#[must_use = "a reader does nothing until it is started"]
pub struct StreamReader {
    uri: NatsUri,
    options: Options,
    spec: ConsumerSpec,
    prefix: Arc<str>,
    is_bucket: bool,
    merged: Option<Arc<MergedSources>>,
}

impl StreamReader {
    /// How many messages wait in async-nats before it drops any: more than are ever requested at a time.
    const CAPACITY: usize = 1 << 20;

    /// A reader of those messages of a stream that match a subject; of all messages if the subject is empty.
    ///
    /// If it needs a durable consumer, that is named after the pipeline and the source.
    ///
    /// # Errors
    /// The subject or the stream's name is invalid.
    pub fn new(uri: NatsUri, stream: &str, subject: &str, pipeline: &str, source: &str) -> Result<Self> {
        check_stream_name("stream", stream)?;
        let subject = if subject.is_empty() { ">" } else { subject };
        check_subscribe_subject(subject)?;
        let spec = ConsumerSpec {
            api: ApiPrefix::Own,
            stream: stream.into(),
            subject: subject.into(),
            start: Start::All,
            durable: None,
            own_name: consumer::own_name(pipeline, source),
        };
        Ok(StreamReader { uri, options: Options::new(), spec, prefix: "".into(), is_bucket: false, merged: None })
    }

    /// Sets the connection options.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Sets whose JetStream has the stream. Default: the server's own.
    ///
    /// Two domains can have streams of the same name, and an acknowledgement reaches the consumers of both that have the same
    /// name, too. So our own consumer is named after the domain.
    pub(crate) fn api(mut self, api: ApiPrefix, pipeline: &str, source: &str) -> Self {
        self.spec.own_name = consumer::own_name(pipeline, &api.qualify(source));
        self.spec.api = api;
        self
    }

    /// Sets where in the stream to start. Default: with the oldest message.
    pub fn start_at(mut self, start: Start) -> Self {
        self.spec.start = start;
        self
    }

    /// Reads with an existing durable consumer.
    ///
    /// # Errors
    /// The name is invalid.
    pub fn durable(mut self, name: &str) -> Result<Self> {
        check_stream_name("consumer", name)?;
        self.spec.durable = Some(name.into());
        Ok(self)
    }

    /// Merges the backlog of the stream with those of other sources of the pipeline, by the times at which their messages were
    /// stored.
    pub(crate) fn merged_with(self, merged: Arc<MergedSources>) -> Self {
        merged.add();
        StreamReader { merged: Some(merged), ..self }
    }

    /// Removes a prefix from each subject.
    pub fn without_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Reads the stream of a bucket: hands over the messages with which the server marks the end of a subject, which it
    /// otherwise skips and counts, and a deletion for each key that is not stored any more.
    pub fn of_bucket(mut self) -> Self {
        self.is_bucket = true;
        self
    }
}

#[diagnostic::do_not_recommend]
impl Source for StreamReader {
    type Item = Undecoded;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().reports_waiting()
    }

    fn replay(&self) -> Replay {
        let reads_newest = self.spec.durable.is_none() && self.spec.start == Start::LastPerSubject;
        if self.is_bucket || reads_newest { Replay::Never } else { Replay::Again }
    }

    fn run(self, sender: &MessageSender) -> Result<(), Failure> {
        let link = sender.link().clone();
        let start_timeout = self.options.connect_deadline;
        let dialer = Dialer::new(self.uri.clone(), self.options, Arc::clone(&link.name), Self::CAPACITY);
        let backlog = BacklogReporter::new(self.merged.as_deref(), &link);
        let connection = Arc::clone(&link.connection);
        let mut reader = Reader::new(self.uri, start_timeout, self.spec, self.prefix, self.is_bucket, backlog, link);
        let outcome = Supervisor::new(dialer, Box::new(|| sender.ready()), &connection).run(&mut reader);
        reader.report_unacked();
        Ok(outcome?)
    }
}
