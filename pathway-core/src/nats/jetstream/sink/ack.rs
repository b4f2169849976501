//! The answer of a stream to a published message.

use async_nats::Message;
use serde::Deserialize;

use crate::nats::client::{ApiError, ErrorResponse};

/// The answer of a stream to a published message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PublishAck {
    /// The message is stored, perhaps by an earlier attempt. With its sequence, if it is in this stream.
    Stored(Option<u64>),
    /// The stream has a message with this id already: its sequence.
    Duplicate(u64),
    /// Not now: the stream is full, or the server is busy. The reason.
    Retry(String),
    /// Not now: the stream has as many messages of this subject as it may have. The reason.
    SubjectFull(String),
    /// The stream's last message is not the one that this message must follow.
    OutOfOrder,
    /// No stream takes the subject, for now or for good.
    NoStream,
    /// The stream will never take this message: the reason.
    Rejected(String),
    /// The stream will never take any message: the reason.
    Refused(String),
    /// A stream of another JetStream domain has stored the message, too: which one. The stream's own answer is still to come.
    OtherDomain(String),
}

/// The message is larger than the stream allows.
const TOO_LARGE: u64 = 10054;
/// The stream's last message is not the expected one, by its id or by its sequence. (The newest code is for the sequence,
/// too; its description does not name the sequence.)
const OUT_OF_ORDER: [u64; 3] = [10070, 10071, 10164];
/// What the server says where a subject is full. Its code is that of a stream that is full, too.
const SUBJECT_FULL: &str = "maximum messages per subject";
/// An earlier attempt is still being processed in the cluster.
const IN_PROCESS: u64 = 10158;

/// An answer in JSON.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Response {
    stream: String,
    domain: String,
    seq: Option<u64>,
    duplicate: bool,
    error: Option<ErrorResponse>,
}

impl PublishAck {
    /// Parses an answer, which should come from this stream of this domain.
    pub(super) fn parse(message: &Message, stream: &str, domain: &str) -> Self {
        match message.status.map(|status| status.as_u16()) {
            Some(503) => return PublishAck::NoStream,
            Some(status) => return PublishAck::Retry(format!("status {status}")),
            None => {}
        }
        // Our own message behind a dead letter. The server has processed both.
        if message.payload.is_empty() {
            return PublishAck::Stored(None);
        }
        if let Some(stored) = parse_stored(&message.payload, stream, domain) {
            return stored;
        }
        let response = match serde_json::from_slice::<Response>(&message.payload) {
            Ok(response) => response,
            Err(error) => return PublishAck::Retry(format!("an answer that cannot be read: {error}")),
        };
        match response.error.map(ApiError::from) {
            Some(ApiError::Temporary(reason)) if reason.contains(SUBJECT_FULL) => PublishAck::SubjectFull(reason),
            Some(ApiError::Temporary(reason)) => PublishAck::Retry(reason),
            Some(ApiError::Refused { code, .. }) if OUT_OF_ORDER.contains(&code) => PublishAck::OutOfOrder,
            Some(ApiError::Refused { code: IN_PROCESS, description }) => PublishAck::Retry(description),
            Some(ApiError::Refused { code: TOO_LARGE, description }) => PublishAck::Rejected(description),
            Some(ApiError::Refused { description, .. }) => PublishAck::Refused(description),
            None if response.domain != domain => {
                let Response { stream, domain, .. } = response;
                let place =
                    if domain.is_empty() { "without a domain".to_owned() } else { format!("of domain `{domain}`") };
                PublishAck::OtherDomain(format!("a stream `{stream}` {place}"))
            }
            None if response.stream == stream => match response.seq.filter(|_| response.duplicate) {
                Some(sequence) => PublishAck::Duplicate(sequence),
                None => PublishAck::Stored(response.seq),
            },
            None => PublishAck::Refused(format!("another stream takes the subject: `{}`", response.stream)),
        }
    }
}

/// Why a stream refuses a message, as `err_code` and description, if it does so for good.
pub(super) fn refusal(message: &Message) -> Option<(u64, String)> {
    // Nearly all answers have no error.
    if !message.payload.starts_with(br#"{"error""#) {
        return None;
    }
    let response = serde_json::from_slice::<Response>(&message.payload).ok()?;
    match ApiError::from(response.error?) {
        ApiError::Refused { code, description } => Some((code, description)),
        ApiError::Temporary(_) => None,
    }
}

/// What follows the member `name` of a JSON object, if it has this text as its value.
fn skip_member<'a>(rest: &'a [u8], name: &str, value: &str) -> Option<&'a [u8]> {
    let rest = rest.trim_ascii_start().strip_prefix(b"\"")?.strip_prefix(name.as_bytes())?.strip_prefix(b"\":\"")?;
    rest.strip_prefix(value.as_bytes())?.strip_prefix(b"\",")
}

