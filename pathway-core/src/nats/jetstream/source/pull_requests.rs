//! How many messages were asked for, and are not there yet.

use std::time::Duration;

use serde_json::{Value, json};

use crate::connector::source::Bound;

/// How many messages are asked for at a time, and how many bytes. The next request goes out when half of them have
/// come, so that at most two are under way, and the server never has to wait for one.
const MESSAGES: u64 = 10_000;
const BYTES: u64 = 4 << 20;
/// How long the server keeps a request.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often it says that it still does, while nothing comes.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(5);

/// What is asked for of a consumer.
#[derive(Debug)]
pub(super) struct PullRequests {
    limits: Limits,
    outstanding: u64,
    /// Whether anything has come since the last request.
    served: bool,
    /// A message is larger than what is asked for at a time: it is asked for alone.
    alone: bool,
}

/// The most that may be asked for at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    messages: u64,
    bytes: u64,
    expires: Duration,
}

impl Limits {
    /// Ours, or less where a consumer allows less.
    pub(super) fn of(config: &Value) -> Self {
        let least = |limit: &Value, ours: u64| limit.as_u64().filter(|limit| *limit > 0).unwrap_or(ours).min(ours);
        Limits {
            messages: least(&config["max_batch"], MESSAGES),
            bytes: least(&config["max_bytes"], BYTES),
            expires: Duration::from_nanos(least(&config["max_expires"], EXPIRES.as_nanos() as u64)),
        }
    }

    /// The same within what may wait in the queue. More is asked for while at most half of that waits, and two requests are
    /// under way at most: a quarter for each keeps to the bound. (A message that is larger comes alone.)
    pub(super) fn within(self, bound: Bound) -> Self {
        let quarter = |bound: usize| (bound as u64 / 4).max(1);
        Limits {
            messages: self.messages.min(quarter(bound.messages)),
            bytes: self.bytes.min(quarter(bound.bytes)),
            ..self
        }
    }
}

impl PullRequests {
    pub(super) fn new(limits: Limits) -> Self {
        PullRequests { limits, outstanding: 0, served: true, alone: false }
    }

    /// Whether it is time to ask for more.
    pub(super) fn is_low(&self) -> bool {
        self.outstanding <= self.limits.messages / 2
    }

    /// Whether messages are under way, or will be.
    pub(super) fn are_outstanding(&self) -> bool {
        self.outstanding > 0
    }

    /// The next request.
    pub(super) fn ask(&mut self) -> String {
        let Limits { messages, bytes, expires } = self.limits;
        let mut request = json!({"batch": messages, "expires": expires.as_nanos() as u64});
        // A heartbeat must come twice before the request expires.
        if expires >= 2 * HEARTBEAT {
            request["idle_heartbeat"] = json!(HEARTBEAT.as_nanos() as u64);
        }
        if self.alone {
            request["batch"] = json!(1);
        } else {
            request["max_bytes"] = json!(bytes);
        }
        self.outstanding += if self.alone { 1 } else { messages };
        (self.served, self.alone) = (false, false);
        request.to_string()
    }

    /// A message has come.
    pub(super) fn deliver(&mut self) {
        self.outstanding = self.outstanding.saturating_sub(1);
        self.served = true;
    }

    /// A request ended, with so many messages that were not sent for it.
    pub(super) fn end(&mut self, left: Option<u64>) {
        self.outstanding = left.map_or(0, |left| self.outstanding.saturating_sub(left));
    }

    /// A request ended because the next message did not fit.
    pub(super) fn end_too_small(&mut self, left: Option<u64>) {
        self.end(left);
        self.alone = !self.served && self.outstanding == 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_two_requests_are_under_way() {
        let mut pulls = PullRequests::new(Limits::of(&Value::Null));
        assert!(pulls.is_low() && !pulls.are_outstanding());
        assert!(pulls.ask().contains("\"batch\":10000"));
        assert!(!pulls.is_low());
        (0..MESSAGES / 2).for_each(|_| pulls.deliver());
        assert!(pulls.is_low());
        pulls.ask();
        assert!(!pulls.is_low());
        pulls.end(Some(5_000));
        assert!(!pulls.is_low());
        pulls.end(Some(10_000));
        assert!(pulls.is_low() && !pulls.are_outstanding());
    }

    #[test]
    fn a_consumer_that_allows_less() {
        let limits = Limits::of(&json!({"max_batch": 10, "max_bytes": 1000, "max_expires": 1_000_000_000}));
        let request = PullRequests::new(limits).ask();
        assert_eq!(request, r#"{"batch":10,"expires":1000000000,"max_bytes":1000}"#);
    }

    #[test]
    fn a_message_that_fits_into_no_request_is_asked_for_alone() {
        let mut pulls = PullRequests::new(Limits::of(&Value::Null));
        pulls.ask();
        pulls.deliver();
        pulls.end_too_small(Some(9_999));
        assert!(pulls.ask().contains("max_bytes"));
        pulls.end_too_small(Some(10_000));
        let request = pulls.ask();
        assert!(request.contains("\"batch\":1,") && !request.contains("max_bytes"), "{request}");
        pulls.deliver();
        assert!(pulls.ask().contains("max_bytes"));
    }

    #[test]
    fn no_more_is_asked_for_than_may_wait() {
        let limits = Limits::of(&Value::Null);
        assert_eq!(limits.within(Bound::default()), Limits { messages: MESSAGES, bytes: 2 << 20, ..limits });
        let small = limits.within(Bound { messages: 100, bytes: 4000 });
        assert_eq!(small, Limits { messages: 25, bytes: 1000, ..limits });
        let least = limits.within(Bound { messages: 1, bytes: 1 });
        assert_eq!(least, Limits { messages: 1, bytes: 1, ..limits });
    }
}
