//! Policies of event time, and `inactive_for`, against a plain recomputation.

use std::collections::BTreeMap;

use pathway::Running;
use pathway::prelude::*;
use pathway::time::Timed;

use super::check::{Commits, assert_agrees, label, same_by_commit, to_changes, with_all_workers};
use super::event_time::{EventTime, Second, clock, ticks};
use super::history::seeds;
use super::recompute::{Rows, difference, recompute};
use super::windows::{Event, Line, history};

fn event((city, at, quantity): Line) -> Event {
    Event { city, at, quantity }
}

fn line(event: &Event) -> Line {
    (event.city.clone(), event.at, event.quantity)
}

/// The times of the rows that a commit inserts.
fn times(commit: &[(Line, i64)]) -> impl Iterator<Item = i64> {
    commit.iter().filter(|(_, diff)| *diff > 0).map(|((_, at, _), _)| *at)
}

/// Checks a policy with and without a clock. The oracle gets event time and ticks.
fn check(
    case: &str,
    shape: impl Fn(Timed<Event, i64>) -> Table<Event>,
    oracle: impl Fn(&Commits<Line>, EventTime, &[Option<i64>]) -> Commits<Line>,
) {
    for (seed, idle_timeout) in seeds().into_iter().flat_map(|seed| [(seed, None), (seed, Some(4))]) {
        let case = label(&format!("{case}, idle after {idle_timeout:?}"), seed);
        let history = history(seed);
        let ticks = ticks(seed, history.len());
        let seen = with_all_workers(&case, |workers| {
            let pipeline = Pipeline::new();
            let timed = pipeline.commits(to_changes(&history, event)).timed(|e| e.at);
            let clock = clock(&pipeline, &ticks);
            let timed = match idle_timeout {
                Some(silence) => timed.idle_timeout(silence, &clock, |second: &Second| second.at),
                None => timed,
            };
            let seen = shape(timed).collect();
            pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert!(seen.rows().is_empty(), "{case}: rows are left");
            same_by_commit(&case, &[seen], history.len(), line)
        });
        assert_agrees(&case, &seen, oracle(&history, EventTime::new(idle_timeout), &ticks), &history);
    }
}

/// The oracle of a policy that keeps a row while `is_there` holds for its time and event time.
fn filtered(
    history: &Commits<Line>,
    mut event_time: EventTime,
    ticks: &[Option<i64>],
    is_there: impl Fn(i64, i64) -> bool,
) -> Commits<Line> {
    let mut ticks = ticks.iter();
    recompute(history, |commit, rows| {
        let now = event_time.commit(times(commit), ticks.next().copied().flatten());
        let there = rows.iter().filter(|((_, at, _), _)| now.is_some_and(|now| is_there(*at, now)));
        there.map(|(line, copies)| (line.clone(), *copies)).collect()
    })
}

#[test]
fn rows_are_forgotten() {
    for after in [0, 3, 12] {
        check(
            &format!("forget after {after}"),
            |rows| rows.forget(after),
            |history, event_time, ticks| filtered(history, event_time, ticks, |at, now| at + after >= now),
        );
    }
}

#[test]
fn rows_are_buffered() {
    for delay in [0, 3, 12] {
        check(
            &format!("buffer for {delay}"),
            |rows| rows.buffer(delay),
            |history, event_time, ticks| filtered(history, event_time, ticks, |at, now| at + delay <= now),
        );
    }
}

/// The oracle of `ignore_late`: a late row is ignored, and so is the removal of an ignored row.
fn in_time(history: &Commits<Line>, mut event_time: EventTime, ticks: &[Option<i64>], late: i64) -> Commits<Line> {
    let mut ignored = BTreeMap::<Line, i64>::new();
    let commits = history.iter().zip(ticks).map(|(commit, tick)| {
        let mut net = Rows::new();
        commit.iter().for_each(|(line, diff)| *net.entry(line.clone()).or_default() += diff);
        for (line, diff) in &mut net {
            let is_late = event_time.now.is_some_and(|now| now > line.1 + late);
            let ignored = ignored.entry(line.clone()).or_default();
            if is_late {
                let refused = (*diff).max(-*ignored);
                *ignored += refused;
                *diff -= refused;
            }
        }
        event_time.commit(times(commit), *tick);
        difference(&net, &Rows::new())
    });
    commits.collect()
}

