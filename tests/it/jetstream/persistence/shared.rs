//! Pipelines that persist, and write into a stream into which others write, too.

pub(crate) mod subjects;
mod writers;

use async_nats::jetstream::stream::RetentionPolicy;
use pathway::ErrorKind;
use pathway::prelude::*;
use pathway_testkit::Server;
use serde_json::{Value, json};

use super::Persist;
use super::crashes::{Case, check_ids, check_totals};
use super::{Folder, Order, counted_in, gated_sum, orders};
use crate::jetstream::support::{Js, atomic, server, stream};
use crate::support::{Gate, Link, assert_error, stop, wait_for};

/// Two sinks in one stream, and another writer.
const SHARED_STREAM: Case = Case {
    role: "share",
    config: "",
    create: create_streams,
    stream: "SHARED",
    counted: |js| {
        let messages = js.stored("SHARED");
        counted_in(
            &messages.into_iter().filter(|(_, subject, _)| subject.starts_with("shared.out.")).collect::<Vec<_>>(),
        )
    },
    meanwhile: |js| js.publish("shared.other", [-1]),
};

fn create_streams(js: &Js) {
    js.create(stream("IN"));
    create_output(js, json!({}));
}

/// The window for duplicates is shorter than a restart takes.
fn create_output(js: &Js, settings: Value) {
    let mut config = atomic("SHARED", settings);
    config["duplicate_window"] = json!(100_000_000);
    js.create_with(&config);
}

/// Waits for the end of the window for duplicates: from then on, only the position tells what is stored.
fn forget_ids() {
    // Time must pass here: the server looks for old ids once in each window.
    std::thread::sleep(Duration::from_millis(300));
}

/// The messages on subjects that begin so: id, subject, payload.
fn output(js: &Js, subjects: &str) -> Vec<(String, String, String)> {
    let mut messages = js.stored_with_ids("SHARED");
    messages.retain(|(_, subject, _)| subject.starts_with(subjects));
    messages
}

#[test]
fn a_process_that_is_killed_again_and_again_writes_what_one_run_writes() {
    let folder = Folder::new();
    // Many commits have several batches.
    let config = "jetstream { limits { batch { max_msgs: 3 } } }";
    let (server, js, all) = Case { config, ..SHARED_STREAM }.crash(&folder, Persist::Log);
    let [sums, windows] = ["shared.out.", "shared.windows"].map(|subjects| output(&js, subjects));
    check_ids(&sums);
    check_ids(&windows);
    check_totals(&sums, all);
    assert!(!output(&js, "shared.other").is_empty() && sums.len() > 10 && windows.len() > 10);

    // The log alone gives the same: ids, subjects and payloads, with `time`.
    js.delete("SHARED");
    create_output(&js, json!({}));
    // Nobody writes into the new stream before its first run.
    Case { meanwhile: |_| {}, ..SHARED_STREAM }.finish(&js, &server.url(), &folder, Persist::Log, 2, all);
    assert_eq!(output(&js, "shared.out."), sums);
    assert_eq!(output(&js, "shared.windows"), windows);
}

#[test]
fn a_process_that_is_killed_while_it_makes_checkpoints_writes_what_one_run_writes() {
    let folder = Folder::new();
    let (_server, js, all) = SHARED_STREAM.crash(&folder, Persist::Checkpoints);
    let [sums, windows] = ["shared.out.", "shared.windows"].map(|subjects| output(&js, subjects));
    check_ids(&sums);
    check_ids(&windows);
    check_totals(&sums, all);
    assert!(folder.numbers("log-").last() > Some(&1) && !folder.numbers("part-").is_empty(), "no checkpoint");
}

/// Writes the gated sum into the shared stream.
fn sum(uri: &str, folder: &Folder, gate: &Gate) -> Pipeline {
    let pipeline = Pipeline::named("sum").persist(folder.log_only());
    nats::write(&gated_sum(&pipeline, uri, gate), uri, "shared.sum").jetstream("SHARED").atomic().json();
    pipeline
}

