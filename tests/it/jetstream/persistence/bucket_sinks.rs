//! Buckets as outputs: whoever watches one sees the values of each key in order, each once.

use std::collections::BTreeMap;
use std::time::Duration;

use pathway::Running;
use pathway::persistence::{Persistence, directory};
use pathway::prelude::*;
use pathway::testing::{Broker, Store};
use pathway_testkit::Server;
use serde_json::{Value, json};

use super::{Folder, Order, orders};
use crate::delivery::child::Child;
use crate::jetstream::support::{Js, server, stream};
use crate::support::random::Random;
use crate::support::{Gate, Input, join, stop, wait_for};

/// The sums of the stream `IN` by city, as the bucket `totals` and as changes in the stream `OUT`.
pub(crate) fn service(uri: &str, every: Duration) -> Pipeline {
    let path = std::env::var("PATHWAY_PERSISTENT_STORAGE").expect("a directory");
    let (pipeline, sums) = totals([uri; 2], directory(path).checkpoint_every(every), &Gate::default());
    nats::write(&sums, uri, "out.totals").jetstream("OUT").json();
    pipeline
}

/// The sums as the bucket `totals` alone.
pub(crate) fn bucket_service(uri: &str) -> Pipeline {
    let path = std::env::var("PATHWAY_PERSISTENT_STORAGE").expect("a directory");
    totals([uri; 2], directory(path).checkpoint_every(Duration::MAX), &Gate::default()).0
}

#[derive(Schema)]
pub(super) struct Total {
    city: String,
    ids: i64,
    n: i64,
}

/// The sums in the bucket. Some are left out, so that their keys are deleted. Orders from 100 000 on pass a gate.
pub(super) fn totals([from, to]: [&str; 2], state: Persistence, gate: &Gate) -> (Pipeline, Table<Total>) {
    let pipeline = Pipeline::named("totals").persist(state);
    let orders = nats::read(&pipeline, from, "in.>").jetstream("IN").json::<Order>();
    let gate = gate.clone();
    let orders = filter!(o in orders => o.id < 100_000 || gate.pass());
    let sums = reduce!(o in orders by o.city => Total { city: o.city, ids: sum(o.id), n: count() });
    let sums = filter!(s in sums => s.ids % 5 > 0);
    nats::write(&sums, to, "totals").kv(|s| s.city.clone()).json();
    (pipeline, sums)
}

/// Creates the streams, and the bucket: its history has no limit, so that it shows what a watcher sees.
pub(super) fn create(server: &Server) -> Js {
    let js = Js::new(server);
    ["IN", "OUT"].into_iter().for_each(|name| js.create(stream(name)));
    create_bucket(&js, -1);
    js
}

pub(super) fn create_bucket(js: &Js, history: i64) {
    js.create_with(&json!({
        "name": "KV_totals", "subjects": ["$KV.totals.>"], "allow_rollup_hdrs": true, "deny_delete": true,
        "discard": "new", "duplicate_window": 100_000_000, "max_msgs_per_subject": history}));
}

/// What a watcher of each key has seen: the id and the value; none if the key was deleted.
pub(super) fn seen(js: &Js) -> BTreeMap<String, Vec<(String, String)>> {
    let mut seen = BTreeMap::<_, Vec<_>>::new();
    for (id, subject, value) in js.stored_with_ids("KV_totals") {
        seen.entry(subject).or_default().push((id, value));
    }
    seen
}

/// The commit in an id.
pub(super) fn commit(id: &str) -> u64 {
    id.rsplit('-').nth(1).expect("a commit").parse().expect("a number")
}

