//! Histograms: how often a number was in which range.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

/// The upper bounds of the buckets for durations, in nanoseconds: 1, 2 and 5 of each power of ten from 10 µs to 50 s.
const SECONDS: [u64; 21] = {
    let mut bounds = [0; 21];
    let (mut number, mut unit) = (0, 10_000);
    while number < bounds.len() {
        (bounds[number], bounds[number + 1], bounds[number + 2]) = (unit, 2 * unit, 5 * unit);
        (number, unit) = (number + 3, unit * 10);
    }
    bounds
};

/// The upper bounds of the buckets for numbers of rows: the powers of four up to the largest commit.
const ROWS: [u64; 10] = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144];

/// A histogram that threads write and read at once.
#[derive(Debug)]
pub struct Histogram {
    bounds: &'static [u64],
    /// How many units of the bounds are one unit of the statistics.
    unit: f64,
    /// One for each bound, and one for all that is larger.
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Histogram {
    /// A histogram of durations.
    pub fn of_durations() -> Self {
        Histogram::new(&SECONDS, 1e9)
    }

    /// A histogram of numbers of rows.
    pub fn of_rows() -> Self {
        Histogram::new(&ROWS, 1.0)
    }

    fn new(bounds: &'static [u64], unit: f64) -> Self {
        let counts = (0..=bounds.len()).map(|_| AtomicU64::new(0)).collect();
        Histogram { bounds, unit, counts, sum: AtomicU64::new(0) }
    }

    /// Counts a duration.
    pub fn record(&self, duration: Duration) {
        self.record_number(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Counts a number.
    pub fn record_number(&self, number: u64) {
        let bucket = self.bounds.partition_point(|bound| *bound < number);
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(number, Ordering::Relaxed);
    }

    /// What was counted so far.
    pub fn stats(&self) -> HistogramStats {
        let mut count = 0;
        let mut cumulative = self.counts.iter().map(|bucket| {
            count += bucket.load(Ordering::Relaxed);
            count
        });
        let bounds = self.bounds.iter().zip(&mut cumulative);
        let buckets = bounds.map(|(bound, count)| Bucket { le: *bound as f64 / self.unit, count }).collect();
        let count = cumulative.next().unwrap_or_default();
        HistogramStats { buckets, count, sum: self.sum.load(Ordering::Relaxed) as f64 / self.unit }
    }
}

/// The values of a histogram.
///
/// ```
/// use pathway::prelude::*;
///
/// #[derive(Schema)]
/// struct Order { id: i64 }
///
/// let pipeline = Pipeline::new();
/// let orders = pipeline.rows([Order { id: 1 }, Order { id: 2 }]).collect();
/// let stats = pipeline.start()?.join()?;
/// // One commit, of two rows.
/// assert_eq!((stats.commit_rows.count, stats.commit_rows.sum), (1, 2.0));
/// assert_eq!(stats.commit_rows.quantile(0.5), Some(4.0));
/// # Ok::<(), pathway::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct HistogramStats {
    /// The buckets, with growing bounds. What is larger than the last bound is in `count` only.
    pub buckets: Vec<Bucket>,
    /// How many values there were.
    pub count: u64,
    /// Their sum, in the histogram's unit: seconds for durations.
    pub sum: f64,
}

/// A bucket of a histogram.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bucket {
    /// The upper bound, in the histogram's unit: seconds for durations.
    pub le: f64,
    /// How many values were at most as large: those of the buckets before it are counted here, too.
    pub count: u64,
}

impl HistogramStats {
    /// A bound that is at least as large as this part of the values: with 0.5, the upper bound of the bucket that has the median.
    /// The last bound, if the values of that part are larger. `None`: there are no values.
    pub fn quantile(&self, part: f64) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        let wanted = part.clamp(0.0, 1.0) * self.count as f64;
        let reached = self.buckets.iter().find(|bucket| bucket.count > 0 && bucket.count as f64 >= wanted);
        reached.or(self.buckets.last()).map(|bucket| bucket.le)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_the_first_bucket_whose_bound_is_not_smaller() {
        let histogram = Histogram::of_durations();
        for micros in [0, 10, 11, 20, 50_000_000, 50_000_001] {
            histogram.record(Duration::from_micros(micros));
        }
        let stats = histogram.stats();
        let counts: Vec<u64> = stats.buckets.iter().map(|bucket| bucket.count).collect();
        assert_eq!((counts[0], counts[1], counts[19], counts[20], stats.count), (2, 4, 4, 5, 6));
        assert!(stats.buckets.is_sorted_by(|a, b| a.le < b.le && a.count <= b.count), "{stats:?}");
        assert_eq!((stats.buckets[0].le, stats.buckets[20].le), (0.000_01, 50.0));
        assert!((stats.sum - 100.000_042).abs() < 1e-9, "{}", stats.sum);
    }

    #[test]
    fn quantiles_are_bounds_of_buckets() {
        let histogram = Histogram::of_rows();
        assert_eq!(histogram.stats().quantile(0.5), None);
        [1, 1, 1, 5].into_iter().for_each(|rows| histogram.record_number(rows));
        let quantiles = [0.0, 0.5, 0.75, 0.76, 1.0].map(|part| histogram.stats().quantile(part));
        assert_eq!(quantiles, [1.0, 1.0, 1.0, 16.0, 16.0].map(Some));
        (0..100).for_each(|_| histogram.record_number(u64::MAX / 1000));
        assert_eq!(histogram.stats().quantile(0.99), Some(262_144.0));
    }
}
