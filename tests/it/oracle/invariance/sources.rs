//! The event time of a table with several sources is the least of their times.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::time::Duration;

use pathway::Running;
use pathway::io::{Failure, RowSender, Source, SourceSettings};
use pathway::prelude::*;
use pathway::windows::{session, sliding, tumbling};

use super::{Arrival, Compared, Event, Plain, Rows, arrivals, plain, rows, summaries};
use crate::oracle::check::{Setting, all_workers, few_workers, label};
use crate::oracle::event_time::{Second, clock};
use crate::oracle::history::seeds;
use crate::support::random::Random;
use crate::support::wait_for;

const SOURCES: usize = 3;

/// Which source each event comes from. One of them is ahead of the others.
fn events(seed: u64) -> Vec<(usize, Event)> {
    let events = arrivals(seed).into_iter().filter_map(|arrival| match arrival {
        Arrival::Event(event) => Some(event),
        Arrival::Tick(_) => None,
    });
    let mut random = Random::new(seed ^ 0x50);
    let of_source = |mut event: Event| {
        let source = random.below(SOURCES as u64) as usize;
        event.at += [0, 60, -5][source];
        (source, event)
    };
    events.map(of_source).collect()
}

/// The commits of each source. In a commit, the rows of the first source come first, and so on.
fn cut(events: &[(usize, Event)], mut ends_here: impl FnMut() -> bool) -> [Vec<Vec<Change<Event>>>; SOURCES] {
    let (mut commits, mut last) = ([const { Vec::new() }; SOURCES], SOURCES);
    for (source, event) in events {
        if *source < last || ends_here() {
            commits.iter_mut().for_each(|commits: &mut Vec<Vec<_>>| commits.push(Vec::new()));
        }
        last = *source;
        commits[*source].last_mut().unwrap().push(Change::insert(event.clone()));
    }
    commits
}

/// Runs a shape over the same arrivals in several cuts, with all workers, and compares what it gives.
fn check(
    case: &str,
    shape: impl Fn(&[Table<Event>; SOURCES]) -> Rows,
    expected: impl Fn(&[(usize, Event)]) -> Option<Vec<String>>,
) {
    for seed in seeds() {
        let (case, events) = (label(case, seed), events(seed));
        let mut random = Random::new(seed ^ 0xc07);
        let mut expected = expected(&events);
        for cut in [cut(&events, || true), cut(&events, || false), cut(&events, || random.below(4) == 0)] {
            for workers in all_workers() {
                let pipeline = Pipeline::new();
                let rows = shape(&cut.clone().map(|commits| pipeline.commits(commits)));
                pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
                let (rows, commits) = (rows(), cut[0].len());
                match &expected {
                    None => expected = Some(rows),
                    Some(expected) => {
                        assert_eq!(&rows, expected, "{case}: {commits} commits, {workers} workers (left)")
                    }
                }
            }
        }
    }
}

fn all([a, b, c]: &[Table<Event>; SOURCES]) -> Table<Event> {
    a.concat(b).concat(&c.filter(|_| true).select(Event::clone))
}

/// The rows that are more than `late` behind event time.
fn late(events: &[(usize, Event)], late: i64) -> Vec<String> {
    let (mut times, mut now) = (BTreeMap::new(), i64::MIN);
    let late_row = |(source, event): &(usize, Event)| {
        let is_late = now > event.at + late;
        let time = times.entry(*source).or_insert(event.at);
        *time = event.at.max(*time);
        if times.len() == SOURCES {
            now = now.max(*times.values().min().unwrap());
        }
        is_late.then(|| format!("{:?}", Plain { id: event.id, at: event.at }))
    };
    events.iter().filter_map(late_row).collect()
}

#[test]
fn the_least_time_of_the_sources_counts() {
    check(
        "late",
        |tables| rows(plain(&all(tables).timed(|e| e.at).late(5)).collect(), Compared::Sequence),
        |events| Some(late(events, 5)),
    );
    let closed = |tables: &_| rows(summaries(&all(tables), tumbling(10).emit_on_close()).collect(), Compared::Sequence);
    check("windows", closed, |_| None);
    let sliding =
        |tables: &_| rows(summaries(&all(tables), sliding(12, 5).emit_on_close()).collect(), Compared::Sequence);
    check("sliding windows", sliding, |_| None);
    let sessions = |tables: &_| rows(summaries(&all(tables), session(4).emit_on_close()).collect(), Compared::Sequence);
    check("sessions", sessions, |_| None);
    let late = |tables: &_| {
        let sessions = all(tables).window(|event| event.at, session(2).allowed_lateness(3));
        rows(plain(&sessions.group_by(|event| event.city.clone()).late()).collect(), Compared::Sequence)
    };
    check("late for sessions", late, |_| None);
}

#[test]
fn operators_in_the_order_of_arrival_keep_the_sources_apart() {
    // What the first operator lets pass is not late for the second one.
    let late_twice = |tables: &_| {
        let some = all(tables).ignore_late(|e| e.at, 5).forget(|e| e.at, 1_000);
        rows(plain(&some.timed(|e| e.at).late(5)).collect(), Compared::Sequence)
    };
    check("late behind ignore_late", late_twice, |_| Some(Vec::new()));
    let buffered = |tables: &[Table<Event>; SOURCES]| {
        let [a, b, c] = tables;
        let buffered = a.concat(b).buffer(|e| e.at, 7);
        rows(summaries(&buffered.concat(c), tumbling(10).emit_on_close()).collect(), Compared::Sequence)
    };
    check("buffer, concat, windows", buffered, |_| None);
    let buffered = |tables: &[Table<Event>; SOURCES]| {
        let [a, b, c] = tables;
        let buffered = a.concat(b).buffer(|e| e.at, 0);
        rows(plain(&buffered.concat(c).timed(|e| e.at).late(100)).collect(), Compared::Sequence)
    };
    check("buffer, concat, late", buffered, |_| None);
}

