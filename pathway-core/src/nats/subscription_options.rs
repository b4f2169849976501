//! How a subject is read: together with other programs, by several readers, and how much of it may wait.

use crate::connector::source::Bound;
use crate::data::{Error, ErrorKind, Result};

/// What was said about it.
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
    /// A thread and a connection each: more than this is a mistake.
    const MAX_READERS: usize = 64;

    /// Refuses what cannot be meant.
    pub(super) fn check(&self, name: &str, has_key: bool, is_stream: bool) -> Result<()> {
        let complaint = if self.readers == 0 || self.readers > Self::MAX_READERS {
            format!("{} readers; it takes from 1 to {}", self.readers, Self::MAX_READERS)
        } else if self.bound.messages == 0 || self.bound.bytes == 0 {
            "a backlog of nothing; at least one message must wait until it is worked off".to_owned()
        } else if is_stream && (self.readers > 1 || self.queue_group.is_some()) {
            "several readers or a queue group where a stream is read: its consumer hands messages out. Programs that are \
             given one by `nats::stream(..).durable(..)` share its messages"
                .to_owned()
        } else if has_key && self.readers > 1 {
            "a primary key and several readers; messages of one key would come by different connections, and the last one \
             to come would not be the last one that was published: leave `readers` out, or the key"
                .to_owned()
        } else if has_key && self.queue_group.is_some() {
            "a primary key and a queue group; other members of the group get some messages of a key, and an old row \
             would stay here: leave `queue_group` out, or the key"
                .to_owned()
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::Config, format!("source `{name}` cannot be read with {complaint}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_meant_is_refused() {
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
                "a backlog of nothing",
            ),
            (
                SubscriptionOptions { bound: Bound { bytes: 0, ..share.bound }, ..share.clone() },
                false,
                "a backlog of nothing",
            ),
        ] {
            let error = share.check("orders", has_key, false).expect_err(expected);
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains(expected) && error.to_string().contains("`orders`"), "{error}");
        }
        let of_stream =
            SubscriptionOptions { readers: 2, ..share.clone() }.check("orders", false, true).expect_err("a stream");
        assert!(of_stream.to_string().contains("where a stream is read"), "{of_stream}");
        share.check("orders", true, true).expect("the default");
        SubscriptionOptions { queue_group: group, readers: 64, ..share }
            .check("orders", false, false)
            .expect("a group of readers");
    }
}
