//! `nats::read`: a subject as a live table.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use super::client::{ApiSettings, NatsUri, Options};
use super::core::source::Subscription;
use super::dead_letters::dead_letter_output;
use super::jetstream::source::StreamReader;
use super::kv::bucket::{self, Bucket};
use super::kv::reader::BucketReader;
use super::service;
use super::stream::Stream;
use super::subject_uses::{Place, Role, SubjectUse};
use super::subscription_options::SubscriptionOptions;
use super::transport::{Core, JetStream, KeyValue, ReadTransport};
use crate::connector::source::{
    DecodeSettings, MessageTable, OnDecodeError, Replay, RowDecoder, SourceLink, add_memory_source, add_source,
};
use crate::connector::{Endpoint, IntoEndpoint};
use crate::data::{Error, ErrorKind, Metadata, Result, Schema};
use crate::plan::{CommitTrigger, NodeKind, Pipeline, Plan, Table, TableProperties};

/// Reads a subject as a table. Give options first and the format last: the format makes the table.
///
/// `endpoint` is a server's URI or a [`testing::Broker`](crate::testing::Broker). A URI may be
/// `nats://user:password@host:port`, `nats://token@host` or `tls://host`, with IPv6 addresses in brackets, and several
/// servers separated by commas. `subject` may have the wildcards `*` and `>`.
///
/// Every program receives every message, unless it joins a [`queue_group`](Read::queue_group). The table contains every
/// message that was published after the pipeline has started; core NATS keeps no messages for later readers.
///
/// If the schema has a primary key, a later message with the same key replaces the row. Otherwise every message adds a row.
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Input { value: i64 }
///
/// let pipeline = Pipeline::new();
/// let input = nats::read(&pipeline, "nats://localhost:4222", "connector_example")
///     .commit_every(Duration::from_millis(500))
///     .name("numbers")
///     .json::<Input>();
/// # let _ = pipeline.rows([Input { value: 1 }]);
/// # std::mem::forget(pipeline);
/// ```
pub fn read(pipeline: &Pipeline, endpoint: impl IntoEndpoint, subject: impl Into<String>) -> Read {
    Read {
        plan: pipeline.plan().clone(),
        endpoint: endpoint.into_endpoint(),
        subject: subject.into(),
        name: None,
        commit_every: Duration::ZERO,
        on_decode_error: OnDecodeError::Skip,
        dead_letter: None,
        options: Options::new(),
        subscription: SubscriptionOptions::default(),
        transport: ReadTransport::Core,
        kind: PhantomData,
    }
}

/// A subject to be read, before its format is given; see [`read`]. `T` is the transport.
#[must_use = "give the format, such as `.json::<T>()`: it makes the table"]
pub struct Read<T = Core> {
    pub(super) plan: Plan,
    endpoint: Endpoint,
    pub(super) subject: String,
    name: Option<String>,
    commit_every: Duration,
    on_decode_error: OnDecodeError,
    dead_letter: Option<String>,
    options: Options,
    subscription: SubscriptionOptions,
    pub(super) transport: ReadTransport,
    kind: PhantomData<T>,
}

impl<T> Read<T> {
    /// How long a row may wait until it is committed, so that commits become larger.
    ///
    /// Default: zero, which commits as soon as the previous commit is done.
    pub fn commit_every(mut self, commit_every: Duration) -> Self {
        self.commit_every = commit_every;
        self
    }

    /// The source's name in logs, errors and [`stats`](crate::telemetry::Stats), in the state of a pipeline that persists, and in
    /// recordings. If another source, a sink or an operator has it, [`run`](crate::plan::Pipeline::run) returns an error that names
    /// both.
    ///
    /// Default: the subject, with a number if another one has it.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What to do with a message that cannot be decoded. Default: [`OnDecodeError::Skip`].
    pub fn on_decode_error(mut self, on_decode_error: OnDecodeError) -> Self {
        self.on_decode_error = on_decode_error;
        self
    }

