//! Feeds the events to a query, and measures how long that takes and how much memory it needs.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs;
use std::time::{Duration, Instant};

use dbsp::utils::Tup2;
use dbsp::{DBData, IndexedZSetReader, RootCircuit, Runtime, ZSetHandle, ZWeight};
use nexmark::event::Event;

use crate::digest::{Columns, digest};
use crate::events::generate;
use crate::tables::{Auction, Bid, Person, Table};

/// What to measure.
#[derive(Clone, Copy)]
pub struct Arguments<'a> {
    pub query: &'a str,
    pub events: usize,
    /// How many events are in a commit, or 0 for all in one.
    pub commit: usize,
    pub workers: usize,
    /// Whether to run the query again to see its result.
    pub check: bool,
}

/// The handles of the tables that a query reads.
#[derive(Clone, Default)]
struct Handles {
    persons: Option<ZSetHandle<Person>>,
    auctions: Option<ZSetHandle<Auction>>,
    bids: Option<ZSetHandle<Bid>>,
}

/// Makes the tables that a query asks for.
pub struct Source {
    circuit: RootCircuit,
    handles: RefCell<Handles>,
}

impl Source {
    pub fn persons(&self) -> Table<Person> {
        let (table, handle) = self.circuit.add_input_zset();
        self.handles.borrow_mut().persons = Some(handle);
        table
    }

    pub fn auctions(&self) -> Table<Auction> {
        let (table, handle) = self.circuit.add_input_zset();
        self.handles.borrow_mut().auctions = Some(handle);
        table
    }

    pub fn bids(&self) -> Table<Bid> {
        let (table, handle) = self.circuit.add_input_zset();
        self.handles.borrow_mut().bids = Some(handle);
        table
    }
}

impl Handles {
    /// Makes the rows of a commit that the query reads, and moves them into the circuit.
    fn feed(&self, commit: &[Event]) {
        let (mut persons, mut auctions, mut bids) = (Vec::new(), Vec::new(), Vec::new());
        for event in commit {
            match event {
                Event::Person(person) if self.persons.is_some() => persons.push(Tup2(person.into(), 1)),
                Event::Auction(auction) if self.auctions.is_some() => auctions.push(Tup2(auction.into(), 1)),
                Event::Bid(bid) if self.bids.is_some() => bids.push(Tup2(bid.into(), 1)),
                _ => {}
            }
        }
        if let Some(handle) = &self.persons {
            handle.append(&mut persons);
        }
        if let Some(handle) = &self.auctions {
            handle.append(&mut auctions);
        }
        if let Some(handle) = &self.bids {
            handle.append(&mut bids);
        }
    }
}

/// What one run has needed, in seconds and KiB.
struct Measured {
    duration: Duration,
    base: u64,
    peak: u64,
}

/// Runs a query, and prints what it has needed. The result is computed again in a second run, because to keep it needs memory.
pub fn run<R, Q>(arguments: Arguments<'_>, query: Q) -> Result<(), String>
where
    R: DBData + Columns,
    Q: Fn(&Source) -> Table<R> + Clone + Send + 'static,
{
    let Measured { duration, base, peak } = pass(arguments, query.clone(), None::<fn(R, ZWeight)>)?;
    let (rows, digest) = if arguments.check {
        let mut result: HashMap<R, ZWeight> = HashMap::new();
        pass(arguments, query, Some(|row, weight| *result.entry(row).or_default() += weight))?;
        let (rows, digest) = digest(result);
        (rows.to_string(), format!("\"{digest}\""))
    } else {
        ("null".to_owned(), "null".to_owned())
    };
    let Arguments { query, events, commit, workers, .. } = arguments;
    let seconds = duration.as_secs_f64();
    print!(r#"{{"system":"dbsp","query":"{query}","events":{events},"commit":{commit},"workers":{workers},"#);
    println!(r#""seconds":{seconds:.6},"peak_kib":{peak},"base_kib":{base},"rows":{rows},"digest":{digest}}}"#);
    Ok(())
}

/// Feeds all events to a new circuit, and gives each change of the result to `each`, if there is one.
fn pass<R, Q>(arguments: Arguments<'_>, query: Q, mut each: Option<impl FnMut(R, ZWeight)>) -> Result<Measured, String>
where
    R: DBData + Columns,
    Q: Fn(&Source) -> Table<R> + Clone + Send + 'static,
{
    let (mut circuit, (handles, output)) = Runtime::init_circuit(arguments.workers, move |circuit| {
        let source = Source { circuit: circuit.clone(), handles: RefCell::default() };
        let output = query(&source).accumulate_output();
        Ok((source.handles.take(), output))
    })
    .map_err(|error| error.to_string())?;
    let events: Vec<Event> = generate(arguments.events).collect();
    let size = if arguments.commit == 0 { events.len().max(1) } else { arguments.commit };

    let base = status("VmRSS")?;
    let start = Instant::now();
    for commit in events.chunks(size) {
        handles.feed(commit);
        circuit.transaction().map_err(|error| error.to_string())?;
        match &mut each {
            None => drop(output.take_from_all()),
            Some(each) => output.concat().iter().for_each(|(row, (), weight)| each(row, weight)),
        }
    }
    let duration = start.elapsed();
    let peak = status("VmHWM")?;
    circuit.kill().map_err(|_| "a worker has panicked".to_owned())?;
    Ok(Measured { duration, base, peak })
}

/// A number of KiB that the system knows of this process.
fn status(name: &str) -> Result<u64, String> {
    let status = fs::read_to_string("/proc/self/status").map_err(|error| format!("/proc/self/status: {error}"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
    number.ok_or_else(|| format!("/proc/self/status has no {name} in kB"))
}
