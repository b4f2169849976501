//! Recordings, and replays of them.

mod crashes;
mod files;
mod live;
mod programs;
mod runs;

use pathway::persistence::ReplayOptions;
use pathway::prelude::*;
use pathway::testing::{Broker, Collected, Published, Store};
use pathway::{Running, nats};

use crate::support::{Input, join, value};

/// Replays a program with this number of workers, and returns what its sinks have written.
fn replayed(pipeline: Pipeline, recording: ReplayOptions, workers: usize) -> pathway::Result<Broker> {
    let broker = Broker::new();
    pipeline.replay(recording.sinks(&broker)).start_with(workers)?.join()?;
    Ok(broker)
}

/// The payloads of messages.
fn texts(messages: &[Published]) -> Vec<String> {
    messages.iter().map(|message| message.text().into_owned()).collect()
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Total {
    sum: i64,
}

/// Sums up `numbers`, and writes the sum.
fn sum(pipeline: &Pipeline, broker: &Broker) -> Collected<Total> {
    let numbers = nats::read(pipeline, broker, "numbers").json::<Input>();
    let total = reduce!(row in numbers => Total { sum: sum(row.value) });
    nats::write(&total, broker, "sum").json();
    total.collect()
}

fn recorded(recording: &Store) -> Pipeline {
    Pipeline::named("sum").record(recording)
}

/// Publishes these numbers, each in a commit of its own.
fn publish(broker: &Broker, numbers: impl IntoIterator<Item = i64>) {
    for number in numbers {
        broker.publish_with_headers("numbers", [("Label", "x")], value(number));
        broker.commit();
    }
}

/// Ends the sources of a broker, and waits for the end of the pipeline.
fn end(broker: &Broker, running: Running) {
    broker.close();
    join(running).expect("the pipeline ends without an error");
}

/// Records the sum of these numbers. Returns what was written.
fn record_sum(recording: &Store, numbers: impl IntoIterator<Item = i64>) -> Vec<String> {
    let (broker, pipeline) = (Broker::new(), recorded(recording));
    let _seen = sum(&pipeline, &broker);
    let running = pipeline.start().expect("a running pipeline");
    publish(&broker, numbers);
    end(&broker, running);
    texts(&broker.published("sum"))
}

/// Replays the sum.
fn replay_sum(recording: ReplayOptions) -> pathway::Result<Vec<String>> {
    let pipeline = Pipeline::named("sum");
    let _seen = sum(&pipeline, &Broker::new());
    replayed(pipeline, recording, 1).map(|broker| texts(&broker.published("sum")))
}
