//! The statistics reach a recorder of the `metrics` crate. A program has one recorder: this test has a program of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use pathway::prelude::*;
use pathway_testkit::wait_for;

#[derive(Clone, Debug, Schema)]
struct Order {
    city: String,
    price: i64,
}

/// Keeps the last value of each metric.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    values: BTreeMap<String, f64>,
    /// All values of each histogram.
    recorded: BTreeMap<String, Vec<f64>>,
    units: BTreeMap<String, Option<Unit>>,
}

struct Handle(String, Kept);

impl Kept {
    fn handle(&self, key: &Key) -> Arc<Handle> {
        let labels: Vec<_> = key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        Arc::new(Handle(format!("{}{{{}}}", key.name(), labels.join(",")), self.clone()))
    }

    fn value(&self, metric: &str) -> Option<f64> {
        self.0.lock().expect("no panic").values.get(metric).copied()
    }

    fn recorded(&self, metric: &str) -> Vec<f64> {
        self.0.lock().expect("no panic").recorded.get(metric).cloned().unwrap_or_default()
    }

    fn unit(&self, metric: &str) -> Option<Unit> {
        self.0.lock().expect("no panic").units.get(metric).copied().flatten()
    }

    fn describe(&self, key: KeyName, unit: Option<Unit>) {
        let before = self.0.lock().expect("no panic").units.insert(key.as_str().to_owned(), unit);
        assert!(before.is_none() || before == Some(unit), "{key:?}");
    }
}

impl Handle {
    fn set(&self, value: f64) {
        self.1.0.lock().expect("no panic").values.insert(self.0.clone(), value);
    }
}

impl CounterFn for Handle {
    fn increment(&self, _: u64) {
        panic!("counters are absolute");
    }

    fn absolute(&self, value: u64) {
        self.set(value as f64);
    }
}

impl GaugeFn for Handle {
    fn increment(&self, _: f64) {
        panic!("gauges are absolute");
    }

    fn decrement(&self, _: f64) {
        panic!("gauges are absolute");
    }

    fn set(&self, value: f64) {
        Handle::set(self, value);
    }
}

impl HistogramFn for Handle {
    fn record(&self, value: f64) {
        self.1.0.lock().expect("no panic").recorded.entry(self.0.clone()).or_default().push(value);
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.handle(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.handle(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.handle(key))
    }
}

#[test]
fn a_recorder_of_the_program_has_the_numbers_while_the_pipeline_runs_and_after_its_end() {
    let kept = Kept::default();
    metrics::set_global_recorder(kept.clone()).expect("no other recorder");
    let pipeline = Pipeline::named("orders");
    let (feed, orders) = pipeline.input::<Order>();
    let _seen = reduce!(o in orders by o.city => { o.city, total: sum(o.price) }).named("cities").collect();
    let running = pipeline.start().expect("a start");
    let commit = |rows: usize| {
        (0..rows).for_each(|price| feed.insert(Order { city: "Oslo".into(), price: price as i64 }));
        feed.commit();
    };
    commit(3);
    commit(1);
    wait_for("the numbers", || kept.value("pathway_commits_total{pipeline=orders}") == Some(2.0));
    wait_for("the state", || kept.value("pathway_state_keys{pipeline=orders,operator=cities,worker=0}") == Some(1.0));
    assert_eq!(kept.value("pathway_up{pipeline=orders}"), Some(1.0));
    assert_eq!(kept.value("pathway_pipeline_state{pipeline=orders,state=running}"), Some(1.0));
    assert!(kept.value("pathway_operator_busy_seconds_total{pipeline=orders,operator=cities,worker=0}") > Some(0.0));
    // Each value is the bound of its bucket.
    assert_eq!(kept.recorded("pathway_commit_rows{pipeline=orders}"), [1.0, 4.0]);
    let units = ["pathway_commits_total", "pathway_latency_seconds", "pathway_state_bytes", "pathway_up"];
    assert_eq!(
        units.map(|metric| kept.unit(metric)),
        [Some(Unit::Count), Some(Unit::Seconds), Some(Unit::Bytes), None]
    );

    commit(1);
    drop(feed);
    running.join().expect("the end");
    // At once: nothing has to be waited for.
    assert_eq!(kept.value("pathway_up{pipeline=orders}"), Some(0.0));
    assert_eq!(kept.value("pathway_commits_total{pipeline=orders}"), Some(3.0));
    assert_eq!(kept.recorded("pathway_commit_rows{pipeline=orders}"), [1.0, 4.0, 1.0]);
    assert_eq!(kept.recorded("pathway_latency_seconds{pipeline=orders,stage=total}").len(), 3);
}
