//! Keys that leave a bucket without a message: they expire, are purged with the stream, or are removed by a limit.

use std::collections::{BTreeMap, BTreeSet};
use std::thread;
use std::time::Instant;

use pathway::Running;
use pathway::prelude::*;
use pathway::stats::SourceStats;
use pathway::testing::Collected;
use pathway_testkit::Server;
use serde_json::{Value, json};

use super::support::{Js, RawClient, server};
use crate::support::{Gate, Link, random::Random, stop, wait_for};

#[derive(Schema, Clone, Debug, PartialEq)]
pub(super) struct Limit {
    #[schema(subject)]
    pub(super) user: String,
    pub(super) most: i64,
}

/// Creates the bucket `limits`, with other settings than the usual ones.
pub(super) fn bucket(server: &Server, more: &Value) -> Js {
    let js = Js::new(server);
    let mut config = json!({
        "name": "KV_limits", "subjects": ["$KV.limits.>"], "max_msgs_per_subject": 1, "allow_rollup_hdrs": true,
        "deny_delete": true, "discard": "new", "allow_direct": true, "allow_msg_ttl": true});
    for (name, value) in more.as_object().expect("settings") {
        config[name] = value.clone();
    }
    js.create_with(&config);
    js
}

const SECOND: u64 = 1_000_000_000;

