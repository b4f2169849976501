//! Pipelines that are stopped while they compute the commits of their log again.

use super::{Folder, create_outputs, create_streams, orders, output, service};
use crate::jetstream::support::{Js, server};
use crate::support::{stop, wait_for};

#[test]
fn a_recovery_that_is_stopped_writes_no_part_of_a_commit() {
    const ORDERS: i64 = 30_000;
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    js.publish_all(orders(0..ORDERS));
    let start = |workers| service(&uri).persist(folder.log_only()).start_with(workers).unwrap();
    let running = start(1);
    wait_for("all orders are counted", || super::counted(&js) == ORDERS);
    stop(running);
    let [sums, windows] = ["OUT", "WINDOWS"].map(|stream| output(&js, stream));
    for round in 0..10 {
        ["OUT", "WINDOWS"].into_iter().for_each(|stream| js.delete(stream));
        create_outputs(&js);
        let running = start(2);
        // Somewhere in the first commits.
        wait_for("some messages are read", || running.stats().sources[0].rows >= round * 500);
        stop(running);
        assert!(sums.starts_with(&output(&js, "OUT")), "round {round}");
        assert!(windows.starts_with(&output(&js, "WINDOWS")), "round {round}");
    }
    let running = start(2);
    wait_for("all orders are counted", || super::counted(&js) == ORDERS);
    stop(running);
    assert_eq!(output(&js, "OUT"), sums);
    assert_eq!(output(&js, "WINDOWS"), windows);
}

/// Whoever has a running pipeline can rely on what it reads: it has noted where it begins.
#[test]
fn a_pipeline_that_runs_has_noted_where_it_begins() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    create_streams(&js);
    for _ in 0..10 {
        let _ = std::fs::remove_file(folder.0.join("log-00000001"));
        let running = service(&server.url()).persist(folder.log_only()).start().unwrap();
        let noted = std::fs::metadata(folder.0.join("log-00000001")).expect("a log").len();
        stop(running);
        assert!(noted > 0);
    }
}