fn start(server: &Server, folder: &Folder) -> pathway::Result<pathway::Running> {
    sum(&server.url(), folder, &Gate::default()).start()
}

/// Publishes an order, and waits until it is in the sum.
fn add(js: &Js, order: i64, messages: usize) {
    js.publish_all(orders(order..order + 1));
    wait_for("a sum", || output(js, "shared.sum").len() == messages);
}

#[test]
fn a_batch_whose_answer_is_lost_is_stored_once() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    js.create(stream("IN"));
    create_output(&js, json!({}));
    let link = Link::new(server.port());
    // Only the sink's connection is cut.
    let pipeline = Pipeline::named("copy").persist(folder.log_only());
    let rows = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Order>();
    let copies = flatten_to(&rows, 1500);
    nats::write(&copies, link.url(), "shared.copies").jetstream("SHARED").atomic().json();
    let running = pipeline.start().unwrap();
    for order in 0..4 {
        link.lose();
        js.publish_all(orders(order..order + 1));
        let before = 1500 * order as u64;
        wait_for("the first batch", || js.messages("SHARED") >= before + 1000);
        forget_ids();
        link.cut();
        link.restore();
        wait_for("the commit", || running.stats().sinks[0].published == before + 1500);
    }
    stop(running);
    let copies = output(&js, "shared.copies");
    check_ids(&copies);
    assert_eq!(copies.len(), 6000);
}

/// So many copies of each row.
fn flatten_to(rows: &Table<Order>, copies: i64) -> Table<Order> {
    rows.flatten(move |order: &Order| (0..copies).map(|at| Order { at, ..order.clone() }).collect::<Vec<_>>())
}

#[test]
fn a_purge_of_what_is_confirmed_changes_nothing() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    create_streams(&js);
    for round in 0..3 {
        let running = start(&server, &folder).unwrap();
        add(&js, round, if round == 0 { 1 } else { 2 });
        // Also while it runs.
        js.purge("SHARED");
        add(&js, 10 + round, 2);
        stop(running);
        assert_eq!(output(&js, "shared.sum").len(), 2);
        js.purge("SHARED");
    }
}

#[test]
fn a_purge_of_what_may_be_stored_is_an_error() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    let child = SHARED_STREAM.start(&uri, &folder, Persist::Log, 1);
    for order in 0..3 {
        js.publish_all(orders(order..order + 1));
        SHARED_STREAM.wait_for_orders(&child, &js, order + 1);
    }
    child.signal("KILL");
    child.end();
    js.purge("SHARED");
    let child = SHARED_STREAM.start(&uri, &folder, Persist::Log, 1);
    wait_for("an error", || child.said().contains("Persistence"));
    let (status, said) = child.end();
    assert!(!status.success() && said.contains("the last messages of `shared.out.*` were removed"), "{said}");
    assert_eq!(js.messages("SHARED"), 0);
}

#[test]
fn a_stream_of_an_older_copy_or_of_a_lost_directory_is_an_error() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    create_streams(&js);
    let running = start(&server, &folder).unwrap();
    add(&js, 0, 1);
    let older = folder.copy();
    add(&js, 1, 3);
    stop(running);
    let error = start(&server, &older).expect_err("an older directory");
    assert_error(&error, ErrorKind::Persistence, &["-shared.sum-1-1`", "not in the pipeline's log"]);
    let error = start(&server, &Folder::new()).expect_err("another directory");
    assert_error(&error, ErrorKind::Persistence, &["of this sink, in a pipeline with another directory"]);
    assert_eq!(js.messages("SHARED"), 3);
}

