//! What a pipeline that persists says about its checkpoints, its log and its start.

use std::time::Duration;

use pathway::Running;
use pathway::persistence::directory;
use pathway::prelude::*;
use pathway::stats::{PersistenceStats, PipelineState};
use pathway::testing::Store;

use crate::support::{Input, wait_for};

fn persistence(running: &Running) -> PersistenceStats {
    running.stats().persistence.expect("a pipeline that persists")
}

#[test]
fn checkpoints_and_the_log_behind_them_are_measured() {
    let store = Store::new();
    let start = |every| {
        let persistence = pathway::persistence::Persistence::from(store.clone()).checkpoint_every(every);
        let pipeline = Pipeline::named("p").persist(persistence);
        let (feed, numbers) = pipeline.input::<Input>();
        let _seen = reduce!(n in numbers by n.value => { n.value, n: count() }).collect();
        (feed, pipeline.start().expect("a start"))
    };
    let commit = |feed: &pathway::io::Feed<Input>, values: std::ops::Range<i64>| {
        values.for_each(|value| feed.insert(Input { value }));
        feed.commit();
    };
    let (feed, running) = start(Duration::MAX);
    let before = persistence(&running);
    assert_eq!((before.epoch, before.checkpoints, before.replayed_commits, before.logged_commits), (1, 0, 0, 0));
    assert_eq!((before.checkpoint_seconds, before.checkpoint_bytes), (None, None));
    assert!(before.restore_seconds.is_some() && before.checkpoint_age_seconds < 60.0, "{before:?}");
    (0..5).for_each(|number| commit(&feed, 100 * number..100 * (number + 1)));
    let logged = persistence(&running).log_bytes;
    // The rows are in the log.
    assert!(logged > before.log_bytes + 500, "{logged}");
    drop(feed);
    running.join().expect("the end");

    let (feed, running) = start(Duration::from_millis(50));
    wait_for("a start", || running.stats().state == PipelineState::Running);
    let restarted = persistence(&running);
    assert_eq!((restarted.epoch, restarted.replayed_commits, restarted.logged_commits), (2, 5, 5));
    assert!(restarted.restore_seconds.is_some_and(|seconds| seconds > 0.0), "{restarted:?}");
    // What was computed again does not count as new commits.
    let stats = running.stats();
    assert_eq!((stats.commits, stats.commit_rows.count, stats.latency.wait.count), (5, 0, 0));
    commit(&feed, 500..600);
    wait_for("a checkpoint", || {
        let now = persistence(&running);
        now.checkpoints > 0 && now.log_bytes < logged / 2
    });
    let after = persistence(&running);
    assert!(after.checkpoint_seconds.is_some_and(|seconds| seconds > 0.0), "{after:?}");
    // 600 keys, or those of the last change.
    assert!(after.checkpoint_bytes.is_some_and(|bytes| bytes > 100), "{after:?}");
    assert_eq!((after.checkpoint_failures, running.stats().latency.log.count), (0, 1));
    drop(feed);
    running.join().expect("the end");
}

#[test]
fn the_log_stage_waits_for_the_disk() {
    let folder = std::env::temp_dir().join(format!("pathway-metrics-{}", std::process::id()));
    let pipeline = Pipeline::named("p").persist(directory(&folder).sync(true));
    let (feed, numbers) = pipeline.input::<Input>();
    numbers.sink(super::support::SlowSink::new().0);
    let running = pipeline.start().expect("a start");
    for value in 0..5 {
        feed.insert(Input { value });
        feed.commit();
    }
    wait_for("all commits", || running.stats().latency.total.count == 5);
    let latency = running.stats().latency;
    assert_eq!((latency.log.count, latency.publish.count), (5, 5));
    assert!(latency.log.sum > 0.0 && latency.total.sum >= latency.log.sum / 5.0, "{latency:?}");
    drop(feed);
    running.join().expect("the end");
    std::fs::remove_dir_all(folder).expect("a folder");
}
