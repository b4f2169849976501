//! Buckets at both ends: a bucket as a table by key, and a table as a bucket.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::client::kv::{self, Bucket};
use super::client::{NatsUri, Options, check_publish_subject};
use super::jetstream::sink::StreamPublisher;
use super::jetstream::source::{Start, StreamReader};
use super::writer::Outgoing;
use super::{Read, Write};
use crate::connector::sink::{DeadLetters, EncodedBatch, MessageMeta, Sink, SinkLink, Writer};
use crate::connector::source::{Source, SourceLink};
use crate::data::{Change, Commit, Datum, DecodeError, EncodeError, Error, ErrorKind, Message, Result, Schema};
use crate::format::Encode;
use crate::format::json::encode;

impl Read {
    /// Reads a key-value bucket, whose name stands in place of the subject, as a table by key: what is in it when the
    /// pipeline starts, all in one commit, and then what changes. A key that is deleted, purged or too old takes its row
    /// with it.
    ///
    /// The bucket's key is the rows' key, so that the schema needs none. As a column, the key is the message's subject
    /// and the revision its stream sequence. A value that cannot be read is rejected, and leaves the row as it was.
    ///
    /// The rows are kept by key on the first worker.
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
    pub fn kv(mut self) -> Self {
        self.kv = true;
        self
    }
}

impl<R: Schema> Write<R> {
    /// Writes the table into a key-value bucket, whose name stands in place of the subject: under each key, the newest
    /// row that has it. A row that changes is one put, and the last one that goes is a deletion.
    ///
    /// A key can have letters and digits of ASCII, `-`, `/`, `_`, `=`, and dots between them; a row with another key is
    /// rejected, and goes where messages go that can't be published. Two puts of one key keep their order whatever the
    /// server does. What an earlier run has left in the bucket, and this one has no row for, stays there.
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
    pub fn kv(mut self, key: impl Fn(&R) -> String + Send + Sync + 'static) -> Self {
        self.kv = Some(Arc::new(key));
        self
    }
}

/// The key of a row.
pub(super) type Key<R> = Arc<dyn Fn(&R) -> String + Send + Sync>;

/// A bucket to be read, as declared.
pub(super) struct BucketSource {
    pub(super) uri: String,
    pub(super) bucket: String,
    pub(super) options: Options,
    /// The pipeline's name.
    pub(super) pipeline: Arc<str>,
}

impl Source for BucketSource {
    fn start(self: Box<Self>, link: SourceLink) -> Result<JoinHandle<()>> {
        let BucketSource { uri, bucket, options, pipeline } = *self;
        let Bucket { stream, prefix } = Bucket::named(&bucket)?;
        let subject = format!("{prefix}>");
        let reader = StreamReader::new(NatsUri::parse(&uri)?, &stream, &subject, &pipeline, &link.name)?
            .options(options)
            .start_at(Start::LastPerSubject)
            .without_prefix(&prefix);
        Box::new(reader).start(link)
    }
}

/// A bucket to be written, as declared.
pub(super) struct BucketSink {
    pub(super) uri: String,
    pub(super) bucket: String,
    pub(super) options: Options,
    pub(super) dead_letters: Option<DeadLetters>,
}

/// Of a bucket whose messages were given a subject, a header or an order of their own.
pub(super) fn no_envelope(sink: &str) -> Error {
    let message = format!(
        "sink `{sink}`: what is put into a bucket has the key's subject, no headers and no order: \
         leave out `.subject(..)`, `.header(..)` and `.sort_by(..)`"
    );
    Error::new(ErrorKind::Config, message)
}

impl Sink for BucketSink {
    fn start(self: Box<Self>, link: SinkLink) -> Result<JoinHandle<()>> {
        let Bucket { stream, .. } = Bucket::named(&self.bucket)?;
        if let Some(dead_letters) = &self.dead_letters {
            check_publish_subject(&dead_letters.subject)?;
        }
        let publisher = StreamPublisher::new(NatsUri::parse(&self.uri)?, &stream, "".into())?;
        let publisher = publisher.options(self.options).dead_letters(self.dead_letters).one_by_one();
        Box::new(publisher).start(link)
    }
}

/// The rows of a bucket that is read, by key.
pub(super) struct Rows<R> {
    rows: HashMap<Box<str>, R, foldhash::fast::RandomState>,
    /// What the subjects begin with, where the source leaves it on.
    prefix: Box<str>,
    /// All that was there at the start has come, and has been passed on.
    complete: bool,
}

impl<R: Datum> Rows<R> {
    pub(super) fn new(bucket: &str) -> Self {
        Rows { rows: HashMap::default(), prefix: format!("$KV.{bucket}.").into(), complete: false }
    }

