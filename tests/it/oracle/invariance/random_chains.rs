//! Random chains of operators over one to three sources: the same arrivals give the same results, wherever commits begin and
//! whatever the number of workers.

use pathway::Running;
use pathway::prelude::*;
use pathway::testing::Broker;
use pathway::windows::{Windows, session, sliding, tumbling};

use super::asof_now::InCommits;
use super::{Arrival, Compared, Event, Quiet, Rows, Summary, arrivals, rows, summaries};
use crate::oracle::check::{Setting, all_workers, label};
use crate::oracle::history::seeds;
use crate::support::random::Random;

/// How many chains are tried with each seed.
pub(super) const CHAINS: u64 = 25;

/// Numbers that choose the operators of a chain, always the same.
pub(super) struct Choices(Random);

impl Choices {
    fn below(&mut self, limit: u64) -> i64 {
        self.0.below(limit) as i64
    }
}

/// A chain under construction: a table, and what was done to make it.
struct Chain {
    table: Table<Event>,
    /// The rows are in the order of their arrival: no operator has emitted them at the end of a commit.
    is_arrival: bool,
    steps: Vec<String>,
}

impl Chain {
    fn then(&mut self, step: String, table: Table<Event>, is_arrival: bool) {
        (self.table, self.is_arrival) = (table, is_arrival);
        self.steps.push(step);
    }

    fn random_step(&mut self, sources: &[Table<Event>], choices: &mut Choices) {
        let (table, is_arrival, n) = (self.table.clone(), self.is_arrival, choices.below(4));
        let by_city = |event: &Event| event.city.clone();
        match choices.below(10) {
            0 => self.then(format!("filter {n}"), table.filter(move |event| event.id % 4 != n), is_arrival),
            1 => {
                let moved = table.select(move |event| Event { at: event.at + n * (event.id % 3), ..event.clone() });
                self.then(format!("select {n}"), moved, is_arrival);
            }
            2 if is_arrival => {
                let other = &sources[n as usize % sources.len()];
                self.then(format!("concat {n}"), table.concat(other), true);
            }
            3 => {
                let first = table.deduplicate(by_city).first_within(|event| event.at, 3 * n);
                self.then(format!("first_within {}", 3 * n), first, false);
            }
            4 => {
                let events = table.group_by(by_city).scan(0, move |count, event| {
                    *count += 1;
                    (0..*count % (n + 2))
                        .map(|copy| Event { id: 10 * event.id + copy, ..event.clone() })
                        .collect::<Vec<_>>()
                });
                self.then(format!("scan {n}"), events, false);
            }
            5 => {
                let timed = table.timed(|event| event.at).group_by(by_city).expire_after(20);
                let events = timed.scan_with_timers(
                    Vec::new(),
                    move |open: &mut Vec<Event>, event, timers| {
                        open.push(event.clone());
                        timers.set(event.at + 5 * n);
                        None
                    },
                    |_, open, _| open.pop(),
                );
                self.then(format!("timers {n}"), events, false);
            }
            6 => self.then(format!("buffer {n}"), table.buffer(|event| event.at, 2 * n), is_arrival),
            7 => self.then(format!("ignore_late {n}"), table.ignore_late(|event| event.at, 4 * n), is_arrival),
            8 => {
                let some = table.select(move |event| Event { id: event.id % (5 + n), ..event.clone() });
                self.then(format!("distinct {n}"), some.distinct(), false);
            }
            9 => {
                let other = sources[n as usize % sources.len()].filter(move |event| event.id % 5 == n);
                let joined = table.join(&other).on(by_city, by_city).asof_now();
                let latest = |event: &Event, found: Option<&Event>| Event {
                    id: event.id + found.map_or(0, |found| 1_000 * found.id),
                    ..event.clone()
                };
                // Only rows of arrivals find what has arrived before; others what is there at the end of the commit.
                if is_arrival {
                    self.then(format!("asof_now {n}"), joined.left(latest), false);
                }
            }
            _ => {}
        }
    }

