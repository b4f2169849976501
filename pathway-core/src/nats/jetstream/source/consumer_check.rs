//! Checks that an existing consumer can be read: every setting of it is honoured or harmless, or refused here.

use super::consumer::{Consumer, ConsumerConfig, ConsumerInfo, ConsumerSpec};
use crate::data::{ErrorKind, Result};
use crate::nats::client::StreamInfo;

impl ConsumerSpec {
    /// Checks that an existing consumer reads what is asked for.
    pub(super) fn check(&self, info: &ConsumerInfo, stream: &StreamInfo) -> Result<Consumer> {
        let Some(reason) = self.refusal(&info.config, stream) else { return Ok(Consumer::from(info)) };
        let hint = match self.durable {
            Some(_) => "name another one in `durable`, or remove `durable` to have one created",
            None => "delete it, or give the pipeline or the source another name",
        };
        let message = format!("the consumer `{}` of the stream cannot be used: {reason}; {hint}", info.name);
        Err(self.error(ErrorKind::Config, message))
    }

    /// Why a consumer with these settings cannot be used, if it cannot.
    fn refusal(&self, config: &ConsumerConfig, stream: &StreamInfo) -> Option<String> {
        if config.deliver_subject.is_some() {
            return Some("it is a push consumer; only pull consumers provide backpressure".to_owned());
        }
        if config.ack_policy != "explicit" {
            return Some(format!("its ack policy is `{}`, but must be `explicit`", config.ack_policy));
        }
        if config.headers_only {
            return Some("it delivers headers without payloads (`headers_only`)".to_owned());
        }
        if config.max_deliver > 0 {
            return Some(format!(
                "it gives a message up after {} deliveries (`max_deliver`), and each delivery counts that a stopping \
                 pipeline gives back, so that messages would be lost; set it to -1",
                config.max_deliver
            ));
        }
        if config.priority_groups.as_ref().is_some_and(|groups| !groups.is_empty()) {
            return Some("it delivers only to members of priority groups (`priority_groups`)".to_owned());
        }
        let (filters, subject) = (config.filters(), &*self.subject);
        // Where all messages match the subject, a wider filter, or none, makes no difference.
        let reads_all = filters.is_empty() || filters.iter().any(|filter| stream.is_covered_by(filter));
        if filters == [subject] || (reads_all && stream.is_covered_by(subject)) {
            return None;
        }
        let filters = if filters.is_empty() { "everything".to_owned() } else { format!("`{}`", filters.join("`, `")) };
        Some(format!("it reads {filters} instead of `{subject}`"))
    }
}

impl ConsumerConfig {
    fn filters(&self) -> Vec<&str> {
        let one = self.filter_subject.as_deref().filter(|filter| !filter.is_empty());
        let many = self.filter_subjects.iter().flatten().map(String::as_str);
        one.into_iter().chain(many).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::super::consumer::tests::spec;
    use super::*;

    fn stream(subject: &str) -> StreamInfo {
        serde_json::from_value(json!({"config": {"subjects": [subject]}})).expect("a stream")
    }

    /// An answer about a consumer that can be used, with other settings.
    fn info(settings: &[(&str, Value)]) -> ConsumerInfo {
        let mut info = json!({"name": "d", "delivered": {"stream_seq": 4}, "num_pending": 3, "config": {
            "ack_policy": "explicit", "filter_subject": "a.>", "ack_wait": 2_000_000_000, "deliver_policy": "last",
            "max_deliver": -1}});
        settings.iter().for_each(|(key, value)| info["config"][*key] = value.clone());
        serde_json::from_value(info).expect("an answer")
    }

    #[test]
    fn an_existing_consumer_is_checked() {
        let consumer = spec(true).check(&info(&[]), &stream(">")).expect("a consumer");
        assert_eq!((consumer.next, consumer.pending, consumer.ack_wait), (5, 3, Duration::from_secs(2)));
        for (key, value, expected) in [
            ("deliver_subject", json!("x"), "push consumer"),
            ("ack_policy", json!("none"), "ack policy is `none`"),
            ("headers_only", json!(true), "headers_only"),
            ("max_deliver", json!(2), "after 2 deliveries"),
            ("priority_groups", json!(["g"]), "priority_groups"),
            ("filter_subject", json!("b"), "it reads `b` instead of `a.>`"),
            ("filter_subject", json!(""), "it reads everything"),
            ("filter_subjects", json!(["b"]), "it reads `a.>`, `b`"),
        ] {
            let refused = info(&[(key, value)]);
            let error = spec(true).check(&refused, &stream(">")).expect_err(expected);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(expected) && error.to_string().contains("remove `durable`"), "{error}");
            let error = spec(false).check(&refused, &stream(">")).expect_err(expected);
            assert!(error.to_string().contains("another name"), "{error}");
        }
    }

    #[test]
    fn a_filter_that_makes_no_difference_is_accepted() {
        for (filter, subject, is_same) in [
            ("", "a.x", true),
            (">", "a.*", true),
            ("*.x", "a.x", true),
            ("a.y", "a.x", false),
            ("", "b.x", false),
            ("", "*.x", false),
        ] {
            let checked = spec(true).check(&info(&[("filter_subject", json!(filter))]), &stream(subject));
            assert_eq!(checked.is_ok(), is_same, "{filter} {subject}");
        }
    }

    #[test]
    fn the_shortest_wait_for_an_acknowledgement_counts() {
        let info = info(&[("backoff", json!([5_000_000_000_u64, 1_000_000_000]))]);
        assert_eq!(Consumer::from(&info).ack_wait, Duration::from_secs(1));
    }
}
