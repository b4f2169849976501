//! `nats::write`: a table's changes as messages.

use std::sync::Arc;

use super::client::Options;
use super::envelope::Envelope;
use super::kv::{self, BucketSink, BucketWriter, Key};
use super::server::{ServerSink, SinkSubject};
use super::stream::StreamSink;
use super::writer::{Outgoing, TableWriter};
use crate::connector::sink::{DeadLetters, End, Outbox, Sink, SinkLink, deliver};
use crate::connector::{Endpoint, IntoEndpoint};
use crate::data::{Datum, EncodeError, EncodeText, Error, ErrorKind, OneColumn, Schema};
use crate::format::json::encode::JsonRows;
use crate::format::{ChangeInfo, Dsv, Encode};
use crate::plan::Table;
use crate::telemetry::SinkCounters;

/// Writes a table's changes to a subject, as they happen. Options first, the format last.
///
/// Every change is one message: the row with `diff` 1 when it comes and -1 when it goes, and the `time` of the
/// commit (unix milliseconds), also as the headers `pathway_diff` and `pathway_time`.
/// Within a commit, what goes comes before what comes.
///
/// Each message reaches the server at least once, whatever happens to the connection: what the server has not
/// confirmed when it comes back is published again.
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
pub fn write<R: Schema>(table: &Table<R>, place: impl IntoEndpoint, subject: impl Into<String>) -> Write<R> {
    let (place, subject) = (place.into_endpoint(), subject.into());
    Write {
        table: table.clone(),
        place,
        subject,
        name: None,
        dead_letter: None,
        options: Options::new(),
        envelope: Envelope::new(),
        jetstream: None,
        kv: None,
    }
}

/// A table to be written, before its format is said; see [`write()`].
#[must_use = "say the format, such as `.json()`: without it nothing is written"]
pub struct Write<R> {
    table: Table<R>,
    place: Endpoint,
    subject: String,
    name: Option<String>,
    dead_letter: Option<String>,
    options: Options,
    envelope: Envelope<R>,
    pub(super) jetstream: Option<String>,
    /// The subject is the name of a bucket, and rows have these keys.
    pub(super) kv: Option<Key<R>>,
}

