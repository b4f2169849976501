//! Pull requests: how many messages a consumer was asked for, and how many of them have not arrived yet.

use std::time::Duration;

use serde::Serialize;

use super::consumer::ConsumerConfig;
use crate::connector::source::Bound;

/// The most messages and bytes of one request. The next one is sent when half of the messages have arrived, so that at most
/// two are outstanding, and the server never has to wait for one.
const MESSAGES: u64 = 10_000;
const BYTES: u64 = 4 << 20;
/// How long the server keeps a request.
const EXPIRES: Duration = Duration::from_secs(30);
/// How often the server confirms that it still has a request while no messages arrive.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(5);

/// The pull requests to one consumer.
#[derive(Debug)]
pub(super) struct PullRequests {
    limits: PullLimits,
    /// How many messages were requested and have not arrived.
    outstanding: u64,
    /// Whether anything has arrived since the last request.
    is_served: bool,
    /// The next message is larger than a request may be. It is requested alone.
    is_oversized: bool,
}

/// The most that one request may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PullLimits {
    messages: u64,
    bytes: u64,
    expires: Duration,
    /// Whether the consumer takes only one request at a time.
    is_single: bool,
}

/// A request as JetStream's API writes it. Durations are in nanoseconds.
#[derive(Serialize)]
struct PullRequest {
    batch: u64,
    expires: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    idle_heartbeat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_bytes: Option<u64>,
}

impl PullLimits {
    /// Our limits, or the consumer's where they are lower.
    pub(super) fn new(consumer: &ConsumerConfig) -> Self {
        let least = |limit: i64, ours: u64| if limit > 0 { ours.min(limit as u64) } else { ours };
        let is_single = consumer.max_waiting == 1;
        // The server refuses a request in silence if that has a heartbeat, which a short one has not.
        let expires = if is_single { HEARTBEAT } else { EXPIRES };
        PullLimits {
            messages: least(consumer.max_batch, MESSAGES),
            bytes: least(consumer.max_bytes, BYTES),
            expires: Duration::from_nanos(least(consumer.max_expires, expires.as_nanos() as u64)),
            is_single,
        }
    }

    /// The limits for a queue with this bound. Requests are sent while at most half of the queue is taken, and at most two
    /// are outstanding, so a quarter for each keeps the bound. (A larger message arrives alone.)
    pub(super) fn within(self, bound: Bound) -> Self {
        let quarter = |bound: usize| (bound as u64 / 4).max(1);
        PullLimits {
            messages: self.messages.min(quarter(bound.messages)),
            bytes: self.bytes.min(quarter(bound.bytes)),
            ..self
        }
    }
}

impl PullRequests {
    pub(super) fn new(limits: PullLimits) -> Self {
        PullRequests { limits, outstanding: 0, is_served: true, is_oversized: false }
    }

    /// Whether it is time for another request.
    pub(super) fn is_low(&self) -> bool {
        match self.limits.is_single {
            true => self.outstanding == 0,
            false => self.outstanding <= self.limits.messages / 2,
        }
    }

    /// How many messages were requested and have not arrived yet.
    pub(super) fn outstanding(&self) -> u64 {
        self.outstanding
    }

    /// Whether requested messages have not arrived yet.
    pub(super) fn is_outstanding(&self) -> bool {
        self.outstanding > 0
    }

    /// The next request, in JSON.
    pub(super) fn next_request(&mut self) -> Vec<u8> {
        let PullLimits { messages, bytes, expires, .. } = self.limits;
        let is_alone = std::mem::take(&mut self.is_oversized);
        let request = PullRequest {
            batch: if is_alone { 1 } else { messages },
            expires: expires.as_nanos() as u64,
            // A heartbeat must come twice before the request expires.
            idle_heartbeat: (expires >= 2 * HEARTBEAT).then_some(HEARTBEAT.as_nanos() as u64),
            max_bytes: (!is_alone).then_some(bytes),
        };
        self.outstanding += request.batch;
        self.is_served = false;
        // Four numbers can always be written.
        serde_json::to_vec(&request).unwrap_or_default()
    }

