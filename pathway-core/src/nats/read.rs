//! `nats::read`: a subject as a live table.

use std::sync::Arc;
use std::time::Duration;

use super::client::Options;
use super::dead_letters::DeadLetterBox;
use super::decode_operator::{DecodeOperator, Decoder, InputQueue};
use super::kv::BucketSource;
use super::server::ServerSource;
use super::stream::{Stream, StreamSource};
use super::subscription_options::SubscriptionOptions;
use crate::connector::source::{Queue, Source, SourceLink};
use crate::connector::{Endpoint, IntoEndpoint};
use crate::data::{Change, Error, ErrorKind, Metadata, OnePayload, Schema};
use crate::format::json::decode;
use crate::format::{Decode, Plaintext, Raw, payload};
use crate::operators::upsert;
use crate::plan::{CommitTrigger, Order, Pipeline, Plan, Table, TableProperties};
use crate::telemetry::SourceCounters;

/// Reads a subject. Options first, the format last: the format makes the table.
///
/// `place` is a server's URI or a [`testing::Broker`](crate::testing::Broker). In a URI,
/// `nats://user:password@host:port`, `nats://token@host`, `tls://host`, IPv6 addresses in brackets and several
/// servers separated by commas are understood. `subject` may have the wildcards `*` and `>`.
///
/// Every program gets every message, unless it joins a [`queue_group`](Read::queue_group). The table is complete from the moment at which
/// the pipeline has started; core NATS keeps nothing for those who come later.
///
/// Where the schema has a primary key, a later message with the same key replaces the row; else every message
/// is one row more.
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
pub fn read(pipeline: &Pipeline, place: impl IntoEndpoint, subject: impl Into<String>) -> Read {
    Read {
        plan: pipeline.plan().clone(),
        place: place.into_endpoint(),
        subject: subject.into(),
        name: None,
        commit_every: Duration::ZERO,
        on_decode_error: OnDecodeError::Skip,
        dead_letter: None,
        options: Options::new(),
        share: SubscriptionOptions::default(),
        jetstream: None,
        kv: false,
    }
}

/// A subject to be read, before its format is said; see [`read`].
#[must_use = "say the format, such as `.json::<T>()`: it makes the table"]
pub struct Read {
    plan: Plan,
    place: Endpoint,
    subject: String,
    name: Option<String>,
    commit_every: Duration,
    on_decode_error: OnDecodeError,
    dead_letter: Option<String>,
    options: Options,
    share: SubscriptionOptions,
    pub(super) jetstream: Option<Stream>,
    /// The subject is the name of a bucket.
    pub(super) kv: bool,
}

/// What to do with a message that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnDecodeError {
    /// Count it, report it, go on. The first ones are reported one by one, later ones gathered each second.
    #[default]
    Skip,
    /// End the pipeline with an error that says what is wrong with it.
    Stop,
}

impl Read {
    /// How long a row may wait until it is committed, so that commits hold more.
    ///
    /// Default: zero, which commits as soon as the commit before is through.
    pub fn commit_every(mut self, commit_every: Duration) -> Self {
        self.commit_every = commit_every;
        self
    }

    /// The source's name in logs, errors and [`stats`](crate::runtime::Stats). Default: the subject.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// What to do with a message that cannot be read. Default: [`OnDecodeError::Skip`].
    pub fn on_decode_error(mut self, on_decode_error: OnDecodeError) -> Self {
        self.on_decode_error = on_decode_error;
        self
    }

    /// Where messages go that cannot be read. Default: nowhere; they are counted and reported only.
    ///
    /// A dead letter has the message's own bytes and these headers: `pathway_reason`, `pathway_subject`,
    /// `pathway_column` and `pathway_offset` (bytes from the start of the payload) where they are known,
    /// `pathway_pipeline`, `pathway_source`, and then the message's own. It is published on the same server (or
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
    /// let input = nats::read(&pipeline, &broker, "numbers").dead_letter("numbers.dead").json::<Input>();
    /// # let _seen = input.collect();
    /// broker.publish("numbers", r#"{"value": "three"}"#);
    /// broker.commit();
    /// broker.close();
    /// pipeline.run()?;
    ///
    /// let dead = &broker.published("numbers.dead")[0];
    /// assert_eq!(dead.text(), r#"{"value": "three"}"#);
    /// assert_eq!(dead.header("pathway_reason"), Some(r#"expected an integer (i64), found `"three"`"#));
    /// assert_eq!((dead.header("pathway_column"), dead.header("pathway_offset")), (Some("value"), Some("10")));
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn dead_letter(mut self, subject: impl Into<String>) -> Self {
        self.dead_letter = Some(subject.into());
        self
    }

