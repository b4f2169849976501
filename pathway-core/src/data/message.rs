//! A message as a decoder sees it: its payload and its metadata.

use std::ops::Range;

use super::DateTimeUtc;

/// A message that a source has received.
///
/// It has a subject and a payload, and the metadata that the decoder asks for ([`Metadata`]); other metadata is not kept.
///
/// ```
/// use pathway::format::Message;
///
/// let message = Message::new("orders.eu", br#"{"id": 7}"#);
/// assert_eq!(message.token(2), Some("eu"));
/// assert!(message.headers.is_empty() && message.delivery.is_none());
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Message<'a> {
    /// The subject that the message was published on.
    pub subject: &'a str,
    /// The payload.
    pub payload: &'a [u8],
    /// The headers, if [`Metadata::headers`] asks for them.
    pub headers: Headers<'a>,
    /// When the pipeline received the message, if [`Metadata::received_at`] asks for it.
    pub received_at: Option<DateTimeUtc>,
    /// JetStream's metadata, if [`Metadata::delivery`] asks for it. Core NATS has none.
    pub delivery: Option<Delivery>,
}

/// JetStream's metadata of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Delivery {
    /// The message's number in the stream, from 1.
    pub stream_sequence: u64,
    /// When the server stored the message.
    pub published_at: DateTimeUtc,
    /// How often the message was delivered, including this time.
    pub delivered: u64,
}

/// The headers of a message. Headers with the same name are in order; headers with different names are in any order.
///
/// Names are case-sensitive, as in other NATS clients.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    pub(crate) text: &'a str,
    pub(crate) fields: &'a [HeaderSpan],
}

/// The position of a header in a text.
#[derive(Clone, Debug)]
pub(crate) struct HeaderSpan {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// The metadata that a decoder needs of each message, besides its subject and payload.
///
/// A source keeps no other metadata, so that a flood of small messages is not slowed down by metadata that nobody reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The headers.
    pub headers: bool,
    /// When the pipeline received the message.
    pub received_at: bool,
    /// The stream sequence, the server's time and the number of deliveries, which only JetStream has.
    pub delivery: bool,
    /// The number of deliveries, of these.
    pub deliveries: bool,
    /// The name of a column that only JetStream can fill and that is not an `Option`: a source on core NATS is an error.
    pub needs_jetstream: Option<&'static str>,
}

impl<'a> Message<'a> {
    /// A message without metadata.
    pub const fn new(subject: &'a str, payload: &'a [u8]) -> Self {
        Message { subject, payload, headers: Headers { text: "", fields: &[] }, received_at: None, delivery: None }
    }

    /// A token of the subject, counted from 1: token 2 of `orders.eu.new` is `eu`.
    pub fn token(&self, number: usize) -> Option<&'a str> {
        self.subject.split('.').nth(number.checked_sub(1)?)
    }
}

impl Delivery {
    /// The metadata of a message, for tests of a decoder.
    pub const fn new(stream_sequence: u64, published_at: DateTimeUtc, delivered: u64) -> Self {
        Delivery { stream_sequence, published_at, delivered }
    }
}

impl<'a> Headers<'a> {
    /// The value of a header; the first one if there are several with that name.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The values of all headers with a name.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All headers as pairs of name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let Headers { text, fields } = *self;
        fields.iter().map(move |field| (&text[field.name.clone()], &text[field.value.clone()]))
    }

    /// Whether there are no headers.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl Metadata {
    /// No metadata: only subject and payload.
    pub const NONE: Metadata =
        Metadata { headers: false, received_at: false, delivery: false, deliveries: false, needs_jetstream: None };

    /// All that a message can have, for a recording.
    pub(crate) const ALL: Metadata =
        Metadata { headers: true, received_at: true, delivery: true, deliveries: true, needs_jetstream: None };

    /// Adds the headers.
    #[must_use]
    pub const fn with_headers(self) -> Self {
        Metadata { headers: true, ..self }
    }

    /// Adds the time at which the message was received.
    #[must_use]
    pub const fn with_received_at(self) -> Self {
        Metadata { received_at: true, ..self }
    }

    /// Adds JetStream's metadata, where there is any.
    #[must_use]
    pub const fn with_delivery(self) -> Self {
        Metadata { delivery: true, ..self }
    }

    /// Adds the number of deliveries to JetStream's metadata.
    #[must_use]
    pub const fn with_deliveries(self) -> Self {
        Metadata { deliveries: true, ..self }
    }

    /// Adds JetStream's metadata, for a column that requires it.
    #[must_use]
    pub const fn with_delivery_for(self, column: &'static str) -> Self {
        Metadata { delivery: true, needs_jetstream: Some(column), ..self }
    }

    /// All metadata that either of two decoders needs.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Metadata {
            headers: self.headers || other.headers,
            received_at: self.received_at || other.received_at,
            delivery: self.delivery || other.delivery,
            deliveries: self.deliveries || other.deliveries,
            needs_jetstream: if self.needs_jetstream.is_some() { self.needs_jetstream } else { other.needs_jetstream },
        }
    }

    /// Whether no metadata is needed.
    pub const fn is_none(&self) -> bool {
        !(self.headers || self.received_at || self.delivery)
    }
}
