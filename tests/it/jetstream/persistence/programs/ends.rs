//! Sources and sinks of streams in a program that has changed.

use super::super::{Folder, orders};
use super::*;
use crate::jetstream::support::{Js, server, stream};
use crate::support::{join, stop, wait_for};

fn create_output(js: &Js, name: &str) {
    let subjects = vec![format!("{}.>", name.to_lowercase())];
    js.create(async_nats::jetstream::stream::Config { subjects, ..stream(name) });
}

/// Writes sums into the stream `SUMS`, and the orders into `COPY` before, if that is wanted. Neither sink has a name of its own.
fn program(uri: &str, folder: &Folder, copies: bool) -> Pipeline {
    let pipeline = Pipeline::named("ends").persist(folder.directory());
    let orders = nats::read(&pipeline, uri, "in.>").jetstream("IN").json::<super::super::Order>();
    if copies {
        nats::write(&orders, uri, "").subject(|o| format!("copy.{}", o.city)).jetstream("COPY").json();
    }
    let sums = reduce!(o in orders => { ids: sum(o.id) });
    nats::write(&sums, uri, "").subject(|_| "sums.all".to_owned()).jetstream("SUMS").json();
    pipeline
}

/// A sink knows where its stream ends, whatever its number is.
#[test]
fn another_sink_before_one_of_the_same_subject_is_not_taken_for_it() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    js.create(stream("IN"));
    ["SUMS", "COPY"].iter().for_each(|name| create_output(&js, name));
    let has_sum =
        |ids: i64| js.stored("SUMS").iter().any(|(_, _, text)| text.contains(&format!(r#""ids":{ids},"diff":1,"#)));
    let mut sum = 0;
    for (round, copies) in [false, true, true, false, true].into_iter().enumerate() {
        let first = 10 * round as i64;
        js.publish_all(orders(first..first + 10));
        sum += (first..first + 10).sum::<i64>();
        let running = program(&server.url(), &folder, copies).start().unwrap();
        wait_for("the sum", || has_sum(sum));
        stop(running);
    }
    assert_eq!(js.messages("COPY"), 30);
    let ids: Vec<_> = js.stored_with_ids("SUMS").into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
}

/// Copies the stream `IN` into `COPY`, with a source of this name.
fn copy(uri: &str, state: Persistence, source: Option<&str>) -> Pipeline {
    let pipeline = Pipeline::named("ends").persist(state);
    let mut read = nats::read(&pipeline, uri, "in.>").jetstream("IN");
    if let Some(name) = source {
        read = read.name(name);
    }
    let orders = read.json::<super::super::Order>();
    nats::write(&orders, uri, "copy.all").jetstream("COPY").json();
    pipeline
}

/// It would read again what was read.
#[test]
fn a_source_that_has_another_name_is_an_error_unless_it_is_said() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(stream("IN"));
    create_output(&js, "COPY");
    js.publish_all(orders(0..10));
    let run = |state: Persistence, source: Option<&str>, copies: u64| {
        let running = copy(&uri, state, source).start().unwrap();
        wait_for("all copies", || js.messages("COPY") == copies);
        stop(running);
    };
    run(folder.directory(), None, 10);
    let error = copy(&uri, folder.directory(), Some("orders")).start().and_then(join).expect_err("another name");
    let words = ["the source `in.>`", "give the source that name again (`name`)", r#".allow_dropped("in.>")"#];
    assert_error(&error, ErrorKind::Persistence, &words);
    js.publish_all(orders(10..12));
    run(folder.directory(), None, 12);
    run(folder.directory().allow_dropped("in.>"), Some("orders"), 24);
}
