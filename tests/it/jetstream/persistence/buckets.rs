//! Buckets as inputs: behind a restart, the table is what the bucket holds, and only what has changed is written.

use std::collections::BTreeMap;
use std::time::Duration;

use pathway::ErrorKind;
use pathway::persistence::{Persistence, directory};
use pathway::prelude::*;
use pathway::testing::{Broker, Store};
use pathway_testkit::Server;
use serde_json::{Value, json};

use super::crashes::check_ids;
use super::{Folder, Order, orders, output};
use crate::delivery::child::Child;
use crate::jetstream::support::{Js, RawClient, server, stream};
use crate::jetstream::vanished_keys::{Limit, bucket, purge, put, put_for_a_second};
use crate::support::random::Random;
use crate::support::{assert_error, stop, wait_for};

/// The bucket `limits` as changes in the stream `OUT`.
fn limits(uri: &str, name: &str, state: Persistence) -> Pipeline {
    let pipeline = Pipeline::named("limits").persist(state);
    let limits = nats::read(&pipeline, uri, name).kv().json::<Limit>();
    nats::write(&limits, uri, "out.limits").jetstream("OUT").json();
    pipeline
}

/// The rows that stand after all changes of a stream, by `key`. Each change fits those before it.
fn standing(js: &Js, key: &str) -> BTreeMap<String, Value> {
    let mut standing = BTreeMap::new();
    for (id, _, payload) in output(js, "OUT") {
        let mut row: Value = serde_json::from_str(&payload).expect("JSON");
        let columns = row.as_object_mut().expect("an object");
        let (diff, _) = (columns.remove("diff").expect("a diff"), columns.remove("time").expect("a time"));
        let name = row[key].as_str().expect("a key").to_owned();
        if diff == 1 {
            let before = standing.insert(name, row);
            assert_eq!(before, None, "{id}: {payload}");
        } else {
            assert_eq!(standing.remove(&name), Some(row), "{id}: {payload}");
        }
    }
    standing
}

fn wait_for_limits(js: &Js, expected: &[(&str, i64)]) {
    let row = |(user, most): &(&str, i64)| ((*user).to_owned(), json!({"user": user, "most": most}));
    let expected: BTreeMap<_, _> = expected.iter().map(row).collect();
    wait_for(&format!("{expected:?}"), || standing(js, "user") == expected);
}

fn create(server: &Server, more: &Value) -> (Js, RawClient) {
    let js = bucket(server, more);
    js.create(stream("OUT"));
    (js, RawClient::new(server))
}

/// The commits of the messages of `OUT` from this one on.
fn commits(js: &Js, first: u64) -> Vec<String> {
    let ids = output(js, "OUT").into_iter().skip(first as usize).map(|(id, ..)| id);
    ids.map(|id| id.rsplit('-').nth(1).expect("a commit").to_owned()).collect()
}

/// Values are put, and keys deleted, purged and expired, while the pipeline is down.
#[test]
fn what_has_changed_in_a_bucket_meanwhile_is_one_commit() {
    for every in [Duration::from_secs(10), Duration::MAX] {
        let (server, folder) = (server(), Folder::new());
        let (js, mut raw) = create(&server, &json!({}));
        let start = |workers| {
            let state = folder.directory().checkpoint_every(every);
            limits(&server.url(), "limits", state).start_with(workers).unwrap()
        };
        put(&js, ["a", "b", "c", "d", "e"], 1);
        put_for_a_second(&mut raw, "x", 1);
        let running = start(1);
        wait_for_limits(&js, &[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1), ("x", 1)]);
        stop(running);
        put(&js, ["a", "f"], 2);
        raw.publish(b"$KV.limits.b", b"\r\nKV-Operation: DEL", "");
        raw.publish(b"$KV.limits.c", b"\r\nKV-Operation: PURGE\r\nNats-Rollup: sub", "");
        purge(&js, &json!({"filter": "$KV.limits.d"}));
        // What is left are `a` and `f`, the markers of `b` and `c`, and `e`.
        wait_for("the expiry", || js.messages("KV_limits") == 5);
        let before = js.messages("OUT");
        let running = start(2);
        wait_for_limits(&js, &[("a", 2), ("e", 1), ("f", 2)]);
        stop(running);
        let changes = commits(&js, before);
        assert!(changes.len() == 7 && changes.iter().all(|commit| *commit == changes[0]), "{changes:?}");

        let running = start(1);
        put(&js, ["e"], 3);
        wait_for_limits(&js, &[("a", 2), ("e", 3), ("f", 2)]);
        stop(running);
        assert_eq!(commits(&js, before).len(), 9);
        check_ids(&output(&js, "OUT"));
    }
}

