//! Prometheus' text format, read by a strict parser.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use pathway::prelude::*;
use pathway::stats::prometheus_text;
use pathway::testing::{Broker, Store};

use crate::support::{Input, value};

/// Metrics of one name.
#[derive(Debug, Default)]
struct Family {
    kind: String,
    /// By name and labels.
    series: BTreeMap<(String, BTreeMap<String, String>), f64>,
}

/// Parses the text format, version 0.0.4, and panics where it is not as its description says.
fn parse(text: &str) -> BTreeMap<String, Family> {
    assert!(text.ends_with('\n'), "the last line has no end");
    let (mut families, mut helped) = (BTreeMap::<String, Family>::new(), HashSet::new());
    let mut current = String::new();
    for line in text.lines() {
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').unwrap_or_else(|| panic!("no help: {line}"));
            assert!(!help.is_empty() && !help.contains('\\') && is_name(name), "{line}");
            assert!(helped.insert(name.to_owned()), "two helps: {line}");
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').unwrap_or_else(|| panic!("no type: {line}"));
            assert!(["counter", "gauge", "histogram"].contains(&kind) && helped.contains(name), "{line}");
            let family = Family { kind: kind.to_owned(), ..Family::default() };
            assert!(families.insert(name.to_owned(), family).is_none(), "two types: {line}");
            current = name.to_owned();
        } else {
            let (name, labels, number) = parse_series(line);
            let family = families.get_mut(&current).expect("a type before the first series");
            let suffix = name.strip_prefix(&current).unwrap_or_else(|| panic!("not of {current}: {line}"));
            let is_suffix = match &*family.kind {
                "histogram" => ["_bucket", "_sum", "_count"].contains(&suffix),
                _ => suffix.is_empty(),
            };
            assert!(is_suffix, "{line}");
            assert!(number >= 0.0 || family.kind == "gauge", "{line}");
            assert!(family.series.insert((name, labels), number).is_none(), "twice: {line}");
        }
    }
    families
}

/// A metric or label name.
fn is_name(name: &str) -> bool {
    let is = |char: char| char.is_ascii_lowercase() || char == '_';
    name.starts_with(is) && name.chars().all(|char| is(char) || char.is_ascii_digit())
}

fn parse_series(line: &str) -> (String, BTreeMap<String, String>, f64) {
    let (name, mut rest) = line.split_once('{').unwrap_or_else(|| panic!("no labels: {line}"));
    assert!(is_name(name), "{line}");
    let mut labels = BTreeMap::new();
    loop {
        let (label, after) = rest.split_once("=\"").unwrap_or_else(|| panic!("no label: {line}"));
        let (mut value, mut chars) = (String::new(), after.chars());
        loop {
            match chars.next().unwrap_or_else(|| panic!("no end of a label: {line}")) {
                '"' => break,
                '\\' => value.push(match chars.next() {
                    Some('n') => '\n',
                    Some(char @ ('\\' | '"')) => char,
                    other => panic!("{other:?} is escaped: {line}"),
                }),
                char => value.push(char),
            }
        }
        assert!(is_name(label) && labels.insert(label.to_owned(), value).is_none(), "{line}");
        rest = chars.as_str();
        match rest.split_at_checked(1) {
            Some((",", next)) => rest = next,
            Some(("}", number)) => {
                let number = number.strip_prefix(' ').unwrap_or_else(|| panic!("no value: {line}"));
                return (name.to_owned(), labels, number.parse().unwrap_or_else(|_| panic!("no number: {line}")));
            }
            _ => panic!("no end of the labels: {line}"),
        }
    }
}

/// The buckets of a histogram grow up to the count, which is that of the last one.
fn check_histogram(name: &str, family: &Family) -> usize {
    let mut histograms = BTreeMap::<_, Vec<(f64, f64)>>::new();
    for ((series, labels), count) in &family.series {
        if series.ends_with("_bucket") {
            let mut labels = labels.clone();
            let le = labels.remove("le").expect("a bound").replace("+Inf", "inf");
            histograms.entry(labels).or_default().push((le.parse().expect("a number"), *count));
        }
    }
    for (labels, buckets) in &mut histograms {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {labels:?}: {buckets:?}");
        let (bound, last) = buckets.last().expect("a bucket");
        let series = |suffix: &str| family.series[&(format!("{name}{suffix}"), labels.clone())];
        assert_eq!((*bound, *last), (f64::INFINITY, series("_count")));
        assert!(series("_sum") >= 0.0 && (series("_sum") > 0.0) <= (*last > 0.0), "{name} {labels:?}");
    }
    assert_eq!(family.series.keys().filter(|(series, _)| series.ends_with("_count")).count(), histograms.len());
    histograms.len()
}

