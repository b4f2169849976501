//! Key-value buckets, read as tables and written from tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use async_nats::jetstream::kv;
use futures_util::TryStreamExt;
use pathway::prelude::*;
use pathway::testing::Broker;
use pathway::testing::Collected;
use pathway::{ErrorKind, Running};
use pathway_testkit::Server;

use super::support::{Js, server};
use crate::support::{Gate, assert_error, join, stop, wait_for};

#[derive(Schema, Clone, Debug, PartialEq)]
struct Limit {
    most: i64,
}

#[derive(Schema, Clone, Debug, PartialEq)]
struct Total {
    city: String,
    sum: i64,
}

fn total(city: &str, sum: i64) -> Total {
    Total { city: city.to_owned(), sum }
}

impl Js {
    fn bucket(&self, name: &str, history: i64) -> kv::Store {
        let config = kv::Config { bucket: name.to_owned(), history, ..kv::Config::default() };
        self.runtime.block_on(self.context.create_key_value(config)).expect("a bucket")
    }

    fn put(&self, bucket: &kv::Store, key: &str, value: &str) {
        self.runtime.block_on(bucket.put(key, value.to_owned().into())).expect("a revision");
    }

    fn remove(&self, bucket: &kv::Store, key: &str) {
        self.runtime.block_on(bucket.delete(key)).expect("a deletion");
    }

    fn purge_key(&self, bucket: &kv::Store, key: &str) {
        self.runtime.block_on(bucket.purge(key)).expect("a purge");
    }

    /// The entries of a bucket.
    fn entries(&self, bucket: &kv::Store) -> BTreeMap<String, String> {
        self.runtime.block_on(async {
            let keys: Vec<String> = bucket.keys().await.expect("keys").try_collect().await.expect("keys");
            let mut entries = BTreeMap::new();
            for key in keys {
                let value = bucket.get(&key).await.expect("a value").expect("a value");
                entries.insert(key, String::from_utf8(value.to_vec()).expect("text"));
            }
            entries
        })
    }
}

fn limits(server: &Server) -> pathway::Result<(Running, Collected<Limit>)> {
    let pipeline = Pipeline::named("test");
    let seen = nats::read(&pipeline, server.url(), "limits").kv().json::<Limit>().collect();
    Ok((pipeline.start()?, seen))
}

fn rows(seen: &Collected<Limit>) -> Vec<i64> {
    seen.rows().into_iter().map(|row| row.most).collect()
}

