//! Late rows as a table, and event time by parts.

use std::collections::BTreeMap;

use pathway::Running;
use pathway::prelude::*;
use pathway::reducers::Count;
use pathway::windows::{Window, Windows, session, sliding, tumbling};

use super::{Compared, Event, Plain, Summary, arrivals, check, cut, plain, rows, summaries};
use crate::oracle::check::{all_workers, label};
use crate::oracle::event_time::Second;
use crate::oracle::history::seeds;

#[test]
fn late_rows_do_not_depend_on_commits() {
    for late in [0, 6] {
        let window = |events: &Table<Event>, windows: Windows<i64>| events.window(|event| event.at, windows);
        check(&format!("late for tumbling windows, {late}"), |events, _| {
            let windows = window(events, tumbling(10).allowed_lateness(late).emit_on_close());
            rows(plain(&windows.late()).collect(), Compared::Sequence)
        });
        check(&format!("late for sliding windows, by a clock, {late}"), |events, clock| {
            let windows = sliding(12, 5).allowed_lateness(late).emit_on_close().idle_timeout(5, clock, |now| now.at);
            rows(plain(&window(events, windows).late()).collect(), Compared::Sequence)
        });
        check(&format!("late for sessions, {late}"), |events, _| {
            rows(plain(&visits(events, late, None)).collect(), Compared::Sequence)
        });
        check(&format!("late for sessions, by a clock, {late}"), |events, clock| {
            rows(plain(&visits(events, late, Some(clock))).collect(), Compared::Sequence)
        });
        check(&format!("late for sessions, forgotten rows, {late}"), |events, _| {
            rows(plain(&visits(&events.forget(|event| event.at, 9), late, None)).collect(), Compared::Sequence)
        });
        check(&format!("late for sessions without a key, {late}"), |events, _| {
            let windows = window(events, session(2).allowed_lateness(late));
            rows(summaries(&windows.late(), session(9).emit_on_close()).collect(), Compared::Sequence)
        });
        check(&format!("late, {late}"), |events, _| {
            let timed = events.timed(|event| event.at);
            rows(summaries(&timed.late(late), session(9).emit_on_close()).collect(), Compared::Sequence)
        });
    }
}

/// The rows that are too late for the sessions of their city.
fn visits(events: &Table<Event>, late: i64, clock: Option<&Table<Second>>) -> Table<Event> {
    let mut windows = session(4).allowed_lateness(late);
    if let Some(clock) = clock {
        windows = windows.idle_timeout(5, clock, |now| now.at);
    }
    events.window(|event| event.at, windows).group_by(|event| event.city.clone()).late()
}

/// The ids of the rows that are too late for the sessions of their city, by the definition of a session.
fn late_for_sessions(events: &[Event], gap: i64, late: i64) -> Vec<i64> {
    let (mut cities, mut now, mut ids) = (BTreeMap::<&str, Vec<i64>>::new(), None, Vec::new());
    for event in events {
        let open = cities.entry(&event.city).or_default();
        open.sort();
        let has_closed = |end: i64| now.is_some_and(|now| now >= end + gap + late);
        // From the last session to the first one: none before a closed one is open.
        let ends = open.chunk_by(|a, b| b - a <= gap).map(|session| *session.last().unwrap());
        let closed = ends.filter(|end| has_closed(*end)).max();
        open.retain(|at| closed.is_none_or(|closed| *at > closed));
        match open.iter().all(|at| (at - event.at).abs() > gap) && has_closed(event.at) {
            true => ids.push(event.id),
            false => open.push(event.at),
        }
        now = now.max(Some(event.at));
    }
    ids
}

/// The rows that the sessions drop, and no others.
#[test]
fn late_rows_of_sessions_are_those_that_sessions_drop() {
    for (seed, forgets) in seeds().into_iter().flat_map(|seed| [(seed, false), (seed, true)]) {
        let (events, _) = cut(&arrivals(seed), || seed % 2 == 0);
        let all: Vec<_> = events.iter().flatten().map(|change| change.row.clone()).collect();
        for (gap, late) in [(0, 0), (2, 0), (2, 3), (5, 7)] {
            let expected = late_for_sessions(&all, gap, late);
            for workers in all_workers() {
                let case = label(&format!("gap {gap}, late {late}, {workers} workers, forgets: {forgets}"), seed);
                let pipeline = Pipeline::new();
                let mut events = pipeline.commits(events.clone());
                if forgets {
                    events = events.forget(|event| event.at, 3);
                }
                let windows = session(gap).allowed_lateness(late);
                let visits = events.window(|event| event.at, windows).group_by(|event| event.city.clone());
                let dropped = visits.late().collect();
                let count = |_: &String, w: Window<i64>, n| Plain { id: n, at: w.start };
                let counts = visits.reduce(Count, |_| (), count).collect();
                let stats = pipeline.start_with(workers).and_then(Running::join);
                let stats = stats.unwrap_or_else(|error| panic!("{case}: {error}"));
                let window = stats.operators.iter().find(|operator| operator.name == "window").unwrap();
                let ids: Vec<_> = dropped.changes().iter().map(|(_, event, _)| event.id).collect();
                assert_eq!(window.late, ids.len() as u64, "{case}");
                if !forgets {
                    assert_eq!(ids, expected, "{case}");
                    assert!(!ids.is_empty(), "{case}: nothing is late");
                    let counted: i64 = counts.rows().iter().map(|row| row.id).sum();
                    assert_eq!(counted + ids.len() as i64, all.len() as i64, "{case}");
                }
            }
        }
    }
}