    /// How to connect. A broker in memory needs none.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Joins a queue group: each message goes to one of its members, which share the subject between them.
    ///
    /// Several programs, or several runs of one, then each have a part of the messages in their table. A primary key needs
    /// all messages of a key, so that both together are an error when the pipeline starts.
    ///
    /// A member that is stopped leaves the group and reads what is under way to it; of that, what it cannot take is counted as
    /// dropped. Default: none. A broker in memory knows no
    /// groups: it gives every message to every reader.
    pub fn queue_group(mut self, name: impl Into<String>) -> Self {
        self.share.queue_group = Some(name.into());
        self
    }

    /// Reads over several connections, each with a thread of its own, into one table: for a subject that is too much for one.
    ///
    /// They share the subject between them in a queue group: that of [`queue_group`](Read::queue_group), else one of their own,
    /// so that other programs still get every message. The order between readers is lost, and a primary key needs it: both
    /// together are an error when the pipeline starts. What the readers count is added up; what they say names the reader.
    ///
    /// Default: 1; at most 64. A broker in memory is read by one.
    pub fn readers(mut self, readers: usize) -> Self {
        self.share.readers = readers;
        self
    }

    /// How many messages wait at most to be worked off, before the source is held back. Default: 65 536.
    ///
    /// A source that is held back does not read its connection, so that TCP holds the server back: nothing is dropped here.
    /// A server waits only for so long (`write_deadline`) and keeps only so much (`max_pending`), then cuts the connection, and
    /// what it kept is lost; that is reported, and the connection is made anew.
    ///
    /// Beside it, what was read from the socket at once may wait: up to 8 MiB. A broker in memory holds nothing back.
    pub fn max_backlog(mut self, messages: usize) -> Self {
        self.share.bound.messages = messages;
        self
    }

    /// How many bytes wait at most, payloads and headers, before the source is held back as by
    /// [`max_backlog`](Read::max_backlog). Default: 8 MiB. A single message may be larger.
    pub fn max_backlog_bytes(mut self, bytes: usize) -> Self {
        self.share.bound.bytes = bytes;
        self
    }

    /// Messages are JSON objects, one row each, decoded as `T`'s schema says.
    ///
    /// Fields that are no column are skipped; a field that is missing needs a default or an `Option`.
    pub fn json<T: Schema>(self) -> Table<T> {
        self.rows(T::METADATA, decode::decode_message::<T>)
    }

    /// Messages are text: rows with one column, `data: String`.
    ///
    /// The payload must be UTF-8. It is kept as it was sent: white space around it is part of it.
    pub fn plaintext(self) -> Table<Plaintext> {
        self.plaintext_as()
    }