    /// The last operator of the chain.
    fn end(mut self, sources: &[Table<Event>], choices: &mut Choices, keep: &impl Keep) -> (String, Rows) {
        let (table, n) = (self.table.clone(), choices.below(4));
        let windows = |choices: &mut Choices| -> (&str, Windows<i64>) {
            let (name, windows) = match choices.below(3) {
                0 => ("tumbling", tumbling(10)),
                1 => ("sliding", sliding(12, 5)),
                _ => ("sessions", session(4)),
            };
            (name, windows.allowed_lateness(5 * n))
        };
        let (end, rows) = match choices.below(10) {
            0 => {
                // Numbered, because `collect` makes one change of equal rows of a commit.
                let numbered = table.group_by(|_| ()).scan(0, |number, event| {
                    *number += 1;
                    let (city, start, end) = (event.city.clone(), event.at, event.id);
                    Some(Summary { city, start, end, n: *number, ids: 0, last: 0 })
                });
                ("numbers".to_owned(), keep.rows(&numbered, Compared::Sequence))
            }
            1 | 2 => {
                let (name, windows) = windows(choices);
                let closed = summaries(&table, windows.emit_on_close());
                (format!("{name} on close"), keep.rows(&closed, Compared::Sequence))
            }
            3 => {
                let (name, windows) = windows(choices);
                (name.to_owned(), keep.rows(&summaries(&table, windows), Compared::Table))
            }
            4 => {
                let (name, windows) = windows(choices);
                let open = summaries(&table.forget(|event| event.at, 15), windows.remove_on_close());
                (format!("forget, {name} until closed"), keep.rows(&open, Compared::Table))
            }
            5 => {
                let other = &sources[n as usize % sources.len()];
                let pairs = join!(a in table, b in other on a.city == b.city within b.at - a.at in -2..=1 => {
                    id: a.id,
                    at: b.id,
                });
                (format!("within {n}"), keep.rows(&pairs, Compared::Table))
            }
            6 => {
                let other = &sources[n as usize % sources.len()];
                let pairs = join!(a in table, b? in other on a.city == b.city asof a.at >= b.at => {
                    id: a.id,
                    at: b.map_or(-1, |b| b.at),
                });
                (format!("asof {n}"), keep.rows(&pairs, Compared::Table))
            }
            7 => {
                let size = n as usize + 1;
                let newest = top!(size of e in table by e.city order e.at desc => { e.city, rank, e.at, e.id });
                (format!("top {size}"), keep.rows(&newest, Compared::Table))
            }
            8 => {
                let id = |event: Option<&Event>| event.map_or(-1, |event| event.id);
                let beside = table.group_by(|event| event.city.clone()).neighbours(
                    |event| event.at,
                    move |event, previous, next| {
                        let Event { city, at, .. } = event.clone();
                        Summary { city, start: at, end: id(previous), n: event.id, ids: 0, last: id(next) }
                    },
                );
                ("neighbours".to_owned(), keep.rows(&beside, Compared::Table))
            }
            _ => {
                let row = |city: &String, n| Quiet { city: city.clone(), since: n };
                let counts = table.group_by(|event| event.city.clone());
                let counts = counts.reduce(pathway::reducers::Count, |_| (), row);
                ("count".to_owned(), keep.rows(&counts, Compared::Table))
            }
        };
        self.steps.push(end);
        (self.steps.join(", "), rows)
    }
}

/// Keeps the rows of a chain's last table.
pub(super) trait Keep {
    fn rows<R: Schema + std::fmt::Debug>(&self, table: &Table<R>, compared: Compared) -> Rows;
}

struct Collect;

impl Keep for Collect {
    fn rows<R: Schema + std::fmt::Debug>(&self, table: &Table<R>, compared: Compared) -> Rows {
        rows(table.collect(), compared)
    }
}

