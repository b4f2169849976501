//! The headers of a message: `pathway_time`, then `pathway_diff`.

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};

const TIME: HeaderName = HeaderName::from_static("pathway_time");
const DIFF: HeaderName = HeaderName::from_static("pathway_diff");

/// The headers of all messages, which go onto the wire in this order.
///
/// async-nats keeps headers in a hash map and writes them in that map's order. Each new map has its own hash function, and so
/// an order of its own; a clone has the same function, and a value can be replaced without moving its name.
/// So maps are made until one has the right order, which takes two on average, once for a publisher.
///
/// A map's parts are many small allocations. One for each diff is kept, of which only the time changes, so that
/// a message costs one clone.
pub(super) struct Template {
    gone: Ready,
    come: Ready,
}

/// Headers of one diff, and the time that they say.
struct Ready {
    map: HeaderMap,
    time: u64,
}

impl Template {
    pub(super) fn new() -> Self {
        loop {
            let mut map = HeaderMap::new();
            map.insert(TIME, HeaderValue::from(0));
            map.insert(DIFF, HeaderValue::from(1));
            if map.iter().next().is_some_and(|(name, _)| *name == TIME) {
                let come = Ready { map, time: 0 };
                let mut map = come.map.clone();
                map.insert(DIFF, HeaderValue::from(-1));
                return Template { gone: Ready { map, time: 0 }, come };
            }
        }
    }

    /// The headers of a message: of a row that has come, or of one that has gone.
    pub(super) fn headers(&mut self, time: u64, come: bool) -> HeaderMap {
        let ready = if come { &mut self.come } else { &mut self.gone };
        if ready.time != time {
            ready.map.insert(TIME, HeaderValue::from(time));
            ready.time = time;
        }
        ready.map.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_fixed() {
        for n in 0..100 {
            let mut template = Template::new();
            for (time, come) in [(n, false), (n, true), (n + 2, true), (n + 2, false)] {
                let map = template.headers(time, come);
                let text: Vec<_> = map.iter().map(|(name, values)| format!("{name}={}", values[0])).collect();
                let diff = if come { "1" } else { "-1" };
                assert_eq!(text, [format!("pathway_time={time}"), format!("pathway_diff={diff}")]);
            }
        }
    }
}
