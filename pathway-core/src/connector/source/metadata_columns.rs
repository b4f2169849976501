//! The metadata of a batch's messages: headers, times, deliveries.

use std::ops::Range;

use crate::data::{DateTimeUtc, Delivery, HeaderSpan, Headers};

/// The metadata of each message, or nothing at all. The headers of all messages share one text.
#[derive(Debug, Default)]
pub(super) struct MetadataColumns {
    entries: Vec<MessageMetadata>,
    fields: Vec<HeaderSpan>,
    text: String,
}

#[derive(Clone, Debug, Default)]
pub(super) struct MessageMetadata {
    /// The range of its headers in `MetadataColumns::fields`.
    fields: Range<usize>,
    pub(super) received_at: Option<DateTimeUtc>,
    pub(super) delivery: Option<Delivery>,
}

impl MetadataColumns {
    /// Adds the metadata of the message with this number. Earlier messages without metadata get an empty entry.
    pub(super) fn push<'h>(
        &mut self,
        number: usize,
        headers: impl IntoIterator<Item = (&'h str, &'h str)>,
        received_at: Option<DateTimeUtc>,
        delivery: Option<Delivery>,
    ) {
        self.entries.resize_with(number, MessageMetadata::default);
        let begin = self.fields.len();
        for (name, value) in headers {
            let name = self.append(name);
            let value = self.append(value);
            self.fields.push(HeaderSpan { name, value });
        }
        self.entries.push(MessageMetadata { fields: begin..self.fields.len(), received_at, delivery });
    }

    fn append(&mut self, piece: &str) -> Range<usize> {
        let begin = self.text.len();
        self.text.push_str(piece);
        begin..self.text.len()
    }

    /// The metadata of a message and its headers, if it has any.
    pub(super) fn get(&self, number: usize) -> Option<(&MessageMetadata, Headers<'_>)> {
        let entry = self.entries.get(number)?;
        Some((entry, Headers { text: &self.text, fields: &self.fields[entry.fields.clone()] }))
    }

    pub(super) fn weight(&self) -> usize {
        self.text.len()
            + self.fields.len() * size_of::<HeaderSpan>()
            + self.entries.len() * size_of::<MessageMetadata>()
    }

    pub(super) fn clear(&mut self, keep: usize) {
        self.entries.clear();
        self.fields.clear();
        self.fields.shrink_to(keep / size_of::<HeaderSpan>());
        self.text.clear();
        self.text.shrink_to(keep);
    }
}