/// Each commit that has changed the row of a key has written one value of it, in order: what the stream `OUT` has says which.
fn check_values(js: &Js) {
    let mut expected = BTreeMap::<_, Vec<(u64, String)>>::new();
    for (id, _, payload) in js.stored_with_ids("OUT") {
        let change: Value = serde_json::from_str(&payload).expect("JSON");
        let [city, ids, n] = ["city", "ids", "n"].map(|column| &change[column]);
        let values = expected.entry(format!("$KV.totals.{}", city.as_str().expect("a city"))).or_default();
        let value = format!(r#"{{"city":{city},"ids":{ids},"n":{n}}}"#);
        // Removals come before insertions.
        match (change["diff"].as_i64(), values.last_mut()) {
            (Some(1), Some((last, removed))) if *last == commit(&id) => *removed = value,
            (Some(1), _) => values.push((commit(&id), value)),
            _ => values.push((commit(&id), String::new())),
        }
    }
    let seen = seen(js).into_iter();
    let seen = seen.map(|(key, values)| (key, values.into_iter().map(|(id, value)| (commit(&id), value)).collect()));
    assert_eq!(seen.collect::<BTreeMap<_, _>>(), expected);
    assert!(expected.values().flatten().any(|(_, value)| value.is_empty()), "no key was deleted");
}

/// The values that the keys have at the end.
fn entries(js: &Js) -> BTreeMap<String, String> {
    let last = |values: Vec<(String, String)>| values.into_iter().next_back().map_or(String::new(), |(_, value)| value);
    let entries = seen(js).into_iter().map(|(key, values)| (key, last(values)));
    entries.filter(|(_, value)| !value.is_empty()).collect()
}

/// The entries that the orders of `IN` give.
fn expected(js: &Js) -> BTreeMap<String, String> {
    let mut sums = BTreeMap::<String, (i64, i64)>::new();
    for (_, _, payload) in js.stored("IN") {
        let order: Value = serde_json::from_str(&payload).expect("JSON");
        let (ids, n) = sums.entry(order["city"].as_str().expect("a city").to_owned()).or_default();
        (*ids, *n) = (*ids + order["id"].as_i64().expect("an id"), *n + 1);
    }
    let entry = |(city, (ids, n)): (&String, &(i64, i64))| {
        (format!("$KV.totals.{city}"), format!(r#"{{"city":"{city}","ids":{ids},"n":{n}}}"#))
    };
    sums.iter().filter(|(_, (ids, _))| ids % 5 > 0).map(entry).collect()
}

pub(super) fn wait_for_entries(js: &Js, mut check: impl FnMut()) {
    let expected = expected(js);
    wait_for(&format!("{expected:?}"), || {
        check();
        entries(js) == expected
    });
}

fn crash(role: &str) {
    const ORDERS: i64 = 150;
    let crashes = super::crashes::crashes();
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let (mut server, folder) = (server(), Folder::new());
    let mut js = create(&server);
    let uri = server.url();
    let start = |workers: u64| {
        let environment = [("PATHWAY_PERSISTENT_STORAGE", folder.path()), ("PATHWAY_THREADS", &workers.to_string())];
        Child::start(role, &uri, &environment)
    };
    let mut next = 0;
    for crash in 1..=crashes as i64 {
        // Returns whether these were the last ones.
        let mut publish = |js: &Js, count: i64| {
            let end = (next + count).min(crash * ORDERS);
            js.publish_all(orders(next..end));
            next = end;
            next == crash * ORDERS
        };
        publish(&js, random.below(ORDERS as u64) as i64);
        let (before, wanted) = (js.messages("KV_totals"), random.below(30));
        let child = start(1 + random.below(2));
        wait_for("some output", || {
            assert!(!child.said().contains("Persistence"), "{}", child.said());
            let has_all = publish(&js, 3);
            js.messages("KV_totals") >= before + wanted || (has_all && entries(&js) == expected(&js))
        });
        if random.below(4) == 0 {
            server.restart().expect("a server");
            js = Js::new(&server);
        }
        child.signal("KILL");
        child.end();
        publish(&js, ORDERS);
    }
    let child = start(1);
    wait_for_entries(&js, || assert!(!child.said().contains("Persistence"), "{}", child.said()));
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    check_values(&js);
}

#[test]
fn a_process_that_is_killed_again_and_again_writes_each_value_of_a_key_once() {
    crash("write a bucket without checkpoints");
}

#[test]
fn a_process_that_is_killed_while_it_makes_checkpoints_writes_each_value_of_a_key_once() {
    crash("write a bucket with checkpoints");
}

/// Publishes an order, and waits for what it does to the bucket.
pub(super) fn publish(js: &Js, order: i64) {
    let before = js.info("KV_totals").state.last_sequence;
    js.publish_all([("in.orders".to_owned(), format!(r#"{{"id": {order}, "city": "Oslo", "at": 0}}"#))]);
    wait_for("another value", || js.info("KV_totals").state.last_sequence > before);
}

pub(super) fn oslo(js: &Js) -> Vec<String> {
    let seen = seen(js);
    seen.get("$KV.totals.Oslo").into_iter().flatten().map(|(_, value)| value.clone()).collect()
}

pub(super) fn value(ids: i64, n: i64) -> String {
    format!(r#"{{"city":"Oslo","ids":{ids},"n":{n}}}"#)
}

pub(super) fn run(server: &Server, folder: &Folder, gate: &Gate) -> pathway::Result<Running> {
    totals([&*server.url(); 2], folder.log_only(), gate).0.start()
}

#[test]
fn values_that_are_computed_again_are_not_written_again() {
    let (server, folder) = (server(), Folder::new());
    let js = create(&server);
    let running = run(&server, &folder, &Gate::default()).unwrap();
    // The last commit in the log can be one that no later record confirms.
    [1, 2, 3].into_iter().for_each(|order| publish(&js, order));
    let crashed = folder.copy();
    stop(running);
    let written = seen(&js);
    let running = run(&server, &crashed, &Gate::default()).unwrap();
    publish(&js, 5);
    stop(running);
    assert_eq!(oslo(&js), [value(1, 1), value(3, 2), value(6, 3), value(11, 4)]);
    assert_eq!(seen(&js)["$KV.totals.Oslo"][..3], written["$KV.totals.Oslo"]);

    // A key that is gone gets what is not known to be confirmed.
    let crashed = crashed.copy();
    js.purge("KV_totals");
    let running = run(&server, &crashed, &Gate::default()).unwrap();
    publish(&js, 5);
    stop(running);
    let values = oslo(&js);
    assert!(
        [value(6, 3), value(11, 4), value(16, 5)].ends_with(&values) && values.ends_with(&[value(16, 5)]),
        "{values:?}"
    );
}

/// In memory, as on a server.
#[test]
fn a_bucket_of_a_broker_gets_each_value_once() {
    for writes in 1..40 {
        let (store, broker) = (Store::new(), Broker::new());
        let run = |values: std::ops::RangeInclusive<i64>| {
            let pipeline = Pipeline::named("totals").persist(Persistence::from(&store));
            let (feed, orders) = pipeline.input::<Order>();
            let sums = reduce!(o in orders by o.city => { o.city, ids: sum(o.id) });
            nats::write(&sums, &broker, "totals").kv(|s| s.city.clone()).json();
            let running = pipeline.start()?;
            for id in values {
                feed.insert(Order { id, city: "Oslo".to_owned(), at: 0 });
                feed.commit();
            }
            drop(feed);
            running.join()
        };
        store.crash_after(writes);
        let crashed = run(1..=9).is_err();
        store.restart();
        // Those of the log, and one more.
        run(10..=10).unwrap();
        let published = broker.published("$KV.totals.Oslo");
        let ids: Vec<_> = published
            .iter()
            .map(|message| serde_json::from_str::<Value>(&message.text()).expect("JSON")["ids"].as_i64())
            .collect();
        assert!(ids.is_sorted_by(|before, after| before < after), "{writes} writes: {ids:?}");
        assert!(!ids.is_empty() && (crashed || writes > 5), "{writes} writes: {ids:?}");
    }
}

/// Runs a pipeline twice, which writes 1 and then 2 under one key: the second run asks for the last value of the key.
pub(in crate::jetstream) fn run_twice(write: impl Fn(&Table<Input>)) {
    let store = Store::new();
    for value in 1..=2 {
        let pipeline = Pipeline::named("svc").nats_service(false).persist(Persistence::from(&store));
        let (feed, rows) = pipeline.input::<Input>();
        write(&rows);
        let running = pipeline.start().expect("a running pipeline");
        feed.insert(Input { value });
        feed.commit();
        drop(feed);
        join(running).expect("the pipeline ends without an error");
    }
}
