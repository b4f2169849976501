//! A table as a bucket: one put or deletion for each key that a commit changes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bucket;
use crate::connector::sink::{BatchOutput, EncodedBatch, MessageMeta, TableWriter};
use crate::data::{Change, Commit, Datum, EncodeError, Schema};
use crate::dataflow::StatePart;
use crate::format::Encode;
use crate::format::json::encode::encode_row;
use crate::nats::client::ApiPrefix;
use crate::operators::KeyedState;

/// The key of a row.
pub(crate) type Key<R> = Arc<dyn Fn(&R) -> String + Send + Sync>;

/// Makes the messages that keep a bucket equal to a table.
pub(crate) struct BucketWriter<R> {
    prefix: String,
    subject: Arc<str>,
    key: Key<R>,
    encode: Arc<dyn Encode<R>>,
    keys: KeyedState<String, KeyRows<R>>,
    output: BatchOutput,
}

/// The rows of a key.
#[derive(Serialize, Deserialize)]
#[serde(bound = "R: Datum")]
struct KeyRows<R> {
    /// In the order of their arrival. The bucket holds the last one.
    #[serde(with = "Datum")]
    rows: Vec<R>,
    /// What the bucket held before the open commit.
    #[serde(skip)]
    before: Option<R>,
}

impl<R> Default for KeyRows<R> {
    fn default() -> Self {
        KeyRows { rows: Vec::new(), before: None }
    }
}

impl<R: Schema> BucketWriter<R> {
    pub(crate) fn new(
        bucket: &str,
        api: &ApiPrefix,
        key: Key<R>,
        encode: Arc<dyn Encode<R>>,
        output: BatchOutput,
    ) -> Self {
        BucketWriter {
            prefix: api.put_subject(&bucket::prefix(bucket)),
            subject: bucket.into(),
            key,
            encode,
            keys: KeyedState::new(),
            output,
        }
    }

    /// Applies one change to the rows of its key.
    fn apply(&mut self, Change { row, diff }: Change<R>, batch: &mut EncodedBatch) {
        let key = (self.key)(&row);
        if let Some(error) = bucket::key_error(&key) {
            // A row that was never put has nothing to delete.
            if diff > 0 {
                let error = EncodeError::new(format!("`{}` cannot be a key: {error}", key.escape_debug()));
                let subject = Some(format!("{}{key}", self.prefix).into());
                let mut meta = MessageMeta { subject, no_change_info: true, ..MessageMeta::default() };
                add_value(&*self.encode, &row, batch, &mut meta);
                meta.error = Some(error);
                batch.push(true, Some(Box::new(meta)));
            }
            return;
        }
        let (slot, is_first) = self.keys.entry(key);
        let KeyRows { rows, before } = self.keys.value(slot);
        if is_first {
            *before = rows.last().map(Datum::clone_datum);
        }
        for _ in 0..diff.unsigned_abs() {
            if diff > 0 {
                rows.push(row.clone_datum());
            } else if let Some(place) = rows.iter().position(|known| known.compare(&row).is_eq()) {
                rows.remove(place);
            }
        }
    }

    /// Adds a put or a deletion for each key whose newest row has changed.
    fn add_changed(&mut self, batch: &mut EncodedBatch) {
        let BucketWriter { prefix, encode, keys, .. } = self;
        keys.seal(|key, KeyRows { rows, before }| {
            let (before, after) = (before.take(), rows.last());
            let unchanged = before.as_ref().zip(after).is_some_and(|(before, after)| before.compare(after).is_eq());
            if !unchanged && (before.is_some() || after.is_some()) {
                let new_key = before.is_none();
                let mut meta = MessageMeta { no_change_info: true, new_key, ..MessageMeta::default() };
                meta.subject = Some(format!("{prefix}{key}").into());
                match after {
                    Some(row) => add_value(&**encode, row, batch, &mut meta),
                    None => meta.headers.push((bucket::OPERATION.into(), bucket::DELETE.to_owned())),
                }
                batch.push(meta.headers.is_empty(), Some(Box::new(meta)));
            }
            !rows.is_empty()
        });
    }
}

impl<R: Schema> TableWriter<R> for BucketWriter<R> {
    fn write(&mut self, commit: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        let mut batch = EncodedBatch::new(commit, time, Arc::clone(&self.subject));
        for change in changes.drain(..) {
            self.apply(change, &mut batch);
        }
        self.add_changed(&mut batch);
        if !batch.messages.is_empty() {
            self.output.write(batch);
        }
    }

    fn states(&mut self) -> Vec<StatePart<'_>> {
        vec![StatePart::first("rows", &mut self.keys).of_rows()]
    }
}

/// Appends a row as a value. A row that cannot be encoded becomes a dead letter in JSON.
fn add_value<R: Schema>(encode: &dyn Encode<R>, row: &R, batch: &mut EncodedBatch, meta: &mut MessageMeta) {
    let begin = batch.payloads.len();
    if let Err(error) = encode.encode_value(row, &mut batch.payloads) {
        batch.payloads.truncate(begin);
        encode_row(row, &mut batch.payloads);
        meta.error = Some(error);
    }
}
