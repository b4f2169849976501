//! What JetStream says about a delivered message: the subject to which its acknowledgement is sent.

use crate::data::{DateTimeUtc, Delivery};

/// What is known about a delivered message and about the consumer that delivered it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeliveryInfo {
    /// How often the message was delivered, this time included.
    pub(super) delivered: u64,
    /// Its number in the stream.
    pub(super) stream_sequence: u64,
    /// Its number among all deliveries of the consumer.
    pub(super) consumer_sequence: u64,
    /// When it was stored, in unix nanoseconds.
    pub(super) stored: i64,
    /// How many messages the consumer still has to deliver.
    pub(super) pending: u64,
}

impl DeliveryInfo {
    /// Parses `$JS.ACK.<stream>.<consumer>.<delivered>.<stream sequence>.<consumer sequence>.<time>.<pending>`. A server with
    /// a domain adds the domain and a hash of the account after `ACK`, and more at the end.
    pub(super) fn parse(reply: &str) -> Option<Self> {
        let mut tokens = reply.strip_prefix("$JS.ACK.")?.split('.');
        let skipped = if reply.bytes().filter(|byte| *byte == b'.').count() > 8 { 4 } else { 2 };
        let mut numbers = tokens.by_ref().skip(skipped).map(str::parse::<u64>);
        let mut number = move || numbers.next()?.ok();
        Some(DeliveryInfo {
            delivered: number()?,
            stream_sequence: number()?,
            consumer_sequence: number()?,
            stored: number()?.try_into().ok()?,
            pending: number()?,
        })
    }

    /// A delivery that did not arrive: its message, and a number of a delivery that is not acknowledged. The server finds the
    /// message by its sequence, and ignores numbers that it cannot have.
    pub(super) fn of_lost(stream_sequence: u64, stored: i64, consumer_sequence: u64) -> Self {
        DeliveryInfo { delivered: 1, stream_sequence, consumer_sequence, stored, pending: 0 }
    }

    /// The subject to which an acknowledgement is sent.
    pub(super) fn reply(&self, stream: &str, consumer: &str) -> String {
        let DeliveryInfo { delivered, stream_sequence, consumer_sequence, stored, pending } = self;
        format!("$JS.ACK.{stream}.{consumer}.{delivered}.{stream_sequence}.{consumer_sequence}.{stored}.{pending}")
    }

    /// The part of it that a schema can ask for.
    pub(super) fn delivery(&self) -> Delivery {
        Delivery {
            stream_sequence: self.stream_sequence,
            published_at: DateTimeUtc::from_nanosecond(self.stored.into()).unwrap_or_default(),
            delivered: self.delivered,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_parsed_with_and_without_a_domain() {
        let expected = DeliveryInfo {
            delivered: 2,
            stream_sequence: 30,
            consumer_sequence: 4,
            stored: 1_700_000_000_123_456_789,
            pending: 9,
        };
        for reply in [
            "$JS.ACK.S.c.2.30.4.1700000000123456789.9",
            "$JS.ACK.hub.AbC.S.c.2.30.4.1700000000123456789.9",
            "$JS.ACK._.AbC.S.c.2.30.4.1700000000123456789.9.xyz",
        ] {
            assert_eq!(DeliveryInfo::parse(reply), Some(expected), "{reply}");
        }
        assert_eq!(DeliveryInfo::parse(&expected.reply("S", "c")), Some(expected));
        let delivery = expected.delivery();
        assert_eq!(delivery.published_at.to_string(), "2023-11-14T22:13:20.123456789Z");
        for reply in ["", "_INBOX.a.b", "$JS.ACK.S.c.2.30.4.170", "$JS.ACK.S.c.2.x.4.170.9", "$JS.ACK.S.c.2.-3.4.170.9"]
        {
            assert_eq!(DeliveryInfo::parse(reply), None, "{reply}");
        }
    }
}
