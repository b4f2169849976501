//! Pipelines on a broker in memory.

use pathway::prelude::*;
use pathway::schema::Datum;
use pathway::stats::Stats;
use pathway::testing::{Broker, Published};

/// Runs a pipeline over what is published in one commit; returns its rows and what it counted.
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
    running.join().expect("an orderly end");
    (seen.rows(), stats)
}

/// Writes rows with one commit, and returns all that was published and what was counted.
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
    // Commits that are given come before all others.
    _feed.commit();
    let stats = running.stats();
    running.stop();
    running.join().expect("an orderly end");
    (broker.published(">"), stats)
}

#[derive(Schema)]
struct Idle {
    nothing: bool,
}

pub(super) fn inserts<R: Datum>(rows: impl IntoIterator<Item = R>) -> Vec<Vec<Change<R>>> {
    vec![rows.into_iter().map(Change::insert).collect()]
}

/// Payloads as text.
pub(super) fn texts(messages: &[Published]) -> Vec<String> {
    messages.iter().map(|message| message.text().into_owned()).collect()
}

/// Headers but for the time, as they are on the wire.
pub(super) fn headers(message: &Published) -> String {
    let headers = message.headers.iter().filter(|(name, _)| name != "pathway_time");
    headers.map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(";")
}
