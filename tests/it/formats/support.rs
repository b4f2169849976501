//! Pipelines on the broker in memory.

use pathway::prelude::*;
use pathway::schema::Datum;
use pathway::stats::Stats;
use pathway::testing::{Broker, Published};

use crate::support::{join, stop};

/// Runs a pipeline over messages that are published in one commit. Returns its rows and its statistics.
pub(super) fn rows<R: Schema>(
    build: impl FnOnce(&Pipeline, &Broker) -> Table<R>,
    publish: impl FnOnce(&Broker),
) -> (Vec<R>, Stats) {
    let (pipeline, broker) = (Pipeline::named("test"), Broker::new());
    let seen = build(&pipeline, &broker).collect();
    let running = pipeline.start().expect("a running pipeline");
    publish(&broker);
    broker.commit();
    let stats = running.stats();
    broker.close();
    join(running).expect("the pipeline ends without an error");
    (seen.rows(), stats)
}

/// Writes the given commits. Returns all published messages and the statistics.
pub(super) fn written<R: Schema>(
    changes: Vec<Vec<Change<R>>>,
    write: impl FnOnce(&Table<R>, &Broker),
) -> (Vec<Published>, Stats) {
    let (pipeline, broker) = (Pipeline::named("test"), Broker::new());
    let table = pipeline.commits(changes);
    write(&table, &broker);
    let (_feed, idle) = pipeline.input::<Idle>();
    let _idle = idle.collect();
    let running = pipeline.start().expect("a running pipeline");
    // The given commits precede all others.
    _feed.commit();
    let stats = running.stats();
    stop(running);
    (broker.published(">"), stats)
}

#[derive(Schema)]
struct Idle {
    nothing: bool,
}

pub(super) fn inserts<R: Datum>(rows: impl IntoIterator<Item = R>) -> Vec<Vec<Change<R>>> {
    vec![rows.into_iter().map(Change::insert).collect()]
}

/// The payloads as text.
pub(super) fn texts(messages: &[Published]) -> Vec<String> {
    messages.iter().map(|message| message.text().into_owned()).collect()
}

/// The headers in wire order, without the time.
pub(super) fn headers(message: &Published) -> String {
    let headers = message.headers.iter().filter(|(name, _)| name != "pathway_time");
    headers.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";")
}
