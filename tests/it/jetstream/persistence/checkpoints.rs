//! Checkpoints: what is before them is not needed any more.

use std::collections::BTreeMap;
use std::time::Duration;

use pathway::prelude::*;

use super::{Folder, counted, create_outputs, create_streams, orders, output, service};
use crate::jetstream::support::{Js, server};
use crate::support::{join, stop, wait_for};

/// The service, with many checkpoints, of which the last one is kept.
fn with_checkpoints(uri: &str, folder: &Folder) -> Pipeline {
    service(uri)
        .persist(folder.directory().checkpoint_every(Duration::from_millis(20)).keep_checkpoints(Duration::ZERO))
}

#[test]
fn the_input_before_a_checkpoint_is_not_needed() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    for round in 0..4_i64 {
        let running = with_checkpoints(&uri, &folder).start_with(1 + round as usize % 3).unwrap();
        js.publish_all(orders(round * 100..(round + 1) * 100));
        wait_for("all orders are counted", || counted(&js) == (round + 1) * 100);
        // What no checkpoint has by then is in the last one.
        stop(running);
        js.purge("IN");
    }
    super::crashes::check_ids(&output(&js, "OUT"));
    super::crashes::check_totals(&output(&js, "OUT"), 400);
}

#[test]
fn a_pipeline_that_is_idle_completes_its_checkpoint_and_makes_no_other() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    js.publish_all(orders(0..50));
    let running = with_checkpoints(&uri, &folder).start().unwrap();
    wait_for("all orders are counted", || counted(&js) == 50);
    wait_for("a checkpoint of everything", || {
        let (logs, manifest) = (folder.numbers("log-"), std::fs::metadata(folder.0.join("manifest")));
        logs.len() == 1 && logs[0] > 1 && manifest.is_ok()
    });
    let files = || (folder.numbers("log-"), folder.numbers("part-"));
    let before = files();
    // Time passes, and nothing arrives.
    let waited = std::time::Instant::now();
    wait_for("some intervals", || waited.elapsed() > Duration::from_millis(200));
    assert_eq!(files(), before);
    stop(running);
    // Nothing is left to be computed.
    let running = with_checkpoints(&uri, &folder).start().unwrap();
    js.publish_all(orders(50..60));
    wait_for("the next orders are counted", || counted(&js) == 60);
    stop(running);
}

#[test]
fn a_checkpoint_that_is_damaged_or_incomplete_is_an_error() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    js.publish_all(orders(0..50));
    let running = with_checkpoints(&uri, &folder).start().unwrap();
    wait_for("a part", || !folder.numbers("part-").is_empty());
    stop(running);
    let part = folder.0.join(format!("part-{:08}", folder.numbers("part-")[0]));
    let bytes = std::fs::read(&part).expect("a part");
    let fails = |words: &[&str]| {
        let error = with_checkpoints(&uri, &folder).start().and_then(join).expect_err("no checkpoint");
        crate::support::assert_error(&error, pathway::ErrorKind::Persistence, words);
    };
    let mut flipped = bytes.clone();
    flipped[bytes.len() / 2] ^= 1;
    std::fs::write(&part, flipped).expect("a file");
    fails(&["part-", "is not as it was written", "restore the directory from a copy"]);
    std::fs::write(&part, &bytes[..bytes.len() - 1]).expect("a file");
    fails(&["part-", "is not as it was written"]);
    std::fs::remove_file(&part).expect("removed");
    fails(&["part-", "is not there"]);
    std::fs::write(&part, &bytes).expect("a file");
    let running = with_checkpoints(&uri, &folder).start().unwrap();
    wait_for("all orders are counted", || counted(&js) == 50);
    stop(running);
}

/// What a window says, without the time of its commit.
fn window(payload: &str) -> BTreeMap<String, serde_json::Value> {
    let mut window: BTreeMap<_, _> = serde_json::from_str(payload).expect("JSON");
    window.remove("time");
    window
}

/// The windows are those of a run without persistence over the same stream.
pub(super) fn check_windows(js: &Js, uri: &str, all: i64) {
    let windows = |js: &Js| output(js, "WINDOWS").iter().map(|(.., payload)| window(payload)).collect::<Vec<_>>();
    let found = windows(js);
    for stream in ["OUT", "WINDOWS"] {
        js.delete(stream);
    }
    create_outputs(js);
    let running = service(uri).start().unwrap();
    wait_for("all orders are counted", || counted(js) == all);
    wait_for("all windows are written", || js.messages("WINDOWS") as usize >= found.len());
    stop(running);
    assert_eq!(found, windows(js));
}
