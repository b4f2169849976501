//! What a stream answers to a message.

use async_nats::Message;
use serde_json::Value;

use crate::nats::client::ApiError;

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PublishAck {
    /// It is stored, perhaps since an earlier attempt, with a sequence where it is in the stream.
    Stored(Option<u64>),
    /// Not now: the stream is full, or the server has too much to do. The reason.
    Later(String),
    /// Not behind the message that is the stream's last one: another one was to be.
    OutOfOrder,
    /// Nobody takes the subject, for now or for good.
    Nobody,
    /// Never this one: the reason.
    Unfit(String),
    /// Never any: the reason.
    Refused(String),
}

/// The message is larger than the stream allows.
const TOO_LARGE: u64 = 10054;
/// The stream's last message is not the one that the message must follow, by its id or by its sequence (of which there is
/// a newer code, whose words do not name the sequence).
const OUT_OF_ORDER: [u64; 3] = [10070, 10071, 10164];
/// An earlier attempt is still under way in the cluster.
const IN_PROCESS: u64 = 10158;

impl PublishAck {
    /// Reads the answer of a stream, which should be this one.
    pub(super) fn of(message: &Message, stream: &str) -> Self {
        match message.status.map(|status| status.as_u16()) {
            Some(503) => return PublishAck::Nobody,
            Some(status) => return PublishAck::Later(format!("status {status}")),
            None => {}
        }
        // A message of our own, which came back from the server.
        if message.payload.is_empty() {
            return PublishAck::Stored(None);
        }
        if let Some(sequence) = sequence_in(&message.payload, stream) {
            return PublishAck::Stored(Some(sequence));
        }
        let Ok(answer) = serde_json::from_slice::<Value>(&message.payload) else {
            return PublishAck::Later("an answer that is no JSON".to_owned());
        };
        match answer.get("error").map(ApiError::of) {
            Some(ApiError::Away(reason)) => PublishAck::Later(reason),
            Some(ApiError::Refused { code, .. }) if OUT_OF_ORDER.contains(&code) => PublishAck::OutOfOrder,
            Some(ApiError::Refused { code: IN_PROCESS, description }) => PublishAck::Later(description),
            Some(ApiError::Refused { code: TOO_LARGE, description }) => PublishAck::Unfit(description),
            Some(ApiError::Refused { description, .. }) => PublishAck::Refused(description),
            None if answer["stream"] == stream => PublishAck::Stored(answer["seq"].as_u64()),
            None => PublishAck::Refused(format!("the stream that takes the subject is {}", answer["stream"])),
        }
    }
}

/// The sequence of a message that a stream has stored, from an answer in the form in which it nearly always comes.
fn sequence_in(answer: &[u8], stream: &str) -> Option<u64> {
    let rest = answer.strip_prefix(br#"{"stream":""#)?.strip_prefix(stream.as_bytes())?.strip_prefix(b"\",")?;
    let rest = rest.trim_ascii_start().strip_prefix(br#""seq":"#)?;
    let digits = rest.iter().position(|byte| !byte.is_ascii_digit())?;
    std::str::from_utf8(&rest[..digits]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(payload: &str, status: Option<u16>) -> PublishAck {
        let message = Message {
            subject: "_INBOX.a.1".into(),
            reply: None,
            payload: payload.to_owned().into(),
            headers: None,
            status: status.map(|status| status.try_into().expect("a status")),
            description: None,
            length: 0,
        };
        PublishAck::of(&message, "OUT")
    }

    #[test]
    fn answers_are_read() {
        for stored in [
            r#"{"stream":"OUT","seq":7}"#,
            r#"{"stream":"OUT", "seq":7,"duplicate":true}"#,
            r#"{"seq":7,"stream":"OUT"}"#,
        ] {
            assert_eq!(answer(stored, None), PublishAck::Stored(Some(7)), "{stored}");
        }
        assert_eq!(answer("", None), PublishAck::Stored(None));
        let error = |code: u64, err_code: u64| {
            format!(r#"{{"error":{{"code":{code},"err_code":{err_code},"description":"why"}},"stream":"OUT","seq":0}}"#)
        };
        assert_eq!(answer(&error(503, 10077), None), PublishAck::Later("why".to_owned()));
        assert_eq!(answer(&error(429, 10167), None), PublishAck::Later("why".to_owned()));
        assert_eq!(answer(&error(400, TOO_LARGE), None), PublishAck::Unfit("why".to_owned()));
        OUT_OF_ORDER.iter().for_each(|code| assert_eq!(answer(&error(400, *code), None), PublishAck::OutOfOrder));
        assert_eq!(answer(&error(409, IN_PROCESS), None), PublishAck::Later("why".to_owned()));
        assert_eq!(answer(&error(400, 10109), None), PublishAck::Refused("why".to_owned()));
        assert_eq!(answer("", Some(503)), PublishAck::Nobody);
        let other = answer(r#"{"stream":"OUT2","seq":7}"#, None);
        assert_eq!(other, PublishAck::Refused("the stream that takes the subject is \"OUT2\"".to_owned()));
    }
}
