//! A message of a stream, as JetStream's API returns it: in JSON, so that it can be read whatever its headers are.

use std::str::{self, FromStr};

use async_nats::{HeaderName, HeaderValue, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use crate::data::DateTimeUtc;

/// A message that was fetched by its sequence.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "MessageResponse")]
pub(crate) struct StoredMessage {
    pub(crate) sequence: u64,
    /// Bytes that are not UTF-8 are replaced by U+FFFD.
    pub(crate) subject: String,
    pub(crate) payload: Vec<u8>,
    /// When it was stored, in unix nanoseconds.
    pub(crate) stored: i64,
    headers: Vec<u8>,
}

/// The answer to `STREAM.MSG.GET`.
#[derive(Deserialize)]
struct MessageResponse {
    message: EncodedMessage,
}

#[derive(Deserialize)]
struct EncodedMessage {
    subject: String,
    seq: u64,
    #[serde(default)]
    hdrs: Option<String>,
    #[serde(default)]
    data: Option<String>,
    time: String,
}

impl TryFrom<MessageResponse> for StoredMessage {
    type Error = String;

    fn try_from(MessageResponse { message }: MessageResponse) -> Result<Self, Self::Error> {
        let EncodedMessage { subject, seq, hdrs, data, time } = message;
        let bytes = |text: Option<String>| STANDARD.decode(text.unwrap_or_default()).map_err(|error| error.to_string());
        let time: DateTimeUtc = time.parse().map_err(|error| format!("`{time}` is not a time: {error}"))?;
        Ok(StoredMessage {
            sequence: seq,
            subject,
            payload: bytes(data)?,
            stored: i64::try_from(time.as_nanosecond()).unwrap_or_default(),
            headers: bytes(hdrs)?,
        })
    }
}

impl StoredMessage {
    /// Why async-nats cannot read this message when it is delivered, if it cannot.
    ///
    /// The server stores any bytes. async-nats breaks its connection over them; this follows its parser line by line.
    pub(crate) fn unreadable(&self) -> Option<&'static str> {
        if self.headers.is_empty() {
            return None;
        }
        if self.subject.contains(char::is_whitespace) {
            return Some("its subject has white space");
        }
        let Ok(text) = str::from_utf8(&self.headers) else { return Some("its headers are not UTF-8") };
        let mut lines = text.lines().peekable();
        let Some(version) = lines.next().and_then(|line| line.strip_prefix("NATS/1.0")) else {
            return Some("its headers do not begin with `NATS/1.0`");
        };
        let version = version.trim();
        let status = version.split_once(' ').map_or(version, |(status, _)| status.trim());
        if !status.is_empty() && StatusCode::from_str(status).is_err() {
            return Some("the first line of its headers has an invalid status");
        }
        while let Some(line) = lines.next() {
            if line.is_empty() {
                continue;
            }
            let Some((name, value)) = line.split_once(':') else { return Some("a line of its headers has no colon") };
            if HeaderName::from_str(name).is_err() {
                return Some("the name of a header is invalid");
            }
            let mut value = value.trim_start().to_owned();
            while let Some(continued) = lines.next_if(|line| line.starts_with(char::is_whitespace)) {
                value.push_str(continued);
            }
            if HeaderValue::from_str(value.trim_end()).is_err() {
                return Some("the value of a header has a carriage return");
            }
        }
        None
    }

    /// The headers of a message that async-nats can read, as it reads them.
    pub(crate) fn headers(&self) -> Vec<(&str, String)> {
        let mut lines = str::from_utf8(&self.headers).unwrap_or_default().lines().skip(1).peekable();
        let mut headers = Vec::new();
        while let Some(line) = lines.next() {
            let Some((name, value)) = line.split_once(':') else { continue };
            let mut value = value.trim_start().to_owned();
            while let Some(continued) = lines.next_if(|line| line.starts_with(char::is_whitespace)) {
                value.push_str(continued);
            }
            value.truncate(value.trim_end().len());
            headers.push((name, value));
        }
        headers
    }

    /// Whether its subject may have had bytes that are not UTF-8. A real U+FFFD looks the same.
    pub(crate) fn has_replaced_subject(&self) -> bool {
        self.subject.contains(char::REPLACEMENT_CHARACTER)
    }

    /// The headers that can be read.
    pub(crate) fn readable_headers(&self) -> impl Iterator<Item = (&str, &str)> {
        let lines = self.headers.split(|byte| *byte == b'\n').filter_map(|line| str::from_utf8(line).ok());
        let pairs = lines.filter_map(|line| line.trim_end_matches('\r').split_once(':'));
        pairs.map(|(name, value)| (name, value.trim())).filter(|(name, _)| HeaderName::from_str(name).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(subject: &str, headers: &[u8]) -> StoredMessage {
        let encoded = (STANDARD.encode(headers), STANDARD.encode("x"));
        let json = serde_json::json!({"message": {"subject": subject, "seq": 7, "hdrs": encoded.0, "data": encoded.1,
            "time": "2026-01-01T00:00:00.000000005Z"}});
        serde_json::from_value(json).expect("a message")
    }

    #[test]
    fn a_message_is_read_from_json() {
        let found = message("a", b"NATS/1.0\r\nA:   1 \t\r\nB C: 2\r\n\xff: 3\r\n\r\n");
        assert_eq!((found.sequence, found.payload.as_slice(), found.stored % 10), (7, b"x".as_slice(), 5));
        // Without blanks at the ends, as in a message that the client has received.
        assert_eq!(found.readable_headers().collect::<Vec<_>>(), [("A", "1")]);
        let continued = message("a", b"NATS/1.0\r\nA:  1 \r\n 2 \r\nB:\r\nA: 3\r\n\r\n");
        let expected = [("A", "1  2"), ("B", ""), ("A", "3")].map(|(name, value)| (name, value.to_owned()));
        assert_eq!(continued.headers(), expected);
        let json = r#"{"message": {"subject": "a", "seq": 7, "time": "2026-01-01T00:00:00Z"}}"#;
        let bare: StoredMessage = serde_json::from_str(json).expect("a message");
        assert!(bare.payload.is_empty() && bare.unreadable().is_none());
        assert!(!bare.has_replaced_subject() && message("a\u{fffd}", b"").has_replaced_subject());
    }

    #[test]
    fn a_message_that_async_nats_cannot_read_is_recognised() {
        for headers in [
            "",
            "NATS/1.0\r\n\r\n",
            "NATS/1.0 503 No Responders\r\n\r\n",
            "NATS/1.0\r\nA:\r\r\nB: ü\r\n continued\r\n\r\n",
        ] {
            assert_eq!(message("a", headers.as_bytes()).unreadable(), None, "{headers:?}");
        }
        for (headers, words) in [
            (&b"NATS/1.0\r\nA: \xfc\r\n\r\n"[..], "not UTF-8"),
            (b"NATS/1.0\r\nA B: 1\r\n\r\n", "name"),
            (b"NATS/1.0\r\nA\r\n\r\n", "no colon"),
            (b"NATS/1.0 99x\r\n\r\n", "status"),
            (b"HTTP/1.1\r\n\r\n", "NATS/1.0"),
            (b"NATS/1.0\r\nA: 1\r2\r\n\r\n", "carriage return"),
        ] {
            let reason = message("a", headers).unreadable().expect(words);
            assert!(reason.contains(words), "{reason}");
        }
        assert!(message("a\u{3000}b", b"NATS/1.0\r\n\r\n").unreadable().is_some());
        assert!(message("a\u{3000}b", b"").unreadable().is_none());
    }
}
