//! The headers of an outgoing message, in a fixed order: `pathway_time`, `pathway_diff`, then its own.

use std::fmt::{self, Write as _};

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StringDeserializer};

use crate::connector::sink::{MessageMeta, OutgoingMessage, validate};

const TIME: HeaderName = HeaderName::from_static("pathway_time");
const MESSAGE_ID: &str = "Nats-Msg-Id";
const COMMIT: &str = "pathway_commit";
/// The sequence of the last message of the subject, which the message must follow.
const LAST_OF_SUBJECT: &str = "Nats-Expected-Last-Subject-Sequence";

/// How many bytes the headers of most messages into a stream have at most: the time, the diff, an id and the id before it.
const TYPICAL_LENGTH: usize = 192;

/// Makes the headers of messages. They are sent in the order in which they are given.
///
/// async-nats keeps headers in a hash map and sends them in the order of that map, which differs from map to map. A map with
/// one entry has only one order, so all headers are one value of the first one's name, with the line breaks between them.
/// Only this code adds line breaks; text from data [is checked](validate::header) before.
///
/// Most messages of a batch have the same headers. The last ones are kept, one map for each diff, so that a message costs
/// one clone.
pub(crate) struct HeaderTemplate {
    removal: CachedHeaders,
    insertion: CachedHeaders,
}

/// The headers of messages with one diff, for one time.
struct CachedHeaders {
    map: HeaderMap,
    time: u64,
}

impl HeaderTemplate {
    pub(crate) fn new() -> Self {
        HeaderTemplate { removal: CachedHeaders::new(0, -1), insertion: CachedHeaders::new(0, 1) }
    }

    /// The headers of a message of a commit with this time.
    pub(crate) fn headers(&mut self, time: u64, message: &OutgoingMessage) -> HeaderMap {
        let (cached, diff) = if message.inserted { (&mut self.insertion, 1) } else { (&mut self.removal, -1) };
        match message.meta.as_deref() {
            Some(meta) if meta.no_change_info => build(None, meta, None, &[]),
            Some(meta) if !meta.headers.is_empty() || meta.message_id.is_some() => {
                build(Some((time, Some(diff))), meta, None, &[])
            }
            _ => {
                if cached.time != time {
                    *cached = CachedHeaders::new(time, diff);
                }
                cached.map.clone()
            }
        }
    }

    /// The headers of a message with an id, unless it has its own, and with those that tell the stream how to store it: their
    /// names and values, which are valid.
    pub(crate) fn with_id(time: u64, message: &OutgoingMessage, id: &str, extra: &[(&str, &str)]) -> HeaderMap {
        let none = MessageMeta::default();
        let meta = message.meta.as_deref().unwrap_or(&none);
        let change = (!meta.no_change_info).then_some((time, Some(if message.inserted { 1 } else { -1 })));
        build(change, meta, Some(id), extra)
    }
}

/// How many bytes headers have on the wire.
pub(crate) fn wire_length(headers: &HeaderMap) -> usize {
    let line = |name: &HeaderName, value: &HeaderValue| name.to_string().len() + value.as_str().len() + ": \r\n".len();
    let lines = headers.iter().flat_map(|(name, values)| values.iter().map(move |value| line(name, value)));
    "NATS/1.0\r\n\r\n".len() + lines.sum::<usize>()
}

impl HeaderTemplate {
    /// The headers of a message that is the next one of its key in a bucket, behind the message with the sequence `last`.
    pub(crate) fn of_key(time: u64, message: &OutgoingMessage, id: &str, last: u64) -> HeaderMap {
        let none = MessageMeta::default();
        let meta = message.meta.as_deref().unwrap_or(&none);
        build(Some((time, None)), meta, Some(id), &[(LAST_OF_SUBJECT, &last.to_string())])
    }

    /// The headers of a message of a pipeline that persists, with what tells it from all others: it can be published again.
    pub(crate) fn with_commit(time: u64, message: &OutgoingMessage, commit: &str) -> HeaderMap {
        let none = MessageMeta::default();
        let meta = message.meta.as_deref().unwrap_or(&none);
        let change = (!meta.no_change_info).then_some((time, Some(if message.inserted { 1 } else { -1 })));
        build(change, meta, None, &[(COMMIT, commit)])
    }
}

impl CachedHeaders {
    fn new(time: u64, diff: i64) -> Self {
        CachedHeaders { map: build(Some((time, Some(diff))), &MessageMeta::default(), None, &[]), time }
    }
}

