//! The service of the example `fleet_telemetry`, killed again and again: streams and a bucket in, windows, alarms and timers, a
//! stream that its sinks share and a bucket out.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pathway::prelude::*;

use super::Folder;
use crate::delivery::child::Child;
use crate::jetstream::fleet::{self, hour, results, world};
use crate::support::random::Random;
use crate::support::wait_for;

const INPUTS: [(&str, &str); 1] = [("FLEET", "fleet.readings")];

pub(crate) fn service(uri: &str) -> Pipeline {
    fleet::service::fleet(uri, &INPUTS)
}

fn start(uri: &str, folder: &Folder, workers: u64) -> Child {
    let settings = [("PATHWAY_PERSISTENT_STORAGE", folder.path()), ("PATHWAY_THREADS", &workers.to_string())];
    Child::start("fleet", uri, &settings)
}

/// The results, in which a dead letter may be there more than once: it may be repeated after a crash.
fn without_repeated_dead_letters(mut results: BTreeMap<String, Vec<String>>) -> BTreeMap<String, Vec<String>> {
    results.entry("fleet.rejected".to_owned()).or_default().dedup();
    results
}

#[test]
fn a_service_that_is_killed_again_and_again_gives_the_results_of_one_run() {
    let hour = hour::hour();
    let to = |part: &[String]| part.iter().map(|payload| (INPUTS[0].1.to_owned(), payload.clone())).collect::<Vec<_>>();

    let (server, js) = world(&INPUTS);
    js.publish_all(to(&hour));
    let running = service(&server.url()).start().expect("a running pipeline");
    let read = || running.stats().sources.iter().map(|source| source.rows + source.rejected).sum::<u64>();
    wait_for("all readings are read", || read() == (hour.len() + 3) as u64);
    crate::support::stop(running);
    let expected = without_repeated_dead_letters(results(&js));

    let (folder, seed) = (Folder::new(), u64::from(std::process::id()));
    println!("seed {seed}");
    let mut random = Random::new(seed);
    let (server, js) = world(&INPUTS);
    let parts = super::crashes::crashes() as usize;
    for part in hour.chunks(hour.len().div_ceil(parts)) {
        js.publish_all(to(part));
        let child = start(&server.url(), &folder, 1 + random.below(2));
        // Sometimes before anything is read, sometimes while it is, sometimes behind everything.
        let (begin, wait) = (Instant::now(), Duration::from_millis(random.below(400)));
        wait_for("a moment", || begin.elapsed() > wait);
        child.signal("KILL");
        child.end();
    }
    let child = start(&server.url(), &folder, 1);
    wait_for("all results", || {
        assert!(!child.said().contains("Persistence"), "{}", child.said());
        without_repeated_dead_letters(results(&js)) == expected
    });
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
    assert_eq!(without_repeated_dead_letters(results(&js)), expected);
}
