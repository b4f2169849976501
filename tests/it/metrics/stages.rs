//! How long commits take, and what the pipeline does.

use std::time::Duration;

use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::prelude::*;
use pathway::stats::PipelineState;
use pathway::testing::Store;

use super::support::{SlowSink, sink};
use crate::support::{DEADLINE, Input, wait_for};

#[test]
fn each_commit_counts_once_in_each_stage_and_once_for_each_sink() {
    let pipeline = Pipeline::new().persist(Store::new());
    let (feed, numbers) = pipeline.input::<Input>();
    let ((slow, confirm), (other, confirm_other)) = (SlowSink::new(), SlowSink::new());
    numbers.sink(slow);
    numbers.filter(|n| n.value > 0).sink(other);
    drop(confirm_other);
    let running = pipeline.start().expect("a start");
    assert_eq!(running.stats().state, PipelineState::Running);
    for value in 0..3 {
        feed.insert(Input { value });
        feed.commit();
    }
    let now = || running.stats().latency;
    wait_for("the quick sink", || now().publish.count == 2);
    let counts = |latency: pathway::stats::LatencyStats| {
        [&latency.wait, &latency.operators, &latency.log, &latency.publish, &latency.total].map(|stage| stage.count)
    };
    // Nothing is through before the slow sink says so.
    assert_eq!(counts(now()), [3, 3, 3, 2, 0]);
    confirm.send(()).expect("a sink");
    wait_for("a commit", || counts(now()) == [3, 3, 3, 3, 1]);
    // The others have waited for this long at least.
    wait_for("time to pass", || running.stats().persistence.is_some_and(|it| it.checkpoint_age_seconds > 0.2));
    drop(confirm);
    wait_for("all commits", || counts(now()) == [3, 3, 3, 5, 3]);
    let latency = now();
    assert!(latency.total.quantile(1.0) >= Some(0.2), "{latency:?}");
    assert!(latency.total.sum >= latency.operators.sum, "{latency:?}");
    assert_eq!((running.stats().commit_rows.count, running.stats().commit_rows.sum), (3, 3.0));
    drop(feed);
    let stats = running.join().expect("the end");
    assert_eq!((stats.state, stats.commits), (PipelineState::Ended, 3));
}

/// A source whose first row waits for the second one.
struct Waiting;

impl Source for Waiting {
    type Item = Input;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().commit_every(Duration::from_millis(300))
    }

    fn run(self, rows: &RowSender<Input>) -> Result<(), Failure> {
        rows.insert(Input { value: 1 })?;
        rows.sleep(DEADLINE)?;
        Ok(())
    }
}

#[test]
fn a_commit_waits_since_its_first_row_has_arrived() {
    let pipeline = Pipeline::new();
    let _seen = pipeline.source(Waiting).collect();
    let running = pipeline.start().expect("a start");
    wait_for("a commit", || running.stats().latency.total.count == 1);
    let latency = running.stats().latency;
    assert!(latency.wait.sum >= 0.3 && latency.total.sum >= latency.wait.sum, "{latency:?}");
    assert!(latency.operators.sum < latency.wait.sum, "{latency:?}");
    running.stop();
    wait_for("the end", || running.is_finished());
    assert_eq!(running.stats().state, PipelineState::Ended);
}

/// Static tables were there before.
#[test]
fn static_tables_have_not_waited() {
    let pipeline = Pipeline::new();
    let _seen = pipeline.rows([1, 2].map(|value| Input { value })).collect();
    let stats = pipeline.start().and_then(pathway::Running::join).expect("a run");
    let latency = stats.latency;
    assert_eq!((latency.wait.count, latency.operators.count, latency.total.count), (0, 1, 0));
}

#[test]
fn a_pipeline_that_stops_says_so() {
    let pipeline = Pipeline::named("stages");
    let (feed, numbers) = pipeline.input::<Input>();
    let (slow, confirm) = SlowSink::new();
    numbers.sink(slow);
    let running = pipeline.start().expect("a start");
    feed.insert(Input { value: 1 });
    feed.commit();
    running.stop();
    let stats = running.stats();
    assert_eq!((stats.state, stats.pipeline.as_str()), (PipelineState::Stopping, "stages"));
    assert_eq!(stats.version, env!("CARGO_PKG_VERSION"));
    drop(confirm);
    let stats = running.join().expect("the end");
    assert_eq!((stats.state, sink(stats.clone()).unconfirmed), (PipelineState::Ended, 0));
    let json = serde_json::to_value(&stats).expect("JSON");
    assert_eq!((&json["state"], &json["sinks"][0]["published"]), (&"ended".into(), &1.into()));
    assert_eq!(json["latency"]["total"]["count"], 1, "{json}");
}
