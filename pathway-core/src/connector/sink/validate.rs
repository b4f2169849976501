//! What no message can have, whatever the data say: it is refused before it is published.

use super::{EncodedBatch, OutgoingMessage};
use crate::data::EncodeError;
use crate::nats::client::check_publish_subject;

/// The longest subject. A server breaks the connection over a command that is longer than 4096 bytes (its
/// `max_control_line`), subject and some digits included.
const MAX_SUBJECT: usize = 4000;

impl EncodedBatch {
    /// Why a letter of this parcel can't be published, if it can't.
    ///
    /// The parcel's own subject was checked when the pipeline was started.
    pub fn complaint(&self, letter: &OutgoingMessage) -> Option<EncodeError> {
        let label = letter.label.as_deref()?;
        if let Some(reject) = &label.reject {
            return Some(reject.clone());
        }
        let own = label.subject.as_deref().and_then(subject);
        own.or_else(|| {
            let id = label.message_id.as_deref().map(|id| ("Nats-Msg-Id", id));
            let own = label.headers.iter().map(|(name, value)| (&**name, value.as_str()));
            own.chain(id).find_map(|(name, value)| header(name, value))
        })
        .map(EncodeError::new)
    }
}

/// Why nothing can be published on a subject, if nothing can.
pub(super) fn subject(subject: &str) -> Option<String> {
    if subject.len() > MAX_SUBJECT {
        return Some(format!("a subject of {} bytes is too long: {MAX_SUBJECT} are possible", subject.len()));
    }
    check_publish_subject(subject).err().map(|error| error.to_string())
}

/// Why a header can't be, if it can't.
pub(crate) fn header(name: &str, value: &str) -> Option<String> {
    let complaint = if header_name(name).is_some() {
        "its name has a character that no header's name can have"
    } else if value.contains(['\r', '\n']) {
        "its value has a line break, which would be the end of it"
    } else {
        return None;
    };
    Some(format!("the header `{}` cannot be sent: {complaint}", name.escape_debug()))
}

/// Why a header can't have a name, if it can't.
pub(crate) fn header_name(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("it is empty")
    } else if name.bytes().any(|byte| !byte.is_ascii_graphic() || byte == b':') {
        Some("only letters, digits and signs of ASCII are possible, without blanks and `:`")
    } else {
        None
    }
}
