//! An hour of readings, the same whenever it is generated.

use pathway::prelude::*;

const DEVICES: u64 = 12;
const REGIONS: [&str; 3] = ["north", "south", "west"];

/// The payloads in the order in which they are published: readings of twelve devices every twenty seconds, some late, some twice,
/// some that cannot be decoded. One device is silent for a while. At the end, a reading of each closes the last windows.
pub(crate) fn hour() -> Vec<String> {
    let mut random = Random(42);
    let begin: DateTimeUtc = "2026-01-01T12:00:00Z".parse().unwrap_or_default();
    let mut payloads: Vec<(i64, String)> = Vec::new();
    for second in (0..3_600).step_by(20) {
        for device in 0..DEVICES {
            if device == 7 && (1_200..2_400).contains(&second) {
                continue;
            }
            let at = second + random.below(15) as i64;
            let heat = if device % 5 == 2 && (900..2_700).contains(&second) { 25 } else { 0 };
            let degrees = 50.0 + (random.below(200) as f64) / 10.0 + f64::from(heat);
            let reading = reading(begin, device, degrees, at);
            // One of ten is delayed, up to two minutes.
            let delay = if random.below(10) == 0 { random.below(120) as i64 } else { 0 };
            payloads.push((at + delay, reading.clone()));
            match random.below(100) {
                0 => payloads.push((at + delay + 3, reading)),
                1 => payloads.push((at, format!(r#"{{"device": "d{device}", "degrees": "hot"}}"#))),
                _ => {}
            }
        }
    }
    payloads.sort_by_key(|(published, _)| *published);
    let last = (0..DEVICES).map(|device| reading(begin, device, 50.0, 4_200));
    payloads.into_iter().map(|(_, payload)| payload).chain(last).collect()
}

fn reading(begin: DateTimeUtc, device: u64, degrees: f64, second: i64) -> String {
    let (region, at) = (REGIONS[(device % 3) as usize], begin + second.seconds());
    format!(r#"{{"device": "d{device}", "region": "{region}", "degrees": {degrees:.1}, "at": "{at}"}}"#)
}

/// Numbers that look random, by Knuth's linear congruential generator.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}
