//! What a stream answers to a message.

use async_nats::Message;
use serde_json::Value;

use crate::nats::ApiError;

/// What became of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is stored, perhaps since an earlier attempt.
    Stored,
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
/// The stream's last message is not the one that the message must follow.
const OUT_OF_ORDER: u64 = 10070;

impl Answer {
    /// Reads the answer of a stream, which should be this one.
    pub(super) fn of(message: &Message, stream: &str) -> Self {
        match message.status.map(|status| status.as_u16()) {
            Some(503) => return Answer::Nobody,
            Some(status) => return Answer::Later(format!("status {status}")),
            None => {}
        }
        // A message of our own, which came back from the server.
        if message.payload.is_empty() || is_of(&message.payload, stream) {
            return Answer::Stored;
        }
        let Ok(answer) = serde_json::from_slice::<Value>(&message.payload) else {
            return Answer::Later("an answer that is no JSON".to_owned());
        };
        match answer.get("error").map(ApiError::of) {
            Some(ApiError::Away(reason)) => Answer::Later(reason),
            Some(ApiError::Refused { code: OUT_OF_ORDER, .. }) => Answer::OutOfOrder,
            Some(ApiError::Refused { code: TOO_LARGE, description }) => Answer::Unfit(description),
            Some(ApiError::Refused { description, .. }) => Answer::Refused(description),
            None if answer["stream"] == stream => Answer::Stored,
            None => Answer::Refused(format!("the stream that takes the subject is {}", answer["stream"])),
        }
    }
}

/// Whether an answer says, in the form in which it nearly always comes, that a stream has stored a message.
fn is_of(answer: &[u8], stream: &str) -> bool {
    let rest = answer.strip_prefix(br#"{"stream":""#).and_then(|rest| rest.strip_prefix(stream.as_bytes()));
    let seq = rest.and_then(|rest| rest.strip_prefix(b"\","));
    seq.is_some_and(|rest| rest.trim_ascii_start().starts_with(br#""seq":"#))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(payload: &str, status: Option<u16>) -> Answer {
        let message = Message {
            subject: "_INBOX.a.1".into(),
            reply: None,
            payload: payload.to_owned().into(),
            headers: None,
            status: status.map(|status| status.try_into().expect("a status")),
            description: None,
            length: 0,
        };
        Answer::of(&message, "OUT")
    }

    #[test]
    fn answers_are_read() {
        for stored in [
            r#"{"stream":"OUT","seq":7}"#,
            r#"{"stream":"OUT", "seq":7,"duplicate":true}"#,
            r#"{"seq":7,"stream":"OUT"}"#,
            "",
        ] {
            assert_eq!(answer(stored, None), Answer::Stored, "{stored}");
        }
        let error = |code: u64, err_code: u64| {
            format!(r#"{{"error":{{"code":{code},"err_code":{err_code},"description":"why"}},"stream":"OUT","seq":0}}"#)
        };
        assert_eq!(answer(&error(503, 10077), None), Answer::Later("why".to_owned()));
        assert_eq!(answer(&error(429, 10167), None), Answer::Later("why".to_owned()));
        assert_eq!(answer(&error(400, TOO_LARGE), None), Answer::Unfit("why".to_owned()));
        assert_eq!(answer(&error(400, OUT_OF_ORDER), None), Answer::OutOfOrder);
        assert_eq!(answer(&error(400, 10109), None), Answer::Refused("why".to_owned()));
        assert_eq!(answer("", Some(503)), Answer::Nobody);
        let other = answer(r#"{"stream":"OUT2","seq":7}"#, None);
        assert_eq!(other, Answer::Refused("the stream that takes the subject is \"OUT2\"".to_owned()));
    }
}
