//! Several writers of one bucket, or of one directory; and buckets that are not the ones that were written.

use std::time::{Duration, Instant};

use pathway::ErrorKind;
use pathway_testkit::Server;
use serde_json::json;

use super::bucket_sinks::{commit, create, create_bucket, oslo, publish, run, seen, totals, value, wait_for_entries};
use super::{Folder, orders};
use crate::delivery::child::Child;
use crate::jetstream::support::{Js, RawClient, server};
use crate::support::{Gate, Link, assert_error, join, stop, wait_for};

/// It has a copy of the directory, and wakes up behind the other one.
#[test]
fn a_run_that_wakes_up_late_writes_nothing_over_newer_values() {
    let (server, folder, gate) = (server(), Folder::new(), Gate::default());
    let js = create(&server);
    let slow = run(&server, &folder, &gate).unwrap();
    publish(&js, 1);
    let other = folder.copy();
    let closed = gate.close();
    let fast = run(&server, &other, &Gate::default()).unwrap();
    [100_000, 100_002, 100_003].into_iter().for_each(|order| publish(&js, order));
    stop(fast);
    let written = seen(&js);
    drop(closed);
    let error = join(slow).expect_err("another writer");
    assert_error(&error, ErrorKind::Persistence, &["`KV_totals`", "`$KV.totals.Oslo`", "with a copy of the directory"]);
    assert_eq!(seen(&js), written);

    // An older copy does not even start.
    let error = run(&server, &folder, &Gate::default()).and_then(join).expect_err("an older copy");
    assert_error(&error, ErrorKind::Persistence, &["`KV_totals`", "the directory is an older copy"]);
    assert_eq!(seen(&js), written);
}

#[test]
fn a_process_that_was_stopped_ends_when_another_one_has_taken_over() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (create(&server), server.url());
    let start = |folder: &Folder| {
        Child::start("write nothing but a bucket", &uri, &[("PATHWAY_PERSISTENT_STORAGE", folder.path())])
    };
    let stopped = start(&folder);
    let mut next_order = 0;
    let mut publish = |count| {
        js.publish_all(orders(next_order..next_order + count));
        next_order += count;
    };
    wait_for("all keys", || {
        publish(1);
        seen(&js).len() == super::CITIES.len()
    });
    stopped.signal("STOP");
    let other = folder.copy();
    let next = start(&other);
    publish(50);
    wait_for_entries(&js, || assert!(!next.said().contains("Persistence"), "{}", next.said()));
    let written = seen(&js);
    stopped.signal("CONT");
    let (status, said) = stopped.end();
    assert!(!status.success() && said.contains("with a copy of the directory"), "{said}");
    assert_eq!(seen(&js), written);
    publish(50);
    wait_for_entries(&js, || assert!(!next.said().contains("Persistence"), "{}", next.said()));
    next.signal("TERM");
    let (status, said) = next.end();
    assert!(status.success(), "{said}");
    for (key, values) in seen(&js) {
        assert!(
            values.iter().is_sorted_by(|(before, _), (after, _)| commit(before) < commit(after)),
            "{key}: {values:?}"
        );
    }
}

/// They write different keys: only the last message of the bucket shows the other one.
#[test]
fn a_process_that_was_stopped_writes_no_key_that_the_other_one_does_not_write() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (create(&server), server.url());
    let start = |folder: &Folder| {
        Child::start("write nothing but a bucket", &uri, &[("PATHWAY_PERSISTENT_STORAGE", folder.path())])
    };
    let order = |id: u64, city: &str| {
        let text = format!(r#"{{"id": {id}, "city": "{city}", "at": 0}}"#);
        js.publish_all([("in.orders".to_owned(), text)]);
    };
    let stopped = start(&folder);
    order(1, "Oslo");
    wait_for("a key", || seen(&js).len() == 1);
    stopped.signal("STOP");
    let since = Instant::now();
    let other = folder.copy();
    let next = start(&other);
    order(2, "Rome");
    wait_for("another key", || seen(&js).len() == 2);
    let written = seen(&js);
    next.signal("TERM");
    let (status, said) = next.end();
    assert!(status.success(), "{said}");
    // The stopped one is the first to see it.
    wait_for("a pause that is noticed", || since.elapsed() > Duration::from_millis(1_500));
    order(3, "Paris");
    stopped.signal("CONT");
    let (status, said) = stopped.end();
    assert!(!status.success() && said.contains("with a copy of the directory"), "{said}");
    assert_eq!(seen(&js), written);
}

