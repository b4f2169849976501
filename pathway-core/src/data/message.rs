//! A message as a decoder sees it: its payload, and what stands beside it.

use std::ops::Range;

use super::DateTimeUtc;

/// One message that came in.
///
/// Beside subject and payload it carries what the schema asked for ([`Metadata`]), and only that.
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
    /// The subject that it was published on.
    pub subject: &'a str,
    /// Its payload.
    pub payload: &'a [u8],
    /// Its headers, where [`Metadata::headers`] asked for them.
    pub headers: Headers<'a>,
    /// When the pipeline received it, where [`Metadata::received_at`] asked for it.
    pub received_at: Option<DateTimeUtc>,
    /// What JetStream says of it, where [`Metadata::delivery`] asked for it. Core NATS says nothing.
    pub delivery: Option<Delivery>,
}

/// What JetStream says of a message that it delivers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its number in the stream, from 1.
    pub stream_sequence: u64,
    /// When the server stored it.
    pub published_at: DateTimeUtc,
    /// How often it was delivered, this time included.
    pub delivered: u64,
}

/// The headers of a message. Those of one name are in their order; of different names, in any.
///
/// Names are compared as they are, case included, as NATS clients do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    pub(crate) text: &'a str,
    pub(crate) fields: &'a [HeaderSpan],
}

/// Where a header lies in a text.
#[derive(Clone, Debug)]
pub(crate) struct HeaderSpan {
    pub(crate) name: Range<usize>,
    pub(crate) value: Range<usize>,
}

/// What is wanted of each message beside its subject and payload.
///
/// A source keeps what is wanted and no more, so that a flood of small messages is not slowed down by what nobody reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Metadata {
    /// The headers.
    pub headers: bool,
    /// When the pipeline received the message.
    pub received_at: bool,
    /// Stream sequence, server time and the number of deliveries, which only JetStream has.
    pub delivery: bool,
    /// A column that only JetStream can fill and that can't go without: a source on core NATS is an error.
    pub needs_jetstream: Option<&'static str>,
}

impl<'a> Message<'a> {
    /// A message of which nothing else is known.
    pub const fn new(subject: &'a str, payload: &'a [u8]) -> Self {
        Message { subject, payload, headers: Headers { text: "", fields: &[] }, received_at: None, delivery: None }
    }

    /// A token of the subject, counted from 1: of `orders.eu.new` the second is `eu`.
    pub fn token(&self, number: usize) -> Option<&'a str> {
        self.subject.split('.').nth(number.checked_sub(1)?)
    }
}

impl<'a> Headers<'a> {
    /// The value of a header; of several with that name, the first.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The values of all headers with that name.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        self.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// All headers, as name and value.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        let Headers { text, fields } = *self;
        fields.iter().map(move |field| (&text[field.name.clone()], &text[field.value.clone()]))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

impl Metadata {
    /// Nothing but subject and payload.
    pub const NONE: Metadata = Metadata { headers: false, received_at: false, delivery: false, needs_jetstream: None };

    /// The headers too.
    #[must_use]
    pub const fn with_headers(self) -> Self {
        Metadata { headers: true, ..self }
    }

    /// The time of reception too.
    #[must_use]
    pub const fn with_received_at(self) -> Self {
        Metadata { received_at: true, ..self }
    }

    /// What JetStream says too, where there is one.
    #[must_use]
    pub const fn with_delivery(self) -> Self {
        Metadata { delivery: true, ..self }
    }

    /// What JetStream says too, for a column that can't go without.
    #[must_use]
    pub const fn with_delivery_for(self, column: &'static str) -> Self {
        Metadata { delivery: true, needs_jetstream: Some(column), ..self }
    }

    /// What either wants.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Metadata {
            headers: self.headers || other.headers,
            received_at: self.received_at || other.received_at,
            delivery: self.delivery || other.delivery,
            needs_jetstream: if self.needs_jetstream.is_some() { self.needs_jetstream } else { other.needs_jetstream },
        }
    }

    /// Whether a source has to keep anything.
    pub const fn is_none(&self) -> bool {
        !(self.headers || self.received_at || self.delivery)
    }
}
