//! Queries of Nexmark end to end: JSON out of streams, and JSON to a subject.

#[allow(dead_code, reason = "some of the queries are measured")]
#[path = "../nexmark/queries/rows_to_rows.rs"]
mod rows_to_rows;
#[allow(dead_code, reason = "some of the queries are measured")]
#[path = "../nexmark/queries/windows.rs"]
mod windows;
#[allow(dead_code, reason = "some of the queries are measured")]
#[path = "../nexmark/queries/winners.rs"]
mod winners;

use std::time::Instant;

use nexmark::event::Event;
use pathway::prelude::*;

use crate::Outcome;
use crate::contestants::serve;
use crate::peer::{self, Peer};
use crate::process::Watched;
use crate::rows::{Auction, Bid, Person, generator};
use crate::streams;
use crate::throughput::{header, row};

/// Each query, with the streams that it reads.
const QUERIES: [(&str, &[&str]); 4] =
    [("q1", &["BIDS"]), ("q4", &["AUCTIONS", "BIDS"]), ("q5", &["BIDS"]), ("q8", &["PERSONS", "AUCTIONS"])];
const STREAMS: [&str; 3] = ["PERSONS", "AUCTIONS", "BIDS"];
const EVENTS: usize = 500_000;
const ROUNDS: usize = 3;

/// Each query over streams that are there already, in turns with Pathway.
pub(crate) fn nexmark(server: &pathway_testkit::Server) -> Outcome {
    println!("\nnexmark: queries of {EVENTS} events in three streams, {ROUNDS} rounds");
    let counts = fill(server)?;
    header();
    for (query, reads) in QUERIES {
        let messages =
            STREAMS.iter().zip(counts).filter(|(stream, _)| reads.contains(stream)).map(|(_, count)| count).sum();
        for _ in 0..ROUNDS {
            streams::run(&format!("nexmark-{query}"), messages, server)?;
            if peer::python().is_some() {
                run_pathway(query, messages, server)?;
            }
        }
    }
    STREAMS.iter().try_for_each(|stream| streams::delete(server, stream))
}

fn run_pathway(query: &str, messages: u64, server: &pathway_testkit::Server) -> Outcome {
    let (mut pathway, first) = Peer::start_on_stream("nexmark", server, "", &[query.as_ref()])?;
    let begin = Instant::now();
    let (mut after, mut end) = pathway.finish(messages)?;
    // A commit of it can take many seconds.
    let mut patience = 10;
    while after.done < messages && patience > 0 {
        let before = after.done;
        (after, end) = pathway.finish(messages)?;
        patience = if after.done > before { 10 } else { patience - 1 };
    }
    row("Pathway", messages - first.done, (end - begin).as_secs_f64(), first, after);
    drop(pathway);
    STREAMS.iter().try_for_each(|stream| streams::delete_consumers(server, stream))
}

/// Runs the contestant that `role` names, if it is one of these.
pub(crate) fn run(role: &str, url: &str) -> Option<Outcome> {
    Some(run_query(role.strip_prefix("nexmark-")?, url))
}

fn run_query(query: &str, url: &str) -> Outcome {
    let pipeline = Pipeline::new();
    let read = |stream: &str| nats::read(&pipeline, url, format!("nexmark.{stream}")).jetstream(stream);
    let persons = || read("PERSONS").json::<Person>();
    let auctions = || read("AUCTIONS").json::<Auction>();
    let bids = || read("BIDS").json::<Bid>();
    match query {
        "q1" => nats::write(&rows_to_rows::q1(&bids()), url, "results").json(),
        "q4" => nats::write(&winners::q4(&auctions(), &bids()), url, "results").json(),
        "q5" => nats::write(&windows::q5(&bids()), url, "results").json(),
        "q8" => nats::write(&windows::q8(&persons(), &auctions()), url, "results").json(),
        _ => return Err(format!("no query is called {query}").into()),
    }
    let running = pipeline.start()?;
    serve(|| {
        let stats = running.stats();
        let read: u64 = stats.sources.iter().map(|source| source.rows).sum();
        // The last message counts only when all that was caused is published.
        let is_behind = stats.sinks.iter().any(|sink| sink.published < sink.queued);
        (read.saturating_sub(u64::from(is_behind)), 0, stats.commits)
    })?;
    running.stop();
    running.join()?;
    Ok(())
}

/// Fills the streams, and returns how many messages each has.
fn fill(server: &pathway_testkit::Server) -> Outcome<[u64; 3]> {
    let mut messages: [Vec<String>; 3] = Default::default();
    for event in generator().take(EVENTS) {
        let (stream, message) = match event {
            Event::Person(person) => (0, serde_json::to_string(&person)?),
            Event::Auction(auction) => (1, serde_json::to_string(&auction)?),
            Event::Bid(bid) => (2, serde_json::to_string(&bid)?),
        };
        messages[stream].push(message);
    }
    for (stream, messages) in STREAMS.iter().zip(&messages) {
        let subject = format!("nexmark.{stream}");
        streams::create(server, stream, &subject)?;
        streams::fill_subject(server, &subject, messages.len() as u64, |number| messages[number as usize].clone())?;
    }
    Ok(messages.map(|messages| messages.len() as u64))
}