#[test]
fn late_rows_are_ignored() {
    for late in [0, 3, 12] {
        check(
            &format!("ignore later than {late}"),
            |rows| rows.ignore_late(late),
            |history, event_time, ticks| in_time(history, event_time, ticks, late),
        );
    }
}

#[derive(Schema)]
struct Silent {
    city: String,
    since: i64,
}

/// Event time at the end of each commit. A clock moves it on while no row arrives.
fn event_times(history: &Commits<Line>, ticks: &[Option<i64>], by_row: bool) -> Vec<Option<i64>> {
    let mut by_commit = EventTime::new(Some(0));
    // Row by row: event time, the clock, whether a row has arrived since its last tick, and both at the first tick after a row.
    let (mut now, mut clock, mut has_row, mut since) = (None, i64::MIN, false, None);
    let commits = history.iter().zip(ticks).map(|(commit, tick)| {
        if !by_row {
            return by_commit.commit(times(commit), *tick);
        }
        now = now.max(times(commit).max());
        has_row |= times(commit).next().is_some();
        if let (Some(tick), Some(time)) = (tick, now) {
            clock = clock.max(*tick);
            if std::mem::take(&mut has_row) {
                since = Some((clock, time));
            }
            now = now.max(since.map(|(began, time)| time + clock - began));
        } else {
            clock = clock.max(tick.unwrap_or(i64::MIN));
        }
        now
    });
    commits.collect()
}

/// The cities that are inactive at the end of each commit.
fn silent(history: &Commits<Line>, event_times: &[Option<i64>], silence: i64) -> Commits<(String, i64)> {
    let mut event_times = event_times.iter();
    recompute(history, |_, rows| {
        let now = event_times.next().copied().flatten();
        let mut last = BTreeMap::new();
        rows.keys().for_each(|(city, at, _)| {
            let last = last.entry(city.clone()).or_insert(*at);
            *last = at.max(last).to_owned();
        });
        let silent = last.into_iter().filter(|(_, at)| now.is_some_and(|now| now - at > silence));
        silent.map(|row| (row, 1)).collect()
    })
}

#[test]
fn inactive_keys_are_found() {
    for (seed, append_only) in seeds().into_iter().flat_map(|seed| [(seed, false), (seed, true)]) {
        let case = label(&format!("inactive_for, rows only come: {append_only}"), seed);
        let mut history = history(seed);
        if append_only {
            history.iter_mut().for_each(|commit| commit.retain(|(_, diff)| *diff > 0));
        }
        let ticks = ticks(seed, history.len());
        let seen = with_all_workers(&case, |workers| {
            let pipeline = Pipeline::new();
            // The rows of a commit come before its tick.
            let events = pipeline.commits(to_changes(&history, event));
            let clock = clock(&pipeline, &ticks);
            let seen = events
                .timed(|e| e.at)
                .group_by(|e| e.city.clone())
                .inactive_for(5, &clock, |second| second.at, |city, since| Silent { city: city.clone(), since })
                .collect();
            pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
            same_by_commit(&case, &[seen], history.len(), |row| (row.city.clone(), row.since))
        });
        let event_times = event_times(&history, &ticks, append_only);
        assert_agrees(&case, &seen, silent(&history, &event_times, 5), &history);
    }
}

#[test]
fn invalid_lengths_and_clocks_are_errors() {
    let events = |pipeline: &Pipeline| pipeline.rows::<Event>([]);
    let pipeline = Pipeline::new();
    let _ = events(&pipeline).forget(|e| e.at, -1).collect();
    let error = pipeline.run().unwrap_err().to_string();
    assert!(error.contains("the length must not be negative"), "{error}");

    let pipeline = Pipeline::new();
    let windows = pathway::windows::tumbling(5).idle_timeout(-1, &clock(&pipeline, &[]), |second| second.at);
    let count = events(&pipeline).window(|e| e.at, windows).reduce(
        pathway::reducers::Count,
        |_| (),
        |w, _| Second { at: w.start },
    );
    let _ = count.collect();
    let error = pipeline.run().unwrap_err().to_string();
    assert!(error.contains("an idle timeout must not be negative"), "{error}");

    let (pipeline, other) = (Pipeline::new(), Pipeline::new());
    let clock = clock(&other, &[]);
    let _ = events(&pipeline).timed(|e| e.at).idle_timeout(1, &clock, |second| second.at).forget(1).collect();
    for pipeline in [pipeline, other] {
        let error = pipeline.run().unwrap_err().to_string();
        assert!(error.contains("tables of two pipelines"), "{error}");
    }
}