    /// Publishes messages that cannot be decoded on this subject. Default: they are only counted and reported.
    ///
    /// A dead letter has the bytes of the message and these headers: `pathway_reason`, `pathway_subject`,
    /// `pathway_column` and `pathway_offset` (bytes from the start of the payload) if they are known,
    /// `pathway_pipeline`, `pathway_source`, and then the headers of the message. It is published on the same server (or
    /// broker), at least once, by a sink of its own, which the statistics name `<source>-dead-letters`.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Input { value: i64 }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let input = nats::read(&pipeline, &broker, "numbers").dead_letter("numbers.dead_letter").json::<Input>();
    /// # let _seen = input.collect();
    /// broker.publish("numbers", r#"{"value": "three"}"#);
    /// broker.commit();
    /// broker.close();
    /// pipeline.run()?;
    ///
    /// let dead = &broker.published("numbers.dead_letter")[0];
    /// assert_eq!(dead.text(), r#"{"value": "three"}"#);
    /// assert_eq!(dead.header("pathway_reason"), Some(r#"expected an integer (i64), found `"three"`"#));
    /// assert_eq!((dead.header("pathway_column"), dead.header("pathway_offset")), (Some("value"), Some("10")));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn dead_letter(mut self, subject: impl Into<String>) -> Self {
        self.dead_letter = Some(subject.into());
        self
    }

    /// How to connect. A broker in memory ignores this.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// How many messages may wait for the pipeline before the source stops reading. Default: 65 536.
    ///
    /// When a source stops reading, its socket fills, and TCP slows the server down: nothing is dropped here. A server
    /// waits only so long (`write_deadline`) and buffers only so much (`max_pending`); then it closes the connection, and
    /// what it had buffered is lost. That is reported, and the source connects again.
    ///
    /// In addition, up to 8 MiB that were read from the socket at once may wait. A broker in memory has no bound.
    pub fn max_backlog(mut self, messages: usize) -> Self {
        self.subscription.bound.messages = messages;
        self
    }

    /// How many bytes of payloads and headers may wait before the source stops reading, as with
    /// [`max_backlog`](Read::max_backlog). Default: 8 MiB. A single message may be larger.
    pub fn max_backlog_bytes(mut self, bytes: usize) -> Self {
        self.subscription.bound.bytes = bytes;
        self
    }

    /// The same reader on another transport.
    fn on<K>(self, transport: ReadTransport) -> Read<K> {
        let Read {
            plan,
            endpoint,
            subject,
            name,
            commit_every,
            on_decode_error,
            dead_letter,
            options,
            subscription,
            ..
        } = self;
        Read {
            plan,
            endpoint,
            subject,
            name,
            commit_every,
            on_decode_error,
            dead_letter,
            options,
            subscription,
            transport,
            kind: PhantomData,
        }
    }

    /// Adds the source and its table. `decoder` makes the decoder on the first worker; `upsert` says whether a later row
    /// with the same primary key replaces the row.
    pub(super) fn table<R: Schema>(
        self,
        metadata: Metadata,
        properties: TableProperties,
        upsert: bool,
        decoder: impl Fn() -> Box<dyn RowDecoder<R>> + Send + Sync + 'static,
    ) -> Table<R> {
        let plan = self.plan.clone();
        let control = plan.control().clone();
        let place = format!("which reads `{}`", self.subject);
        let name = plan.node_name(NodeKind::Source, self.name.as_deref(), &self.subject, &place);
        if let Err(error) = self.check(&name, metadata, upsert) {
            control.fail(error);
        }
        self.subject_use(&name).add(&plan);
        let declared = self.transport.declared(&self.subject, self.dead_letter.clone(), self.name.is_some());
        let (place, group) = ((&self.endpoint, &self.options), self.subscription.queue_group.as_deref());
        service::add_end(&plan, NodeKind::Source, &name, place, &declared, group);
        plan.declare_end(&name, declared);
        let dead_letters = self.dead_letter.as_deref();
        let dead_letters = dead_letters.map(|to| dead_letter_output(&plan, &self.endpoint, &self.options, &name, to));
        let settings = DecodeSettings { on_error: self.on_decode_error, dead_letters };
        // A dead letter keeps the headers of its message. In a bucket, a deletion is a header, and the revision and its time tell
        // whether a value was read before.
        let (dead_letters, is_bucket) = (settings.dead_letters.is_some(), self.transport.is_bucket());
        let metadata = if dead_letters || is_bucket { metadata.with_headers() } else { metadata };
        let metadata = if is_bucket { metadata.with_delivery() } else { metadata };
        let commit_every = self.commit_every;
        let (link, trigger) = match self.endpoint.clone() {
            Endpoint::Memory(broker) => {
                let link = add_memory_source(&plan, name, metadata, self.subscription.bound, Replay::Logged);
                // There is no snapshot of the past in memory.
                link.queue.end_snapshot();
                let subject = if is_bucket { bucket::prefix(&self.subject) + ">" } else { self.subject };
                let commits = broker.subscribe(&subject, Arc::clone(&link.queue));
                (link, CommitTrigger::Manual(commits))
            }
            Endpoint::Server(uri) => {
                let link = self.add_server_source(&uri, Arc::clone(&name), metadata).unwrap_or_else(|error| {
                    control.fail(error);
                    add_memory_source(&plan, name, metadata, Default::default(), Replay::Never)
                });
                (link, CommitTrigger::Scheduled(commit_every))
            }
        };
        let table = MessageTable { link, trigger, properties, upsert, settings }.add(&plan, decoder);
        // Its state means nothing to a source of messages.
        if is_bucket { table.of_bucket() } else { table }
    }

    /// The subject that is read, and where.
    fn subject_use(&self, name: &Arc<str>) -> SubjectUse {
        let (subject, stream) = match &self.transport {
            ReadTransport::Core => (self.subject.clone(), None),
            ReadTransport::Stream(stream) => (self.subject.clone(), Some(stream.name.clone())),
            ReadTransport::Bucket(_) => bucket::subjects(&self.subject),
        };
        let api = self.transport.api().unwrap_or_default();
        let stream = stream.map(|stream| api.qualify(&stream));
        let place = Place::new(&self.endpoint, &self.options);
        SubjectUse { role: Role::Source, name: Arc::clone(name), place, subject, stream }
    }

    /// Refuses what contradicts the transport.
    fn check(&self, name: &str, metadata: Metadata, upsert: bool) -> Result<()> {
        self.subscription.check(name, upsert, !self.transport.is_core())?;
        self.transport.api().map_err(|error| error.of_component(name))?;
        self.transport.check_metadata(name, metadata)
    }

    fn add_server_source(self, uri: &str, name: Arc<str>, metadata: Metadata) -> Result<SourceLink> {
        let (plan, uri, bound) = (&self.plan, NatsUri::parse(uri)?, self.subscription.bound);
        let api = self.transport.api()?;
        match self.transport {
            ReadTransport::Core => {
                let SubscriptionOptions { queue_group, readers, .. } = self.subscription;
                let mut subscription = Subscription::new(uri, &self.subject)?.options(self.options).readers(readers);
                if let Some(group) = queue_group {
                    subscription = subscription.queue_group(&group)?;
                }
                Ok(add_source(plan, name, metadata, bound, subscription))
            }
            ReadTransport::Stream(Stream { name: stream, start, durable, .. }) => {
                let reader = StreamReader::new(uri.clone(), &stream, &self.subject, &plan.name(), &name)?;
                let mut reader = reader.options(self.options).api(api.clone(), &plan.name(), &name);
                reader = reader.start_at(start.unwrap_or_default()).merged_with(plan.shared());
                if let Some(durable) = durable {
                    reader = reader.durable(&durable)?;
                    if !plan.claim(format!("consumer {uri} {} {durable}", api.qualify(&stream))) {
                        let message = format!(
                            "source `{name}`: another source of this pipeline reads with the consumer `{durable}` of stream \
                             `{stream}` too, and each of the two would get a part of the messages: give each source a \
                             consumer of its own, or use one table twice"
                        );
                        return Err(Error::new(ErrorKind::Config, message));
                    }
                }
                Ok(add_source(plan, name, metadata, bound, reader))
            }
            ReadTransport::Bucket(_) => {
                let bucket = Bucket::named(&self.subject)?;
                let reader = BucketReader { uri, options: self.options, api, bucket, pipeline: plan.name() };
                Ok(add_source(plan, name, metadata, bound, reader))
            }
        }
    }
}

