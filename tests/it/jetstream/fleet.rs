//! The service of the example `fleet_telemetry` gives the same results live, from a backlog, and from two backlogs.

#[path = "../../../examples/fleet_telemetry/fleet.rs"]
pub(crate) mod service;

#[path = "../../../examples/fleet_telemetry/hour.rs"]
pub(super) mod hour;

use std::collections::BTreeMap;

use async_nats::jetstream::kv;
use async_nats::jetstream::stream::Config;
use pathway_testkit::Server;
use serde_json::{Value, json};

use super::support::{Js, server};
use crate::support::{join, wait_for};

const OUTPUTS: [&str; 4] = ["fleet.rollups", "fleet.alarms", "fleet.silent", "fleet.rejected"];
const REGIONS: [&str; 3] = ["north", "south", "west"];

/// A server with what the service needs. `inputs` are the subjects of the streams with the readings, each with the stream's name.
pub(super) fn world(inputs: &[(&str, &str)]) -> (Server, Js) {
    let server = server();
    let js = Js::new(&server);
    let create = |name: &str, subjects: &[&str]| {
        let subjects = subjects.iter().map(|subject| (*subject).to_owned()).collect();
        js.create(Config { name: name.to_owned(), subjects, ..Config::default() });
    };
    inputs.iter().for_each(|(stream, subject)| create(stream, &[subject]));
    js.create_with(&json!({ "name": "FLEET_OUT", "subjects": OUTPUTS, "allow_atomic": true }));
    js.runtime.block_on(async {
        let bucket = |name: &str| kv::Config { bucket: name.to_owned(), ..kv::Config::default() };
        let thresholds = js.context.create_key_value(bucket("thresholds")).await.expect("a bucket");
        js.context.create_key_value(bucket("hottest")).await.expect("a bucket");
        for (region, degrees) in REGIONS.into_iter().zip([80, 75, 85]) {
            let value = format!(r#"{{"region": "{region}", "degrees": {degrees}}}"#);
            thresholds.put(region, value.into()).await.expect("a threshold");
        }
    });
    (server, js)
}

/// A message without what belongs to the commit that has written it.
fn without_time(payload: &str) -> String {
    let mut message: Value = serde_json::from_str(payload).expect("an object");
    message.as_object_mut().expect("an object").remove("time");
    message.to_string()
}

/// All messages of each output subject, in order except for the dead letters, and the final values of the bucket.
pub(super) fn results(js: &Js) -> BTreeMap<String, Vec<String>> {
    let mut results = BTreeMap::<String, Vec<String>>::new();
    for (_, subject, payload) in js.stored("FLEET_OUT") {
        let payload = if subject == "fleet.rejected" { payload } else { without_time(&payload) };
        results.entry(subject).or_default().push(payload);
    }
    // Each source publishes its dead letters over a connection of its own.
    results.entry("fleet.rejected".to_owned()).or_default().sort_unstable();
    let hottest = js.runtime.block_on(async {
        let bucket = js.context.get_key_value("hottest").await.expect("a bucket");
        let mut values = Vec::new();
        for region in REGIONS {
            let Some(value) = bucket.get(region).await.expect("an answer") else { continue };
            values.push(without_time(std::str::from_utf8(&value).expect("text")));
        }
        values
    });
    results.insert("hottest".to_owned(), hottest);
    results
}

/// Runs the service until it has read `messages`. `live` publishes some of them.
fn run(server: &Server, inputs: &[(&str, &str)], workers: usize, messages: usize, live: impl FnOnce()) {
    let running = service::fleet(&server.url(), inputs).start_with(workers).expect("a running pipeline");
    let read = || running.stats().sources.iter().map(|source| source.rows + source.rejected).sum::<u64>();
    live();
    // The thresholds are read, too.
    wait_for("all readings are read", || read() == (messages + REGIONS.len()) as u64);
    running.stop();
    join(running).expect("the pipeline ends without an error");
}

#[test]
fn a_service_gives_the_same_results_live_and_from_backlogs() {
    const ONE: [(&str, &str); 1] = [("FLEET", "fleet.readings")];
    const TWO: [(&str, &str); 2] = [("FLEET_A", "fleet.a"), ("FLEET_B", "fleet.b")];
    let hour = hour::hour();
    let to = |subject: &'static str| hour.iter().map(move |payload| (subject.to_owned(), payload.clone()));

    let (server, js) = world(&ONE);
    run(&server, &ONE, 1, hour.len(), || {
        // One by one: each is stored before the next one is sent.
        to(ONE[0].1).for_each(|message| js.publish_all([message]));
    });
    let live = results(&js);
    assert_eq!(live["fleet.rollups"].len(), 12 * 12 - 4, "each device has twelve windows, but one was silent in four");
    assert!(live["fleet.silent"].iter().any(|row| row.contains("\"d7\"")), "{:?}", live["fleet.silent"]);
    assert!(!live["fleet.alarms"].is_empty() && !live["fleet.rejected"].is_empty());

    for workers in [1, 4] {
        let (server, js) = world(&ONE);
        js.publish_all(to(ONE[0].1));
        run(&server, &ONE, workers, hour.len(), || ());
        assert_eq!(results(&js), live, "one backlog, {workers} workers (left)");
    }

    for workers in [1, 4] {
        let (server, js) = world(&TWO);
        // Each half of the hour is in both streams, in turns of one to five messages.
        let halves = hour.iter().enumerate().map(|(number, payload)| {
            let (_, subject) = TWO[usize::from(number % 8 > 4 || number % 3 == 0)];
            js.publish_all([(subject.to_owned(), payload.clone())]);
        });
        halves.for_each(drop);
        run(&server, &TWO, workers, hour.len(), || ());
        assert_eq!(results(&js), live, "two backlogs, {workers} workers (left)");
    }
}