#[test]
fn a_bucket_that_was_created_again_replaces_the_rows() {
    let (server, folder) = (server(), Folder::new());
    let (js, _) = create(&server, &json!({}));
    let start = || limits(&server.url(), "limits", folder.log_only()).start().unwrap();
    put(&js, ["a", "b", "c"], 1);
    let running = start();
    wait_for_limits(&js, &[("a", 1), ("b", 1), ("c", 1)]);
    stop(running);
    js.delete("KV_limits");
    bucket(&server, &json!({}));
    // The revisions are the same as before.
    put(&js, ["b", "a", "z"], 1);
    let before = js.messages("OUT");
    let running = start();
    wait_for_limits(&js, &[("a", 1), ("b", 1), ("z", 1)]);
    stop(running);
    assert_eq!(js.messages("OUT"), before + 2, "equal rows are not written again");
    js.delete("KV_limits");
    bucket(&server, &json!({}));
    let running = start();
    wait_for_limits(&js, &[]);
    stop(running);
}

/// Its value stays rejected, and the key keeps its row.
#[test]
fn a_value_that_cannot_be_decoded_is_rejected_once() {
    let (server, folder) = (server(), Folder::new());
    let (js, mut raw) = create(&server, &json!({}));
    put(&js, ["a", "b"], 1);
    let mut rejected = |bad: &str, rows: &[(&str, i64)]| {
        raw.publish(format!("$KV.limits.{bad}").as_bytes(), b"", "no JSON");
        let running = limits(&server.url(), "limits", folder.directory()).start().unwrap();
        wait_for("the rejection", || running.stats().sources[0].rejected > 0);
        wait_for_limits(&js, rows);
        let rejected = running.stats().sources[0].rejected;
        stop(running);
        rejected
    };
    assert_eq!(rejected("new", &[("a", 1), ("b", 1)]), 1);
    assert_eq!(rejected("a", &[("a", 1), ("b", 1)]), 1);
    assert_eq!(rejected("new", &[("a", 1), ("b", 1)]), 1);
    put(&js, ["a"], 2);
    assert_eq!(rejected("b", &[("a", 2), ("b", 1)]), 1);
}

#[derive(Schema)]
struct Entry {
    #[schema(subject)]
    user: String,
    #[schema(stream_sequence)]
    revision: u64,
    #[schema(published_at)]
    put_at: DateTimeUtc,
    #[schema(received_at)]
    read_at: DateTimeUtc,
    most: i64,
}

/// A row that is removed behind a restart is the one that was inserted before.
#[test]
fn columns_of_a_bucket_from_metadata_are_the_same_behind_a_restart() {
    for every in [Duration::from_secs(10), Duration::MAX] {
        let (server, folder) = (server(), Folder::new());
        let (js, _) = create(&server, &json!({}));
        put(&js, ["a", "b"], 1);
        for round in 0..3 {
            let state = folder.directory().checkpoint_every(every);
            let pipeline = Pipeline::named("entries").persist(state);
            let entries = nats::read(&pipeline, server.url(), "limits").kv().json::<Entry>();
            nats::write(&entries, server.url(), "out.entries").jetstream("OUT").json();
            let running = pipeline.start().unwrap();
            wait_for("the rows", || js.messages("OUT") >= 2 + 2 * round);
            // The same value has another revision.
            put(&js, ["a"], 1);
            wait_for("another row", || js.messages("OUT") == 4 + 2 * round);
            stop(running);
            let revisions = standing(&js, "user").into_values().map(|row| row["revision"].as_u64());
            assert_eq!(revisions.collect::<Vec<_>>(), [Some(3 + round), Some(2)]);
        }
    }
}

