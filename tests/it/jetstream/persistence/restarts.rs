//! Orderly restarts, and what other sinks than streams get.

use std::time::Duration;

use pathway::ErrorKind;
use pathway::io::{Failure, Position, RowSender, Source, SourceSettings};
use pathway::prelude::*;

use super::{Folder, create_streams, orders, output, service};
use crate::jetstream::support::{Js, server, stream};
use crate::support::{Input, assert_error, join, stop, value, wait_for};

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

#[derive(Schema)]
struct Sum {
    sum: i64,
}

/// The sum that the stream `OUT` has last.
fn last_sum(js: &Js) -> Option<i64> {
    let (_, _, payload) = js.stored("OUT").pop()?;
    let json: serde_json::Value = serde_json::from_str(&payload).expect("JSON");
    json["sum"].as_i64()
}

#[test]
fn messages_of_core_nats_are_in_the_log() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(stream("OUT"));
    let start = || {
        let pipeline = Pipeline::named("core").persist(folder.directory());
        let input = nats::read(&pipeline, &uri, "numbers").dead_letter("bad").json::<Input>();
        let total = reduce!(row in input => Sum { sum: sum(row.value) });
        nats::write(&total, &uri, "out.sum").jetstream("OUT").json();
        pipeline.start().unwrap()
    };
    for (numbers, sum) in [([1, 2, 3], 6), ([10, 20, 30], 66), ([100, 200, 300], 666)] {
        let running = start();
        js.runtime.block_on(async {
            for number in numbers {
                js.client.publish("numbers", value(number).into()).await.expect("published");
            }
            js.client.publish("numbers", "no JSON".into()).await.expect("published");
            js.client.flush().await.expect("flushed");
        });
        wait_for("the sum", || last_sum(&js) == Some(sum) && running.stats().sources[0].rejected > 0);
        stop(running);
    }
    let ids: Vec<_> = output(&js, "OUT").into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
}

/// Hands over the numbers up to a limit, behind those of earlier runs.
struct Numbers {
    limit: u64,
}

impl Source for Numbers {
    type Item = Input;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().append_only()
    }

    fn run(self, rows: &RowSender<Input>) -> Result<(), Failure> {
        let next = rows.resume_after().and_then(Position::as_u64).map_or(0, |last| last + 1);
        for number in next..self.limit {
            rows.insert(Input { value: number as i64 })?;
            rows.set_position(number.into())?;
        }
        Ok(())
    }
}

#[test]
fn a_source_with_positions_continues_behind_the_log() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(stream("OUT"));
    for limit in [5, 8, 8, 3_000] {
        let pipeline = Pipeline::named("numbers").persist(folder.directory());
        let input = pipeline.source(Numbers { limit });
        let total = reduce!(row in input => Sum { sum: sum(row.value) });
        nats::write(&total, &uri, "out.sum").jetstream("OUT").json();
        pipeline.run().unwrap();
        assert_eq!(last_sum(&js), Some((0..limit as i64).sum()));
    }
}

#[test]
fn a_clock_continues_with_one_row() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    js.create(stream("IN"));
    for _ in 0..3 {
        let pipeline = Pipeline::named("clock").persist(folder.directory());
        let orders = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").json::<super::Order>();
        let _orders = orders.collect();
        let ticks = pipeline.clock(Duration::from_millis(5)).collect();
        let running = pipeline.start().unwrap();
        let commits = running.stats().commits;
        wait_for("ticks", || running.stats().commits > commits + 3);
        stop(running);
        assert_eq!(ticks.rows().len(), 1);
    }
}
