//! Processes that are killed at any moment.

use std::collections::BTreeMap;

use pathway_testkit::Server;

use super::checkpoints::check_windows;
use super::{Folder, Persist, counted, create_outputs, create_streams, orders, output};
use crate::delivery::child::Child;
use crate::jetstream::support::{Js, server};
use crate::support::random::Random;
use crate::support::wait_for;

/// How often the process is killed; `PATHWAY_CRASHES` says another number.
const CRASHES: u64 = 12;
/// How many messages are published between two of them.
const ORDERS: i64 = 200;

/// What the process runs, and where its output is.
pub(super) struct Case {
    /// Its role begins with this word.
    pub(super) role: &'static str,
    /// The configuration of the server.
    pub(super) config: &'static str,
    pub(super) create: fn(&Js),
    /// The stream with its output.
    pub(super) stream: &'static str,
    /// How many orders the output counts.
    pub(super) counted: fn(&Js) -> i64,
    /// What others do meanwhile, again and again.
    pub(super) meanwhile: fn(&Js),
}

/// Two output streams, which nobody else writes into.
pub(super) const OWN_STREAMS: Case =
    Case { role: "persist", config: "", create: create_streams, stream: "OUT", counted, meanwhile: |_| {} };

impl Case {
    pub(super) fn start(&self, uri: &str, folder: &Folder, persist: Persist, workers: u64) -> Child {
        self.start_with(uri, folder, persist, workers, false)
    }

    /// `sync` says whether the log is to survive a power loss.
    fn start_with(&self, uri: &str, folder: &Folder, persist: Persist, workers: u64, sync: bool) -> Child {
        let with = if persist == Persist::Log { "without" } else { "with" };
        let (role, workers) = (format!("{} {with} checkpoints", self.role), workers.to_string());
        let mut settings = vec![("PATHWAY_PERSISTENT_STORAGE", folder.path()), ("PATHWAY_THREADS", &workers)];
        if sync {
            settings.push(("PATHWAY_TEST_SYNC", "1"));
        }
        Child::start(&role, uri, &settings)
    }

    /// Waits until so many orders are in the output of a process.
    pub(super) fn wait_for_orders(&self, child: &Child, js: &Js, orders: i64) {
        wait_for("all orders are counted", || {
            // Fails the test with what it has said.
            assert!(!child.said().contains("Persistence"), "{}", child.said());
            (self.meanwhile)(js);
            (self.counted)(js) == orders
        });
    }

    /// Lets a process run until all orders are in its output, and ends it in an orderly way.
    pub(super) fn finish(&self, js: &Js, uri: &str, folder: &Folder, persist: Persist, workers: u64, orders: i64) {
        let child = self.start(uri, folder, persist, workers);
        self.wait_for_orders(&child, js, orders);
        child.signal("TERM");
        let (status, said) = child.end();
        assert!(status.success(), "{said}");
    }

    /// Kills the process again and again. Returns the server and how many orders there are.
    pub(super) fn crash(&self, folder: &Folder, persist: Persist) -> (Server, Js, i64) {
        let crashes = crashes();
        let seed = u64::from(std::process::id());
        println!("seed {seed}");
        let mut random = Random::new(seed);
        let mut server = Server::builder().config(self.config).start().expect("a server");
        let mut js = Js::new(&server);
        (self.create)(&js);
        let uri = server.url();
        for crash in 0..crashes as i64 {
            js.publish_all(orders(crash * ORDERS..(crash + 1) * ORDERS));
            let before = js.messages(self.stream);
            let child = self.start_with(&uri, folder, persist, 1 + random.below(2), random.below(2) == 0);
            // Sometimes before anything is written, sometimes while it is, sometimes behind everything.
            let wanted = random.below(ORDERS as u64 / 2);
            wait_for("some output", || {
                assert!(!child.said().contains("Persistence"), "{}", child.said());
                (self.meanwhile)(&js);
                js.messages(self.stream) >= before + wanted || (self.counted)(&js) == (crash + 1) * ORDERS
            });
            if random.below(4) == 0 {
                // Both at once. What the server has acknowledged, it has written.
                server.restart().expect("a server");
                js = Js::new(&server);
            }
            child.signal("KILL");
            child.end();
        }
        // All orders may have been counted before. One more is counted when the logged commits are computed, and no earlier.
        let all = crashes as i64 * ORDERS + 1;
        js.publish_all(orders(all - 1..all));
        self.finish(&js, &uri, folder, persist, 1, all);
        (server, js, all)
    }
}