    /// Messages are text, and what stands beside them fills other columns.
    ///
    /// One column of `T` is a `String` for the payload; all others are marked as what they are.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Line {
    ///     #[schema(subject_token = 2)]
    ///     host: String,
    ///     text: String,
    /// }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let seen = nats::read(&pipeline, &broker, "logs.*").plaintext_as::<Line>().collect();
    /// broker.publish("logs.alpha", "up");
    /// broker.commit();
    /// broker.close();
    /// pipeline.run()?;
    /// assert_eq!(seen.rows(), [Line { host: "alpha".into(), text: "up".into() }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn plaintext_as<T: OnePayload<String>>(self) -> Table<T> {
        self.rows(T::METADATA, payload::plaintext::<T>)
    }

    /// Messages are bytes: rows with one column, `data: Bytes`.
    pub fn raw(self) -> Table<Raw> {
        self.raw_as()
    }

    /// Messages are bytes, and what stands beside them fills other columns.
    ///
    /// One column of `T` is a `Bytes` for the payload; all others are marked as what they are.
    pub fn raw_as<T: OnePayload<bytes::Bytes>>(self) -> Table<T> {
        self.rows(T::METADATA, payload::raw::<T>)
    }

    /// Messages are of a format that the program brings along; see [`Decode`].
    pub fn decode<D: Decode>(self, decoder: D) -> Table<D::Row> {
        self.rows(decoder.metadata(), move |message| decoder.decode(message))
    }

    /// Messages are changes: JSON rows of which each says whether it comes or goes.
    ///
    /// It reads what `nats::write(..).json()` writes, here or in Pathway, so that pipelines can be chained through
    /// subjects. The header `pathway_diff`, or else the field `diff`, is 1 or -1; with anything else, or without, the
    /// message is rejected. `time` is passed over: a commit of the writer may be several here.
    ///
    /// A row can't go before it has come ([`Change::remove`]): start the reader before the writer. A primary key plays no
    /// role: what a new row replaces goes by a message of its own. A message that comes twice, as after a break of the
    /// writer's connection, counts twice.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema, Debug, PartialEq)]
    /// struct Total { city: String, total: i64 }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let totals = nats::read(&pipeline, &broker, "totals").changes::<Total>();
    /// let seen = totals.collect();
    /// broker.publish("totals", r#"{"city":"Oslo","total":1,"diff":1,"time":1700000000000}"#);
    /// broker.commit();
    /// broker.publish("totals", r#"{"city":"Oslo","total":1,"diff":-1,"time":1700000000002}"#);
    /// broker.publish("totals", r#"{"city":"Oslo","total":3,"diff":1,"time":1700000000002}"#);
    /// broker.commit();
    /// broker.close();
    /// pipeline.run()?;
    /// assert_eq!(seen.rows(), [Total { city: "Oslo".into(), total: 3 }]);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn changes<T: Schema>(self) -> Table<T> {
        if self.kv {
            let message = format!("the bucket `{}` has rows, and no changes: read it with `.json()`", self.subject);
            self.plan.control().fail(Error::new(ErrorKind::Config, message));
        }
        let shape = TableProperties { order: Order::Arrival, append_only: false };
        self.table(T::METADATA.with_headers(), shape, false, Arc::new(decode::change::<T>))
    }

    /// A table of messages that each are one row.
    fn rows<T: Schema>(
        self,
        metadata: Metadata,
        decode: impl Fn(&crate::data::Message<'_>) -> Result<T, crate::data::DecodeError> + Send + Sync + 'static,
    ) -> Table<T> {
        // A primary key gathers rows by key, and a commit's rows leave it in no order of arrival. So does a bucket's.
        let (kv, has_key) = (self.kv, T::HAS_KEY);
        let shape = if has_key || kv { TableProperties::GATHERED } else { TableProperties::ARRIVALS };
        self.table(metadata, shape, has_key && !kv, Arc::new(move |message| decode(message).map(Change::insert)))
    }

    fn table<T: Schema>(
        self,
        metadata: Metadata,
        shape: TableProperties,
        by_key: bool,
        decode: Decoder<T>,
    ) -> Table<T> {
        let Read {
            plan,
            place,
            subject,
            name,
            commit_every,
            on_decode_error,
            dead_letter,
            options,
            share,
            jetstream,
            kv,
        } = self;
        let name = plan.unique_name(name.as_deref().unwrap_or(&subject));
        let control = plan.control().clone();
        if let Err(error) = share.check(&name, by_key, jetstream.is_some() || kv) {
            control.fail(error);
        }
        if let Some(column) = metadata.needs_jetstream.filter(|_| jetstream.is_none() && !kv) {
            control.fail(only_jetstream(&name, column));
        }
        let dead_letters = dead_letter.map(|to| DeadLetterBox::open(&plan, &place, &options, &name, to));
        // A dead letter keeps the headers of its message.
        let metadata = if dead_letters.is_some() { metadata.with_headers() } else { metadata };
        let queue = Arc::new(Queue::bounded(control.clone(), share.bound));
        let counters = Arc::new(SourceCounters::default());
        let bucket: Option<Arc<str>> = kv.then(|| subject.as_str().into());
        // A key that goes says so in a header.
        let metadata = if kv { metadata.with_headers() } else { metadata };
        let link = SourceLink { name: Arc::clone(&name), queue: Arc::clone(&queue), counters, metadata, control };
        let (supply, pace) = match place {
            Endpoint::Server(uri) => {
                let source: Box<dyn Source> = match jetstream {
                    _ if kv => Box::new(BucketSource { uri, bucket: subject, options, pipeline: plan.name() }),
                    None => Box::new(ServerSource { uri, subject, options, share }),
                    Some(stream) => Box::new(StreamSource { uri, subject, options, stream, pipeline: plan.name() }),
                };
                plan.add_source(Some(source), link.clone());
                (InputQueue::Queue(queue), CommitTrigger::Scheduled(commit_every))
            }
            Endpoint::Memory(broker) => {
                plan.add_source(None, link.clone());
                let mailbox = broker.subscribe(&if kv { format!("$KV.{subject}.>") } else { subject });
                (InputQueue::CommitBuffer(mailbox), CommitTrigger::Manual(broker.ticks()))
            }
        };
        let node = plan.add(name, shape, |node, name| {
            move |build| {
                let (rows, arrivals) = build.graph.input();
                if build.graph.is_first() {
                    let (supply, pace, decode) = (supply.clone(), pace.clone(), Arc::clone(&decode));
                    let reception =
                        DecodeOperator::new(supply, pace, decode, on_decode_error, &link, bucket.as_deref(), rows);
                    build.add_source_operator(Box::new(reception.with_dead_letters(dead_letters.clone())));
                }
                let rows = if by_key { upsert(&mut build.graph, arrivals, &name) } else { arrivals };
                build.put::<T>(node, rows);
            }
        });
        Table::new(plan, node)
    }
}

fn only_jetstream(source: &str, column: &str) -> Error {
    let message = format!(
        "source `{source}`: only JetStream can fill the column `{column}`, and core NATS keeps no such thing: \
         read from a stream, or make the column an Option, which is None then"
    );
    Error::new(ErrorKind::Config, message)
}