/// Only the last message of the bucket shows the other one: they write different keys.
#[test]
fn a_run_without_a_connection_ends_when_another_one_has_taken_over() {
    let (server, folder) = (server(), Folder::new());
    let js = create(&server);
    let [from, to] = [(); 2].map(|()| Link::new(server.port()));
    let (pipeline, _) = totals([&*from.url(), &*to.url()], folder.log_only(), &Gate::default());
    let cut = pipeline.start().unwrap();
    publish(&js, 1);
    [&from, &to].into_iter().for_each(|link| link.cut());
    let other = folder.copy();
    let next = run(&server, &other, &Gate::default()).unwrap();
    js.publish_all([("in.orders".to_owned(), r#"{"id": 2, "city": "Rome", "at": 0}"#.to_owned())]);
    wait_for("another key", || seen(&js).len() == 2);
    let written = seen(&js);
    to.restore();
    let error = join(cut).expect_err("another writer");
    assert_error(&error, ErrorKind::Persistence, &["`KV_totals`", "`message 2`", "with a copy of the directory"]);
    assert_eq!(seen(&js), written);
    stop(next);
}

/// Answers are lost with the connection, again and again: these are no messages of another run.
#[test]
fn a_connection_that_breaks_again_and_again_is_no_other_run() {
    let (server, folder) = (server(), Folder::new());
    let (js, link) = (create(&server), Link::new(server.port()));
    let url = server.url();
    let (pipeline, _) = totals([&*url, &*link.url()], folder.log_only(), &Gate::default());
    let running = pipeline.start().unwrap();
    for round in 0..10 {
        let before = js.messages("KV_totals");
        js.publish_all(orders(round * 40..(round + 1) * 40));
        wait_for("some values", || js.messages("KV_totals") > before);
        link.cut();
        link.restore();
    }
    wait_for_entries(&js, || assert!(!running.is_finished(), "it has ended"));
    stop(running);
    for (key, values) in seen(&js) {
        assert!(
            values.iter().is_sorted_by(|(before, _), (after, _)| commit(before) < commit(after)),
            "{key}: {values:?}"
        );
    }
}

#[test]
fn what_others_have_written_under_a_key_is_replaced() {
    let (server, folder) = (server(), Folder::new());
    let js = create(&server);
    let mut raw = RawClient::new(&server);
    let mut put = |key: &str, headers: &[u8], value: &str| {
        let before = js.info("KV_totals").state.last_sequence;
        raw.publish(format!("$KV.totals.{key}").as_bytes(), headers, value);
        wait_for("their value", || js.info("KV_totals").state.last_sequence > before);
    };
    put("Oslo", b"", "theirs");
    let running = run(&server, &folder, &Gate::default()).unwrap();
    publish(&js, 1);
    put("other", b"", "theirs");
    put("Oslo", b"", "theirs again");
    publish(&js, 2);
    put("Oslo", b"\r\nKV-Operation: DEL", "");
    publish(&js, 3);
    stop(running);
    put("Oslo", b"", "meanwhile");
    let running = run(&server, &folder, &Gate::default()).unwrap();
    publish(&js, 5);
    stop(running);
    let (a, b) = ("theirs".to_owned(), "theirs again".to_owned());
    let meanwhile = "meanwhile".to_owned();
    assert_eq!(oslo(&js), [a, value(1, 1), b, value(3, 2), String::new(), value(6, 3), meanwhile, value(11, 4)]);
    assert_eq!(seen(&js)["$KV.totals.other"].len(), 1);
}

/// A directory that is new begins anew, with what the bucket has.
#[test]
fn a_new_directory_replaces_the_values_of_an_earlier_one() {
    let server = server();
    let js = create(&server);
    for _ in 0..2 {
        let (folder, written) = (Folder::new(), oslo(&js).len());
        let running = run(&server, &folder, &Gate::default()).unwrap();
        if written == 0 {
            publish(&js, 1)
        } else {
            wait_for("the values", || oslo(&js).len() == 2 * written)
        }
        stop(running);
    }
    assert_eq!(oslo(&js), [value(1, 1), value(1, 1)]);
}

/// Values of keys that do not change are not written again.
#[test]
fn a_bucket_that_was_purged_is_reported() {
    let server = server();
    let (js, uri) = (create(&server), server.url());
    let start = |folder: &Folder, checkpoints: &str| {
        let role = format!("write a bucket {checkpoints} checkpoints");
        Child::start(&role, &uri, &[("PATHWAY_PERSISTENT_STORAGE", folder.path())])
    };
    let mut next = 0;
    let mut write = |child: &Child| {
        let before = js.info("KV_totals").state.last_sequence;
        js.publish_all(orders(next..next + 10));
        next += 10;
        wait_for("some values", || {
            assert!(!child.said().contains("Persistence"), "{}", child.said());
            js.info("KV_totals").state.last_sequence > before
        });
    };
    let report =
        "totals: the bucket `totals` has no values any more, and earlier runs have written some (it ends at sequence";
    let is_reported = |child: Child| {
        child.signal("TERM");
        let (status, said) = child.end();
        assert!(status.success(), "{said}");
        assert!(
            !said.contains(report) || said.contains("restore it from a copy, or begin anew with another directory")
        );
        said.matches(report).count()
    };
    for (checkpoints, end) in [("with", "TERM"), ("without", "KILL")] {
        let folder = Folder::new();
        let child = start(&folder, checkpoints);
        write(&child);
        child.signal(end);
        child.end();
        let child = start(&folder, checkpoints);
        write(&child);
        assert_eq!(is_reported(child), 0, "it has its values");
        js.purge("KV_totals");
        let child = start(&folder, checkpoints);
        write(&child);
        assert_eq!(is_reported(child), 1);
        ["IN", "OUT", "KV_totals"].into_iter().for_each(|name| js.delete(name));
        create(&server);
    }
}

#[test]
fn a_bucket_that_lacks_earlier_values_is_an_error() {
    let (mut server, folder) = (server(), Folder::new());
    let js = create(&server);
    let start = |server: &Server| totals([&*server.url(); 2], folder.directory(), &Gate::default()).0.start();
    // Nothing was written: it may be another one.
    stop(start(&server).unwrap());
    js.delete("KV_totals");
    create_bucket(&js, 1);
    let running = start(&server).unwrap();
    [1, 2].into_iter().for_each(|order| publish(&js, order));
    stop(running);
    js.delete("KV_totals");
    create_bucket(&js, 1);
    let error = start(&server).expect_err("another bucket");
    assert_error(&error, ErrorKind::Persistence, &["`KV_totals`", "was created", "begin anew with another directory"]);

    // The same while it is written.
    let other = Folder(folder.0.with_extension("other"));
    let running = run(&server, &other, &Gate::default()).unwrap();
    wait_for("a value", || !oslo(&js).is_empty());
    js.delete("KV_totals");
    create_bucket(&js, 1);
    server.restart().expect("a server");
    let js = Js::new(&server);
    js.publish_all([("in.orders".to_owned(), r#"{"id": 1, "city": "Oslo", "at": 0}"#.to_owned())]);
    let error = join(running).expect_err("another bucket");
    assert_error(&error, ErrorKind::Stream, &["`KV_totals`", "deleted and created again while it was written to"]);
}

/// The pauses between two attempts become longer than what counts as a pause of the process, and that is none: the sink goes on
/// when there is room again.
#[test]
fn a_sink_that_waits_for_room_in_a_bucket_goes_on() {
    let (server, folder) = (server(), Folder::new());
    let js = create(&server);
    let bucket = |max_msgs: i64| {
        json!({
            "name": "KV_totals", "subjects": ["$KV.totals.>"], "allow_rollup_hdrs": true, "deny_delete": true,
            "discard": "new", "duplicate_window": 100_000_000, "max_msgs_per_subject": -1, "max_msgs": max_msgs,
            "retention": "limits", "storage": "file"})
    };
    js.update_with(&bucket(1));
    let running = run(&server, &folder, &Gate::default()).unwrap();
    js.publish_all((1..=4).map(|id| ("in.orders".to_owned(), format!(r#"{{"id": {id}, "city": "c{id}", "at": 0}}"#))));
    // Pauses double from 20 ms to 1 s, which the seventh one has.
    let begin = std::time::Instant::now();
    wait_for("long pauses", || begin.elapsed() > Duration::from_secs(6));
    assert_eq!(js.messages("KV_totals"), 1);
    js.update_with(&bucket(-1));
    wait_for("all values", || js.messages("KV_totals") == 4);
    stop(running);
}
