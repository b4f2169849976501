//! Speed and memory of a query, in a process of its own.

use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use pathway::io::Update;
use pathway::prelude::*;
use serde_json::{Value, json};

use super::Outcome;
use super::queries::{self, Output};
use super::rows::Events;

/// Queries that the other system has.
const PEERS: [&str; 7] = ["q3", "q4", "q5", "q7", "q8", "q9", "q20"];
const ROUNDS: usize = 3;

/// Takes every change, and remembers when the last commit was complete. To free all that is kept afterwards is not part of a query.
#[derive(Clone, Default)]
struct Drain(Arc<Mutex<Option<Instant>>>);

impl Output for Drain {
    fn take<R: Schema>(self, rows: &Table<R>) {
        rows.subscribe(move |update| {
            if let Update::Committed { .. } = std::hint::black_box(update) {
                *self.0.lock().expect("no panic") = Some(Instant::now());
            }
        });
    }
}

/// Runs a query once, in this process.
pub(crate) fn measure(query: &str, events: usize, commit: usize, workers: usize) -> Outcome<Value> {
    let generated = Events::generate(events);
    let base = memory("VmRSS:")?;
    let pipeline = Pipeline::new();
    let drain = Drain::default();
    queries::declare(query, &pipeline, &generated.read(&pipeline, commit), drain.clone());
    let begin = Instant::now();
    pipeline.start_with(workers)?.join()?;
    let end = drain.0.lock().expect("no panic").ok_or("nothing was committed")?;
    let seconds = (end - begin).as_secs_f64();
    Ok(json!({
        "system": "pathway in Rust", "query": query, "events": events, "commit": commit, "workers": workers, "seconds": seconds,
        "base_kib": base, "peak_kib": memory("VmHWM:")?,
    }))
}

/// KiB, as Linux counts them.
fn memory(name: &str) -> Outcome<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find(|line| line.starts_with(name)).ok_or("no such line in the status")?;
    Ok(line.split_whitespace().nth(1).ok_or("no value")?.parse()?)
}

/// Measures each query with each size of commits and number of workers, in turns with the other system, if there is one.
pub(crate) fn table(names: &[&str], events: usize, commits: &[usize], workers: &[usize]) -> Outcome<()> {
    let peer = std::env::var("PATHWAY_PEERS").ok();
    println!("M events/s (the best of {ROUNDS} rounds) and MiB beside the events (of that round); {events} events");
    println!(
        "{:>5} {:>9} {:>8} {:>12} {:>8} {:>12} {:>8} {:>7}",
        "query", "commit", "workers", "ours", "MiB", "dbsp", "MiB", "ratio"
    );
    for &query in names {
        for &commit in commits {
            for &workers in workers {
                let arguments = [query.to_owned(), events.to_string(), commit.to_string(), workers.to_string()];
                let peer = peer.as_ref().filter(|_| PEERS.contains(&query));
                let (mut ours, mut theirs) = (Vec::new(), Vec::new());
                for _ in 0..ROUNDS {
                    ours.push(run(Command::new(std::env::current_exe()?).arg("measure").args(&arguments), events)?);
                    if let Some(peer) = peer {
                        theirs.push(run(Command::new(peer).args(&arguments).arg("--no-check"), events)?);
                    }
                }
                let (ours, theirs) = (best(&ours), best(&theirs));
                print!("{query:>5} {commit:>9} {workers:>8} {:>12.2} {:>8}", ours.0, ours.1);
                match peer {
                    Some(_) => println!(" {:>12.2} {:>8} {:>7.2}", theirs.0, theirs.1, ours.0 / theirs.0),
                    None => println!(),
                }
            }
        }
    }
    Ok(())
}

/// M events per second, and MiB.
fn run(command: &mut Command, events: usize) -> Outcome<(f64, i64)> {
    let output = command.output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    let line: Value = serde_json::from_slice(&output.stdout)?;
    let number = |name: &str| line[name].as_f64().ok_or(format!("no {name} in {line}"));
    Ok((events as f64 / number("seconds")? / 1e6, ((number("peak_kib")? - number("base_kib")?) / 1024.0) as i64))
}

fn best(rounds: &[(f64, i64)]) -> (f64, i64) {
    rounds.iter().copied().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap_or_default()
}
