//! The settings of a stream that matter to whoever writes into it.

use serde::Deserialize;

/// Settings of a stream that matter to whoever writes into it. The fields have the names of the server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub(crate) struct WritingRules {
    no_ack: bool,
    sealed: bool,
    allow_msg_counter: bool,
    allow_atomic: bool,
    max_msg_size: i64,
    persist_mode: String,
    discard: String,
    discard_new_per_subject: bool,
}

impl WritingRules {
    /// The headers of a message with an id and the condition for its order take more than this. A stream of smaller messages
    /// takes none of ours.
    const LEAST_SIZE: i64 = 150;

    /// Why no sink can write into the stream, and what to do about it. `name` is the stream.
    pub(crate) fn refusal(&self, name: &str) -> Option<String> {
        if self.no_ack {
            Some(format!(
                "it acknowledges nothing (`no_ack`), so that nobody knows what is stored: let it acknowledge, with \
                 `nats stream edit {name} --ack`"
            ))
        } else if self.sealed {
            Some("it is sealed, and takes no more messages: write into another stream".to_owned())
        } else if self.allow_msg_counter {
            Some(
                "it is a stream of counters (`allow_msg_counter`), which takes only increments: write into another stream"
                    .to_owned(),
            )
        } else if (1..=Self::LEAST_SIZE).contains(&self.max_msg_size) {
            Some(format!(
                "it takes no message of more than {} bytes (`max_msg_size`), and the headers of each take about {}: allow \
                 more, with `nats stream edit {name} --max-msg-size`",
                self.max_msg_size,
                Self::LEAST_SIZE
            ))
        } else {
            None
        }
    }

    /// Why atomic batches cannot be written into the stream, and what to do about it. `name` is the stream, and `edit` the
    /// command that edits it, without its name.
    pub(crate) fn atomic_refusal(&self, name: &str, edit: &str) -> Option<String> {
        if self.acknowledges_early() {
            Some(
                "`.atomic()` needs a stream that stores messages before it acknowledges them, and this one has `persist_mode: \
                 async`: create one without that, and with `allow_atomic`"
                    .to_owned(),
            )
        } else if !self.allow_atomic {
            Some(format!(
                "it takes no atomic batches, which `.atomic()` needs: allow them (`allow_atomic`), with `{edit} {name} \
                 --allow-batch`"
            ))
        } else if self.refuses_by_subject() {
            Some(
                "it refuses messages of single subjects (`discard_new_per_subject`), and with one of them a whole batch: remove \
                 that setting, or `.atomic()`"
                    .to_owned(),
            )
        } else {
            None
        }
    }

    /// How many bytes a message may have at most, with its headers.
    pub(crate) fn max_message_size(&self) -> Option<usize> {
        usize::try_from(self.max_msg_size).ok().filter(|size| *size > 0)
    }

    /// Whether a stream that is full refuses new messages.
    pub(super) fn refuses_when_full(&self) -> bool {
        self.discard == "new"
    }

    /// Whether messages are acknowledged before they are stored.
    pub(crate) fn acknowledges_early(&self) -> bool {
        self.persist_mode == "async"
    }

    /// Whether a subject that is full refuses new messages, while others take them.
    pub(crate) fn refuses_by_subject(&self) -> bool {
        self.discard == "new" && self.discard_new_per_subject
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(json: &str) -> WritingRules {
        serde_json::from_str(json).expect("settings")
    }

    #[test]
    fn settings_that_no_sink_can_live_with_are_refused_with_the_cure() {
        for (json, words) in [
            (r#"{"no_ack": true}"#, "`nats stream edit OUT --ack`"),
            (r#"{"sealed": true}"#, "write into another stream"),
            (r#"{"allow_msg_counter": true}"#, "takes only increments"),
            (r#"{"max_msg_size": 100}"#, "`nats stream edit OUT --max-msg-size`"),
        ] {
            let refusal = rules(json).refusal("OUT").expect(json);
            assert!(refusal.contains(words), "{refusal}");
        }
        for json in ["{}", r#"{"no_ack": false, "max_msg_size": -1}"#, r#"{"max_msg_size": 1000, "discard": "new"}"#] {
            assert_eq!(rules(json).refusal("OUT"), None);
            assert!(!rules(json).refuses_by_subject() && !rules(json).acknowledges_early());
        }
        assert!(rules(r#"{"discard": "new", "discard_new_per_subject": true}"#).refuses_by_subject());
        assert!(rules(r#"{"persist_mode": "async"}"#).acknowledges_early());
    }

    #[test]
    fn atomic_batches_must_be_allowed() {
        let refusal = |json| rules(json).atomic_refusal("OUT", "nats stream edit");
        for (json, words) in [
            (r#"{"persist_mode": "async"}"#, "`persist_mode: async`"),
            ("{}", "`nats stream edit OUT --allow-batch`"),
            (
                r#"{"allow_atomic": true, "discard": "new", "discard_new_per_subject": true}"#,
                "`discard_new_per_subject`",
            ),
        ] {
            let refusal = refusal(json).expect(json);
            assert!(refusal.contains(words), "{refusal}");
        }
        assert_eq!(refusal(r#"{"allow_atomic": true, "discard": "new"}"#), None);
    }
}
