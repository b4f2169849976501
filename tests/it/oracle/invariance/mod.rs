//! Results are a function of the order of arrival: the same arrivals, cut into commits in other ways and run by other numbers of
//! workers, give the same tables, and the same rows in the same order where rows are only added.

mod asof_now;
mod events;
mod lateness;
mod random_chains;
mod restarts;
mod sources;

use pathway::Running;
use pathway::prelude::*;
use pathway::reducers::{Count, Latest, Sum};
use pathway::testing::Collected;
use pathway::windows::{Window, Windows, session, sliding, tumbling};

use super::check::{all_workers, label};
use super::event_time::{Second, clock};
use super::history::seeds;
use crate::support::random::Random;

#[derive(Clone, Schema, serde::Serialize, serde::Deserialize)]
struct Event {
    id: i64,
    city: String,
    at: i64,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Summary {
    city: String,
    start: i64,
    end: i64,
    n: i64,
    ids: i64,
    last: i64,
}

#[derive(Clone)]
enum Arrival {
    Event(Event),
    Tick(i64),
}

/// Times advance from row to row. Some are behind, a few far behind or far ahead. Ticks of a clock come in between.
fn arrivals(seed: u64) -> Vec<Arrival> {
    let mut random = Random::new(seed);
    let (mut now, mut tick) = (0, 1_000);
    let arrival = |id| {
        if random.below(6) == 0 {
            tick += random.pick(&[1, 2, 2, 9, 30]);
            return Arrival::Tick(tick);
        }
        now += random.pick(&[0, 0, 1, 1, 3, 8]);
        let off = random.pick(&[0, 0, 0, 0, -1, -2, -5, -12, -40, 9]);
        Arrival::Event(Event { id, city: random.pick(&["Oslo", "Rome", "Lima"]).to_owned(), at: now + off })
    };
    (0..120).map(arrival).collect()
}

/// The arrivals as commits of events and of ticks. A commit has its events before its ticks, as two sources have them; a tick
/// that is followed by an event therefore ends a commit.
fn cut(arrivals: &[Arrival], mut ends_here: impl FnMut() -> bool) -> (Vec<Vec<Change<Event>>>, Vec<Option<i64>>) {
    let (mut events, mut ticks) = (vec![Vec::new()], vec![None]);
    for arrival in arrivals {
        let follows_tick = ticks.last().is_some_and(Option::is_some);
        if follows_tick || ends_here() {
            events.push(Vec::new());
            ticks.push(None);
        }
        match arrival {
            Arrival::Event(event) => events.last_mut().unwrap().push(Change::insert(event.clone())),
            Arrival::Tick(tick) => *ticks.last_mut().unwrap() = Some(*tick),
        }
    }
    (events, ticks)
}

/// What is compared.
#[derive(Clone, Copy, PartialEq)]
enum Compared {
    /// Each row, in order.
    Sequence,
    /// The rows of the table at the end.
    Table,
}

/// The rows of a table, as text.
type Rows = Box<dyn Fn() -> Vec<String>>;

fn rows<R: Schema + std::fmt::Debug>(seen: Collected<R>, compared: Compared) -> Rows {
    Box::new(move || match compared {
        Compared::Table => seen.rows().iter().map(|row| format!("{row:?}")).collect(),
        Compared::Sequence => {
            let changes = seen.changes();
            assert!(changes.iter().all(|(_, _, diff)| *diff > 0), "a row is removed from a sequence");
            changes.iter().map(|(_, row, _)| format!("{row:?}")).collect()
        }
    })
}

/// Runs a shape over the same arrivals in several cuts, with all workers.
fn check(case: &str, shape: impl Fn(&Table<Event>, &Table<Second>) -> Rows) {
    for seed in seeds() {
        let (case, arrivals) = (label(case, seed), arrivals(seed));
        let mut random = Random::new(seed ^ 0xc07);
        let one_by_one = cut(&arrivals, || true);
        let bulk = cut(&arrivals, || false);
        let some = cut(&arrivals, || random.below(4) == 0);
        let mut expected: Option<Vec<String>> = None;
        for (cut, (events, ticks)) in [("one by one", one_by_one), ("in bulk", bulk), ("in some commits", some)] {
            for workers in all_workers() {
                let pipeline = Pipeline::new();
                let table = pipeline.commits(events.clone());
                let clock = clock(&pipeline, &ticks);
                let rows = shape(&table, &clock);
                pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
                let rows = rows();
                match &expected {
                    None => expected = Some(rows),
                    Some(expected) => assert_eq!(&rows, expected, "{case}: {cut}, {workers} workers (left)"),
                }
            }
        }
    }
}

fn summaries(events: &Table<Event>, windows: Windows<i64>) -> Table<Summary> {
    let row = |city: &String, w: Window<i64>, (n, ids, last)| Summary {
        city: city.clone(),
        start: w.start,
        end: w.end,
        n,
        ids,
        last,
    };
    let windowed = events.window(|event| event.at, windows).group_by(|event| event.city.clone());
    windowed.reduce((Count, Sum, Latest::new()), |event| ((), event.id, event.id), row)
}

#[derive(Debug, Schema)]
struct Plain {
    id: i64,
    at: i64,
}

#[derive(Debug, Schema)]
struct Quiet {
    city: String,
    since: i64,
}

fn plain(events: &Table<Event>) -> Table<Plain> {
    events.select(|event| Plain { id: event.id, at: event.at })
}

#[test]
fn windows_do_not_depend_on_commits() {
    type Make = fn() -> Windows<i64>;
    let kinds: [(&str, Make); 3] =
        [("tumbling", || tumbling(10)), ("sliding", || sliding(12, 5)), ("sessions", || session(4))];
    for (kind, windows) in kinds {
        for late in [0, 6] {
            check(&format!("{kind}, on close, late {late}"), |events, _| {
                let windows = windows().allowed_lateness(late).emit_on_close();
                rows(summaries(events, windows).collect(), Compared::Sequence)
            });
            check(&format!("{kind}, late {late}"), |events, _| {
                rows(summaries(events, windows().allowed_lateness(late)).collect(), Compared::Table)
            });
            check(&format!("{kind}, until closed, late {late}"), |events, _| {
                let windows = windows().allowed_lateness(late).remove_on_close();
                rows(summaries(events, windows).collect(), Compared::Table)
            });
            check(&format!("{kind}, by a clock, late {late}"), |events, clock| {
                let windows = windows().allowed_lateness(late).emit_on_close().idle_timeout(5, clock, |now| now.at);
                rows(summaries(events, windows).collect(), Compared::Sequence)
            });
        }
    }
}

/// Rows with equal keys, times and arguments become one change where nothing closes between them.
#[test]
fn equal_rows_in_sessions_do_not_depend_on_commits() {
    fn counts(events: &Table<Event>, windows: Windows<i64>) -> Table<Summary> {
        let row = |city: &String, w: Window<i64>, n| {
            let (start, end) = (w.start, w.end);
            Summary { city: city.clone(), start, end, n, ids: 0, last: 0 }
        };
        let windowed = events.window(|event| event.at, windows).group_by(|event| event.city.clone());
        windowed.reduce(Count, |_| (), row)
    }
    for (step, late) in [(3, 0), (3, 6), (7, 0), (7, 6)] {
        let coarse = |events: &Table<Event>| {
            let rounded = move |event: &Event| Event { at: event.at.div_euclid(step) * step, ..event.clone() };
            events.select(rounded).filter(|event| event.city != "Lima")
        };
        let windows = move || session(4).allowed_lateness(late);
        check(&format!("equal rows, on close, every {step}, late {late}"), |events, _| {
            rows(counts(&coarse(events), windows().emit_on_close()).collect(), Compared::Sequence)
        });
        check(&format!("equal rows, every {step}, late {late}"), |events, _| {
            rows(counts(&coarse(events), windows()).collect(), Compared::Table)
        });
        check(&format!("equal rows that are forgotten, every {step}, late {late}"), |events, _| {
            let forgotten = coarse(events).forget(|event| event.at, 3);
            rows(counts(&forgotten, windows().emit_on_close()).collect(), Compared::Sequence)
        });
    }
}

#[test]
fn policies_do_not_depend_on_commits() {
    for length in [0, 5, 20] {
        check(&format!("forget after {length}"), |events, _| {
            rows(plain(&events.forget(|event| event.at, length)).collect(), Compared::Table)
        });
        check(&format!("forget after {length}, by a clock"), |events, clock| {
            let timed = events.timed(|event| event.at).idle_timeout(5, clock, |now| now.at);
            rows(plain(&timed.forget(length)).collect(), Compared::Table)
        });
        check(&format!("buffer for {length}"), |events, _| {
            rows(plain(&events.buffer(|event| event.at, length)).collect(), Compared::Sequence)
        });
        check(&format!("buffer for {length}, by a clock"), |events, clock| {
            let timed = events.timed(|event| event.at).idle_timeout(5, clock, |now| now.at);
            rows(plain(&timed.buffer(length)).collect(), Compared::Sequence)
        });
        check(&format!("ignore later than {length}"), |events, _| {
            rows(plain(&events.ignore_late(|event| event.at, length)).collect(), Compared::Sequence)
        });
    }
}

#[test]
fn chains_do_not_depend_on_commits() {
    let on_close = || tumbling(10).emit_on_close();
    // Rows are forgotten long after their windows have closed.
    check("forget, windows", |events, _| {
        rows(summaries(&events.forget(|event| event.at, 30), on_close()).collect(), Compared::Sequence)
    });
    // Rows are forgotten while their windows are open.
    check("forget early, windows", |events, _| {
        rows(summaries(&events.forget(|event| event.at, 3), on_close()).collect(), Compared::Sequence)
    });
    check("forget, sessions", |events, _| {
        rows(summaries(&events.forget(|event| event.at, 30), session(4).emit_on_close()).collect(), Compared::Sequence)
    });
    check("buffer, sessions", |events, _| {
        rows(summaries(&events.buffer(|event| event.at, 7), session(4).emit_on_close()).collect(), Compared::Sequence)
    });
    check("ignore_late, windows", |events, _| {
        rows(summaries(&events.ignore_late(|event| event.at, 4), on_close()).collect(), Compared::Sequence)
    });
    check("concat of two parts, windows", |events, _| {
        let oslo = events.filter(|event| event.city == "Oslo");
        let others = events.filter(|event| event.city != "Oslo");
        rows(summaries(&oslo.concat(&others), on_close()).collect(), Compared::Sequence)
    });
    check("concat of a table with itself, buffer", |events, _| {
        let twice = events.concat(&events.select(|event| Event { id: -event.id - 1, ..event.clone() }));
        rows(plain(&twice.buffer(|event| event.at, 5)).collect(), Compared::Sequence)
    });
    check("windows of windows", |events, _| {
        let ten = summaries(events, on_close());
        let row = |w: Window<i64>, n| Plain { id: n, at: w.start };
        let fifty = ten.window(|row| row.start, tumbling(50).emit_on_close()).reduce(Sum, |row| row.n, row);
        rows(fifty.collect(), Compared::Sequence)
    });
}
