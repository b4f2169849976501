//! What a batch keeps of its messages beside subject and payload.

use std::ops::Range;

use crate::data::{DateTimeUtc, Delivery, HeaderSpan, Headers};

/// A note for each message, or none at all. The headers of all messages are one text.
#[derive(Debug, Default)]
pub(super) struct MetadataColumns {
    notes: Vec<Note>,
    fields: Vec<HeaderSpan>,
    text: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    /// Which of the fields are its headers.
    fields: Range<usize>,
    pub(super) received_at: Option<DateTimeUtc>,
    pub(super) delivery: Option<Delivery>,
}

impl MetadataColumns {
    /// Adds the note of the message with that number. Messages before it without a note get an empty one.
    pub(super) fn push<'h>(
        &mut self,
        number: usize,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        received_at: Option<DateTimeUtc>,
        delivery: Option<Delivery>,
    ) {
        self.notes.resize_with(number, Note::default);
        let begin = self.fields.len();
        for (name, value) in headers {
            let name = self.append(name);
            let value = self.append(value);
            self.fields.push(HeaderSpan { name, value });
        }
        self.notes.push(Note { fields: begin..self.fields.len(), received_at, delivery });
    }

    fn append(&mut self, piece: &str) -> Range<usize> {
        let begin = self.text.len();
        self.text.push_str(piece);
        begin..self.text.len()
    }

    /// The note of a message and its headers, where there is one.
    pub(super) fn get(&self, number: usize) -> Option<(&Note, Headers<'_>)> {
        let note = self.notes.get(number)?;
        Some((note, Headers { text: &self.text, fields: &self.fields[note.fields.clone()] }))
    }

    pub(super) fn weight(&self) -> usize {
        self.text.len() + self.fields.len() * size_of::<HeaderSpan>() + self.notes.len() * size_of::<Note>()
    }

    pub(super) fn clear(&mut self, keep: usize) {
        self.notes.clear();
        self.fields.clear();
        self.fields.shrink_to(keep / size_of::<HeaderSpan>());
        self.text.clear();
        self.text.shrink_to(keep);
    }
}