#[test]
fn a_bucket_is_read_as_a_table() {
    let mut server = server();
    let js = Js::new(&server);
    let bucket = js.bucket("limits", 5);
    for n in 0..1000 {
        js.put(&bucket, &format!("user.{}", n % 100), &format!(r#"{{"most":{n}}}"#));
    }
    js.remove(&bucket, "user.7");
    let (running, seen) = limits(&server).expect("a running pipeline");
    wait_for("the snapshot", || !seen.changes().is_empty());
    // The snapshot is one commit, with only the newest value of each key.
    let changes = seen.changes();
    assert!(changes.iter().all(|(commit, _, diff)| (*commit, *diff) == (changes[0].0, 1)));
    assert_eq!(rows(&seen), (900..1000).filter(|n| *n != 907).collect::<Vec<_>>());
    js.put(&bucket, "user.8", r#"{"most":-8}"#);
    js.put(&bucket, "user.7", r#"{"most":-7}"#);
    js.put(&bucket, "user.9", r#"{"most":909}"#);
    js.remove(&bucket, "user.10");
    js.purge_key(&bucket, "user.11");
    js.put(&bucket, "user.12", "no JSON");
    wait_for("the changes", || running.stats().sources[0].rejected == 1 && rows(&seen).len() == 98);
    let mut expected: Vec<i64> = (900..1000).filter(|n| ![907, 908, 910, 911].contains(n)).collect();
    expected.extend([-8, -7]);
    expected.sort_unstable();
    assert_eq!(rows(&seen), expected);
    // A value that is put while the connection is down is read too, and only once.
    server.restart().expect("a server");
    let js = Js::new(&server);
    let bucket = js.runtime.block_on(js.context.get_key_value("limits")).expect("a bucket");
    js.put(&bucket, "user.8", r#"{"most":-88}"#);
    wait_for("the last change", || rows(&seen).first() == Some(&-88));
    stop(running);
}

#[test]
fn an_empty_bucket_is_read_and_a_missing_one_is_an_error() {
    let server = server();
    let js = Js::new(&server);
    let error = limits(&server).expect_err("an error");
    assert_error(&error, ErrorKind::Config, &["KV_limits", "nats kv add limits"]);
    let bucket = js.bucket("limits", 1);
    let (running, seen) = limits(&server).expect("a running pipeline");
    js.put(&bucket, "a", r#"{"most":1}"#);
    wait_for("a row", || rows(&seen) == [1]);
    drop(running);
    let pipeline = Pipeline::new();
    let _rows = nats::read(&pipeline, server.url(), "a.b").kv().json::<Limit>();
    let error = pipeline.start().expect_err("an error");
    assert!(error.to_string().contains("`a.b` cannot be the name of a bucket"), "{error}");
}

/// Some values are replaced before they are delivered.
#[test]
fn the_first_commit_has_every_key_although_values_are_replaced() {
    const KEYS: i64 = 5000;
    let server = server();
    let js = Js::new(&server);
    js.bucket("limits", 1);
    let put_all = |js: &Js, round: i64| {
        let put = |n| (format!("$KV.limits.k{n}"), format!(r#"{{"most":{}}}"#, n + KEYS * round));
        js.publish_all((0..KEYS).map(put));
    };
    put_all(&js, 0);
    let (done, url) = (AtomicBool::new(false), &server);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let js = Js::new(url);
            for round in 1.. {
                put_all(&js, round);
                if done.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        for _ in 0..5 {
            let (running, seen) = limits(url).expect("a running pipeline");
            wait_for("the first commit", || !seen.changes().is_empty());
            stop(running);
            let changes = seen.changes();
            let keys = changes.iter().filter(|(commit, _, diff)| *commit == changes[0].0 && *diff == 1);
            let keys: BTreeSet<i64> = keys.map(|(_, row, _)| row.most % KEYS).collect();
            assert_eq!(keys.len() as i64, KEYS);
        }
        done.store(true, Ordering::Relaxed);
        writer.join().expect("a writer");
    });
}

/// The pipeline is slow, and has not read all keys when they are purged.
#[test]
fn the_first_commit_comes_also_if_the_rest_of_a_bucket_is_purged() {
    const KEYS: i64 = 50_000;
    let server = server();
    let js = Js::new(&server);
    let bucket = js.bucket("limits", 1);
    js.put(&bucket, "kept", r#"{"most":-1}"#);
    js.publish_all((0..KEYS).map(|n| (format!("$KV.limits.k.{n}"), format!(r#"{{"most":{n}}}"#))));
    let pipeline = Pipeline::named("test");
    let gate = Gate::default();
    let closed = gate.close();
    let (feed, other) = pipeline.input::<Limit>();
    let before_gate = gate.clone();
    let passed = other.filter(move |_| before_gate.pass()).collect();
    let limits = nats::read(&pipeline, server.url(), "limits").max_backlog(1000).kv().json::<Limit>();
    let seen = limits.collect();
    feed.insert(Limit { most: 0 });
    feed.commit();
    let running = pipeline.start().expect("a running pipeline");
    let received = || running.stats().sources.iter().map(|source| source.received).max().unwrap_or_default();
    wait_for("some keys", || received() >= 250);
    let purge = js.client.request("$JS.API.STREAM.PURGE.KV_limits", r#"{"filter":"$KV.limits.k.>"}"#.into());
    js.runtime.block_on(purge).expect("a purge");
    drop(closed);
    // Keys that were read before leave the table, too.
    wait_for("the first commit", || rows(&seen) == [-1]);
    assert!(seen.changes().len() < KEYS as usize && passed.rows().len() == 1);
    drop(feed);
    stop(running);
}

#[test]
fn a_table_is_written_to_a_bucket() {
    let server = server();
    let js = Js::new(&server);
    let bucket = js.bucket("totals", 1);
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Total>();
    nats::write(&rows, server.url(), "totals").kv(|total| total.city.clone()).json();
    let running = pipeline.start().expect("a running pipeline");
    let expect = |puts: u64, expected: &[(&str, &str)]| {
        wait_for("the puts", || running.stats().sinks[0].published >= puts);
        assert_eq!(running.stats().sinks[0].published, puts);
        let expected = expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        assert_eq!(js.entries(&bucket), expected.collect());
    };
    ["Oslo", "Rome", "no key", "Paris"].iter().for_each(|city| feed.insert(total(city, 1)));
    feed.commit();
    let (oslo, rome) = (r#"{"city":"Oslo","sum":1}"#, r#"{"city":"Rome","sum":1}"#);
    expect(3, &[("Oslo", oslo), ("Rome", rome), ("Paris", r#"{"city":"Paris","sum":1}"#)]);
    assert_eq!(running.stats().sinks[0].rejected, 1);
    // A changed row is one put, a removed row is a deletion.
    feed.remove(total("Rome", 1));
    feed.insert(total("Rome", 2));
    feed.remove(total("Paris", 1));
    feed.commit();
    let rome = r#"{"city":"Rome","sum":2}"#;
    expect(5, &[("Oslo", oslo), ("Rome", rome)]);
    // Of two rows with one key the newer one is written. When it is removed, the older one is written again.
    feed.insert(total("Oslo", 5));
    feed.commit();
    expect(6, &[("Oslo", r#"{"city":"Oslo","sum":5}"#), ("Rome", rome)]);
    feed.remove(total("Oslo", 5));
    feed.commit();
    expect(7, &[("Oslo", oslo), ("Rome", rome)]);
    feed.remove(total("no key", 1));
    feed.remove(total("Oslo", 1));
    feed.commit();
    expect(8, &[("Rome", rome)]);
    drop(feed);
    join(running).expect("the pipeline ends without an error");
}

/// Each key is put many times, and the server restarts in between.
#[test]
fn each_key_has_its_last_value_after_restarts() {
    const ROUNDS: i64 = 200;
    let mut server = server();
    let js = Js::new(&server);
    js.bucket("totals", 1);
    drop(js);
    let pipeline = Pipeline::new();
    let (feed, rows) = pipeline.input::<Total>();
    nats::write(&rows, server.url(), "totals").kv(|total| total.city.clone()).json();
    let running = pipeline.start().expect("a running pipeline");
    let cities: Vec<String> = (0..50).map(|n| format!("city-{n}")).collect();
    for round in 0..ROUNDS {
        for city in &cities {
            if round > 0 {
                feed.remove(total(city, round - 1));
            }
            feed.insert(total(city, round));
        }
        feed.commit();
        if round % 60 == 30 {
            server.restart().expect("a server");
        }
    }
    drop(feed);
    join(running).expect("the pipeline ends without an error");
    let js = Js::new(&server);
    let bucket = js.runtime.block_on(js.context.get_key_value("totals")).expect("a bucket");
    let expected = cities.iter().map(|city| (city.clone(), format!(r#"{{"city":"{city}","sum":{}}}"#, ROUNDS - 1)));
    assert_eq!(js.entries(&bucket), expected.collect());
    assert_eq!(js.info("KV_totals").state.last_sequence, 50 * ROUNDS as u64);
}

#[test]
fn buckets_work_on_the_broker_in_memory() {
    let broker = Broker::new();
    let pipeline = Pipeline::new();
    let limits = nats::read(&pipeline, &broker, "limits").kv().json::<Limit>();
    nats::write(&limits, &broker, "copy").kv(|limit| format!("n{}", limit.most)).json();
    let running = pipeline.start().expect("a running pipeline");
    broker.publish("$KV.limits.a", r#"{"most":1}"#);
    broker.publish("$KV.limits.b", r#"{"most":2}"#);
    broker.commit();
    broker.publish("$KV.limits.a", r#"{"most":3}"#);
    broker.publish_with_headers("$KV.limits.b", [("KV-Operation", "DEL")], "");
    broker.commit();
    broker.close();
    join(running).expect("the pipeline ends without an error");
    let published = broker.published("$KV.copy.*");
    let lines: Vec<_> =
        published.iter().map(|m| format!("{} {} {:?}", m.subject, m.text(), m.header("KV-Operation"))).collect();
    let expected = [
        r#"$KV.copy.n1 {"most":1} None"#,
        r#"$KV.copy.n2 {"most":2} None"#,
        r#"$KV.copy.n1  Some("DEL")"#,
        r#"$KV.copy.n2  Some("DEL")"#,
        r#"$KV.copy.n3 {"most":3} None"#,
    ];
    assert_eq!(lines, expected);
}
