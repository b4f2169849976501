//! Messages in the commit log of a pipeline that persists, because they cannot be read again; and in a recording.

use std::ops::Range;

use serde::{Deserialize, Serialize, Serializer};

use super::MessageBatch;
use crate::data::{DateTimeUtc, DecodeError, Delivery};

/// About how many bytes a message takes beside its subject, its payload and its headers.
const METADATA: usize = 32;

#[derive(Serialize, Deserialize)]
struct LoggedMessage<'a> {
    #[serde(borrow)]
    subject: &'a str,
    #[serde(borrow, serialize_with = "as_bytes")]
    payload: &'a [u8],
    #[serde(borrow)]
    headers: Vec<(&'a str, &'a str)>,
    /// In unix nanoseconds.
    received_at: Option<i128>,
    /// The sequence, the time in unix nanoseconds, and how often it was delivered.
    delivery: Option<(u64, i128, u64)>,
    /// Why the source has rejected it.
    rejected: Option<String>,
}

/// Serde takes a slice for a sequence, whose elements are written one by one. The result is the same.
fn as_bytes<S: Serializer>(payload: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(payload)
}

/// Encodes the messages with these numbers.
pub(super) fn encode(batch: &MessageBatch, numbers: Range<usize>) -> Result<Vec<u8>, String> {
    let messages: Vec<_> = batch
        .messages(numbers.clone())
        .zip(numbers)
        .map(|(message, number)| LoggedMessage {
            subject: message.subject,
            payload: message.payload,
            headers: message.headers.iter().collect(),
            received_at: message.received_at.map(DateTimeUtc::as_nanosecond),
            delivery: message
                .delivery
                .map(|delivery| (delivery.stream_sequence, delivery.published_at.as_nanosecond(), delivery.delivered)),
            rejected: batch.rejection_of(number).map(ToString::to_string),
        })
        .collect();
    let len = |message: &LoggedMessage<'_>| message.subject.len() + message.payload.len() + METADATA;
    let bytes = Vec::with_capacity(messages.iter().map(len).sum());
    postcard::to_extend(&messages, bytes).map_err(|error| error.to_string())
}

/// The messages that were encoded.
pub(super) fn decode(values: &[u8]) -> Result<MessageBatch, String> {
    let messages: Vec<LoggedMessage<'_>> = postcard::from_bytes(values).map_err(|error| error.to_string())?;
    let time = |nanoseconds| DateTimeUtc::from_nanosecond(nanoseconds).map_err(|error| error.to_string());
    let mut batch = MessageBatch::default();
    for message in messages {
        let LoggedMessage { subject, payload, headers, received_at, delivery, rejected } = message;
        let delivery = delivery.map(|(stream_sequence, published_at, delivered)| {
            Ok::<_, String>(Delivery { stream_sequence, published_at: time(published_at)?, delivered })
        });
        let delivery = delivery.transpose()?;
        if let Some(error) = rejected {
            batch.push_rejected(subject, payload, headers, delivery, DecodeError::message(error));
        } else if headers.is_empty() && received_at.is_none() && delivery.is_none() {
            batch.push(subject, payload);
        } else {
            batch.push_with(subject, payload, headers, received_at.map(time).transpose()?, delivery);
        }
    }
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_back() {
        let mut batch = MessageBatch::default();
        batch.push("a", b"1");
        let delivery = Delivery { stream_sequence: 7, published_at: DateTimeUtc::UNIX_EPOCH, delivered: 2 };
        batch.push_with("b", b"\xff", [("x", "1"), ("x", "2")], Some(DateTimeUtc::UNIX_EPOCH), Some(delivery));
        batch.push_rejected("c", b"", [], Some(delivery), DecodeError::message("why"));
        batch.push("d", b"4");
        let again = decode(&encode(&batch, 1..4).expect("encoded")).expect("decoded");
        let texts = |batch: &MessageBatch| batch.iter().map(|message| format!("{message:?}")).collect::<Vec<_>>();
        let text = |message: &str| message.split("headers").next().unwrap_or_default().to_owned();
        let (before, after) = (texts(&batch), texts(&again));
        assert_eq!(
            before[1..].iter().map(|m| text(m)).collect::<Vec<_>>(),
            after.iter().map(|m| text(m)).collect::<Vec<_>>()
        );
        let second = again.iter().next().expect("a message");
        assert_eq!(second.headers.all("x").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((second.received_at, second.delivery), (Some(DateTimeUtc::UNIX_EPOCH), Some(delivery)));
        assert_eq!(again.iter().nth(1).and_then(|message| message.delivery), Some(delivery));
        assert_eq!(again.rejection_of(1).map(ToString::to_string).as_deref(), Some("why"));
    }
}
