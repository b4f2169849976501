//! Processes that are killed, and what their recordings have; recordings from outside of a program.

use std::collections::BTreeMap;

use pathway::persistence::{inspect, replay};

use super::{replayed, texts};
use crate::delivery::child::Child;
use crate::jetstream::persistence::{Folder, create_streams, orders, service};
use crate::jetstream::support::{Js, server};
use crate::support::random::Random;
use crate::support::wait_for;

const ORDERS: i64 = 200;

fn recorded<'a>(recording: &'a Folder, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let variables = [("PATHWAY_REPLAY_STORAGE", recording.path()), ("PATHWAY_SNAPSHOT_ACCESS", "record")];
    variables.iter().chain(more).copied().collect()
}

/// The payloads in the output streams, by subject.
fn stored(js: &Js) -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::<_, Vec<_>>::new();
    for (_, subject, payload) in js.stored("OUT").into_iter().chain(js.stored("WINDOWS")) {
        all.entry(subject).or_default().push(payload);
    }
    all
}

/// A pipeline that persists is one run, however often it is killed: a replay writes what the streams have.
#[test]
fn a_process_that_is_killed_again_and_again_leaves_one_recording() {
    let (server, state, recording) = (server(), Folder::new(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let variables = recorded(&recording, &[("PATHWAY_PERSISTENT_STORAGE", state.path())]);
    for crash in 0..8 {
        js.publish_all(orders(crash * ORDERS..(crash + 1) * ORDERS));
        let before = js.messages("OUT");
        let threads = (1 + random.below(2)).to_string();
        let environment: Vec<_> = variables.iter().copied().chain([("PATHWAY_THREADS", &*threads)]).collect();
        let role = if random.below(2) == 0 { "persist with checkpoints" } else { "persist without checkpoints" };
        let child = Child::start(role, &uri, &environment);
        let more = random.below(4);
        wait_for("output", || {
            assert!(!child.said().contains("Persistence"), "{}", child.said());
            js.messages("OUT") >= before + more
        });
        child.signal("KILL");
        child.end();
    }
    // No earlier process can have counted them.
    js.publish_all(orders(8 * ORDERS..9 * ORDERS));
    let child = Child::start("persist with checkpoints", &uri, &variables);
    wait_for("all orders are counted", || super::super::counted(&js) == 9 * ORDERS);
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    let runs = inspect(&recording.0).expect("a recording").runs;
    assert_eq!((runs.len(), runs[0].first_commit, runs[0].has_ended), (1, 0, true), "{}", runs[0]);
    assert_eq!(runs[0].sources[0].messages, 9 * ORDERS as u64, "{}", runs[0]);
    let broker = replayed(service(&uri), replay(&recording.0), 2).expect("a replay");
    for (subject, payloads) in stored(&js) {
        assert_eq!(texts(&broker.published(&subject)), payloads, "{subject}");
    }
}

/// What a killed process has written is the beginning of what a replay writes.
#[test]
fn a_process_that_is_killed_has_recorded_what_it_has_written() {
    let (server, recording) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    js.publish_all(orders(0..5_000));
    let child = Child::start("persist", &uri, &recorded(&recording, &[]));
    wait_for("output", || js.messages("OUT") > 0);
    child.signal("KILL");
    child.end();
    let broker = replayed(service(&uri), replay(&recording.0), 1).expect("a replay");
    let stored = stored(&js);
    assert!(!stored.is_empty());
    for (subject, payloads) in stored {
        let replayed = texts(&broker.published(&subject));
        assert!(payloads.len() <= replayed.len(), "{subject}");
        assert_eq!(replayed[..payloads.len()], payloads, "{subject}");
    }
}

/// The variables have the names that they have in Pathway.
#[test]
fn the_environment_says_what_is_recorded_and_replayed() {
    let (server, recording) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    create_streams(&js);
    js.publish_all(orders(0..100));
    let child = Child::start("persist", &uri, &recorded(&recording, &[]));
    wait_for("all orders are counted", || super::super::counted(&js) == 100);
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    let before = (js.messages("OUT"), js.messages("WINDOWS"));
    let storage = ("PATHWAY_REPLAY_STORAGE", recording.path());
    let replay = |more: &[(&str, &str)]| {
        let variables: Vec<_> = [storage].iter().chain(more).copied().collect();
        Child::start("persist", &uri, &variables).end()
    };
    let (status, said) = replay(&[("PATHWAY_SNAPSHOT_ACCESS", "replay"), ("PATHWAY_REPLAY_MODE", "speedrun")]);
    assert!(status.success(), "{said}");
    // It has ended by itself, and has written nothing.
    assert_eq!((js.messages("OUT"), js.messages("WINDOWS")), before);
    for (more, words) in [
        (&[][..], "PATHWAY_SNAPSHOT_ACCESS is not set: set it to `record` or `replay`"),
        (
            &[("PATHWAY_SNAPSHOT_ACCESS", "replay"), ("PATHWAY_REPLAY_MODE", "batch")][..],
            "PATHWAY_REPLAY_MODE is `batch`",
        ),
        (
            &[("PATHWAY_SNAPSHOT_ACCESS", "replay"), ("PATHWAY_CONTINUE_AFTER_REPLAY", "true")][..],
            "PATHWAY_CONTINUE_AFTER_REPLAY is `true`",
        ),
    ] {
        let (status, said) = replay(more);
        assert!(!status.success() && said.contains("Config") && said.contains(words), "{said}");
    }
    // It must not run instead, and write.
    let (status, said) = Child::start("persist", &uri, &[("PATHWAY_SNAPSHOT_ACCESS", "replay")]).end();
    assert!(!status.success() && said.contains("PATHWAY_REPLAY_STORAGE names no recording"), "{said}");
    assert_eq!((js.messages("OUT"), js.messages("WINDOWS")), before);
}
