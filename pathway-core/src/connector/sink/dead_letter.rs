//! Dead letters: messages that could not be decoded or published, with the reason.

use std::sync::Arc;

use super::{EncodedBatch, MessageMeta, OutgoingMessage, validate};
use crate::data::{DecodeError, EncodeError, Message, Rejection};

/// Where a source or sink sends its dead letters.
///
/// A dead letter has the bytes that could not be decoded or published, and these headers: `pathway_reason`;
/// `pathway_subject`, the subject of the message; `pathway_column` and `pathway_offset`, where they are known;
/// `pathway_pipeline`; and `pathway_source` or `pathway_sink`. The headers of the message follow.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    /// The subject that they are published on.
    pub subject: Arc<str>,
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The source or sink that they come from.
    pub origin: Origin,
}

/// The source or sink that sends dead letters, by its name.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A source, which could not decode the message.
    Source(Arc<str>),
    /// A sink, which could not publish the message.
    Sink(Arc<str>),
}

const REASON: &str = "pathway_reason";
const SUBJECT: &str = "pathway_subject";
const COLUMN: &str = "pathway_column";
const OFFSET: &str = "pathway_offset";
const PIPELINE: &str = "pathway_pipeline";
const SOURCE: &str = "pathway_source";
const SINK: &str = "pathway_sink";
const CUT: &str = "pathway_cut";

impl DeadLetters {
    /// Whether a message is a dead letter of this pipeline already.
    pub(crate) fn is_own(&self, message: &Message<'_>) -> bool {
        message.headers.get(REASON).is_some() && message.headers.get(PIPELINE) == Some(&one_line(&self.pipeline))
    }

    /// The metadata of a dead letter for a message that a source could not decode. Its payload is that of the message.
    pub fn of_message(&self, message: &Message<'_>, error: &DecodeError) -> MessageMeta {
        let headers = self.headers(message.subject, error.into(), message.headers.iter());
        MessageMeta { headers, no_change_info: true, dead_letter: true, ..MessageMeta::default() }
    }

    /// The dead letter for a message of a batch that could not be published, with the same payload.
    ///
    /// A message that is a dead letter already stays as it is.
    pub fn of_outgoing(&self, batch: &EncodedBatch, message: &OutgoingMessage, error: &EncodeError) -> OutgoingMessage {
        let meta = message.meta.as_deref();
        if meta.is_some_and(|meta| meta.dead_letter) {
            return message.clone();
        }
        let own = meta.into_iter().flat_map(|meta| &meta.headers).map(|(name, value)| (&**name, value.as_str()));
        let headers = self.headers(batch.subject_of(message), error.into(), own);
        let subject = Some(Arc::clone(&self.subject));
        let meta = MessageMeta { subject, headers, ..MessageMeta::default() };
        OutgoingMessage { payload: message.payload.clone(), inserted: message.inserted, meta: Some(Box::new(meta)) }
    }

    fn headers<'a>(
        &self,
        subject: &str,
        rejection: Rejection<'_>,
        own: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Vec<(Arc<str>, String)> {
        let mut headers = vec![(REASON.into(), one_line(rejection.reason)), (SUBJECT.into(), one_line(subject))];
        headers.extend(rejection.column.map(|column| (COLUMN.into(), one_line(column))));
        headers.extend(rejection.offset.map(|offset| (OFFSET.into(), offset.to_string())));
        headers.push((PIPELINE.into(), one_line(&self.pipeline)));
        headers.push(match &self.origin {
            Origin::Source(name) => (SOURCE.into(), one_line(name)),
            Origin::Sink(name) => (SINK.into(), one_line(name)),
        });
        // A dead letter that was read as a message has these headers already. The new ones replace them.
        let taken = [REASON, SUBJECT, COLUMN, OFFSET, PIPELINE, SOURCE, SINK, CUT];
        let own = own.filter(|(name, value)| !taken.contains(name) && validate::header(name, value).is_none());
        headers.extend(own.map(|(name, value)| (name.into(), value.to_owned())));
        headers
    }
}

impl OutgoingMessage {
    /// Cuts the payload so that the message fits into `limit` bytes with its headers, and adds a header with the full length.
    /// Returns false if not even the headers fit.
    pub(crate) fn cut_to(&mut self, limit: usize) -> bool {
        /// More than the length of the first line, `pathway_time`, `pathway_diff`, the header of the cut and the empty line.
        const FRAME: usize = 160;
        let Some(meta) = self.meta.as_deref_mut() else { return false };
        let headers = meta.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        let Some(room) = limit.checked_sub(headers + FRAME) else { return false };
        let full = self.payload.len();
        self.payload.end = self.payload.end.min(self.payload.start + room);
        meta.headers.push((CUT.into(), full.to_string()));
        true
    }
}

/// A text as the value of a header: without line breaks, and not too long.
fn one_line(text: &str) -> String {
    const MAX_LEN: usize = 1024;
    let mut line = String::new();
    for c in text.chars() {
        if line.len() >= MAX_LEN {
            line.push('…');
            break;
        }
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line.trim().to_owned()
}
