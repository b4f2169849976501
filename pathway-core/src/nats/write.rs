//! `nats::write`: a table's changes as messages.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::atomic::Atomic;
use super::client::{ApiPrefix, ApiSettings, NatsUri, Options, check_publish_subject};
use super::core::sink::CoreSink;
use super::dead_letters::check_dead_letters;
use super::jetstream::sink::StreamPublisher;
use super::kv::bucket::{self, Bucket};
use super::kv::sink::BucketWriter;
use super::service;
use super::stream::Stream;
use super::subject_uses::{Place, Role, SubjectUse};
use super::transport::{Core, JetStream, KeyValue, WriteTransport};
use crate::connector::sink::{
    BatchOutput, DeadLetters, MessageOptions, Origin, SinkLink, add_memory_sink, add_sink, check_format,
    write_messages, write_table,
};
use crate::connector::{Endpoint, IntoEndpoint};
use crate::data::{Error, ErrorKind, Result, Schema};
use crate::format::{Encode, Removals};
use crate::plan::{DeclaredEnd, NodeKind, Plan, Table};

/// Publishes a table's changes on a subject. Give options first and the format last.
///
/// Every change is one message: the row with `diff` 1 when it is inserted and -1 when it is removed, and the `time` of the
/// commit (unix milliseconds). `diff` and `time` are also the headers `pathway_diff` and `pathway_time`. Within a commit,
/// removals come before insertions.
///
/// Each message reaches the server at least once: what the server has not confirmed when a connection breaks is published
/// again over the next one.
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Total { sum: i64 }
///
/// let pipeline = Pipeline::new();
/// let totals = pipeline.rows([Total { sum: 45 }]);
/// let broker = pathway::testing::Broker::new();
/// nats::write(&totals, &broker, "sum").json();
/// pipeline.run()?;
/// assert!(broker.published("sum")[0].text().starts_with(r#"{"sum":45,"diff":1,"time":"#));
/// # Ok::<(), pathway::Error>(())
/// ```
pub fn write<R: Schema>(table: &Table<R>, endpoint: impl IntoEndpoint, subject: impl Into<String>) -> Write<R> {
    Write {
        table: table.clone(),
        endpoint: endpoint.into_endpoint(),
        subject: subject.into(),
        name: None,
        dead_letter: None,
        options: Options::new(),
        message_options: MessageOptions::new(),
        transport: WriteTransport::Core,
        kind: PhantomData,
    }
}

/// A table to be written, before its format is given; see [`write()`]. `T` is the transport.
#[must_use = "give the format, such as `.json()`: without it nothing is written"]
pub struct Write<R, T = Core> {
    pub(super) table: Table<R>,
    endpoint: Endpoint,
    subject: String,
    name: Option<String>,
    dead_letter: Option<String>,
    options: Options,
    pub(super) message_options: MessageOptions<R>,
    pub(super) transport: WriteTransport<R>,
    kind: PhantomData<T>,
}

impl<R: Schema, T> Write<R, T> {
    /// The sink's name in logs, errors and [`stats`](crate::telemetry::Stats), and in the state of a pipeline that persists. If
    /// another sink, a source or an operator has it, [`run`](crate::plan::Pipeline::run) returns an error that names both.
    ///
    /// Default: the subject, with a number if another one has it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How to connect. A broker in memory ignores this.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Publishes rows on this subject that cannot be published normally. Default: they are only counted and reported.
    ///
    /// A row cannot be published if its subject or a header is invalid, if an [`Encode`] refuses it, or if its message is
    /// larger than the server accepts. A dead letter has the row's payload and these headers: `pathway_time`,
    /// `pathway_diff`, `pathway_reason`, `pathway_subject`, `pathway_pipeline`, `pathway_sink`, and then the row's own. A
    /// payload that is too large is cut; the header `pathway_cut` has its full length.
    pub fn dead_letter(mut self, subject: impl Into<String>) -> Self {
        self.dead_letter = Some(subject.into());
        self
    }

    /// The same writer on another transport.
    fn on<K>(self, transport: WriteTransport<R>) -> Write<R, K> {
        let Write { table, endpoint, subject, name, dead_letter, options, message_options, .. } = self;
        let kind = PhantomData;
        Write { table, endpoint, subject, name, dead_letter, options, message_options, transport, kind }
    }

