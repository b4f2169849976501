//! Streams that are read with acknowledgements: each message counts once, and is acknowledged when a checkpoint has it.

use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, pull};
use pathway::persistence::{Persistence, directory};
use pathway::prelude::*;
use pathway::{ErrorKind, nats};

use super::{Folder, output};
use crate::delivery::child::Child;
use crate::jetstream::support::{Js, interest, server, stream, work_queue};
use crate::support::random::Random;
use crate::support::{Input, assert_error, join, stop, wait_for};

/// How often the process is killed; `PATHWAY_CRASHES` says another number.
const CRASHES: u64 = 12;
/// How many messages are published between two of them.
const MESSAGES: i64 = 300;
/// No checkpoint is made because of the time, or at the end.
const NEVER: Duration = Duration::MAX;
const SOON: Duration = Duration::from_millis(50);

/// Sums up what it reads, and counts it.
fn sum(uri: &str, state: Persistence, stream: impl Into<nats::Stream>) -> Pipeline {
    let pipeline = Pipeline::named("sum").persist(state);
    let input = nats::read(&pipeline, uri, "in.>").name("in").jetstream(stream).dead_letter("bad").json::<Input>();
    let input = filter!(row in input => row.value >= 0);
    let total = reduce!(row in input => { sum: sum(row.value), n: count() });
    nats::write(&total, uri, "out.sum").jetstream("OUT").json();
    pipeline
}

/// The same in a process of its own, with many checkpoints.
pub(crate) fn service(uri: &str) -> Pipeline {
    let path = std::env::var("PATHWAY_TEST_STATE").expect("a directory");
    sum(uri, directory(path).checkpoint_every(SOON), "IN")
}

/// The sum and the number that the stream `OUT` has last. Each message must take back the one before it.
fn last_total(js: &Js) -> (i64, i64) {
    let mut standing = None;
    for (id, _, payload) in output(js, "OUT") {
        let row: serde_json::Value = serde_json::from_str(&payload).expect("JSON");
        let number = |name: &str| row[name].as_i64().expect("a number");
        let (total, diff) = ((number("sum"), number("n")), number("diff"));
        let before = if diff == 1 { standing.replace(total) } else { standing.take().filter(|old| *old != total) };
        assert_eq!(before, None, "{id}: {payload}");
    }
    standing.unwrap_or_default()
}

fn total(numbers: std::ops::Range<i64>) -> (i64, i64) {
    (numbers.clone().sum(), numbers.end - numbers.start)
}

#[test]
fn a_process_that_is_killed_again_and_again_counts_each_message_of_a_work_queue_once() {
    let crashes = std::env::var("PATHWAY_CRASHES").map_or(CRASHES, |crashes| crashes.parse().expect("a number"));
    let seed = u64::from(std::process::id());
    println!("seed {seed}");
    let (mut random, mut server, folder) = (Random::new(seed), server(), Folder::new());
    let mut js = Js::new(&server);
    js.create(work_queue("IN"));
    js.create(stream("OUT"));
    let uri = server.url();
    let start = |workers: u64| {
        let workers = workers.to_string();
        Child::start("sum a queue", &uri, &[("PATHWAY_TEST_STATE", folder.path()), ("PATHWAY_THREADS", &workers)])
    };
    for crash in 0..crashes as i64 {
        let child = start(1 + random.below(2));
        let before = last_total(&js).1;
        js.publish("in.a", crash * MESSAGES..(crash + 1) * MESSAGES);
        // Before, between and behind checkpoints, and acknowledgements.
        let (wanted, acknowledged) = (random.below(MESSAGES as u64) as i64, random.below(2) == 0);
        wait_for("some output", || {
            assert!(!child.said().contains("Persistence"), "{}", child.said());
            let counted = last_total(&js).1;
            let is_enough = counted >= before + wanted || counted == (crash + 1) * MESSAGES;
            is_enough && (!acknowledged || js.messages("IN") < MESSAGES as u64)
        });
        if random.below(4) == 0 {
            server.restart().expect("a server");
            js = Js::new(&server);
        }
        child.signal("KILL");
        child.end();
    }
    let all = total(0..crashes as i64 * MESSAGES);
    let child = start(1);
    wait_for("all messages are counted and acknowledged", || {
        assert!(!child.said().contains("Persistence"), "{}", child.said());
        last_total(&js) == all && js.messages("IN") == 0
    });
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success() || status.signal() == Some(15), "{said}");
    assert_eq!(last_total(&js), all);
}

#[test]
fn messages_that_no_checkpoint_has_stay_in_the_queue() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(work_queue("IN"));
    js.create(stream("OUT"));
    for run in 1..=3 {
        let running = sum(&uri, folder.directory().checkpoint_every(NEVER), "IN").start().unwrap();
        js.publish("in.a", (run - 1) * 1000..run * 1000);
        wait_for("the sum", || last_total(&js) == total(0..run * 1000));
        stop(running);
        assert_eq!(js.messages("IN") as i64, run * 1000);
    }
    // A checkpoint is complete, whether or not anything else happens.
    let running = sum(&uri, folder.directory().checkpoint_every(SOON), "IN").start().unwrap();
    wait_for("an empty queue", || js.messages("IN") == 0);
    stop(running);
    assert_eq!(last_total(&js), total(0..3000));
}