/// Each city has an event time of its own; the least of them counts.
#[test]
fn event_time_by_parts_does_not_depend_on_commits() {
    fn by_city(events: &Table<Event>, windows: Windows<i64>) -> Table<Summary> {
        let row = |city: &String, w: Window<i64>, n| {
            let (start, end) = (w.start, w.end);
            Summary { city: city.clone(), start, end, n, ids: 0, last: 0 }
        };
        let windowed = events.window(|event| event.at, windows).time_by(|event| event.city.clone());
        windowed.group_by(|event| event.city.clone()).reduce(Count, |_| (), row)
    }
    check("tumbling windows by parts", |events, _| {
        rows(by_city(events, tumbling(10).emit_on_close()).collect(), Compared::Sequence)
    });
    check("sessions by parts, by a clock", |events, clock| {
        let windows = session(4).emit_on_close().idle_timeout(5, clock, |now| now.at);
        rows(by_city(events, windows).collect(), Compared::Sequence)
    });
    check("policies and events by parts", |events, clock| {
        let timed = |events: &Table<Event>| {
            let timed = events.timed(|event| event.at).idle_timeout(9, clock, |now| now.at);
            timed.time_by(|event| event.city.clone())
        };
        let in_time = timed(&timed(events).buffer(5)).ignore_late(8);
        let counted = timed(&in_time).group_by(|event| event.city.clone()).expire_after(30).scan_with_timers(
            0,
            |n, event, timers| {
                *n += 1;
                timers.replace(timers.now() + 4);
                [Plain { id: event.id, at: *n }]
            },
            |_, n, timers| [Plain { id: -*n, at: timers.now() }],
        );
        rows(counted.collect(), Compared::Sequence)
    });
}

/// Each row is in its window or late, and dropped or not.
#[test]
fn late_rows_and_the_rows_of_windows_are_all_rows() {
    for seed in seeds() {
        let (events, _) = cut(&arrivals(seed), || false);
        let all: i64 = events.iter().map(|commit| commit.len() as i64).sum();
        for workers in all_workers() {
            let pipeline = Pipeline::new();
            let events = pipeline.commits(events.clone());
            let windows = events.window(|event| event.at, tumbling(10).allowed_lateness(3));
            let late = windows.late().collect();
            let counts = windows.reduce(Count, |_| (), |w, n| Plain { id: n, at: w.start }).collect();
            let (in_time, dropped) =
                (events.ignore_late(|event| event.at, 7).collect(), events.timed(|event| event.at).late(7).collect());
            let case = label("late", seed);
            pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
            let counted: i64 = counts.rows().iter().map(|row| row.id).sum();
            assert!(!late.rows().is_empty() && !dropped.rows().is_empty(), "{case}: nothing is late");
            assert_eq!(counted + late.rows().len() as i64, all, "{case}, {workers} workers: windows");
            assert_eq!(
                (in_time.rows().len() + dropped.rows().len()) as i64,
                all,
                "{case}, {workers} workers: ignore_late"
            );
        }
    }
}

#[test]
fn late_rows_of_windows_that_never_close_are_an_error() {
    let pipeline = Pipeline::new();
    let events = pipeline.rows::<Event>([]);
    let _ = events.window(|event| event.at, session(4)).late().collect();
    let error = pipeline.run().unwrap_err().to_string();
    assert!(error.contains("its windows never close: set `allowed_lateness`"), "{error}");

    let pipeline = Pipeline::new();
    let events = pipeline.rows::<Event>([]);
    let _ = events.window(|event| event.at, session(-4).allowed_lateness(1)).late().collect();
    let error = pipeline.run().unwrap_err().to_string();
    assert!(error.contains("the gap of a session must not be negative"), "{error}");
}