    /// Encodes messages in a format of your own, or in one with settings; see [`Encode`] and
    /// [`Dsv`](crate::format::Dsv).
    pub fn encode(self, encode: impl Encode<R>) {
        let plan = self.table.plan().clone();
        let default = if self.subject.is_empty() { "write" } else { &self.subject };
        let name = plan.node_name(NodeKind::Sink, self.name.as_deref(), default, &self.place());
        let dead_letters = self.dead_letter.as_deref().map(|subject| DeadLetters {
            subject: subject.into(),
            pipeline: plan.name(),
            origin: Origin::Sink(Arc::clone(&name)),
        });
        self.add_subject_uses(&plan, &name);
        let declared = self.declared();
        service::add_end(&plan, NodeKind::Sink, &name, (&self.endpoint, &self.options), &declared, None);
        plan.declare_end(&name, declared);
        let mut api = self.check(&name).unwrap_or_else(|error| {
            plan.control().fail(error);
            ApiPrefix::Own
        });
        let output = match self.endpoint.clone() {
            // A broker has no domains.
            Endpoint::Memory(broker) => {
                api = ApiPrefix::Own;
                BatchOutput::in_memory(&plan, add_memory_sink(&plan, Arc::clone(&name)), broker, dead_letters)
            }
            Endpoint::Server(uri) => {
                let link = self.add_server_sink(&plan, &uri, Arc::clone(&name), dead_letters.clone(), &api);
                let link = link.unwrap_or_else(|error| {
                    plan.control().fail(error);
                    add_memory_sink(&plan, Arc::clone(&name))
                });
                BatchOutput::new(&plan, link, dead_letters)
            }
        };
        let Write { table, subject, message_options, transport, .. } = self;
        let subject: Arc<str> = subject.into();
        match transport {
            WriteTransport::Bucket(key, _) => {
                if !message_options.is_empty() {
                    plan.control().fail(no_message_options(&name));
                }
                if encode.removals() == Removals::LeftOut {
                    plan.control().fail(no_removals_left_out(&name));
                }
                check_format(&encode, &table, &output);
                let (encode, output): (Arc<dyn Encode<R>>, _) = (Arc::new(encode), output.of_bucket());
                write_table(&table, name, move || {
                    BucketWriter::new(&subject, &api, Arc::clone(&key), Arc::clone(&encode), output.clone())
                });
            }
            WriteTransport::Core => {
                write_messages(&table, name, subject, encode, message_options, output);
            }
            WriteTransport::Stream(_, atomic) => {
                let parameter = match atomic.settings(if message_options.has_own_subjects() { "" } else { &subject }) {
                    Some(settings) => Some(settings.to_string()),
                    None => message_options.has_message_ids().then(|| "message_id".to_owned()),
                };
                let node = write_messages(&table, name, subject, encode, message_options, output);
                parameter.into_iter().for_each(|parameter| plan.add_parameter(node, &parameter));
            }
        }
    }

    /// Where it writes, for errors.
    fn place(&self) -> String {
        match &self.transport {
            WriteTransport::Bucket(..) => format!("which writes into the bucket `{}`", self.subject),
            WriteTransport::Stream(stream, _) if self.subject.is_empty() => {
                format!("which writes into the stream `{}`", stream.name)
            }
            _ if self.subject.is_empty() => "with a subject for each row".to_owned(),
            _ => format!("which writes to `{}`", self.subject),
        }
    }

    /// What a picture says of the sink.
    fn declared(&self) -> DeclaredEnd {
        let subject = (!self.message_options.has_own_subjects()).then(|| self.subject.clone());
        let (kind, subject, stream) = match &self.transport {
            WriteTransport::Core => ("nats", subject, None),
            WriteTransport::Stream(stream, atomic) => {
                ("jetstream", subject.or_else(|| atomic.filter.clone()), Some(stream.name.clone()))
            }
            WriteTransport::Bucket(..) => ("kv", None, Some(self.subject.clone())),
        };
        DeclaredEnd { kind, subject, stream, dead_letters: self.dead_letter.clone(), is_named: self.name.is_some() }
    }

    /// Whose JetStream is written to.
    ///
    /// # Errors
    /// The settings cannot be honoured.
    fn check(&self, name: &str) -> Result<ApiPrefix> {
        if let WriteTransport::Stream(stream, atomic) = &self.transport {
            stream.check_for_writing(name)?;
            atomic.check(name, &self.subject, &self.message_options)?;
        }
        self.transport.api().map_err(|error| error.of_component(name))
    }

    /// Records the subjects that are written. Those that each row has for itself are not known.
    fn add_subject_uses(&self, plan: &Plan, name: &Arc<str>) {
        let place = Place::new(&self.endpoint, &self.options);
        let add = |role, subject: &str, stream| {
            SubjectUse { role, name: Arc::clone(name), place: place.clone(), subject: subject.to_owned(), stream }
                .add(plan);
        };
        let api = self.transport.api().unwrap_or_default();
        if let Some(subject) = &self.dead_letter {
            add(Role::SinkDeadLetters, subject, None);
        }
        match &self.transport {
            WriteTransport::Bucket(..) => {
                let (subjects, stream) = bucket::subjects(&self.subject);
                add(Role::Sink, &subjects, stream.map(|stream| api.qualify(&stream)));
            }
            WriteTransport::Stream(stream, Atomic { filter: Some(filter), .. })
                if self.message_options.has_own_subjects() =>
            {
                add(Role::Sink, filter, Some(api.qualify(&stream.name)));
            }
            _ if self.message_options.has_own_subjects() => {}
            WriteTransport::Core => add(Role::Sink, &self.subject, None),
            WriteTransport::Stream(stream, _) => add(Role::Sink, &self.subject, Some(api.qualify(&stream.name))),
        }
    }