#[test]
fn prometheus_can_read_all_of_it() {
    let (broker, name) = (Broker::new(), "line\nbreak, \"quote\", back\\slash");
    let persistence = pathway::persistence::Persistence::from(Store::new()).checkpoint_every(Duration::from_millis(20));
    let pipeline = Pipeline::named(name).persist(persistence);
    let input = nats::read(&pipeline, &broker, "in").name("a \"source\"").json::<Input>();
    let sums = reduce!(n in input by n.value % 3 => { rest: n.value % 3, sum: sum(n.value) }).named("sums\\3");
    nats::write(&sums, &broker, "out").name("a\nsink").json();
    let running = pipeline.start_with(2).expect("a start");
    for number in 0..10 {
        broker.publish("in", value(number));
        broker.commit();
    }
    broker.publish("in", "no JSON");
    broker.commit();
    crate::support::wait_for("a checkpoint", || running.stats().persistence.is_some_and(|it| it.checkpoints > 0));
    crate::support::wait_for("three keys", || running.stats().operators[0].state_keys == 3);
    let families = parse(&prometheus_text(&running.stats()));
    running.stop();
    running.join().expect("the end");

    let value = |family: &str, labels: &[(&str, &str)]| {
        let all = labels.iter().copied().chain([("pipeline", name)]);
        let labels = all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        families[family].series.get(&(family.to_owned(), labels)).copied()
    };
    assert_eq!(value("pathway_up", &[]), Some(1.0));
    assert_eq!(value("pathway_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), Some(1.0));
    assert_eq!(value("pathway_pipeline_state", &[("state", "running")]), Some(1.0));
    assert_eq!(value("pathway_commits_total", &[]), Some(11.0));
    assert_eq!(value("pathway_source_messages_total", &[("source", "a \"source\"")]), Some(11.0));
    assert_eq!(value("pathway_source_rejected_total", &[("source", "a \"source\"")]), Some(1.0));
    let workers = ["0", "1"].map(|worker| [("operator", "sums\\3"), ("worker", worker)]);
    let keys = workers.each_ref().map(|labels| value("pathway_state_keys", labels).expect("a worker"));
    let rows = workers.each_ref().map(|labels| value("pathway_operator_rows_total", labels).expect("a worker"));
    assert_eq!((keys.iter().sum::<f64>(), rows.iter().sum::<f64>()), (3.0, 17.0));
    assert_eq!(value("pathway_sink_published_total", &[("sink", "a\nsink")]), Some(17.0));
    assert_eq!(value("pathway_epoch", &[]), Some(1.0));
    assert!(value("pathway_checkpoints_total", &[]) >= Some(1.0));

    assert_eq!(check_histogram("pathway_commit_rows", &families["pathway_commit_rows"]), 1);
    assert_eq!(check_histogram("pathway_latency_seconds", &families["pathway_latency_seconds"]), 5);
    let total = &families["pathway_latency_seconds"].series;
    let labels = [("pipeline", name), ("stage", "total")].map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(total[&("pathway_latency_seconds_count".to_owned(), labels.into())], 11.0);
    for (family, Family { kind, series }) in &families {
        assert!(family.starts_with("pathway_") && !series.is_empty(), "{family}");
        assert_eq!(kind == "counter", family.ends_with("_total"), "{family}");
        let has_pipeline = |labels: &BTreeMap<String, String>| labels.get("pipeline").is_some_and(|it| it == name);
        assert!(series.keys().all(|(_, labels)| has_pipeline(labels)), "{family}");
    }
    // It knows nothing of these.
    for absent in ["pathway_source_lag_messages", "pathway_event_time_lag_seconds", "pathway_recording_bytes_total"] {
        assert!(!families.contains_key(absent), "{absent}");
    }
}