/// Puts values and waits until they are stored.
pub(super) fn put<K: AsRef<str>>(js: &Js, keys: impl IntoIterator<Item = K>, most: i64) {
    let keys = keys.into_iter();
    js.publish_all(keys.map(|key| (format!("$KV.limits.{}", key.as_ref()), format!(r#"{{"most":{most}}}"#))));
}

/// Puts a value that expires by its own time to live.
pub(super) fn put_for_a_second(raw: &mut RawClient, key: &str, most: i64) {
    raw.publish(format!("$KV.limits.{key}").as_bytes(), b"\r\nNats-TTL: 1s", &format!(r#"{{"most":{most}}}"#));
}

pub(super) fn purge(js: &Js, request: &Value) {
    let subject = "$JS.API.STREAM.PURGE.KV_limits";
    let answer = js.runtime.block_on(js.client.request(subject, request.to_string().into())).expect("an answer");
    assert!(!String::from_utf8_lossy(&answer.payload).contains("\"error\""));
}

struct Table {
    running: Running,
    seen: Collected<Limit>,
}

impl Table {
    fn read(url: &str, name: &str) -> Self {
        let pipeline = Pipeline::named("test");
        let seen = nats::read(&pipeline, url, name).kv().json::<Limit>().collect();
        Table { running: pipeline.start().expect("a running pipeline"), seen }
    }

    fn rows(&self) -> Vec<(String, i64)> {
        self.seen.rows().into_iter().map(|row| (row.user, row.most)).collect()
    }

    fn wait_for(&self, expected: &[(&str, i64)]) {
        let expected: Vec<_> = expected.iter().map(|(user, most)| ((*user).to_owned(), *most)).collect();
        wait_for(&format!("{expected:?}"), || self.rows() == expected);
    }

    fn stats(&self) -> SourceStats {
        self.running.stats().sources.swap_remove(0)
    }

    fn stop(self) {
        let SourceStats { dropped, rejected, .. } = self.stats();
        assert_eq!((dropped, rejected), (0, 0));
        stop(self.running);
    }
}

#[test]
fn keys_expire_by_the_age_limit_unless_they_are_written_again() {
    let server = server();
    let js = bucket(&server, &json!({"max_age": 2 * SECOND}));
    put(&js, ["a", "b", "c"], 0);
    let table = Table::read(&server.url(), "limits");
    table.wait_for(&[("a", 0), ("b", 0), ("c", 0)]);
    let mut n = 0;
    wait_for("the expiry of the others", || {
        n += 1;
        put(&js, ["a"], n);
        table.rows().iter().all(|(key, _)| key == "a")
    });
    assert_eq!(table.stats().removed_keys, 2);
    // The row of `a` was only ever replaced.
    let mut sums = BTreeMap::<_, i64>::new();
    for (commit, row, diff) in table.seen.changes() {
        if row.user == "a" {
            *sums.entry(commit).or_default() += diff;
        }
    }
    assert_eq!(sums.values().filter(|sum| **sum != 0).copied().collect::<Vec<_>>(), [1]);
    table.wait_for(&[]);
    assert_eq!(table.stats().removed_keys, 3);
    put(&js, ["b"], -1);
    table.wait_for(&[("b", -1)]);
    table.stop();
}

#[test]
fn values_expire_by_their_own_time_to_live() {
    let server = server();
    let js = bucket(&server, &json!({}));
    let mut raw = RawClient::new(&server);
    put(&js, ["a", "b"], 1);
    let table = Table::read(&server.url(), "limits");
    put_for_a_second(&mut raw, "b", 2);
    put_for_a_second(&mut raw, "c", 3);
    wait_for("the values", || table.rows().len() == 3);
    table.wait_for(&[("a", 1)]);
    assert_eq!(table.stats().removed_keys, 2);
    table.stop();
}

/// The bucket has a history.
#[test]
fn an_expired_value_uncovers_the_one_before_it() {
    let mut server = server();
    let js = bucket(&server, &json!({"max_msgs_per_subject": 5}));
    let mut raw = RawClient::new(&server);
    put(&js, ["a", "b", "c"], 1);
    raw.publish(b"$KV.limits.b", b"\r\nKV-Operation: DEL", "");
    let table = Table::read(&server.url(), "limits");
    table.wait_for(&[("a", 1), ("c", 1)]);
    ["a", "b"].iter().for_each(|key| put_for_a_second(&mut raw, key, 2));
    table.wait_for(&[("a", 2), ("b", 2), ("c", 1)]);
    table.wait_for(&[("a", 1), ("c", 1)]);
    // The same while the server is down: it is not taken for a server that has lost the end of its stream.
    put_for_a_second(&mut raw, "a", 3);
    table.wait_for(&[("a", 3), ("c", 1)]);
    server.stop();
    let stopped = Instant::now();
    wait_for("the expiry", || stopped.elapsed() > Duration::from_secs(2));
    server.restart().expect("a server");
    table.wait_for(&[("a", 1), ("c", 1)]);
    // Neither key has left the bucket.
    assert_eq!(table.stats().removed_keys, 0);
    table.stop();
}

#[test]
fn keys_that_expire_while_the_server_is_down_leave_the_table() {
    let mut server = server();
    let js = bucket(&server, &json!({"max_age": 2 * SECOND, "subject_delete_marker_ttl": SECOND}));
    put(&js, ["a", "b"], 1);
    let table = Table::read(&server.url(), "limits");
    table.wait_for(&[("a", 1), ("b", 1)]);
    server.stop();
    let stopped = Instant::now();
    wait_for("the expiry", || stopped.elapsed() > Duration::from_secs(3));
    server.restart().expect("a server");
    put(&Js::new(&server), ["c"], 2);
    wait_for("the removals", || table.rows().iter().all(|(key, _)| key == "c"));
    table.stop();
}

/// The server has noted the expiry, and the note has expired, too.
#[test]
fn keys_that_expire_while_the_connection_is_cut_leave_the_table() {
    let server = server();
    let js = bucket(&server, &json!({"max_age": SECOND, "subject_delete_marker_ttl": SECOND}));
    let link = Link::new(server.port());
    let table = Table::read(&link.url(), "limits");
    put(&js, ["a", "b"], 1);
    table.wait_for(&[("a", 1), ("b", 1)]);
    link.cut();
    wait_for("the expiry", || js.messages("KV_limits") == 0 && js.info("KV_limits").state.last_sequence >= 4);
    assert_eq!(table.rows().len(), 2);
    link.restore();
    table.wait_for(&[]);
    assert_eq!(table.stats().removed_keys, 2);
    put(&js, ["a"], 2);
    table.wait_for(&[("a", 2)]);
    table.stop();
}

#[test]
fn purged_keys_leave_the_table() {
    let mut server = server();
    let js = bucket(&server, &json!({"max_msgs_per_subject": 3}));
    put(&js, ["a", "b", "c.d", "c.e", "f"], 1);
    put(&js, ["a", "b"], 2);
    let table = Table::read(&server.url(), "limits");
    table.wait_for(&[("a", 2), ("b", 2), ("c.d", 1), ("c.e", 1), ("f", 1)]);
    // One key, several, what a key had before, everything up to a sequence.
    purge(&js, &json!({"filter": "$KV.limits.b"}));
    table.wait_for(&[("a", 2), ("c.d", 1), ("c.e", 1), ("f", 1)]);
    purge(&js, &json!({"filter": "$KV.limits.c.>"}));
    table.wait_for(&[("a", 2), ("f", 1)]);
    purge(&js, &json!({"filter": "$KV.limits.a", "keep": 1}));
    put(&js, ["g", "h"], 3);
    purge(&js, &json!({"seq": 6}));
    table.wait_for(&[("a", 2), ("g", 3), ("h", 3)]);
    purge(&js, &json!({"keep": 1}));
    table.wait_for(&[("h", 3)]);
    purge(&js, &json!({}));
    table.wait_for(&[]);
    put(&js, ["a"], 4);
    table.wait_for(&[("a", 4)]);
    server.restart().expect("a server");
    purge(&Js::new(&server), &json!({}));
    table.wait_for(&[]);
    table.stop();
}

#[test]
fn keys_that_a_limit_removes_leave_the_table() {
    let server = server();
    let js = bucket(&server, &json!({"max_msgs": 5, "discard": "old"}));
    let table = Table::read(&server.url(), "limits");
    let keys: Vec<String> = (0..30).map(|n| format!("k{n:02}")).collect();
    put(&js, &keys, 1);
    let expected: Vec<_> = keys[25..].iter().map(|key| (key.clone(), 1)).collect();
    wait_for("the newest keys", || table.rows() == expected);
    table.stop();
}

#[test]
fn keys_that_leave_a_mirror_leave_its_table() {
    let server = server();
    let js = bucket(&server, &json!({}));
    put(&js, ["a", "b"], 1);
    js.create_with(&json!({
        "name": "KV_mirror", "mirror": {"name": "KV_limits"}, "max_msgs_per_subject": 1, "max_age": 3 * SECOND}));
    wait_for("the copies", || js.messages("KV_mirror") == 2);
    let table = Table::read(&server.url(), "mirror");
    table.wait_for(&[("a", 1), ("b", 1)]);
    put(&js, ["c"], 2);
    wait_for("the expiry", || table.rows().is_empty() && js.messages("KV_mirror") == 0);
    assert_eq!(js.messages("KV_limits"), 3);
    table.stop();
}

/// The pipeline is slow, and takes in fewer keys at once than leave the bucket.
#[test]
fn many_keys_that_leave_at_once_wait_for_room() {
    const KEYS: usize = 5000;
    let server = server();
    let js = bucket(&server, &json!({}));
    put(&js, (0..KEYS).map(|n| format!("k{n}")), 1);
    let pipeline = Pipeline::named("test");
    let gate = Gate::default();
    let before_gate = gate.clone();
    let limits = nats::read(&pipeline, server.url(), "limits").max_backlog(1000).kv().json::<Limit>();
    let seen = limits.filter(move |_| before_gate.pass()).collect();
    let table = Table { running: pipeline.start().expect("a running pipeline"), seen };
    wait_for("the keys", || table.rows().len() == KEYS);
    let closed = gate.close();
    purge(&js, &json!({}));
    put(&js, ["k7", "new"], 2);
    wait_for("some removals", || table.stats().removed_keys > 0);
    drop(closed);
    table.wait_for(&[("k7", 2), ("new", 2)]);
    assert!(table.stats().removed_keys as usize <= KEYS);
    table.stop();
}

/// Keys are written and expire, and are purged one by one and from the front, all at the same time.
#[test]
fn the_table_is_equal_to_the_bucket_after_many_writes_and_removals() {
    const KEYS: u64 = 300;
    let server = server();
    let js = bucket(&server, &json!({"max_msgs_per_subject": 3}));
    let table = Table::read(&server.url(), "limits");
    let seed = crate::support::random::chosen_seed().unwrap_or(1);
    thread::scope(|scope| {
        let write = |worker: u64| {
            let (mut random, js, mut raw) = (Random::new(seed + worker), Js::new(&server), RawClient::new(&server));
            for round in 0..100 {
                put(&js, (0..20).map(|_| format!("k{}", random.below(KEYS))), round);
                for _ in 0..5 {
                    put_for_a_second(&mut raw, &format!("k{}", random.below(KEYS)), round);
                }
            }
        };
        let writers = [1, 2].map(|worker| scope.spawn(move || write(worker)));
        let mut random = Random::new(seed);
        while writers.iter().any(|writer| !writer.is_finished()) {
            purge(&js, &json!({"filter": format!("$KV.limits.k{}", random.below(KEYS))}));
            if random.below(50) == 0 {
                let last = js.info("KV_limits").state.last_sequence;
                purge(&js, &json!({"seq": last.saturating_sub(200)}));
            }
        }
        writers.into_iter().for_each(|writer| writer.join().expect("a writer"));
    });
    let stored = || {
        let mut newest = BTreeMap::new();
        for (_, subject, payload) in js.stored("KV_limits") {
            let value: Value = serde_json::from_str(&payload).expect("JSON");
            let key = subject.strip_prefix("$KV.limits.").expect("a key").to_owned();
            newest.insert(key, value["most"].as_i64().expect("a number"));
        }
        newest.into_iter().collect::<Vec<_>>()
    };
    wait_for("the bucket's rows", || table.rows() == stored());
    assert!(!table.rows().is_empty());
    table.stop();
}

/// The server lists at most 100 000 subjects at once.
#[test]
fn keys_leave_a_bucket_whose_list_has_several_pages() {
    const KEYS: i64 = 120_000;
    let server = server();
    let js = bucket(&server, &json!({}));
    put(&js, (0..KEYS).map(|n| format!("k{n}")), 1);
    let table = Table::read(&server.url(), "limits");
    wait_for("the keys", || table.stats().rows >= KEYS as u64);
    let gone = ["k7", "k50000", "k119999"];
    gone.iter().for_each(|key| purge(&js, &json!({"filter": format!("$KV.limits.{key}")})));
    wait_for("the removals", || table.stats().removed_keys == gone.len() as u64);
    put(&js, ["last"], 1);
    wait_for("the last key", || table.stats().rows >= KEYS as u64 + 4);
    stop(table.running);
    let rows: BTreeSet<_> = table.seen.rows().into_iter().map(|row| row.user).collect();
    assert_eq!(rows.len() as i64, KEYS + 1 - gone.len() as i64);
    assert!(gone.iter().all(|key| !rows.contains(*key)));
}
