//! The queries of Nexmark: `cargo bench --bench nexmark`.
//!
//! ```sh
//! cargo bench --bench nexmark                       # the result of each query, and then its speed and memory
//! cargo bench --bench nexmark -- check              # the results only
//! cargo bench --bench nexmark -- q4,q5 2000000      # two queries with 2 M events
//! cargo bench --bench nexmark -- events 200000 FILE # the events as JSON lines, for digests.py and other systems
//! PATHWAY_PEERS=benches/peers/target/release/dbsp-nexmark cargo bench --bench nexmark -- q4
//! ```
//!
//! Each measurement is a process of its own. Memory is the peak of what it has beside the events, which stay in memory.

mod check;
mod events;
mod measure;
mod queries;
mod rows;

use rows::Events;

/// As in dbsp's own bench. The allocator of glibc takes a third of the time of queries that keep many rows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the results are checked with; `digests.txt` has those of DuckDB.
const CHECKED: [usize; 2] = [20_000, 200_000];
/// Events in a commit. 0 is all in one.
const COMMITS: [usize; 4] = [100, 1_000, 10_000, 0];
const WORKERS: [usize; 2] = [1, 2];

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // `cargo test --benches` only wants to see that it runs.
        ["--test", ..] => Ok(()),
        ["events", count, file] => events::write(count.parse()?, file),
        ["measure", query, events, commit, workers] => {
            println!("{}", measure::measure(query, events.parse()?, commit.parse()?, workers.parse()?)?);
            Ok(())
        }
        ["check"] => check(),
        [] => {
            check()?;
            measure::table(&queries::NAMES, 2_000_000, &COMMITS, &WORKERS)
        }
        [names] => measure::table(&names.split(',').collect::<Vec<_>>(), 2_000_000, &COMMITS, &WORKERS),
        [names, events] => measure::table(&names.split(',').collect::<Vec<_>>(), events.parse()?, &COMMITS, &WORKERS),
        [names, events, commit] => {
            measure::table(&names.split(',').collect::<Vec<_>>(), events.parse()?, &[commit.parse()?], &WORKERS)
        }
        _ => Err("these arguments have no meaning: see the top of benches/nexmark/main.rs".into()),
    }
}

/// Each query, with small and large commits, and one and two workers.
fn check() -> Outcome<()> {
    let mut wrong = 0;
    for events in CHECKED {
        let generated = Events::generate(events);
        for name in queries::NAMES {
            let expected =
                check::stored(name, events).ok_or(format!("digests.txt has no {name} of {events} events"))?;
            for (commit, workers) in [(1_000, 1), (0, 1), (1_000, 2)] {
                let seen = check::digest(name, &generated, commit, workers)?;
                if seen != expected {
                    wrong += 1;
                    println!(
                        "{name}, {events} events, commits of {commit}, {workers} workers: {seen:x?}, and not {expected:x?}"
                    );
                }
            }
        }
        println!("results of {events} events: compared with {} digests", queries::NAMES.len());
    }
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} wrong results").into()) }
}