impl Read {
    /// Joins a queue group: each message goes to one of its members.
    ///
    /// Several programs, or several runs of one program, then each have a part of the messages in their tables. A primary
    /// key needs all messages of a key: both together are an error when the pipeline starts.
    ///
    /// A member that stops leaves the group and reads what the server has sent already. What it cannot take of that counts
    /// as dropped. Default: no group. A broker in memory has no groups: it gives every message to every reader.
    pub fn queue_group(mut self, name: impl Into<String>) -> Self {
        self.subscription.queue_group = Some(name.into());
        self
    }

    /// Reads over several connections, each with a thread of its own, into one table: for a subject that is too much for one.
    ///
    /// The readers share the subject in a queue group: the given [`queue_group`](Read::queue_group), or one of their own, so
    /// that other programs still receive every message. The order between readers is lost. A primary key needs that order:
    /// both together are an error when the pipeline starts. The readers' counts are added up; their log lines name the reader.
    ///
    /// Default: 1. At most 64. A broker in memory has one reader.
    pub fn readers(mut self, readers: usize) -> Self {
        self.subscription.readers = readers;
        self
    }

    /// Reads from a stream instead of from the subject itself. Messages that were published before are read too, and a
    /// broken connection loses nothing. The subject selects messages of the stream; an empty one selects all.
    ///
    /// A stream that keeps its messages up to limits is read from its oldest message on, each time the pipeline starts,
    /// each message exactly once. What is read is not acknowledged, and other readers are not affected.
    ///
    /// In a work queue, and in a stream that keeps messages by interest, a message is acknowledged when its commit is done
    /// and all sinks have confirmed what they wrote for it. If the program dies before, the message is redelivered to its
    /// next run. The consumer is named after the pipeline and the source. If two programs would share one by accident, the
    /// second one fails when it starts.
    ///
    /// A broker in memory has no streams: it reads the subject.
    ///
    /// ```
    /// use pathway::prelude::*;
    /// use pathway::nats::Start;
    ///
    /// #[derive(Schema)]
    /// struct Order { price: f64 }
    ///
    /// let pipeline = Pipeline::named("orders-service");
    /// let orders = nats::read(&pipeline, "nats://localhost:4222", "orders.>").jetstream("ORDERS").json::<Order>();
    /// let new = nats::read(&pipeline, "nats://localhost:4222", "orders.eu")
    ///     .jetstream(nats::stream("ORDERS").start(Start::New))
    ///     .json::<Order>();
    /// # let _ = (orders, new);
    /// # std::mem::forget(pipeline);
    /// ```
    pub fn jetstream(self, stream: impl Into<Stream>) -> Read<JetStream> {
        self.on(ReadTransport::Stream(stream.into()))
    }