    /// Takes in what a message says of its key. Until all that there was at the start has come, nothing is passed on.
    pub(super) fn take(
        &mut self,
        message: Message<'_>,
        decode: impl FnOnce(Message<'_>) -> Result<R, DecodeError>,
        changes: &mut Vec<Change<R>>,
    ) -> Result<(), DecodeError> {
        let key = message.subject.strip_prefix(&*self.prefix).unwrap_or(message.subject);
        let new = match kv::is_removal(message.headers) {
            true => None,
            false => Some(decode(Message { subject: key, ..message })?),
        };
        let passed = new.as_ref().filter(|_| self.complete).map(Datum::clone_datum);
        let old = match new {
            Some(row) => self.rows.insert(key.into(), row),
            None => self.rows.remove(key),
        };
        let same = old.as_ref().zip(passed.as_ref()).is_some_and(|(old, new)| old.compare(new).is_eq());
        if self.complete && !same {
            changes.extend(old.map(Change::remove));
            changes.extend(passed.map(Change::insert));
        }
        Ok(())
    }

    /// Passes on all that there was at the start, by key; once.
    pub(super) fn complete(&mut self, changes: &mut Vec<Change<R>>) {
        if std::mem::replace(&mut self.complete, true) {
            return;
        }
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_unstable_by_key(|(key, _)| &***key);
        changes.extend(rows.into_iter().map(|(_, row)| Change::insert(row.clone_datum())));
    }
}

/// Makes the letters that keep a bucket like a table.
pub(super) struct BucketWriter<R> {
    prefix: String,
    subject: Arc<str>,
    key: Key<R>,
    encode: Arc<dyn Encode<R>>,
    /// The rows of each key, in the order of their arrival: the last one is in the bucket.
    rows: HashMap<Box<str>, Vec<R>, foldhash::fast::RandomState>,
    /// What was in the bucket before the commit, for each of its keys; in the order in which they came up.
    touched: Vec<(Box<str>, Option<R>)>,
    /// These keys.
    known: HashSet<Box<str>, foldhash::fast::RandomState>,
    link: SinkLink,
    outgoing: Outgoing,
}

impl<R: Schema> BucketWriter<R> {
    pub(super) fn new(
        bucket: &str,
        key: Key<R>,
        encode: Arc<dyn Encode<R>>,
        link: SinkLink,
        outgoing: Outgoing,
    ) -> Self {
        BucketWriter {
            prefix: format!("$KV.{bucket}."),
            subject: bucket.into(),
            key,
            encode,
            rows: HashMap::default(),
            touched: Vec::new(),
            known: HashSet::default(),
            link,
            outgoing,
        }
    }

    /// Applies one change to the rows of its key.
    fn apply(&mut self, Change { row, diff }: Change<R>, parcel: &mut EncodedBatch) {
        let key = (self.key)(&row);
        if let Some(complaint) = kv::key_complaint(&key) {
            // What never came in does not go.
            if diff > 0 {
                let reject = EncodeError::new(format!("there can be no key `{}`: {complaint}", key.escape_debug()));
                let subject = Some(format!("{}{key}", self.prefix).into());
                let mut label = MessageMeta { subject, bare: true, ..MessageMeta::default() };
                add_value(&*self.encode, &row, parcel, &mut label);
                label.reject = Some(reject);
                parcel.push(true, Some(Box::new(label)));
            }
            return;
        }
        let rows = match self.rows.entry(key.into_boxed_str()) {
            Entry::Occupied(entry) => entry,
            Entry::Vacant(entry) => entry.insert_entry(Vec::new()),
        };
        if self.known.insert(rows.key().clone()) {
            self.touched.push((rows.key().clone(), rows.get().last().map(Datum::clone_datum)));
        }
        let rows = rows.into_mut();
        for _ in 0..diff.unsigned_abs() {
            if diff > 0 {
                rows.push(row.clone_datum());
            } else if let Some(place) = rows.iter().position(|known| known.compare(&row).is_eq()) {
                rows.remove(place);
            }
        }
    }

    /// Says what is in the bucket now under the keys of the commit.
    fn say(&mut self, parcel: &mut EncodedBatch) {
        self.known.clear();
        for (key, before) in self.touched.drain(..) {
            let after = self.rows.get(&key).and_then(|rows| rows.last());
            let same = before.as_ref().zip(after).is_some_and(|(before, after)| before.compare(after).is_eq());
            if same || (before.is_none() && after.is_none()) {
                continue;
            }
            let mut label = MessageMeta { bare: true, ..MessageMeta::default() };
            label.subject = Some(format!("{}{key}", self.prefix).into());
            match after {
                Some(row) => add_value(&*self.encode, row, parcel, &mut label),
                None => {
                    label.headers.push((kv::OPERATION.into(), kv::DELETE.to_owned()));
                    self.rows.remove(&key);
                }
            }
            parcel.push(label.headers.is_empty(), Some(Box::new(label)));
        }
    }
}

impl<R: Schema> Writer<R> for BucketWriter<R> {
    fn write(&mut self, commit: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        let mut parcel = EncodedBatch::new(commit, time, Arc::clone(&self.subject));
        for change in changes.drain(..) {
            self.apply(change, &mut parcel);
        }
        self.say(&mut parcel);
        if !parcel.letters.is_empty() {
            self.outgoing.send(parcel, &self.link);
        }
    }
}

/// Appends a row as a value; one that can't be written goes to the dead letters as JSON.
fn add_value<R: Schema>(encode: &dyn Encode<R>, row: &R, parcel: &mut EncodedBatch, label: &mut MessageMeta) {
    let begin = parcel.payloads.len();
    if let Err(reject) = encode.encode_value(row, &mut parcel.payloads) {
        parcel.payloads.truncate(begin);
        encode::encode_row(row, &mut parcel.payloads);
        label.reject = Some(reject);
    }
}
