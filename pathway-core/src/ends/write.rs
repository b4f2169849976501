//! `nats::write`: a table's changes as messages.

use std::sync::Arc;

use super::broker::BrokerWriter;
use super::bucket::{BucketSink, BucketWriter, Key};
use super::jetstream::StreamSink;
use super::server::ServerSink;
use crate::data::{Change, Commit, Schema, SinkCounters};
use crate::encode;
use crate::nats::{IntoPlace, Options, Place};
use crate::plan::Table;
use crate::sink::{Outbox, Parcel, Sink, SinkLink, Writer, deliver};

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
pub fn write<R: Schema>(table: &Table<R>, place: impl IntoPlace, subject: impl Into<String>) -> Write<R> {
    let (place, subject) = (place.into_place(), subject.into());
    Write { table: table.clone(), place, subject, name: None, options: Options::new(), jetstream: None, kv: None }
}

/// A table to be written, before its format is said; see [`write()`].
#[must_use = "say the format, such as `.json()`: without it nothing is written"]
pub struct Write<R> {
    table: Table<R>,
    place: Place,
    subject: String,
    name: Option<String>,
    options: Options,
    pub(super) jetstream: Option<String>,
    /// The subject is the name of a bucket, and rows have these keys.
    pub(super) kv: Option<Key<R>>,
}

impl<R: Schema> Write<R> {
    /// The sink's name in logs, errors and [`stats`](crate::run::Stats). Default: the subject.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How to connect. A broker in memory needs none.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Each message is a JSON object: the columns in order, then `diff` and `time`.
    ///
    /// In a bucket it is the columns alone.
    pub fn json(self) {
        self.encoded(encode::json::encode::<R>, encode::json::encode_row::<R>);
    }

    fn encoded(self, encode: Encode<R>, encode_value: fn(&R, &mut Vec<u8>)) {
        let Write { table, place, subject, name, options, jetstream, kv } = self;
        let plan = table.plan();
        let control = plan.control().clone();
        let outbox = Arc::new(Outbox::new(control.clone()));
        let counters = Arc::new(SinkCounters::default());
        let name = plan.unique_name(name.as_deref().unwrap_or(&subject));
        let link = SinkLink { name: Arc::clone(&name), outbox, counters, control };
        let subject: Arc<str> = subject.into();
        match (place, kv) {
            (Place::Memory(broker), Some(key)) => {
                plan.add_sink(None, link.clone());
                deliver(&table, name, move || {
                    let (broker, counters) = (broker.clone(), Arc::clone(&link.counters));
                    let hand_over = move |parcel| super::broker::publish(&broker, &parcel, &counters);
                    Box::new(BucketWriter::new(&subject, Arc::clone(&key), encode_value, hand_over))
                });
            }
            (Place::Server(uri), Some(key)) => {
                let sink = BucketSink { uri, bucket: subject.to_string(), options };
                plan.add_sink(Some(Box::new(sink)), link.clone());
                deliver(&table, name, move || {
                    let link = link.clone();
                    let hand_over = move |parcel: Parcel| {
                        link.counters.queued.add(parcel.letters.len() as u64);
                        link.outbox.push(parcel);
                    };
                    Box::new(BucketWriter::new(&subject, Arc::clone(&key), encode_value, hand_over))
                });
            }
            (Place::Memory(broker), None) => {
                plan.add_sink(None, link.clone());
                let writer = BrokerWriter { broker, subject, encode, counters: link.counters };
                deliver(&table, name, move || Box::new(writer.clone()));
            }
            (Place::Server(uri), None) => {
                let core = ServerSink { uri, subject: Arc::clone(&subject), options };
                let sink: Box<dyn Sink> = match jetstream {
                    None => Box::new(core),
                    Some(stream) => Box::new(StreamSink { core, stream }),
                };
                plan.add_sink(Some(sink), link.clone());
                deliver(&table, name, move || {
                    let (link, subject) = (link.clone(), Arc::clone(&subject));
                    Box::new(ParcelWriter { link, subject, encode, last_size: 0 })
                });
            }
        }
    }
}

/// Appends a row, its `diff` and its `time` as a payload.
pub(super) type Encode<R> = fn(row: &R, diff: i64, time: u64, payload: &mut Vec<u8>);

/// Encodes each commit into one parcel for the sink's thread.
struct ParcelWriter<R> {
    link: SinkLink,
    subject: Arc<str>,
    encode: Encode<R>,
    /// The bytes of the last commit: the next one may be about as large.
    last_size: usize,
}

impl<R: Schema> Writer<R> for ParcelWriter<R> {
    fn write(&mut self, commit: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        let mut parcel = Parcel::new(commit, time, Arc::clone(&self.subject));
        parcel.payloads.reserve(self.last_size.min(1 << 20));
        parcel.letters.reserve(changes.len());
        for change in changes.drain(..) {
            for diff in ones(change.diff) {
                (self.encode)(&change.row, diff, time, &mut parcel.payloads);
                parcel.push(diff > 0, None);
            }
        }
        self.last_size = parcel.payloads.len();
        self.link.counters.queued.add(parcel.letters.len() as u64);
        self.link.outbox.push(parcel);
    }
}

/// A change of several copies of a row is as many messages: the `diff` on the wire is 1 or -1.
pub(super) fn ones(diff: i64) -> impl Iterator<Item = i64> {
    (0..diff.unsigned_abs()).map(move |_| diff.signum())
}