/// The numbers of a chain, and how many sources it has.
pub(super) fn choices_of(seed: u64) -> (Choices, i64) {
    let mut choices = Choices(Random::new(seed));
    let sources = choices.below(3) + 1;
    (choices, sources)
}

/// Declares a chain over the sources. The same numbers choose the same chain.
pub(super) fn declare(sources: &[Table<Event>], mut choices: Choices, keep: &impl Keep) -> (String, Rows) {
    let steps = vec![format!("{} sources", sources.len())];
    let mut chain = Chain { table: sources[0].clone(), is_arrival: true, steps };
    sources.iter().skip(1).for_each(|source| chain.table = chain.table.concat(source));
    (0..choices.below(4) + 1).for_each(|_| chain.random_step(sources, &mut choices));
    chain.end(sources, &mut choices, keep)
}

pub(super) fn events(seed: u64) -> Vec<Event> {
    let events = arrivals(seed).into_iter().filter_map(|arrival| match arrival {
        Arrival::Event(event) => Some(event),
        Arrival::Tick(_) => None,
    });
    events.collect()
}

/// Runs chains with commits of several sizes and numbers of workers. `run` runs one, and returns what was done and the rows.
fn check(name: &str, run: impl Fn(&[Event], u64, &mut Random, u64, Setting) -> pathway::Result<(String, Vec<String>)>) {
    for seed in seeds() {
        let (case, events) = (label(name, seed), events(seed));
        for chain in (0..CHAINS).map(|number| seed.wrapping_mul(CHAINS) + number) {
            let mut random = Random::new(chain ^ 0xc07);
            let mut expected: Option<Vec<String>> = None;
            for longest in [1, 10, 1_000] {
                for workers in all_workers() {
                    let cut = format!("chain {chain}, commits of up to {longest}, {workers} workers");
                    let ran = run(&events, chain, &mut random, longest, workers);
                    let (steps, rows) = ran.unwrap_or_else(|error| panic!("{case}: {cut}: {error}"));
                    match &expected {
                        None => expected = Some(rows),
                        Some(expected) => assert_eq!(&rows, expected, "{case}: {steps}: {cut} (left)"),
                    }
                }
            }
        }
    }
}

/// The parts of a source are one source.
#[test]
fn chains_of_random_operators_do_not_depend_on_commits() {
    check("random chains", |events, chain, random, longest, workers| {
        let (choices, number) = choices_of(chain);
        let commit_sizes = events.iter().map(|_| 1 + random.below(longest) as usize).collect();
        let pipeline = Pipeline::new();
        let all = pipeline.source(InCommits { events: events.to_vec(), commit_sizes });
        let sources: Vec<_> = (0..number).map(|source| all.filter(move |event| event.id % number == source)).collect();
        let (steps, rows) = declare(&sources, choices, &Collect);
        pipeline.start_with(workers).and_then(Running::join)?;
        Ok((steps, rows()))
    });
}

/// In a commit, the messages of the first source come before those of the second one. So a message of a source behind one of a
/// later source begins a commit.
#[test]
fn chains_of_random_operators_over_several_sources_do_not_depend_on_commits() {
    check("random chains over several sources", |events, chain, random, longest, workers| {
        let (choices, number) = choices_of(chain);
        let (pipeline, broker) = (Pipeline::new(), Broker::new());
        let read = |source| nats::read(&pipeline, &broker, format!("in.{source}")).json::<Event>();
        let sources: Vec<_> = (0..number).map(read).collect();
        let (steps, rows) = declare(&sources, choices, &Collect);
        let running = pipeline.start_with(workers)?;
        let (mut last, mut left) = (0, 0);
        for Event { id, city, at } in events {
            let source = id % number;
            if source < last || left == 0 {
                broker.commit();
                left = 1 + random.below(longest);
            }
            (last, left) = (source, left - 1);
            broker.publish(&format!("in.{source}"), format!(r#"{{"id": {id}, "city": "{city}", "at": {at}}}"#));
        }
        broker.commit();
        running.stop();
        running.join()?;
        Ok((steps, rows()))
    });
}