#[test]
fn a_restart_logs_nothing_that_is_known() {
    const KEYS: usize = 2000;
    let (server, folder) = (server(), Folder::new());
    let (js, _) = create(&server, &json!({}));
    put(&js, (0..KEYS).map(|n| format!("k{n}")), 1);
    let logged = || std::fs::metadata(folder.0.join("log-00000001")).expect("the log").len();
    let mut sizes = Vec::new();
    for round in 0..3 {
        let running = limits(&server.url(), "limits", folder.log_only()).start().unwrap();
        wait_for("the rows", || js.messages("OUT") >= KEYS as u64 + 2 * round);
        put(&js, ["k7"], 2 + round as i64);
        wait_for("a change", || js.messages("OUT") == KEYS as u64 + 2 * (round + 1));
        stop(running);
        sizes.push(logged());
    }
    assert!(sizes[0] > 20 * KEYS as u64 && sizes[2] < sizes[0] + 1000, "{sizes:?}");
}

#[test]
fn a_mirror_of_a_bucket_continues() {
    let (server, folder) = (server(), Folder::new());
    let (js, _) = create(&server, &json!({}));
    js.create_with(&json!({"name": "KV_mirror", "mirror": {"name": "KV_limits"}, "max_msgs_per_subject": 1}));
    let start = || limits(&server.url(), "mirror", folder.directory()).start().unwrap();
    put(&js, ["a", "b"], 1);
    let running = start();
    wait_for_limits(&js, &[("a", 1), ("b", 1)]);
    stop(running);
    put(&js, ["b", "c"], 2);
    wait_for("the copies", || js.info("KV_mirror").state.last_sequence == 4);
    let running = start();
    wait_for_limits(&js, &[("a", 1), ("b", 2), ("c", 2)]);
    stop(running);
    assert_eq!(js.messages("OUT"), 5);
}