    /// A message has arrived.
    pub(super) fn on_message(&mut self) {
        self.outstanding = self.outstanding.saturating_sub(1);
        self.is_served = true;
    }

    /// A request has ended, with this number of its messages not delivered.
    pub(super) fn on_end(&mut self, undelivered: Option<u64>) {
        self.outstanding = undelivered.map_or(0, |undelivered| self.outstanding.saturating_sub(undelivered));
    }

    /// A request has ended because the next message exceeds its bytes.
    pub(super) fn on_bytes_exceeded(&mut self, undelivered: Option<u64>) {
        self.on_end(undelivered);
        self.is_oversized = !self.is_served && self.outstanding == 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> PullLimits {
        PullLimits::new(&ConsumerConfig::default())
    }

    fn request(pulls: &mut PullRequests) -> String {
        String::from_utf8(pulls.next_request()).expect("JSON")
    }

    #[test]
    fn at_most_two_requests_are_outstanding() {
        let mut pulls = PullRequests::new(limits());
        assert!(pulls.is_low() && !pulls.is_outstanding());
        assert!(request(&mut pulls).contains("\"batch\":10000"));
        assert!(!pulls.is_low());
        (0..MESSAGES / 2).for_each(|_| pulls.on_message());
        assert!(pulls.is_low());
        request(&mut pulls);
        assert!(!pulls.is_low());
        pulls.on_end(Some(5_000));
        assert!(!pulls.is_low());
        pulls.on_end(Some(10_000));
        assert!(pulls.is_low() && !pulls.is_outstanding());
    }

    #[test]
    fn the_limits_of_the_consumer_are_kept() {
        let json = r#"{"max_batch": 10, "max_bytes": 1000, "max_expires": 1000000000}"#;
        let consumer = serde_json::from_str(json).expect("a configuration");
        let request = request(&mut PullRequests::new(PullLimits::new(&consumer)));
        assert_eq!(request, r#"{"batch":10,"expires":1000000000,"max_bytes":1000}"#);
    }

    #[test]
    fn a_consumer_that_takes_one_request_gets_one_at_a_time() {
        let consumer = serde_json::from_str(r#"{"max_waiting": 1, "max_batch": 10}"#).expect("a configuration");
        let mut pulls = PullRequests::new(PullLimits::new(&consumer));
        let first = request(&mut pulls);
        assert!(!first.contains("idle_heartbeat") && first.contains("\"expires\":5000000000"), "{first}");
        (0..9).for_each(|_| pulls.on_message());
        assert!(!pulls.is_low());
        pulls.on_message();
        assert!(pulls.is_low());
    }

    #[test]
    fn a_message_that_exceeds_every_request_is_requested_alone() {
        let mut pulls = PullRequests::new(limits());
        request(&mut pulls);
        pulls.on_message();
        pulls.on_bytes_exceeded(Some(9_999));
        assert!(request(&mut pulls).contains("max_bytes"));
        pulls.on_bytes_exceeded(Some(10_000));
        let alone = request(&mut pulls);
        assert!(alone.contains("\"batch\":1,") && !alone.contains("max_bytes"), "{alone}");
        pulls.on_message();
        assert!(request(&mut pulls).contains("max_bytes"));
    }

    #[test]
    fn requests_keep_the_bound_of_the_queue() {
        let limits = limits();
        assert_eq!(limits.within(Bound::default()), PullLimits { messages: MESSAGES, bytes: 2 << 20, ..limits });
        let small = limits.within(Bound { messages: 100, bytes: 4000 });
        assert_eq!(small, PullLimits { messages: 25, bytes: 1000, ..limits });
        let least = limits.within(Bound { messages: 1, bytes: 1 });
        assert_eq!(least, PullLimits { messages: 1, bytes: 1, ..limits });
    }
}
