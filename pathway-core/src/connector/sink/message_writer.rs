//! Encodes each commit of a table into one batch of messages.

use std::sync::Arc;

use super::{BatchOutput, EncodedBatch, MessageMeta, MessageOptions, TableWriter};
use crate::data::{Change, Commit, Schema};
use crate::dataflow::StatePart;
use crate::format::json::encode::encode as encode_json;
use crate::format::{ChangeInfo, Encode, Removals};
use crate::operators::WholeState;

/// Encodes a table's commits.
pub(super) struct MessageWriter<R> {
    subject: Arc<str>,
    encode: Arc<dyn Encode<R>>,
    options: Arc<MessageOptions<R>>,
    output: BatchOutput,
    /// Whether the preamble is still to be sent, if there is one.
    preamble: Option<WholeState<bool>>,
    /// The payload bytes of the last commit: the next one may be about as large.
    last_size: usize,
}

impl<R: Schema> MessageWriter<R> {
    pub(super) fn new(
        subject: Arc<str>,
        encode: Arc<dyn Encode<R>>,
        options: Arc<MessageOptions<R>>,
        output: BatchOutput,
    ) -> Self {
        let preamble = encode.preamble().map(|_| WholeState::new(true));
        MessageWriter { subject, encode, options, output, preamble, last_size: 0 }
    }

    /// Adds the messages of a change: one for each copy of the row, whose `diff` on the wire is 1 or -1.
    fn add(&self, batch: &mut EncodedBatch, change: &Change<R>) {
        let info = ChangeInfo::new(change.diff.signum(), batch.time);
        for _ in 0..change.diff.unsigned_abs() {
            let mut meta = self.options.meta(&change.row);
            let begin = batch.payloads.len();
            if let Err(error) = self.encode.encode(&change.row, info, &mut batch.payloads) {
                // A row that cannot be encoded becomes a dead letter in JSON.
                batch.payloads.truncate(begin);
                encode_json(&change.row, info.diff, info.time, &mut batch.payloads);
                meta.get_or_insert_default().error = Some(error);
            }
            batch.push(info.diff > 0, meta);
        }
    }

    /// Adds the message that precedes all others. It has the subject and the headers of the first row, but not its id.
    fn add_preamble(&self, batch: &mut EncodedBatch, first: &Change<R>) {
        if let Some(preamble) = self.encode.preamble() {
            batch.payloads.extend_from_slice(&preamble);
            let meta = self.options.meta(&first.row);
            let meta = meta.map(|meta| Box::new(MessageMeta { message_id: None, error: None, ..*meta }));
            batch.push(first.diff > 0, meta);
        }
    }
}

impl<R: Schema> TableWriter<R> for MessageWriter<R> {
    fn write(&mut self, commit: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        if self.encode.removals() != Removals::Written {
            changes.retain(|change| change.diff > 0);
            if changes.is_empty() {
                return;
            }
        }
        self.options.sort(changes);
        let mut batch = EncodedBatch::new(commit, time, Arc::clone(&self.subject));
        batch.payloads.reserve(self.last_size.min(1 << 20));
        batch.messages.reserve(changes.len());
        if let Some(first) = changes.first()
            && self.preamble.as_mut().is_some_and(|is_to_be_sent| std::mem::take(&mut **is_to_be_sent))
        {
            self.add_preamble(&mut batch, first);
        }
        for change in changes.drain(..) {
            self.add(&mut batch, &change);
        }
        self.last_size = batch.payloads.len();
        self.output.write(batch);
    }

    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.preamble.iter_mut().map(|preamble| StatePart::first("preamble", preamble)).collect()
    }
}
