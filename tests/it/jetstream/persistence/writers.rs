//! Several writers of one pipeline, or of one directory.

use pathway::ErrorKind;
use pathway::prelude::*;

use super::crashes::{OWN_STREAMS, check_ids, check_totals};
use super::{Folder, Order, Persist, counted, create_streams, gated_sum, orders, output};
use crate::jetstream::support::{Js, server, stream};
use crate::support::{Gate, assert_error, join, stop, wait_for};

/// Writes the gated sum into a stream of its own.
fn sum(uri: &str, folder: &Folder, gate: &Gate) -> Pipeline {
    let pipeline = Pipeline::named("sum").persist(folder.log_only());
    nats::write(&gated_sum(&pipeline, uri, gate), uri, "out.sum").jetstream("OUT").json();
    pipeline
}

#[test]
fn a_run_with_a_copy_of_the_directory_ends_the_other_one() {
    let (server, folder, gate) = (server(), Folder::new(), Gate::default());
    let (js, uri) = (Js::new(&server), server.url());
    ["IN", "OUT"].into_iter().for_each(|name| js.create(stream(name)));
    let slow = sum(&uri, &folder, &gate).start().unwrap();
    js.publish_all(orders(0..1));
    wait_for("a sum", || js.messages("OUT") == 1);
    let copy = folder.copy();
    let closed = gate.close();
    let fast = sum(&uri, &copy, &Gate::default()).start().unwrap();
    for order in 100..103 {
        let before = js.messages("OUT");
        js.publish_all(orders(order..order + 1));
        wait_for("another sum", || js.messages("OUT") == before + 2);
    }
    stop(fast);
    // The slow one has other orders in its commits, but as many messages in each.
    drop(closed);
    for (order, commits) in [(103, 2), (104, 3), (105, 4)] {
        wait_for("a commit", || slow.stats().commits >= commits || slow.is_finished());
        js.publish_all(orders(order..order + 1));
    }
    let error = join(slow).expect_err("another writer");
    assert_error(&error, ErrorKind::Persistence, &["stream `OUT`", "with a copy of the directory"]);
    assert_eq!(js.messages("OUT"), 7);
}

/// As a pause of the machine: the process that has taken over has a copy of the directory.
#[test]
fn a_process_that_was_stopped_and_wakes_behind_another_one_writes_nothing() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    let stopped = OWN_STREAMS.start(&uri, &folder, Persist::Checkpoints, 1);
    js.publish_all(orders(0..100));
    wait_for("all orders are counted", || counted(&js) == 100);
    stopped.signal("STOP");
    let copy = folder.copy();
    js.publish_all(orders(100..200));
    OWN_STREAMS.finish(&js, &uri, &copy, Persist::Checkpoints, 1, 200);
    let written = output(&js, "OUT");
    stopped.signal("CONT");
    let (status, said) = stopped.end();
    assert!(!status.success(), "{said}");
    assert!(said.contains("Persistence: ") && said.contains("stream `"), "{said}");
    assert_eq!(output(&js, "OUT"), written);
    check_ids(&written);
    check_totals(&written, 200);
}

#[test]
fn two_sinks_cannot_write_into_one_stream() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    ["IN", "OUT"].into_iter().for_each(|name| js.create(stream(name)));
    let pipeline = Pipeline::named("two").persist(folder.log_only());
    let orders = nats::read(&pipeline, &uri, "in.>").jetstream("IN").json::<Order>();
    nats::write(&orders, &uri, "out.a").name("a").jetstream("OUT").json();
    nats::write(&orders, &uri, "out.b").name("b").jetstream("OUT").json();
    let error = pipeline.start().expect_err("two writers");
    assert_error(&error, ErrorKind::Config, &["stream `OUT`", "`a`", "`b`", "one sink"]);
}

#[test]
fn a_start_that_fails_does_not_claim_the_stream() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(stream("OUT"));
    let error = sum(&uri, &folder, &Gate::default()).start().expect_err("no stream to read");
    assert_error(&error, ErrorKind::Config, &["stream `IN`"]);
    // Nothing was written, so that others may.
    js.publish_all([("out.other".to_owned(), "{}".to_owned())]);
    js.create(stream("IN"));
    js.publish_all(orders(0..1));
    for _ in 0..2 {
        let running = sum(&uri, &folder, &Gate::default()).start().unwrap();
        wait_for("a sum", || js.messages("OUT") == 2);
        stop(running);
    }
}
