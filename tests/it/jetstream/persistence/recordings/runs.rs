//! The runs of a recording: which starts begin one, and which continue it.

use pathway::ErrorKind;
use pathway::persistence::{Persistence, ReplayOptions};
use pathway::prelude::*;
use pathway::testing::{Broker, Store};

use super::{publish, record_sum, replay_sum, sum, texts};
use crate::support::{assert_error, join};

#[test]
fn each_start_begins_a_run_and_the_last_one_is_replayed_unless_another_is_named() {
    let recording = Store::new();
    let live = [vec![1, 2], vec![30], vec![400, 500]].map(|numbers| record_sum(&recording, numbers));
    assert_eq!(replay_sum((&recording).into()).expect("the last run"), live[2]);
    for (number, live) in (1..).zip(&live) {
        assert_eq!(&replay_sum(ReplayOptions::from(&recording).run(number)).expect("a run"), live);
    }
    let error = replay_sum(ReplayOptions::from(&recording).run(4)).expect_err("no such run");
    assert_error(&error, ErrorKind::Persistence, &["has no run 4", "the runs 1 to 3"]);
}

/// Runs the sum, which persists and is recorded, if so. Returns what was written, also of commits that are computed again.
fn run_persistent(state: impl Into<Persistence>, recording: Option<&Store>, numbers: &[i64]) -> Vec<String> {
    let (broker, mut pipeline) = (Broker::new(), Pipeline::named("sum").persist(state));
    if let Some(recording) = recording {
        pipeline = pipeline.record(recording);
    }
    let _seen = sum(&pipeline, &broker);
    let running = pipeline.start().expect("a running pipeline");
    publish(&broker, numbers.iter().copied());
    broker.close();
    // One that crashes ends with an error.
    let _ = join(running);
    texts(&broker.published("sum"))
}

/// A crash may have kept commits from the recording that are in the log: the next run records them.
#[test]
fn a_pipeline_that_persists_continues_its_run_behind_a_crash() {
    for writes in 0..12 {
        let (recording, state) = (Store::new(), Store::new());
        let log = || Persistence::from(&state).checkpoint_every(Duration::MAX);
        run_persistent(log(), Some(&recording), &[1, 2]);
        // The recording gets no more at some moment, and the state the first commits.
        recording.crash_after(writes);
        state.crash_after(6);
        run_persistent(log(), Some(&recording), &[30, 40, 50, 60, 70, 80, 90]);
        recording.restart();
        state.restart();
        let all = run_persistent(log(), Some(&recording), &[100, 200]);
        assert!(all.len() > 9, "{all:?}");
        let replay = replay_sum((&recording).into()).expect("a replay");
        assert_eq!(replay, all, "{writes} writes");
    }
}

#[test]
fn a_pipeline_that_continues_behind_a_checkpoint_continues_its_run() {
    let (recording, state) = (Store::new(), Store::new());
    let mut all = Vec::new();
    for numbers in [[1, 2], [30, 40], [500, 600]] {
        all.extend(run_persistent(&state, Some(&recording), &numbers));
    }
    assert_eq!(replay_sum((&recording).into()).expect("a replay"), all);
    // What is not recorded is a gap: behind it, another run begins with a state that is not in it.
    run_persistent(&state, None, &[7000]);
    run_persistent(&state, Some(&recording), &[80_000]);
    assert_eq!(replay_sum(ReplayOptions::from(&recording).run(1)).expect("a replay"), all);
    let behind = replay_sum((&recording).into()).expect("a replay");
    assert!(behind.len() == 1 && behind[0].starts_with(r#"{"sum":80000,"diff":1,"#), "{behind:?}");
}
