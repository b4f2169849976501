//! Dead letters: messages that could not become what they were to be, with the reason.

use std::sync::Arc;

use super::{EncodedBatch, MessageMeta, OutgoingMessage, validate};
use crate::data::{DecodeError, EncodeError, Message, Rejection};

/// Where the dead letters of one end go, and who sends them.
///
/// A dead letter has the bytes that could not be read or published, and these headers: `pathway_reason`;
/// `pathway_subject`, the subject that the message came from or was to go to; `pathway_column` and `pathway_offset`,
/// where they are known; `pathway_pipeline`; and `pathway_source` or `pathway_sink`. The message's own headers follow.
#[derive(Clone, Debug)]
pub struct DeadLetters {
    /// Where they go.
    pub subject: Arc<str>,
    /// The pipeline's name.
    pub pipeline: Arc<str>,
    /// The source or sink that they come from.
    pub origin: Origin,
}

/// The source or sink that sends dead letters, by its name.
#[derive(Clone, Debug)]
pub enum Origin {
    /// What it could not read.
    Source(Arc<str>),
    /// What it could not publish.
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
    /// The label of a message that a source could not read. The payload is the message's.
    pub fn of_message(&self, message: &Message<'_>, reject: &DecodeError) -> MessageMeta {
        let headers = self.headers(message.subject, reject.into(), message.headers.iter());
        MessageMeta { headers, bare: true, dead: true, ..MessageMeta::default() }
    }

    /// A letter of a parcel that could not be published, as a dead letter with the same payload.
    ///
    /// One that is a dead letter already keeps what it says.
    pub fn of_letter(&self, parcel: &EncodedBatch, letter: &OutgoingMessage, reject: &EncodeError) -> OutgoingMessage {
        let label = letter.label.as_deref();
        if label.is_some_and(|label| label.dead) {
            return letter.clone();
        }
        let own = label.into_iter().flat_map(|label| &label.headers).map(|(name, value)| (&**name, value.as_str()));
        let headers = self.headers(parcel.subject_of(letter), reject.into(), own);
        let subject = Some(Arc::clone(&self.subject));
        let label = MessageMeta { subject, headers, ..MessageMeta::default() };
        OutgoingMessage { payload: letter.payload.clone(), come: letter.come, label: Some(Box::new(label)) }
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
        // A dead letter that was read as a message has headers of this kind already: the new ones count.
        let taken = [REASON, SUBJECT, COLUMN, OFFSET, PIPELINE, SOURCE, SINK, CUT];
        let own = own.filter(|(name, value)| !taken.contains(name) && validate::header(name, value).is_none());
        headers.extend(own.map(|(name, value)| (name.into(), value.to_owned())));
        headers
    }
}

impl OutgoingMessage {
    /// Shortens the payload so that the letter fits into `limit` bytes with its headers, and says so in a header.
    /// False if not even the headers do.
    pub(crate) fn cut_to(&mut self, limit: usize) -> bool {
        /// More than the first line, `pathway_time`, `pathway_diff`, the header of this cut and the empty line take.
        const FRAME: usize = 160;
        let Some(label) = self.label.as_deref_mut() else { return false };
        let headers = label.headers.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        let Some(room) = limit.checked_sub(headers + FRAME) else { return false };
        let full = self.payload.len();
        self.payload.end = self.payload.end.min(self.payload.start + room);
        label.headers.push((CUT.into(), full.to_string()));
        true
    }
}

/// A text as a header's value: without line breaks, and not too long.
fn one_line(text: &str) -> String {
    const MOST: usize = 1024;
    let mut line = String::new();
    for c in text.chars() {
        if line.len() >= MOST {
            line.push('…');
            break;
        }
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line.trim().to_owned()
}
