//! Statistics in the text format of Prometheus.

use std::fmt::{self, Display, Write};

use super::families::{Family, Kind, Sample, Value, families};
use super::{HistogramStats, Stats};

/// The content type of [`prometheus_text`], for the header of an answer to Prometheus.
pub const PROMETHEUS_CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The statistics of a pipeline in the text format of Prometheus, version 0.0.4. The guide's page on running pipelines lists the
/// metrics; each has the label `pipeline`.
///
/// ```
/// use pathway::prelude::*;
/// use pathway::stats::prometheus_text;
///
/// #[derive(Schema)]
/// struct Order { id: i64 }
///
/// let pipeline = Pipeline::named("orders");
/// let orders = pipeline.rows([Order { id: 1 }]).collect();
/// let text = prometheus_text(&pipeline.start()?.join()?);
/// assert!(text.contains("# TYPE pathway_commits_total counter\npathway_commits_total{pipeline=\"orders\"} 1\n"));
/// # Ok::<(), pathway::Error>(())
/// ```
pub fn prometheus_text(stats: &Stats) -> String {
    let mut text = String::new();
    for family in families(stats).iter().filter(|family| !family.samples.is_empty()) {
        // Writing into a string does not fail.
        let _ = write_family(&mut text, family, &stats.pipeline);
    }
    text
}

fn write_family(out: &mut String, Family { name, kind, help, samples }: &Family, pipeline: &str) -> fmt::Result {
    let kind = match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    };
    writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}")?;
    for sample in samples {
        let labels = Labels { pipeline, sample };
        match &sample.value {
            Value::Whole(number) => writeln!(out, "{name}{{{labels}}} {number}")?,
            Value::Number(number) => writeln!(out, "{name}{{{labels}}} {number}")?,
            Value::Histogram(histogram) => write_histogram(out, name, &labels, histogram)?,
        }
    }
    Ok(())
}

fn write_histogram(out: &mut String, name: &str, labels: &Labels<'_>, histogram: &HistogramStats) -> fmt::Result {
    let HistogramStats { buckets, count, sum } = histogram;
    for bucket in buckets {
        writeln!(out, "{name}_bucket{{{labels},le=\"{}\"}} {}", bucket.le, bucket.count)?;
    }
    writeln!(out, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}")?;
    writeln!(out, "{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}")
}

/// The labels of a metric, without braces.
struct Labels<'a> {
    pipeline: &'a str,
    sample: &'a Sample,
}

impl Display for Labels<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pipeline=\"{}\"", Escaped(self.pipeline))?;
        self.sample.labels.iter().try_for_each(|(name, value)| write!(f, ",{name}=\"{}\"", Escaped(value)))
    }
}

/// The value of a label.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|char| match char {
            '\\' => f.write_str("\\\\"),
            '"' => f.write_str("\\\""),
            '\n' => f.write_str("\\n"),
            char => f.write_char(char),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{OperatorStats, SinkStats};

    #[test]
    fn labels_are_escaped() {
        let sink = SinkStats { name: "a \"b\"\\c\nd".to_owned(), queued: 3, ..SinkStats::default() };
        let stats = Stats { pipeline: "p\"".to_owned(), sinks: vec![sink], ..Stats::default() };
        let text = prometheus_text(&stats);
        let line = r#"pathway_sink_queued_total{pipeline="p\"",sink="a \"b\"\\c\nd"} 3"#;
        assert!(text.lines().any(|other| other == line), "{text}");
    }

    /// The guide has the same names, in the same order.
    #[test]
    fn the_guide_lists_all_metrics() {
        let guide = include_str!("../../../docs/guide/running.md");
        let listed: Vec<&str> =
            guide.lines().filter_map(|line| line.strip_prefix("| `pathway_")?.split('`').next()).collect();
        let families = families(&Stats::default());
        let names: Vec<&str> = families.iter().filter_map(|family| family.name.strip_prefix("pathway_")).collect();
        assert_eq!(names, listed);
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let operator = OperatorStats { name: "o".to_owned(), ..OperatorStats::default() };
        let text = prometheus_text(&Stats { operators: vec![operator], ..Stats::default() });
        for absent in ["pathway_event_time_lag_seconds", "pathway_epoch", "pathway_source", "pathway_recording"] {
            assert!(!text.contains(absent), "{absent}: {text}");
        }
        assert!(text.contains("pathway_pipeline_state{pipeline=\"\",state=\"starting\"} 1\n"), "{text}");
    }
}
