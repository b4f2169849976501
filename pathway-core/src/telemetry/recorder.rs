//! Statistics for the recorder of the `metrics` crate that the program has installed.

use metrics::{Key, KeyName, Label, Metadata, Recorder, Unit};

use super::families::{Family, Kind, Sample, Value, families};
use super::{HistogramStats, Stats};

const METADATA: Metadata<'static> = Metadata::new("pathway", metrics::Level::INFO, Some(module_path!()));

/// Gives the statistics of a pipeline to the recorder, each time from the beginning.
#[derive(Debug, Default)]
pub(crate) struct RecordedStats {
    /// What the histograms had the last time, by name and labels.
    histograms: std::collections::HashMap<Key, HistogramStats>,
    is_described: bool,
}

impl RecordedStats {
    /// Gives the values to the recorder.
    pub(crate) fn record(&mut self, stats: &Stats) {
        metrics::with_recorder(|recorder| self.record_into(recorder, stats));
    }

    fn record_into(&mut self, recorder: &dyn Recorder, stats: &Stats) {
        let families = families(stats);
        if !std::mem::replace(&mut self.is_described, true) {
            families.iter().for_each(|family| describe(recorder, family));
        }
        for Family { name, kind, samples, .. } in &families {
            for Sample { labels, value } in samples {
                let labels = labels.iter().map(|(label, value)| Label::new(*label, value.clone()));
                let labels: Vec<_> =
                    [Label::new("pipeline", stats.pipeline.clone())].into_iter().chain(labels).collect();
                let key = Key::from_parts(*name, labels);
                match (kind, value) {
                    (Kind::Counter, Value::Whole(number)) => {
                        recorder.register_counter(&key, &METADATA).absolute(*number);
                    }
                    (_, Value::Whole(number)) => recorder.register_gauge(&key, &METADATA).set(*number as f64),
                    // Counters of the facade are whole numbers.
                    (_, Value::Number(number)) => recorder.register_gauge(&key, &METADATA).set(*number),
                    (_, Value::Histogram(histogram)) => self.record_histogram(recorder, key, histogram),
                }
            }
        }
    }

    /// Records what is new, bucket by bucket: of each value, the upper bound of its bucket is known.
    fn record_histogram(&mut self, recorder: &dyn Recorder, key: Key, histogram: &HistogramStats) {
        let before = self.histograms.get(&key);
        let handle = recorder.register_histogram(&key, &METADATA);
        let counts = |histogram: &HistogramStats| -> Vec<u64> {
            histogram.buckets.iter().map(|bucket| bucket.count).chain([histogram.count]).collect()
        };
        let (now, before) = (counts(histogram), before.map_or(Vec::new(), counts));
        let bounds = histogram.buckets.iter().map(|bucket| bucket.le);
        let last = histogram.buckets.last().map(|bucket| bucket.le);
        let mut smaller = 0;
        for (number, bound) in bounds.chain(last).enumerate() {
            let new = now[number].saturating_sub(before.get(number).copied().unwrap_or_default());
            let count = new.saturating_sub(smaller);
            smaller = new;
            if count > 0 {
                handle.record_many(bound, usize::try_from(count).unwrap_or(usize::MAX));
            }
        }
        self.histograms.insert(key, histogram.clone());
    }
}

fn describe(recorder: &dyn Recorder, Family { name, kind, help, .. }: &Family) {
    let (key, help) = (KeyName::from(*name), (*help).into());
    let unit = match *name {
        name if name.contains("_seconds") => Some(Unit::Seconds),
        name if name.contains("_bytes") => Some(Unit::Bytes),
        name if *kind == Kind::Counter || name.contains("_messages") || name.contains("_rows") => Some(Unit::Count),
        _ => None,
    };
    match kind {
        Kind::Counter if name.contains("_seconds") => recorder.describe_gauge(key, unit, help),
        Kind::Counter => recorder.describe_counter(key, unit, help),
        Kind::Gauge => recorder.describe_gauge(key, unit, help),
        Kind::Histogram => recorder.describe_histogram(key, unit, help),
    }
}
