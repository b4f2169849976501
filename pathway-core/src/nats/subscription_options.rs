//! How a subject is subscribed to: in a queue group, by several readers, with a bounded backlog.

use crate::connector::source::Bound;
use crate::data::{Error, ErrorKind, Result};

/// How a subject is subscribed to.
#[derive(Clone, Debug)]
pub(super) struct SubscriptionOptions {
    pub(super) queue_group: Option<String>,
    pub(super) readers: usize,
    pub(super) bound: Bound,
}

impl Default for SubscriptionOptions {
    fn default() -> Self {
        SubscriptionOptions { queue_group: None, readers: 1, bound: Bound::default() }
    }
}

impl SubscriptionOptions {
    /// Each reader has a thread and a connection: more than this is a mistake.
    const MAX_READERS: usize = 64;

    /// Refuses options that contradict each other.
    pub(super) fn check(&self, name: &str, has_key: bool, is_stream: bool) -> Result<()> {
        let error = if self.readers == 0 || self.readers > Self::MAX_READERS {
            format!("{} readers; it takes from 1 to {}", self.readers, Self::MAX_READERS)
        } else if self.bound.messages == 0 || self.bound.bytes == 0 {
            "a backlog of 0: at least one message must be able to wait".to_owned()
        } else if is_stream && (self.readers > 1 || self.queue_group.is_some()) {
            "several readers or a queue group from a stream: its consumer distributes the messages. Programs that name \
             the same consumer with `nats::stream(..).durable(..)` share them"
                .to_owned()
        } else if has_key && self.readers > 1 {
            "a primary key and several readers: messages of one key would arrive over different connections, and the \
             last one to arrive might not be the last one that was published; remove `readers`, or the key"
                .to_owned()
        } else if has_key && self.queue_group.is_some() {
            "a primary key and a queue group: other members of the group receive some messages of a key, and an old row \
             would remain here; remove `queue_group`, or the key"
                .to_owned()
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Config, format!("source `{name}` cannot be read with {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictory_options_are_refused() {
        let share = SubscriptionOptions::default();
        let group = Some("g".to_owned());
        for (share, has_key, expected) in [
            (SubscriptionOptions { readers: 0, ..share.clone() }, false, "0 readers"),
            (SubscriptionOptions { readers: 65, ..share.clone() }, false, "65 readers"),
            (SubscriptionOptions { readers: 2, ..share.clone() }, true, "a primary key and several readers"),
            (
                SubscriptionOptions { queue_group: group.clone(), ..share.clone() },
                true,
                "a primary key and a queue group",
            ),
            (
                SubscriptionOptions { bound: Bound { messages: 0, ..share.bound }, ..share.clone() },
                false,
                "a backlog of 0",
            ),
            (
                SubscriptionOptions { bound: Bound { bytes: 0, ..share.bound }, ..share.clone() },
                false,
                "a backlog of 0",
            ),
        ] {
            let error = share.check("orders", has_key, false).expect_err(expected);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(expected) && error.to_string().contains("`orders`"), "{error}");
        }
        let of_stream =
            SubscriptionOptions { readers: 2, ..share.clone() }.check("orders", false, true).expect_err("a stream");
        assert!(of_stream.to_string().contains("from a stream"), "{of_stream}");
        share.check("orders", true, true).expect("the default");
        SubscriptionOptions { queue_group: group, readers: 64, ..share }
            .check("orders", false, false)
            .expect("a group of readers");
    }
}
