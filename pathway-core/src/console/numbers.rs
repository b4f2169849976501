//! Numbers for people, in few characters; and percentiles of an interval.

use crate::telemetry::HistogramStats;

/// What is not known.
pub(super) const UNKNOWN: &str = "–";

/// A number in three digits or so: `0`, `7.5`, `123`, `12.3k`, `4.6M`.
pub(super) fn count(number: f64) -> String {
    let (mut number, mut unit) = (number.max(0.0), "");
    for larger in ["k", "M", "G", "T"] {
        // What would be rounded to 1000 is written in the larger unit.
        if number < 999.5 {
            break;
        }
        (number, unit) = (number / 1000.0, larger);
    }
    let has_tenths = number < if unit.is_empty() { 9.95 } else { 99.95 };
    let digits = if has_tenths { format!("{number:.1}") } else { format!("{number:.0}") };
    format!("{}{unit}", digits.strip_suffix(".0").unwrap_or(&digits))
}

/// A number of things: exactly, as long as it is short.
pub(super) fn whole(number: u64) -> String {
    if number < 10_000 { number.to_string() } else { count(number as f64) }
}

/// A rate of a second; `None` if it is not known.
pub(super) fn rate(rate: Option<f64>) -> String {
    rate.map_or(UNKNOWN.to_owned(), count)
}

/// A number of bytes: `12.3 kB`.
pub(super) fn bytes(bytes: u64) -> String {
    let count = count(bytes as f64);
    match count.strip_suffix(['k', 'M', 'G', 'T']) {
        Some(number) => format!("{number} {}B", &count[number.len()..]),
        None => format!("{count} B"),
    }
}

/// A duration in its largest unit: `20 µs`, `3.5 ms`, `12 s`, `5 min`, `3 h`, `2 d`.
pub(super) fn duration(seconds: f64) -> String {
    let units = [(1e-6, "µs"), (1e-3, "ms"), (1.0, "s"), (60.0, "min"), (3600.0, "h"), (86_400.0, "d")];
    let seconds = seconds.max(0.0);
    // What would be rounded to the next unit is written in that.
    let fits = |(unit, next): (f64, f64)| seconds / unit < next / unit - 0.5;
    let limits = units.iter().zip(&units[1..]).map(|((unit, _), (next, _))| (*unit, *next));
    let number = limits.clone().position(fits).unwrap_or(units.len() - 1);
    let (unit, name) = if seconds < 0.5e-6 { units[2] } else { units[number] };
    format!("{} {name}", count(seconds / unit))
}

/// A time span as a clock shows it: `0:07`, `12:34`, `1:02:03`, `3 d 4 h`.
pub(super) fn clock(seconds: f64) -> String {
    // Saturates.
    let seconds = seconds.max(0.0).round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    match (days, hours) {
        (0, 0) => format!("{minutes}:{:02}", seconds % 60),
        (0, _) => format!("{hours}:{:02}:{:02}", minutes % 60, seconds % 60),
        (1..1000, _) => format!("{days} d {} h", hours % 24),
        _ => "years".to_owned(),
    }
}

/// The value that this part of those are at most which a histogram has counted between two moments, interpolated between the bounds
/// of its buckets. `None`: there are none.
pub(super) fn quantile(before: &HistogramStats, now: &HistogramStats, part: f64) -> Option<f64> {
    let earlier = |number: usize| before.buckets.get(number).map_or(0, |bucket| bucket.count);
    let wanted = part * now.count.checked_sub(before.count).filter(|new| *new > 0)? as f64;
    let (mut bound, mut reached) = (0.0, 0.0);
    for (number, bucket) in now.buckets.iter().enumerate() {
        let up_to = bucket.count.saturating_sub(earlier(number)) as f64;
        if up_to >= wanted && up_to > reached {
            return Some(bound + (bucket.le - bound) * (wanted - reached) / (up_to - reached));
        }
        (bound, reached) = (bucket.le, up_to);
    }
    // They are larger than the last bound.
    Some(bound)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::telemetry::Histogram;

    #[test]
    fn numbers_are_short() {
        let numbers =
            [0.0, 0.04, 0.26, 7.0, 7.52, 9.97, 99.6, 999.4, 999.6, 1_234.0, 12_345.0, 99_960.0, 999_600.0, 4.56e6];
        let short = ["0", "0", "0.3", "7", "7.5", "10", "100", "999", "1k", "1.2k", "12.3k", "100k", "1M", "4.6M"];
        assert_eq!(numbers.map(count), short);
        assert_eq!([0, 9_999, 10_000, u64::MAX].map(whole), ["0", "9999", "10k", "18446744T"]);
        assert_eq!([0, 999, 12_345, 3_400_000_000].map(bytes), ["0 B", "999 B", "12.3 kB", "3.4 GB"]);
        assert_eq!([None, Some(12.0)].map(rate), ["–", "12"]);
    }

    #[test]
    fn durations_have_one_unit() {
        let seconds = [0.0, 0.000_02, 0.003_54, 0.999_6, 12.34, 59.6, 299.0, 3599.9, 7_200.0, 200_000.0, -1.0];
        let short = ["0 s", "20 µs", "3.5 ms", "1 s", "12 s", "1 min", "5 min", "1 h", "2 h", "2.3 d", "0 s"];
        assert_eq!(seconds.map(duration), short);
        let spans = [0.0, 7.4, 754.0, 3_723.0, 273_600.0, 1e12, f64::INFINITY];
        assert_eq!(spans.map(clock), ["0:00", "0:07", "12:34", "1:02:03", "3 d 4 h", "years", "years"]);
    }

    #[test]
    fn percentiles_are_those_of_the_values_between() {
        let histogram = Histogram::of_durations();
        (0..100).for_each(|_| histogram.record(Duration::from_secs(9)));
        let before = histogram.stats();
        assert_eq!(quantile(&before, &before, 0.5), None);
        // In the buckets from 1 to 2 ms and from 20 to 50 ms.
        (0..98).for_each(|_| histogram.record(Duration::from_micros(1_500)));
        (0..2).for_each(|_| histogram.record(Duration::from_millis(30)));
        let now = histogram.stats();
        let millis = |part| quantile(&before, &now, part).map(|seconds| (seconds * 1e4).round() / 10.0);
        assert_eq!([0.0, 0.49, 0.98, 0.99, 1.0].map(millis), [1.0, 1.5, 2.0, 35.0, 50.0].map(Some));
        // The first moment has nothing.
        assert_eq!(quantile(&HistogramStats::default(), &before, 1.0), Some(10.0));
        histogram.record(Duration::from_secs(1_000));
        assert_eq!(quantile(&now, &histogram.stats(), 0.5), Some(50.0));
    }
}
