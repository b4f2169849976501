//! The headers of a message: `pathway_time`, then `pathway_diff`.

use async_nats::HeaderMap;
use async_nats::header::{HeaderName, HeaderValue};

const TIME: HeaderName = HeaderName::from_static("pathway_time");
const DIFF: HeaderName = HeaderName::from_static("pathway_diff");

/// A map with both headers, which goes onto the wire in this order, and so do its clones.
///
/// async-nats keeps headers in a hash map and writes them in that map's order. Each new map has its own hash function, and so
/// an order of its own; a clone has the same function, and a value can be replaced without moving its name.
/// So maps are made until one has the right order, which takes two on average, once for a publisher.
pub(super) struct Template(HeaderMap);

impl Template {
    pub(super) fn new() -> Self {
        loop {
            let mut map = HeaderMap::new();
            map.insert(TIME, HeaderValue::new());
            map.insert(DIFF, HeaderValue::new());
            if map.iter().next().is_some_and(|(name, _)| *name == TIME) {
                return Template(map);
            }
        }
    }

    /// The headers of messages of one time and diff.
    pub(super) fn fill(&self, time: u64, diff: i64) -> HeaderMap {
        let mut map = self.0.clone();
        map.insert(TIME, HeaderValue::from(time));
        map.insert(DIFF, HeaderValue::from(diff));
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_fixed() {
        for n in 0..100 {
            let map = Template::new().fill(n, -1).clone();
            let text: Vec<_> = map.iter().map(|(name, values)| format!("{name}={}", values[0])).collect();
            assert_eq!(text, [format!("pathway_time={n}"), "pathway_diff=-1".to_owned()]);
        }
    }
}