/// The headers of one message. `change` is its time, and its diff if it is a change of a table; `extra` are valid, and come last.
fn build(
    change: Option<(u64, Option<i64>)>,
    meta: &MessageMeta,
    id: Option<&str>,
    extra: &[(&str, &str)],
) -> HeaderMap {
    let mut lines = HeaderLines { first: None, text: String::with_capacity(TYPICAL_LENGTH) };
    if let Some((time, diff)) = change {
        lines.add_valid("pathway_time", format_args!("{time}"));
        diff.iter().for_each(|diff| lines.add_valid("pathway_diff", format_args!("{diff}")));
    }
    meta.headers.iter().for_each(|(name, value)| lines.add(name, value));
    match (&meta.message_id, id) {
        (Some(id), _) => lines.add(MESSAGE_ID, id),
        (None, Some(id)) => lines.add_valid(MESSAGE_ID, format_args!("{id}")),
        (None, None) => {}
    }
    extra.iter().for_each(|(name, value)| lines.add_valid(name, format_args!("{value}")));
    lines.finish()
}

/// Header lines. The name of the first one is kept apart.
struct HeaderLines {
    first: Option<HeaderName>,
    text: String,
}

impl HeaderLines {
    /// Adds a header from data. An invalid one is left out; messages with such headers are rejected earlier.
    fn add(&mut self, name: &str, value: &str) {
        if validate::header(name, value).is_none() {
            self.add_valid(name, format_args!("{value}"));
        }
    }

    /// Adds a header whose name and value are valid.
    fn add_valid(&mut self, name: &str, value: fmt::Arguments<'_>) {
        match &self.first {
            Some(_) => ["\r\n", name, ": "].iter().for_each(|piece| self.text.push_str(piece)),
            None if name == "pathway_time" => self.first = Some(TIME),
            None => match name.parse() {
                Ok(name) => self.first = Some(name),
                Err(_) => return,
            },
        }
        // Writing into a string does not fail.
        let _ = self.text.write_fmt(value);
    }

    fn finish(self) -> HeaderMap {
        let mut map = HeaderMap::new();
        let Some(name) = self.first else { return map };
        // Deserialization is the only way to build a value that does not reject line breaks, which are ours here.
        let text: StringDeserializer<Error> = self.text.into_deserializer();
        if let Ok(value) = HeaderValue::deserialize(text) {
            map.insert(name, value);
        }
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire(map: &HeaderMap) -> String {
        map.iter().map(|(name, values)| format!("{name}: {}\r\n", values[0])).collect()
    }

    fn message(inserted: bool, meta: Option<MessageMeta>) -> OutgoingMessage {
        OutgoingMessage { payload: 0..0, inserted, meta: meta.map(Box::new) }
    }

    #[test]
    fn the_order_is_fixed() {
        let mut template = HeaderTemplate::new();
        for n in 0..100 {
            for (time, inserted) in [(n, false), (n, true), (n + 2, true), (n + 2, false)] {
                let diff = if inserted { "1" } else { "-1" };
                let plain = wire(&template.headers(time, &message(inserted, None)));
                assert_eq!(plain, format!("pathway_time: {time}\r\npathway_diff: {diff}\r\n"));

                let headers = ["z", "a", "m", "b"].map(|name| (name.into(), format!("<{name}>"))).to_vec();
                let meta = MessageMeta { headers, message_id: Some("id".to_owned()), ..MessageMeta::default() };
                let own = wire(&template.headers(time, &message(inserted, Some(meta))));
                assert_eq!(own, plain + "z: <z>\r\na: <a>\r\nm: <m>\r\nb: <b>\r\nNats-Msg-Id: id\r\n");
            }
        }
    }

    #[test]
    fn the_length_is_that_on_the_wire() {
        let extra = [("Nats-Batch-Id", "x"), ("Nats-Batch-Sequence", "1")];
        let headers = HeaderTemplate::with_id(7, &message(true, None), "id", &extra);
        assert_eq!(wire_length(&headers), format!("NATS/1.0\r\n{}\r\n", wire(&headers)).len());
    }

    #[test]
    fn data_cannot_add_a_header_line() {
        let bad = [("a", "x\r\ny: z"), ("b", "x\n"), ("c\r\nd", "x"), ("e:f", "x"), ("", "x")];
        let headers = bad.map(|(name, value)| (name.into(), value.to_owned())).to_vec();
        let meta = MessageMeta {
            headers,
            message_id: Some("1\r\n2".to_owned()),
            no_change_info: true,
            ..MessageMeta::default()
        };
        assert_eq!(wire(&HeaderTemplate::new().headers(0, &message(true, Some(meta)))), "");
    }
}