/// The starts of the windows of ten that are closed, with how many rows they have.
fn tens(events: &Table<Event>, idle: Option<&Table<Second>>) -> Table<Plain> {
    let mut windows = tumbling(10).emit_on_close();
    if let Some(clock) = idle {
        windows = windows.idle_timeout(20, clock, |tick| tick.at);
    }
    let windows = events.window(|e| e.at, windows);
    windows.reduce(pathway::reducers::Count, |_| (), |w, n| Plain { id: n, at: w.start })
}

fn event(at: i64) -> Event {
    Event { id: at, city: "Oslo".into(), at }
}

fn commits(times: &[&[i64]]) -> Vec<Vec<Change<Event>>> {
    times.iter().map(|times| times.iter().map(|at| Change::insert(event(*at))).collect()).collect()
}

/// The closed windows of ten, as their starts and how many rows they have, by commit.
fn closed(pipeline: Pipeline, tens: Table<Plain>, workers: Setting) -> Vec<(u64, i64, i64)> {
    let seen = tens.collect();
    pipeline.start_with(workers).and_then(Running::join).unwrap();
    seen.changes().into_iter().map(|(commit, row, _)| (commit, row.at, row.id)).collect()
}

#[test]
fn a_source_that_has_ended_holds_nothing_up() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let short = pipeline.commits(commits(&[&[5]]));
        let long = pipeline.commits(commits(&[&[7, 12], &[25], &[31]]));
        let tens = tens(&short.concat(&long), None);
        assert_eq!(closed(pipeline, tens, workers), [(1, 0, 2), (1, 10, 1), (2, 20, 1)], "{workers} workers");
    }
}

#[test]
fn when_all_sources_have_ended_the_latest_row_counts() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let (fast, slow) = (pipeline.rows([5, 35].map(event)), pipeline.rows([7].map(event)));
        let tens = tens(&fast.concat(&slow), None);
        assert_eq!(closed(pipeline, tens, workers), [(1, 0, 2)], "{workers} workers");
    }
}

#[test]
fn a_source_that_is_silent_from_the_start_is_left_out_once_it_is_idle() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let ticks = [Some(1_000), Some(1_010), None, Some(1_020), None];
        let clock = clock(&pipeline, &ticks);
        let silent = pipeline.commits(commits(&[&[], &[], &[], &[], &[]]));
        let speaks = pipeline.commits(commits(&[&[5], &[12], &[13], &[14], &[21]]));
        let tens = tens(&speaks.concat(&silent), Some(&clock));
        assert_eq!(closed(pipeline, tens, workers), [(3, 0, 1), (4, 10, 3)], "{workers} workers");
    }
}

#[test]
fn parts_of_one_source_are_no_sources() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let rows = pipeline.commits(commits(&[&[5], &[12], &[25]]));
        let parts = rows.filter(|e| e.at > 0).concat(&rows.filter(|e| e.at < 0));
        let tens = tens(&parts, None);
        assert_eq!(closed(pipeline, tens, workers), [(1, 0, 1), (2, 10, 1)], "{workers} workers");
    }
}

/// A source of these rows that ends when it is told to.
struct Finite {
    times: &'static [i64],
    end: mpsc::Receiver<()>,
}

impl Source for Finite {
    type Item = Event;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().append_only()
    }

    fn run(self, rows: &RowSender<Event>) -> Result<(), Failure> {
        self.times.iter().try_for_each(|at| rows.insert(event(*at)))?;
        // Dropped: ends, too.
        let _ = self.end.recv();
        Ok(())
    }
}

#[test]
fn the_end_of_a_source_closes_windows() {
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let (end_slow, slow) = mpsc::channel();
        let (end_fast, fast) = mpsc::channel();
        let slow = pipeline.source(Finite { times: &[4, 12], end: slow });
        let fast = pipeline.source(Finite { times: &[35], end: fast });
        let seen = tens(&slow.concat(&fast), None).collect();
        let running = pipeline.start_with(workers).unwrap();
        let starts = || seen.rows().iter().map(|row| row.at).collect::<Vec<_>>();
        wait_for("the first window", || starts() == [0]);
        drop(end_slow);
        wait_for("the second window", || starts() == [0, 10]);
        drop(end_fast);
        running.join().unwrap();
        assert_eq!(starts(), [0, 10]);
    }
}

/// It would have sent more.
#[test]
fn a_source_that_ends_because_the_pipeline_stops_closes_no_windows() {
    let pipeline = Pipeline::new();
    let (_end_fast, fast) = mpsc::channel();
    let (slow, fast) = (Stopped { at: 4 }, Finite { times: &[35], end: fast });
    let (slow, fast) = (pipeline.source(slow), pipeline.source(fast));
    let all = slow.concat(&fast);
    let (rows, seen) = (plain(&all).collect(), tens(&all, None).collect());
    let running = pipeline.start().unwrap();
    wait_for("both rows", || rows.rows().len() == 2);
    drop(_end_fast);
    running.stop();
    running.join().unwrap();
    assert!(seen.rows().is_empty());
}

/// A source of one row that ends when the pipeline stops.
struct Stopped {
    at: i64,
}

impl Source for Stopped {
    type Item = Event;

    fn settings(&self) -> SourceSettings {
        SourceSettings::new().append_only()
    }

    fn run(self, rows: &RowSender<Event>) -> Result<(), Failure> {
        rows.insert(event(self.at))?;
        loop {
            rows.sleep(Duration::from_secs(60))?;
        }
    }
}
