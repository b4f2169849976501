//! Orderly restarts, and what other sinks than streams get.

use pathway::ErrorKind;
use pathway::prelude::*;

use super::{Folder, create_streams, orders, output, service};
use crate::jetstream::support::{Js, server, stream};
use crate::support::{assert_error, join, stop, wait_for};

#[derive(Schema)]
struct Total {
    ids: i64,
}

/// Sums up the stream `IN`; writes to core NATS, and counts what else arrives.
fn sum(uri: &str, folder: &Folder) -> Pipeline {
    let pipeline = Pipeline::named("sum").persist(folder.directory());
    let orders = nats::read(&pipeline, uri, "in.>").jetstream("IN").dead_letter("bad").json::<super::Order>();
    let total = reduce!(o in orders => Total { ids: sum(o.id) });
    nats::write(&total, uri, "total").json();
    pipeline
}

#[test]
fn a_restart_continues_and_repeats_nothing_that_was_confirmed() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    js.create(stream("IN"));
    // Records what core NATS gets.
    js.create(async_nats::jetstream::stream::Config {
        subjects: vec!["total".into(), "bad".into()],
        ..stream("RECORD")
    });
    let mut messages: Vec<_> = orders(0..10).collect();
    messages.push(("in.orders".to_owned(), "no JSON".to_owned()));
    js.publish_all(messages);
    let last = |ids: i64| {
        js.stored("RECORD").iter().rev().any(|(_, _, payload)| payload.contains(&format!(r#"{{"ids":{ids},"diff":1,"#)))
    };
    let bad = || js.stored("RECORD").iter().filter(|(_, subject, _)| subject == "bad").count();
    let running = sum(&server.url(), &folder).start().unwrap();
    wait_for("the sum", || last(45) && bad() == 1);
    stop(running);
    let before = js.messages("RECORD");
    js.publish_all(orders(10..11));
    let running = sum(&server.url(), &folder).start().unwrap();
    wait_for("the next sum", || last(55));
    stop(running);
    // The old sum is taken back, and the new one added.
    assert_eq!((js.messages("RECORD"), bad()), (before + 2, 1));
}

#[test]
fn a_stream_that_is_not_new_is_written_behind_what_it_has() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    create_streams(&js);
    js.publish_all([("out.before".to_owned(), "{}".to_owned())]);
    js.publish_all(orders(0..50));
    for _ in 0..3 {
        let running = service(&server.url()).persist(folder.directory()).start().unwrap();
        wait_for("windows", || js.messages("WINDOWS") >= 2);
        stop(running);
    }
    let ids: Vec<_> = output(&js, "OUT").into_iter().skip(1).map(|(id, ..)| id).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
    assert!(!ids.is_empty());
}

#[test]
fn a_second_writer_ends_the_pipeline() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    create_streams(&js);
    js.publish_all(orders(0..50));
    let running = service(&server.url()).persist(folder.directory()).start().unwrap();
    wait_for("output", || js.messages("OUT") > 0);
    js.publish_all([("out.intruder".to_owned(), "{}".to_owned())]);
    js.publish_all(orders(50..60));
    let error = join(running).expect_err("another writer");
    assert_error(&error, ErrorKind::Persistence, &["stream `OUT`", "is of another writer"]);
}