    fn add_server_sink(
        &self,
        plan: &Plan,
        uri: &str,
        name: Arc<str>,
        dead_letters: Option<DeadLetters>,
        api: &ApiPrefix,
    ) -> Result<SinkLink> {
        let (uri, options) = (NatsUri::parse(uri)?, self.options.clone());
        // Where each row has its own subject, there is none to check.
        let subject = if self.message_options.has_own_subjects() { "" } else { &*self.subject };
        if let Some(dead_letters) = &dead_letters {
            check_dead_letters(&dead_letters.subject).map_err(|error| error.of_component(&format!("sink `{name}`")))?;
        }
        if !self.message_options.has_own_subjects() && !matches!(self.transport, WriteTransport::Bucket(..)) {
            check_publish_subject(subject)?;
        }
        Ok(match &self.transport {
            WriteTransport::Core => {
                add_sink(plan, name, CoreSink::new(uri).options(options).dead_letters(dead_letters))
            }
            WriteTransport::Stream(stream, atomic) => {
                let sink = StreamPublisher::new(uri, &stream.name, subject.into())?.options(options).api(api.clone());
                let sink = sink.own_ids(self.message_options.has_message_ids()).atomic(atomic.settings(subject));
                add_sink(plan, name, sink.dead_letters(dead_letters))
            }
            WriteTransport::Bucket(..) => {
                let Bucket { stream, .. } = Bucket::named(&self.subject)?;
                let sink = StreamPublisher::new(uri, &stream, "".into())?.options(options).api(api.clone());
                add_sink(plan, name, sink.dead_letters(dead_letters).one_by_one())
            }
        })
    }
}

impl<R: Schema> Write<R> {
    /// Writes into a stream. Each message is acknowledged when it is stored, and stored once within the stream's duplicate
    /// window (`Nats-Msg-Id`), also when it is sent again after a connection broke. With [`message_id`](Write::message_id),
    /// messages of other runs count, too.
    ///
    /// Up to 4 000 messages are in flight. If the stream is full or the server is busy, the pipeline waits and sends
    /// the refused messages again. Nothing is lost, and the order is kept if nobody else writes into the stream. A stream that is
    /// missing or does not take the subject is an error when the pipeline starts.
    ///
    /// `stream` is a name, or [`nats::stream(..)`](super::stream()) with a domain or an API prefix. A broker in memory has no
    /// streams: it writes to the subject.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Total { sum: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { sum: 45 }]);
    /// nats::write(&totals, "nats://localhost:4222", "totals.all").jetstream("TOTALS").json();
    /// # std::mem::forget(pipeline);
    /// ```
    pub fn jetstream(self, stream: impl Into<Stream>) -> Write<R, JetStream> {
        self.on(WriteTransport::Stream(stream.into(), Atomic::default()))
    }

    /// Writes into a key-value bucket. The subject is the bucket's name. Each key holds the newest row that has it: a row
    /// that changes is one put, and the removal of the last one is a deletion.
    ///
    /// A key may have ASCII letters and digits, `-`, `/`, `_`, `=`, and dots between them. A row with another key is
    /// rejected, and becomes a dead letter if there is a subject for them. Two puts of one key keep their order whatever the
    /// server does. What an earlier run has left in the bucket stays there if this one has no row for it. In a pipeline that
    /// [persists](crate::plan::Pipeline::persist), the bucket gets each value of a key once, over any number of crashes.
    ///
    /// The rows are kept by key on the first worker.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Total { city: String, sum: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { city: "Oslo".into(), sum: 45 }]);
    /// nats::write(&totals, "nats://localhost:4222", "totals").kv(|total| total.city.clone()).json();
    /// # std::mem::forget(pipeline);
    /// ```
    ///
    /// A bucket is a transport of its own; it cannot also be written as a stream:
    ///
    /// ```compile_fail
    /// # use pathway::prelude::*;
    /// # #[derive(Schema)] struct Total { city: String, sum: i64 }
    /// # let pipeline = Pipeline::new();
    /// # let totals = pipeline.rows([Total { city: "Oslo".into(), sum: 45 }]);
    /// nats::write(&totals, "nats://localhost:4222", "totals").jetstream("TOTALS").kv(|total| total.city.clone()).json();
    /// ```
    pub fn kv(self, key: impl Fn(&R) -> String + Send + Sync + 'static) -> Write<R, KeyValue> {
        self.on(WriteTransport::Bucket(Arc::new(key), ApiSettings::default()))
    }
}

impl<R: Schema, T> fmt::Debug for Write<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Write");
        debug.field("subject", &self.subject).field("transport", &self.transport).finish_non_exhaustive()
    }
}

fn no_removals_left_out(sink: &str) -> Error {
    let message = format!(
        "sink `{sink}`: a bucket needs the removals of rows, which delete keys, but its format leaves them out: use \
         `.json()`, or `.encode(..)` without `insertions_only()`"
    );
    Error::new(ErrorKind::Config, message)
}

fn no_message_options(sink: &str) -> Error {
    let message = format!(
        "sink `{sink}`: what is put into a bucket has the key's subject, no headers and no order: \
         remove `.subject(..)`, `.header(..)`, `.message_id(..)` and `.sort_by(..)`"
    );
    Error::new(ErrorKind::Config, message)
}