#[test]
fn a_message_that_the_stream_has_refused_is_written_by_no_other_run() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    js.create(stream("IN"));
    create_output(&js, json!({"max_msg_size": 400}));
    let copy = || {
        let pipeline = Pipeline::named("copy").persist(folder.log_only());
        let orders = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Order>();
        nats::write(&orders, server.url(), "")
            .subject(|order| format!("shared.{}", order.city.chars().next().unwrap_or('x')))
            .name("copy")
            .jetstream("SHARED")
            .atomic()
            .filter_subject("shared.a")
            .json();
        pipeline
    };
    let order = |id: i64, city: &str, length: usize| {
        let city = city.repeat(length);
        ("in.a".to_owned(), format!(r#"{{"id": {id}, "city": "{city}", "at": 0}}"#))
    };
    let ids = || -> Vec<i64> {
        let id = |payload: &str| serde_json::from_str::<Value>(payload).expect("JSON")["id"].as_i64().expect("an id");
        output(&js, "shared.a").iter().map(|(_, _, payload)| id(payload)).collect()
    };
    let run_until = |expected: &[i64]| {
        let running = copy().start().unwrap();
        wait_for("the output", || running.is_finished() || ids() == expected);
        stop(running);
        assert_eq!(ids(), expected);
    };
    js.publish_all([order(0, "a", 1), order(1, "a", 500), order(2, "b", 1), order(3, "a", 1), order(4, "a", 500)]);
    run_until(&[0, 3]);
    js.update_with(&{
        let mut config = atomic("SHARED", json!({}));
        config["duplicate_window"] = json!(100_000_000);
        config
    });
    js.publish_all([order(5, "a", 500)]);
    run_until(&[0, 3, 5]);
    run_until(&[0, 3, 5]);
}

#[test]
fn streams_and_sinks_that_cannot_share_are_errors_at_start() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    js.create(stream("IN"));
    create_output(&js, json!({}));
    let refused = |words: &[&str], set: &dyn Fn(&Table<Order>)| {
        let pipeline = Pipeline::named("two").persist(folder.log_only());
        set(&nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<Order>());
        assert_error(&pipeline.start().expect_err("an error"), ErrorKind::Config, words);
    };
    let write = |orders: &Table<Order>, name: &str, subject: &str| {
        nats::write(orders, server.url(), subject).name(name).jetstream("SHARED")
    };
    let overlap = ["stream `SHARED`", "`a`", "`b`", "do not overlap"];
    refused(&overlap, &|orders| {
        write(orders, "a", "shared.a").atomic().json();
        write(orders, "b", "shared.a").atomic().json();
    });
    refused(&overlap, &|orders| {
        write(orders, "a", "shared.a").atomic().json();
        write(orders, "b", "shared.b").json();
    });
    refused(&overlap, &|orders| {
        write(orders, "a", "shared.a").atomic().filter_subject("shared.*").json();
        write(orders, "b", "shared.b").atomic().json();
    });
    refused(&["`.filter_subject(..)`"], &|orders| {
        write(orders, "a", "").subject(|order| format!("shared.{}", order.city)).atomic().json();
    });
    for filter in ["", "a b", "shared..a", "shared.>.a"] {
        let setting = format!("`.filter_subject({filter:?})`: ");
        refused(&["sink `a`: ", &setting, "cannot be subscribed to"], &|orders| {
            write(orders, "a", "shared.a").atomic().filter_subject(filter).json();
        });
    }
    refused(&["sink `a`: `.dead_letter(\"a b\")`: "], &|orders| {
        write(orders, "a", "shared.a").dead_letter("a b").atomic().json();
    });
    refused(&["dead letters go to `shared.a.bad`", "`shared.a.*`"], &|orders| {
        write(orders, "a", "shared.a.b").dead_letter("shared.a.bad").atomic().filter_subject("shared.a.*").json();
    });
    js.delete("SHARED");
    js.create_with(&atomic("SHARED", json!({"retention": RetentionPolicy::WorkQueue})));
    refused(&["removes messages when they are read", "use a stream with limits"], &|orders| {
        write(orders, "a", "shared.a").atomic().json();
    });
    js.delete("SHARED");
    js.create_with(&atomic("SHARED", json!({"subject_transform": {"src": "shared.a", "dest": "shared.b"}})));
    refused(&["`subject_transform`", "`shared.a`"], &|orders| write(orders, "a", "shared.a").atomic().json());
    // Nothing was written, so that another program may use the subjects.
    assert_eq!(js.messages("SHARED"), 0);
}