/// Ids have the lineage and the sink, then the commit and the number in it. Each message is there once, in order, without a gap
/// within a commit.
pub(super) fn check_ids(messages: &[(String, String, String)]) {
    let mut last: Option<(String, u64, u64)> = None;
    for (id, ..) in messages {
        let mut parts = id.rsplitn(3, '-');
        let [index, commit, prefix] = [(); 3].map(|()| parts.next().expect("a part of an id"));
        let (commit, index) = (commit.parse::<u64>().expect("a commit"), index.parse::<u64>().expect("a number"));
        match &last {
            Some((before, last_commit, last_index)) if *last_commit == commit => {
                assert_eq!((before.as_str(), last_index + 1), (prefix, index), "{id}");
            }
            Some((before, last_commit, _)) => {
                assert_eq!((before.as_str(), 0), (prefix, index), "{id}");
                assert!(*last_commit < commit, "{id} follows commit {last_commit}");
            }
            None => assert_eq!(index, 0, "{id}"),
        }
        last = Some((prefix.to_owned(), commit, index));
    }
}

/// How often a process is killed.
pub(super) fn crashes() -> u64 {
    std::env::var("PATHWAY_CRASHES").map_or(CRASHES, |crashes| crashes.parse().expect("a number"))
}

#[test]
fn a_process_that_is_killed_again_and_again_writes_what_one_run_writes() {
    let folder = Folder::new();
    let (server, js, all) = OWN_STREAMS.crash(&folder, Persist::Log);
    let uri = server.url();
    let [sums, windows] = ["OUT", "WINDOWS"].map(|stream| output(&js, stream));
    check_ids(&sums);
    check_ids(&windows);
    assert_eq!(
        windows.iter().map(|(.., payload)| payload).collect::<std::collections::BTreeSet<_>>().len(),
        windows.len()
    );

    // The log alone gives the same: ids, subjects and payloads, with `time`.
    for stream in ["OUT", "WINDOWS"] {
        js.delete(stream);
    }
    create_outputs(&js);
    OWN_STREAMS.finish(&js, &uri, &folder, Persist::Log, 2, all);
    assert_eq!(output(&js, "OUT"), sums);
    assert_eq!(output(&js, "WINDOWS"), windows);
    check_totals(&sums, all);
}

#[test]
fn a_process_that_is_killed_while_it_makes_checkpoints_writes_what_one_run_writes() {
    let folder = Folder::new();
    let (server, js, all) = OWN_STREAMS.crash(&folder, Persist::Checkpoints);
    let [sums, windows] = ["OUT", "WINDOWS"].map(|stream| output(&js, stream));
    check_ids(&sums);
    check_ids(&windows);
    check_totals(&sums, all);
    assert!(folder.numbers("log-").last() > Some(&1) && !folder.numbers("part-").is_empty(), "no checkpoint");
    check_windows(&js, &server.url(), all);
}

#[test]
fn the_environment_names_a_directory() {
    let (server, folder) = (server(), Folder::new());
    let js = Js::new(&server);
    create_streams(&js);
    for round in 1..=2 {
        js.publish_all(orders((round - 1) * 50..round * 50));
        let child = Child::start("persist", &server.url(), &[("PATHWAY_PERSISTENT_STORAGE", folder.path())]);
        wait_for("all orders are counted", || counted(&js) == round * 50);
        child.signal("TERM");
        let (status, said) = child.end();
        assert!(status.success(), "{said}");
        assert!(!folder.numbers("part-").is_empty(), "{said}");
    }
    check_ids(&output(&js, "OUT"));
    check_totals(&output(&js, "OUT"), 100);
}

/// Each message takes back the one before it of its city, and all orders are counted once.
pub(super) fn check_totals(sums: &[(String, String, String)], all: i64) {
    let mut standing = BTreeMap::<String, serde_json::Value>::new();
    for (id, subject, payload) in sums {
        let mut row: serde_json::Value = serde_json::from_str(payload).expect("JSON");
        let row = row.as_object_mut().expect("an object");
        let (diff, _) = (row.remove("diff").expect("a diff"), row.remove("time").expect("a time"));
        let row = serde_json::Value::Object(row.clone());
        let before = if diff == 1 {
            standing.insert(subject.clone(), row)
        } else {
            standing.remove(subject).filter(|old| *old != row)
        };
        assert!(before.is_none(), "{id}: {payload} follows {before:?}");
    }
    let sum = |name: &str| standing.values().map(|row| row[name].as_i64().expect("a number")).sum::<i64>();
    assert_eq!((sum("n"), sum("ids")), (all, (0..all).sum()));
}