/// A broker does not keep what was published: the rows are in the state.
#[test]
fn a_bucket_of_a_broker_continues_with_its_rows() {
    let store = Store::new();
    let run = |values: &[(&str, &str)]| {
        let broker = Broker::new();
        let pipeline = Pipeline::named("limits").persist(Persistence::from(&store));
        let limits = nats::read(&pipeline, &broker, "limits").kv().json::<Limit>();
        let total = reduce!(l in limits => { most: sum(l.most), n: count() });
        nats::write(&total, &broker, "total").json();
        let running = pipeline.start().unwrap();
        for (key, value) in values {
            let subject = format!("$KV.limits.{key}");
            match *value {
                "" => broker.publish_with_headers(&subject, [("KV-Operation", "DEL")], ""),
                value => broker.publish(&subject, format!(r#"{{"most": {value}}}"#)),
            }
            broker.commit();
        }
        broker.close();
        running.join().unwrap();
        let published = broker.published("total");
        published.last().map(|message| message.text().split(",\"diff\"").next().unwrap_or_default().to_owned())
    };
    assert_eq!(run(&[("a", "1"), ("b", "2"), ("c", "4")]).as_deref(), Some(r#"{"most":7,"n":3"#));
    assert_eq!(run(&[]), None);
    assert_eq!(run(&[("b", "10")]).as_deref(), Some(r#"{"most":15,"n":3"#));
    assert_eq!(run(&[("a", ""), ("c", "")]).as_deref(), Some(r#"{"most":10,"n":1"#));
}

/// The rows of one are not those of the other.
#[test]
fn a_bucket_that_is_read_as_messages_and_the_other_way_round_is_refused() {
    for was_bucket in [true, false] {
        let store = Store::new();
        let run = |is_bucket: bool| {
            let broker = Broker::new();
            let pipeline = Pipeline::named("limits").persist(Persistence::from(&store));
            let read = nats::read(&pipeline, &broker, "limits");
            let limits = if is_bucket { read.kv().json::<Limit>() } else { read.json::<Limit>() };
            nats::write(&limits, &broker, "copies").json();
            let running = pipeline.start()?;
            broker.publish(if is_bucket { "$KV.limits.a" } else { "limits" }, r#"{"user": "a", "most": 1}"#);
            broker.commit();
            broker.close();
            running.join().map(drop)
        };
        run(was_bucket).expect("the pipeline ends without an error");
        let error = run(!was_bucket).expect_err("another kind of source");
        assert_error(&error, ErrorKind::Persistence, &["`limits` reads ", r#".rebuild("limits")"#]);
        run(was_bucket).expect("the pipeline ends without an error");
    }
}

/// Sums by city of the stream `IN`, joined with the bucket `limits`.
pub(crate) fn service(uri: &str) -> Pipeline {
    let path = std::env::var("PATHWAY_PERSISTENT_STORAGE").expect("a directory");
    let state = directory(path).checkpoint_every(Duration::from_millis(20));
    let pipeline = Pipeline::named("joined").persist(state);
    let orders = nats::read(&pipeline, uri, "in.>").jetstream("IN").json::<Order>();
    let limits = nats::read(&pipeline, uri, "limits").kv().json::<Limit>();
    let sums = reduce!(o in orders by o.city => { o.city, ids: sum(o.id), n: count() });
    let joined = join!(s in sums, l in limits on s.city == l.user => { city: s.city.clone(), s.ids, s.n, l.most });
    nats::write(&joined, uri, "out.joined").jetstream("OUT").json();
    pipeline
}

#[test]
fn a_process_that_is_killed_while_its_bucket_changes_has_what_the_bucket_holds() {
    const ORDERS: i64 = 100;
    let crashes = super::crashes::crashes();
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let (server, folder) = (server(), Folder::new());
    let (js, mut raw) = create(&server, &json!({}));
    js.create(stream("IN"));
    let start = |workers: u64| {
        let environment = [("PATHWAY_PERSISTENT_STORAGE", folder.path()), ("PATHWAY_THREADS", &workers.to_string())];
        Child::start("join a bucket", &server.url(), &environment)
    };
    let mut change = |random: &mut Random, most: i64| {
        let city = random.pick(&super::CITIES);
        match random.below(6) {
            0 => raw.publish(format!("$KV.limits.{city}").as_bytes(), b"\r\nKV-Operation: DEL", ""),
            1 => purge(&js, &json!({"filter": format!("$KV.limits.{city}")})),
            _ => put(&js, [city], most),
        }
    };
    for crash in 0..crashes as i64 {
        js.publish_all(orders(crash * ORDERS..(crash + 1) * ORDERS));
        let (before, wanted) = (js.messages("OUT"), random.below(40));
        (0..random.below(3)).for_each(|_| change(&mut random, crash));
        let child = start(1 + random.below(2));
        let begun = std::time::Instant::now();
        wait_for("some output, or enough time", || {
            change(&mut random, 1000 + crash);
            assert!(!child.said().contains("Persistence"), "{}", child.said());
            js.messages("OUT") >= before + wanted || begun.elapsed() > Duration::from_secs(2)
        });
        child.signal("KILL");
        child.end();
    }
    (0..3).for_each(|_| change(&mut random, -1));
    put(&js, ["Oslo"], -2);
    let child = start(1);
    let all = crashes as i64 * ORDERS;
    let expected = expected(&js, all);
    wait_for(&format!("{expected:?}"), || {
        assert!(!child.said().contains("Persistence"), "{}", child.said());
        standing(&js, "city") == expected
    });
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    assert_eq!(standing(&js, "city"), expected);
    check_ids(&output(&js, "OUT"));
}

/// The rows of the join: of all orders, and of what the bucket holds.
fn expected(js: &Js, all: i64) -> BTreeMap<String, Value> {
    let mut sums = BTreeMap::<String, (i64, i64)>::new();
    for (_, _, payload) in js.stored("IN") {
        let order: Value = serde_json::from_str(&payload).expect("JSON");
        let (ids, n) = sums.entry(order["city"].as_str().expect("a city").to_owned()).or_default();
        (*ids, *n) = (*ids + order["id"].as_i64().expect("an id"), *n + 1);
    }
    assert_eq!(sums.values().map(|(_, n)| n).sum::<i64>(), all);
    let stored = js.stored("KV_limits").into_iter().filter(|(.., payload)| !payload.is_empty());
    let rows = stored.filter_map(|(_, subject, payload)| {
        let city = subject.strip_prefix("$KV.limits.").expect("a key").to_owned();
        let limit: Value = serde_json::from_str(&payload).expect("JSON");
        let (ids, n) = sums.get(&city)?;
        let row = json!({"city": city, "ids": ids, "n": n, "most": limit["most"]});
        Some((city, row))
    });
    rows.collect()
}