impl<R: Schema> Write<R> {
    /// The sink's name in logs, errors and [`stats`](crate::runtime::Stats). Default: the subject.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How to connect. A broker in memory needs none.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Each row's own subject, in place of the one for all.
    ///
    /// A row whose subject can't be one (empty, with a blank, with a wildcard) is not published: it is counted,
    /// reported and sent to the dead-letter subject.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Schema)]
    /// struct Total { city: String, total: i64 }
    ///
    /// let broker = pathway::testing::Broker::new();
    /// let pipeline = Pipeline::new();
    /// let totals = pipeline.rows([Total { city: "oslo".into(), total: 3 }]);
    /// nats::write(&totals, &broker, "").subject(|row| format!("totals.{}", row.city)).json();
    /// pipeline.run()?;
    /// assert_eq!(broker.published("totals.oslo").len(), 1);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn subject(mut self, subject: impl Fn(&R) -> String + Send + Sync + 'static) -> Self {
        self.envelope.set_subject(subject);
        self
    }

    /// A header with a value of each row. Several are written in the order in which they are added, behind `pathway_time`
    /// and `pathway_diff`.
    ///
    /// The value is of any type that a column can have. Its text is that of Pathway: booleans are `True` and `False`,
    /// durations `1500ns`, bytes base64, lists and tuples `(1, 2)`. A `None` is no header. A row with a line break in
    /// the value is not published: it is counted, reported and sent to the dead-letter subject. A name that no header
    /// can have is an error when the pipeline starts.
    pub fn header<T: EncodeText>(
        mut self,
        name: impl Into<String>,
        value: impl Fn(&R) -> T + Send + Sync + 'static,
    ) -> Self {
        if let Err(error) = self.envelope.add_header(name.into(), value) {
            self.table.plan().control().fail(error);
        }
        self
    }

    /// The order of a commit's messages: by a value of each row, ascending; `None` is below everything.
    ///
    /// What goes still comes before what comes, and rows with equal values keep their order.
    pub fn sort_by<K: Datum>(mut self, key: impl Fn(&R) -> K + Send + Sync + 'static) -> Self {
        self.envelope.sort_by(key);
        self
    }

    /// Where rows go that can't be published. Default: nowhere; they are counted and reported only.
    ///
    /// That is so for a subject or header that can't be, for what an [`Encode`] refuses, and for what is larger than the
    /// server takes. A dead letter has the row's payload (cut, with the full length as `pathway_cut`, where it is too
    /// large), and these headers: `pathway_time`, `pathway_diff`, `pathway_reason`, `pathway_subject`,
    /// `pathway_pipeline`, `pathway_sink`, and then the row's own.
    pub fn dead_letter(mut self, subject: impl Into<String>) -> Self {
        self.dead_letter = Some(subject.into());
        self
    }

    /// Each message is a JSON object: the columns in order, then `diff` and `time`.
    ///
    /// In a bucket it is the columns alone.
    pub fn json(self) {
        self.encode(JsonRows);
    }

    /// Each message is the text of the only column, a `String`. `diff` and `time` are in the headers.
    pub fn plaintext(self)
    where
        R: OneColumn<String>,
    {
        self.plaintext_of(|row| row.column());
    }

    /// Each message is the text of one column: `.plaintext_of(|row| &row.city)`. `diff` and `time` are in the headers.
    pub fn plaintext_of(self, text: impl Fn(&R) -> &str + Send + Sync + 'static) {
        self.bytes_of(move |row| text(row).as_bytes());
    }

    /// Each message is the bytes of the only column, a `Bytes`. `diff` and `time` are in the headers.
    pub fn raw(self)
    where
        R: OneColumn<bytes::Bytes>,
    {
        self.bytes_of(|row| row.column());
    }

    /// Each message is the bytes of one column: `.raw_of(|row| &row.blob)`. `diff` and `time` are in the headers.
    pub fn raw_of(self, bytes: impl Fn(&R) -> &[u8] + Send + Sync + 'static) {
        self.bytes_of(bytes);
    }

    /// Each message is a line of comma-separated values, without a line of names; see [`Dsv`] for other settings.
    pub fn dsv(self) {
        self.encode(Dsv::new());
    }

    fn bytes_of(self, bytes: impl Fn(&R) -> &[u8] + Send + Sync + 'static) {
        self.encode(move |row: &R, _: ChangeInfo, payload: &mut Vec<u8>| -> Result<(), EncodeError> {
            payload.extend_from_slice(bytes(row));
            Ok(())
        });
    }

    /// Each message is of a format that the program brings along, or of one with settings; see [`Encode`] and [`Dsv`].
    pub fn encode(self, encode: impl Encode<R>) {
        let Write { table, place, subject, name, dead_letter, options, envelope, jetstream, kv } = self;
        let plan = table.plan();
        let control = plan.control().clone();
        let outbox = Arc::new(Outbox::new(control.clone()));
        let counters = Arc::new(SinkCounters::default());
        let wanted = name.as_deref().unwrap_or(if subject.is_empty() { "write" } else { &subject });
        let name = plan.unique_name(wanted);
        let link = SinkLink { name: Arc::clone(&name), outbox, counters, control };
        let dead_letters = dead_letter.map(|subject| DeadLetters {
            subject: subject.into(),
            pipeline: plan.name(),
            end: End::Sink(Arc::clone(&name)),
        });
        let subject: Arc<str> = subject.into();
        let (sink, outgoing) = match place {
            Endpoint::Memory(broker) => (None, Outgoing::Broker(broker, dead_letters)),
            Endpoint::Server(uri) => {
                let sink: Box<dyn Sink> = if kv.is_some() {
                    Box::new(BucketSink { uri, bucket: subject.to_string(), options, dead_letters })
                } else {
                    let own = envelope.has_own_subjects();
                    let subject = if own { SinkSubject::Own } else { SinkSubject::All(Arc::clone(&subject)) };
                    let core = ServerSink { uri, subject, options, dead_letters };
                    match jetstream {
                        None => Box::new(core),
                        Some(stream) => Box::new(StreamSink { core, stream }),
                    }
                };
                (Some(sink), Outgoing::Outbox)
            }
        };
        plan.add_sink(sink, link.clone());
        if let Err(mistake) = encode.check() {
            link.control.fail(Error::new(ErrorKind::Config, format!("sink `{name}`: {mistake}")));
        }
        let encode: Arc<dyn Encode<R>> = Arc::new(encode);
        if let Some(key) = kv {
            if !envelope.is_plain() {
                link.control.fail(kv::no_envelope(&name));
            }
            deliver(&table, name, move || {
                let (key, encode) = (Arc::clone(&key), Arc::clone(&encode));
                Box::new(BucketWriter::new(&subject, key, encode, link.clone(), outgoing.clone()))
            });
        } else {
            let writer = TableWriter::new(link, subject, encode, Arc::new(envelope), outgoing);
            deliver(&table, name, move || Box::new(writer.another()));
        }
    }
}