#[test]
fn messages_of_a_stream_with_interest_count_once() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(interest("IN"));
    js.create(stream("OUT"));
    for run in 1..=6 {
        let every = if run % 2 == 0 { SOON } else { NEVER };
        let running = sum(&uri, folder.directory().checkpoint_every(every), "IN").start().unwrap();
        js.publish("in.a", (run - 1) * 100..run * 100);
        wait_for("the sum", || last_total(&js) == total(0..run * 100));
        wait_for("acknowledgements", || every == NEVER || js.messages("IN") == 0);
        stop(running);
    }
    assert_eq!((js.messages("IN"), last_total(&js)), (0, total(0..600)));
}

/// Its messages stay in the stream, which has limits.
#[test]
fn a_named_consumer_that_delivers_few_messages_at_a_time_flows() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(stream("IN"));
    js.create(stream("OUT"));
    let config = pull::Config {
        durable_name: Some("d".into()),
        ack_policy: AckPolicy::Explicit,
        max_ack_pending: 20,
        ack_wait: Duration::from_millis(500),
        ..pull::Config::default()
    };
    js.create_consumer("IN", config);
    js.publish("in.a", 0..500);
    for run in 0..2 {
        let durable = nats::stream("IN").durable("d");
        let running = sum(&uri, folder.directory().checkpoint_every(NEVER), durable).start().unwrap();
        js.publish("in.a", 500 + run * 100..600 + run * 100);
        wait_for("the sum", || last_total(&js) == total(0..600 + run * 100));
        stop(running);
        // Half of what it delivers may wait for a checkpoint.
        let consumer = js.consumers("IN").swap_remove(0);
        assert!(consumer.num_ack_pending <= 20, "{consumer:?}");
    }
}

#[test]
fn messages_of_a_work_queue_that_cannot_be_decoded_are_dead_letters() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(work_queue("IN"));
    js.create(stream("OUT"));
    js.create(async_nats::jetstream::stream::Config { subjects: vec!["bad".into()], ..stream("BAD") });
    for run in 1..=4 {
        let every = if run == 4 { SOON } else { NEVER };
        let running = sum(&uri, folder.directory().checkpoint_every(every), "IN").start().unwrap();
        js.publish_all([("in.a".to_owned(), format!("bad {run}"))]);
        js.publish("in.a", (run - 1) * 10..run * 10);
        wait_for("the sum", || last_total(&js) == total(0..run * 10) && js.messages("BAD") as i64 >= run);
        wait_for("an empty queue", || every == NEVER || js.messages("IN") == 0);
        stop(running);
    }
    // Each run has confirmed its own.
    let bad: Vec<_> = js.stored("BAD").into_iter().map(|(_, _, payload)| payload).collect();
    assert_eq!(bad, ["bad 1", "bad 2", "bad 3", "bad 4"]);
}

#[derive(Schema)]
struct Stored {
    value: i64,
    #[schema(subject)]
    subject: String,
    #[schema(stream_sequence)]
    sequence: u64,
    #[schema(published_at)]
    at: DateTimeUtc,
    #[schema(header = "Label")]
    label: Option<String>,
}

#[test]
fn messages_are_the_same_when_they_are_read_again() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(work_queue("IN"));
    // The source reads every second sequence.
    js.runtime.block_on(async {
        for n in 0..100 {
            let mut headers = HeaderMap::new();
            headers.insert("Label", format!("the {n}th"));
            let payload = format!(r#"{{"value": {n}}}"#);
            js.context.publish_with_headers(format!("in.a.{n}"), headers, payload.into()).await.expect("published");
            js.context.publish("in.b", "{}".into()).await.expect("published").await.expect("stored");
        }
    });
    let start = || {
        js.create(stream("OUT"));
        let pipeline = Pipeline::named("copy").persist(folder.directory().checkpoint_every(NEVER));
        let rows = nats::read(&pipeline, &uri, "in.a.*").jetstream("IN").json::<Stored>();
        nats::write(&rows, &uri, "out.rows").jetstream("OUT").json();
        let running = pipeline.start().unwrap();
        wait_for("all rows", || js.messages("OUT") == 100);
        stop(running);
        output(&js, "OUT")
    };
    let first = start();
    js.delete("OUT");
    assert_eq!(start(), first);
    assert!(first[7].2.contains(r#""sequence":15"#) && first[7].2.contains(r#""label":"the 7th""#), "{:?}", first[7]);
}

#[test]
fn messages_that_the_log_needs_and_that_are_gone_from_the_queue_are_an_error() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(work_queue("IN"));
    js.create(stream("OUT"));
    let pipeline = || sum(&uri, folder.directory().checkpoint_every(NEVER), "IN");
    let running = pipeline().start().unwrap();
    js.publish("in.a", 0..100);
    wait_for("the sum", || last_total(&js) == total(0..100));
    stop(running);
    js.purge("IN");
    js.publish("in.a", 100..110);
    let error = pipeline().start().and_then(join).expect_err("lost");
    assert_error(
        &error,
        ErrorKind::Persistence,
        &["cannot be computed again: message 1 is gone", "the stream has lost"],
    );
    assert_eq!(last_total(&js), total(0..100));
}

#[test]
fn a_queue_is_empty_when_a_pipeline_was_stopped() {
    let (server, folder) = (server(), Folder::new());
    let (js, uri) = (Js::new(&server), server.url());
    js.create(work_queue("IN"));
    js.create(stream("OUT"));
    for round in 0..3 {
        // The last checkpoint is the only one.
        let state = directory(folder.path()).checkpoint_every(Duration::from_secs(3600));
        let running = sum(&uri, state, "IN").start().unwrap();
        js.publish("in.a", round * 50..(round + 1) * 50);
        wait_for("all are counted", || last_total(&js) == total(0..(round + 1) * 50));
        stop(running);
        assert_eq!(js.messages("IN"), 0, "round {round}");
    }
}