    /// Reads a key-value bucket as a table by key. The subject is the bucket's name. The first commit has every key that is
    /// in the bucket when the pipeline starts; later ones follow its changes. A key that is deleted, purged or expired
    /// removes its row.
    ///
    /// The bucket's key identifies a row, so the schema needs no primary key. As metadata columns, the key is the message's
    /// subject and the revision its stream sequence. A value that cannot be decoded is rejected, and leaves the row as it was.
    ///
    /// The rows are kept by key on the first worker, and are part of the state if the pipeline persists.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Limit { most: i64 }
    ///
    /// let pipeline = Pipeline::new();
    /// let limits = nats::read(&pipeline, "nats://localhost:4222", "limits").kv().json::<Limit>();
    /// # let _ = limits;
    /// # std::mem::forget(pipeline);
    /// ```
    ///
    /// A bucket is a transport of its own; it cannot also be read as a stream:
    ///
    /// ```compile_fail
    /// # use pathway::prelude::*;
    /// # let pipeline = Pipeline::new();
    /// let _ = nats::read(&pipeline, "nats://localhost:4222", "limits").jetstream("LIMITS").kv();
    /// ```
    pub fn kv(self) -> Read<KeyValue> {
        self.on(ReadTransport::Bucket(ApiSettings::default()))
    }
}

impl<T> fmt::Debug for Read<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Read");
        debug.field("subject", &self.subject).field("transport", &self.transport).finish_non_exhaustive()
    }
}
