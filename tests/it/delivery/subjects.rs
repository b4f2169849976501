//! Wildcards in the subject that is read, and pipelines that read what they write.

use async_nats::ConnectOptions;

use super::child::Child;
use super::support::{Client, Observer, server};
use crate::support::{Input, stop, value, wait_for};
use pathway::prelude::*;

#[test]
fn a_wildcard_reads_the_subjects_it_matches() {
    let server = server();
    for (subject, sum) in [("orders.*", 1), ("orders.>", 11), ("*.new", 101), ("orders", 1000)] {
        let mut observer = Observer::new(&server.url(), "sum");
        let pipeline = Pipeline::new();
        let input = nats::read(&pipeline, server.url(), subject).json::<Input>();
        let total = reduce!(row in input => { sum: sum(row.value) });
        nats::write(&total, server.url(), "sum").json();
        let running = pipeline.start().expect("a running pipeline");

        let client = Client::new(&server.url());
        let messages = [("orders.new", 1), ("orders.new.express", 10), ("returns.new", 100), ("orders", 1000)];
        for (subject, number) in messages {
            client.publish(subject, [value(number)]);
        }
        observer.wait_for_sum(sum);
        stop(running);
        assert_eq!(observer.updates().last(), Some(&(sum, 1)), "{subject}");
    }
}

#[test]
fn a_pipeline_that_reads_what_it_writes_is_warned_of_at_its_start() {
    let server = server();
    let child = Child::start("copy into its own subject", &server.url(), &[]);
    let warning = |what: &str| {
        format!(
            "warning: copies.>: source `copies.>` reads `copies.>`, and {what} on the same server: the pipeline reads its own"
        )
    };
    wait_for("three warnings", || child.said().matches("reads its own messages").count() >= 3);
    for what in [
        "sink `copy` writes to `copies.all`",
        "the dead letters of source `copies.>` go to `copies.bad`",
        "the dead letters of sink `elsewhere` go to `copies.unsent`",
    ] {
        assert!(child.said().contains(&warning(what)), "{what} is not in: {}", child.said());
    }
    // What each row's own subject is, nobody knows.
    assert_eq!(child.said().matches("reads its own messages").count(), 3, "{}", child.said());
}

#[derive(Schema)]
struct Anything {
    #[schema(subject)]
    subject: String,
    data: Bytes,
}

/// A sink asks the server by a message to itself which messages have arrived, and so does a source at its start.
#[test]
fn messages_to_the_inboxes_of_the_program_are_no_rows() {
    let server = server();
    let pipeline = Pipeline::new();
    let all = nats::read(&pipeline, server.url(), ">").raw_as::<Anything>().collect();
    let input = nats::read(&pipeline, server.url(), "numbers").json::<Input>();
    let options = pathway::nats::Options::new().inbox_prefix("answers.here");
    nats::write(&input, server.url(), "copy").json();
    nats::write(&input, server.url(), "other").options(options).json();
    let running = pipeline.start().expect("a running pipeline");
    let client = Client::with(&server.url(), ConnectOptions::new().custom_inbox_prefix("CLIENT"));
    for number in 0..10 {
        client.publish("numbers", [value(number)]);
    }
    wait_for("the copies are confirmed", || running.stats().sinks.iter().all(|sink| sink.published == 10));
    wait_for("the copies are read", || all.rows().iter().filter(|row| row.subject == "other").count() == 10);
    stop(running);
    let mut subjects: Vec<_> = all.rows().into_iter().map(|row| row.subject).collect();
    subjects.retain(|subject| !subject.starts_with("CLIENT."));
    subjects.sort_unstable();
    subjects.dedup();
    assert_eq!(subjects, ["copy", "numbers", "other"]);
}
