//! Validates subjects and headers, which come from data, before messages are published.

use super::{EncodedBatch, OutgoingMessage};
use crate::connector::subject::check_publish_subject;
use crate::data::EncodeError;

/// The longest subject, in bytes. A server closes the connection at a command line of more than 4096 bytes (its
/// `max_control_line`), which includes the subject and some digits.
const MAX_SUBJECT: usize = 4000;

impl EncodedBatch {
    /// Why a message of this batch cannot be published, if so.
    ///
    /// The subject that messages share was checked when the pipeline started.
    pub fn error_of(&self, message: &OutgoingMessage) -> Option<EncodeError> {
        let meta = message.meta.as_deref()?;
        if let Some(error) = &meta.error {
            return Some(error.clone());
        }
        let error = meta.subject.as_deref().and_then(subject);
        error
            .or_else(|| {
                let id = meta.message_id.as_deref().map(|id| ("Nats-Msg-Id", id));
                let headers = meta.headers.iter().map(|(name, value)| (&**name, value.as_str()));
                headers.chain(id).find_map(|(name, value)| header(name, value))
            })
            .map(EncodeError::new)
    }
}

/// Why nothing can be published on a subject, if so.
pub(super) fn subject(subject: &str) -> Option<String> {
    if subject.len() > MAX_SUBJECT {
        return Some(format!("the subject has {} bytes, but at most {MAX_SUBJECT} are possible", subject.len()));
    }
    check_publish_subject(subject).err().map(|error| error.to_string())
}

/// Why a header is invalid, if so.
pub(crate) fn header(name: &str, value: &str) -> Option<String> {
    let error = if header_name(name).is_some() {
        "its name has a character that is not allowed in the name of a header"
    } else if value.contains(['\r', '\n']) {
        "its value has a line break, which would end the header"
    } else {
        return None;
    };
    Some(format!("the header `{}` cannot be sent: {error}", name.escape_debug()))
}

/// Why a header's name is invalid, if so.
pub(crate) fn header_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b':') {
        Some("only printable ASCII characters are possible, without blanks and `:`")
    } else {
        None
    }
}
