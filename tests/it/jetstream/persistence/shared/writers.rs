//! Several writers into a shared stream: other runs of the pipeline, and other programs.

use pathway::ErrorKind;
use pathway::io::Feed;
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::json;

use super::super::Persist;
use super::super::crashes::{check_ids, check_totals};
use super::super::{Folder, Order, orders};
use super::{SHARED_STREAM, add, create_output, create_streams, forget_ids, output, start, sum};
use crate::jetstream::support::{Js, server};
use crate::support::{Gate, assert_error, join, stop, wait_for};

#[test]
fn a_process_that_was_stopped_while_another_one_took_over_writes_nothing_more() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    js.publish_all(orders(0..50));
    let zombie = SHARED_STREAM.start(&uri, &folder, Persist::Log, 1);
    SHARED_STREAM.wait_for_orders(&zombie, &js, 50);
    zombie.signal("STOP");
    let copy = folder.copy();
    let successor = SHARED_STREAM.start(&uri, &copy, Persist::Log, 1);
    js.publish_all(orders(50..100));
    SHARED_STREAM.wait_for_orders(&successor, &js, 100);
    forget_ids();
    zombie.signal("CONT");
    wait_for("the end of the process", || zombie.said().contains("Persistence"));
    let (status, said) = zombie.end();
    assert!(
        !status.success() && said.contains("another process writes into it, with a copy of the directory"),
        "{said}"
    );
    js.publish_all(orders(100..150));
    SHARED_STREAM.wait_for_orders(&successor, &js, 150);
    successor.signal("TERM");
    successor.end();
    let sums = output(&js, "shared.out.");
    check_ids(&sums);
    check_ids(&output(&js, "shared.windows"));
    check_totals(&sums, 150);
}

#[test]
fn a_run_with_a_copy_of_the_directory_ends_the_other_one() {
    let (server, folder, gate) = (server(), Folder::new(), Gate::default());
    let js = Js::new(&server);
    create_streams(&js);
    let slow = sum(&server.url(), &folder, &gate).start().unwrap();
    add(&js, 0, 1);
    let copy = folder.copy();
    let closed = gate.close();
    let fast = start(&server, &copy).unwrap();
    add(&js, 100, 3);
    stop(fast);
    // The slow one has the same order in its commit, at another time.
    forget_ids();
    drop(closed);
    let error = join(slow).expect_err("another writer");
    assert_error(&error, ErrorKind::Persistence, &["stream `SHARED`", "with a copy of the directory"]);
    assert_eq!(output(&js, "shared.sum").len(), 3);
}

/// Copies what it is fed. The rows from 100 on pass a gate.
fn fed(uri: &str, folder: &Folder, gate: &Gate) -> (Feed<Order>, Pipeline) {
    let pipeline = Pipeline::named("fed").persist(folder.log_only());
    let (feed, orders) = pipeline.input::<Order>();
    let gate = gate.clone();
    let orders = filter!(o in orders => o.id < 100 || gate.pass());
    nats::write(&orders, uri, "shared.orders").jetstream("SHARED").atomic().json();
    (feed, pipeline)
}

/// A directory whose log has many commits, which are not in the stream; their output; and a copy of the directory.
fn logged(server: &Server, js: &Js) -> (Folder, Vec<(String, String, String)>, Folder) {
    let folder = Folder::new();
    create_output(js, json!({}));
    let (feed, pipeline) = fed(&server.url(), &folder, &Gate::default());
    let running = pipeline.start().unwrap();
    for id in 0..400 {
        (0..3).for_each(|at| feed.insert(Order { id, city: "Oslo".to_owned(), at }));
        feed.commit();
    }
    drop(feed);
    join(running).expect("the pipeline ends without an error");
    let all = output(js, "shared.orders");
    assert_eq!(all.len(), 1200);
    js.delete("SHARED");
    create_output(js, json!({}));
    let copy = folder.copy();
    (folder, all, copy)
}

/// As when an earlier run's last batch is stored only after the next run has looked what is stored.
#[test]
fn what_another_run_has_stored_meanwhile_of_the_logged_commits_is_skipped() {
    let (server, gate) = (server(), Gate::default());
    let js = Js::new(&server);
    let (folder, all, copy) = logged(&server, &js);
    let closed = gate.close();
    let (feed, pipeline) = fed(&server.url(), &folder, &gate);
    let slow = pipeline.start().unwrap();
    wait_for("a part of the commits", || js.messages("SHARED") == 300);
    let (other_feed, pipeline) = fed(&server.url(), &copy, &Gate::default());
    let fast = pipeline.start().unwrap();
    wait_for("all commits", || js.messages("SHARED") == 1200);
    forget_ids();
    drop(closed);
    [feed, other_feed].into_iter().for_each(drop);
    join(slow).expect("the pipeline ends without an error");
    join(fast).expect("the pipeline ends without an error");
    assert_eq!(output(&js, "shared.orders"), all);
}

#[test]
fn two_runs_that_compute_the_same_log_store_it_once() {
    let server = server();
    let js = Js::new(&server);
    let (folder, all, copy) = logged(&server, &js);
    let runs = [folder, copy].map(|folder| {
        let uri = server.url();
        std::thread::spawn(move || {
            let (feed, pipeline) = fed(&uri, &folder, &Gate::default());
            let running = pipeline.start().unwrap();
            drop(feed);
            join(running).expect("the pipeline ends without an error");
            folder
        })
    });
    for run in runs {
        drop(run.join().expect("no error"));
    }
    assert_eq!(output(&js, "shared.orders"), all);
}

#[test]
fn another_writer_to_the_sinks_own_subjects_is_an_error() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    create_streams(&js);
    // What is there before the first run is no other writer.
    js.publish("shared.sum", [-1]);
    let running = start(&server, &folder).unwrap();
    add(&js, 0, 2);
    stop(running);
    js.publish("shared.other", [-1]);
    let running = start(&server, &folder).unwrap();
    add(&js, 1, 4);
    js.publish("shared.sum", [-2]);
    js.publish_all(orders(2..3));
    let words = [
        "stream `SHARED`: message 6, on `shared.sum`, is of another writer",
        "let the other one write to other subjects",
        "remove its message (`nats stream rmm SHARED 6`)",
        "start the pipeline again, which then goes on behind its own last message; until then, it does not start",
    ];
    assert_error(&join(running).expect_err("another writer"), ErrorKind::Persistence, &words);
    assert_error(&start(&server, &folder).expect_err("another writer"), ErrorKind::Persistence, &words);
    assert_eq!(js.messages("SHARED"), 6);
    js.runtime.block_on(async {
        let stream = js.context.get_stream("SHARED").await.expect("the stream");
        stream.delete_message(6).await.expect("a message less");
    });
    let running = start(&server, &folder).unwrap();
    // The order whose sum was not stored, and another one.
    wait_for("its sum", || output(&js, "shared.sum").len() == 6);
    add(&js, 3, 8);
    stop(running);
    let sums = output(&js, "shared.sum");
    check_ids(&sums[1..]);
    assert!(sums.last().is_some_and(|(_, _, sum)| sum.contains(r#""ids":6,"n":4,"diff":1"#)), "{sums:?}");
}
