//! Queries of the Nexmark benchmark in dbsp.
//!
//! ```text
//! dbsp-nexmark <query> <events> <events a commit> <workers> [--no-check]
//! dbsp-nexmark events <events> <file>
//! ```
//!
//! The first form measures a query, and prints one line of JSON. The second writes the events to a file, for other systems.

mod digest;
mod events;
mod measure;
mod queries;
mod tables;

use std::process::ExitCode;

use measure::{Arguments, Source, run};

#[cfg(not(feature = "system-allocator"))]
#[global_allocator]
static ALLOCATOR: dbsp::mimalloc::MiMalloc = dbsp::mimalloc::MiMalloc;

const USAGE: &str = "\
usage: dbsp-nexmark <query> <events> <events a commit, 0 for all in one> <workers> [--no-check]
       dbsp-nexmark events <events> <file>
queries: q3, q4, q5, q7, q8, q9, q20";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match start(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn start(arguments: &[&str]) -> Result<(), String> {
    let number = |text: &str| text.parse::<usize>().map_err(|error| format!("{text}: {error}\n{USAGE}"));
    let (query, events, commit, workers, rest) = match *arguments {
        ["events", count, file] => {
            return events::write(number(count)?, file).map_err(|error| format!("{file}: {error}"));
        }
        [query, events, commit, workers, ref rest @ ..] => {
            (query, number(events)?, number(commit)?, number(workers)?, rest)
        }
        _ => return Err(USAGE.to_owned()),
    };
    let check = match *rest {
        [] => true,
        ["--no-check"] => false,
        _ => return Err(USAGE.to_owned()),
    };
    if workers == 0 {
        return Err(format!("there must be at least one worker\n{USAGE}"));
    }
    let arguments = Arguments { query, events, commit, workers, check };
    match query {
        "q3" => run(arguments, |source: &Source| queries::q3(&source.persons(), &source.auctions())),
        "q4" => run(arguments, |source: &Source| queries::q4(&source.auctions(), &source.bids())),
        "q5" => run(arguments, |source: &Source| queries::q5(&source.bids())),
        "q7" => run(arguments, |source: &Source| queries::q7(&source.bids())),
        "q8" => run(arguments, |source: &Source| queries::q8(&source.persons(), &source.auctions())),
        "q9" => run(arguments, |source: &Source| queries::q9(&source.auctions(), &source.bids())),
        "q20" => run(arguments, |source: &Source| queries::q20(&source.auctions(), &source.bids())),
        _ => Err(format!("there is no query {query}\n{USAGE}")),
    }
}
