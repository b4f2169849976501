//! What writers know of earlier messages: the rows of a bucket, and whether a header line is written.

use pathway::format::Dsv;
use pathway::persistence::Persistence;
use pathway::prelude::*;
use pathway::testing::{Broker, Store};

#[derive(Clone, Schema)]
struct Total {
    city: String,
    sum: i64,
}

/// Runs a pipeline with some changes of its table. Returns what it writes: key, payload, operation.
fn run(store: &Store, changes: &[(&str, i64, bool)]) -> Vec<(String, String, String)> {
    let broker = Broker::new();
    let pipeline = Pipeline::named("totals").persist(Persistence::from(store));
    let (feed, totals) = pipeline.input::<Total>();
    nats::write(&totals, &broker, "totals").kv(|total| total.city.clone()).json();
    let running = pipeline.start().unwrap();
    for (city, sum, is_inserted) in changes {
        let total = Total { city: (*city).to_owned(), sum: *sum };
        if *is_inserted { feed.insert(total) } else { feed.remove(total) }
    }
    feed.commit();
    drop(feed);
    running.join().unwrap();
    let operation = |headers: &[(String, String)]| headers.iter().map(|(_, value)| value.clone()).collect();
    let published = broker.published("$KV.totals.>");
    published
        .iter()
        .map(|message| (message.subject.clone(), message.text().into_owned(), operation(&message.headers)))
        .collect()
}

/// The last rows of the keys are part of the state.
#[test]
fn a_key_is_deleted_whose_row_was_written_before_a_restart() {
    let store = Store::new();
    let put = |city: &str, sum: i64| {
        let payload = format!(r#"{{"city":"{city}","sum":{sum}}}"#);
        (format!("$KV.totals.{city}"), payload, String::new())
    };
    assert_eq!(run(&store, &[("Oslo", 1, true), ("Rome", 2, true)]), [put("Oslo", 1), put("Rome", 2)]);
    assert_eq!(run(&store, &[("Rome", 2, false), ("Rome", 3, true)]), [put("Rome", 3)]);
    let deleted = ("$KV.totals.Oslo".to_owned(), String::new(), "DEL".to_owned());
    assert_eq!(run(&store, &[("Oslo", 1, false)]), [deleted]);
}

/// The header of a format is a message, too.
#[test]
fn the_header_line_of_a_format_is_written_once() {
    let store = Store::new();
    let run = |sum: i64| {
        let broker = Broker::new();
        let pipeline = Pipeline::named("lines").persist(Persistence::from(&store));
        let (feed, totals) = pipeline.input::<Total>();
        nats::write(&totals, &broker, "lines").encode(Dsv::new().header_line(true));
        let running = pipeline.start().unwrap();
        feed.insert(Total { city: "Oslo".to_owned(), sum });
        feed.commit();
        drop(feed);
        running.join().unwrap();
        broker.published("lines").len()
    };
    assert_eq!([run(1), run(2)], [2, 1]);
}