/// Parses the answer to a stored message in the form that it nearly always has.
fn parse_stored(answer: &[u8], stream: &str, domain: &str) -> Option<PublishAck> {
    let mut rest = skip_member(answer.strip_prefix(b"{")?, "stream", stream)?;
    if !domain.is_empty() {
        rest = skip_member(rest, "domain", domain)?;
    }
    let rest = rest.trim_ascii_start().strip_prefix(br#""seq":"#)?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    let (digits, rest) = rest.split_at(digits);
    let sequence = std::str::from_utf8(digits).ok()?.parse().ok()?;
    match rest {
        b"}" => Some(PublishAck::Stored(Some(sequence))),
        br#","duplicate":true}"# | br#","duplicate": true}"# => Some(PublishAck::Duplicate(sequence)),
        // The domain may follow.
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &str, status: Option<u16>) -> Message {
        Message {
            subject: "_INBOX.a.1".into(),
            reply: None,
            payload: payload.to_owned().into(),
            headers: None,
            status: status.map(|status| status.try_into().expect("a status")),
            description: None,
            length: 0,
        }
    }

    fn parse(payload: &str, status: Option<u16>) -> PublishAck {
        PublishAck::parse(&message(payload, status), "OUT", "")
    }

    #[test]
    fn an_answer_of_another_domain_is_not_the_awaited_one() {
        let parse = |payload: &str, domain| PublishAck::parse(&message(payload, None), "OUT", domain);
        for (stored, expected) in [
            (r#"{"stream":"OUT","domain":"hub","seq":7}"#, PublishAck::Stored(Some(7))),
            (r#"{"stream":"OUT", "domain":"hub", "seq":7,"duplicate":true}"#, PublishAck::Duplicate(7)),
            (r#"{"stream":"OUT","seq":7,"domain":"hub"}"#, PublishAck::Stored(Some(7))),
            (r#"{"stream":"OUT","seq":7,"duplicate":true,"domain":"hub"}"#, PublishAck::Duplicate(7)),
        ] {
            assert_eq!(parse(stored, "hub"), expected, "{stored}");
            for other in ["leaf", ""] {
                assert_eq!(parse(stored, other), PublishAck::OtherDomain("a stream `OUT` of domain `hub`".to_owned()));
            }
        }
        let other = parse(r#"{"stream":"OUT", "seq":7}"#, "hub");
        assert_eq!(other, PublishAck::OtherDomain("a stream `OUT` without a domain".to_owned()));
    }

    #[test]
    fn answers_are_parsed() {
        for stored in
            [r#"{"stream":"OUT","seq":7}"#, r#"{"seq":7,"stream":"OUT"}"#, r#"{"stream":"OUT","seq":7,"new":"x"}"#]
        {
            assert_eq!(parse(stored, None), PublishAck::Stored(Some(7)), "{stored}");
        }
        for duplicate in
            [r#"{"stream":"OUT", "seq":7,"duplicate":true}"#, r#"{"seq":7,"stream":"OUT","duplicate": true}"#]
        {
            assert_eq!(parse(duplicate, None), PublishAck::Duplicate(7), "{duplicate}");
        }
        assert_eq!(parse("", None), PublishAck::Stored(None));
        let error = |code: u64, err_code: u64| {
            format!(r#"{{"error":{{"code":{code},"err_code":{err_code},"description":"why"}},"stream":"OUT","seq":0}}"#)
        };
        assert_eq!(parse(&error(503, 10077), None), PublishAck::Retry("why".to_owned()));
        let full = error(503, 10077).replace("why", "maximum messages per subject exceeded");
        assert_eq!(parse(&full, None), PublishAck::SubjectFull("maximum messages per subject exceeded".to_owned()));
        assert_eq!(parse(&error(429, 10167), None), PublishAck::Retry("why".to_owned()));
        assert_eq!(parse(&error(400, TOO_LARGE), None), PublishAck::Rejected("why".to_owned()));
        OUT_OF_ORDER.iter().for_each(|code| assert_eq!(parse(&error(400, *code), None), PublishAck::OutOfOrder));
        assert_eq!(parse(&error(409, IN_PROCESS), None), PublishAck::Retry("why".to_owned()));
        assert_eq!(parse(&error(400, 10109), None), PublishAck::Refused("why".to_owned()));
        assert_eq!(parse("", Some(503)), PublishAck::NoStream);
        let other = parse(r#"{"stream":"OUT2","seq":7}"#, None);
        assert_eq!(other, PublishAck::Refused("another stream takes the subject: `OUT2`".to_owned()));
        assert!(matches!(parse("no JSON", None), PublishAck::Retry(_)));
    }
}
