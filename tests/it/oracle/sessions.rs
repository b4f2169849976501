//! Session windows that grow, merge, split and close, against a plain recomputation.

use std::collections::{BTreeMap, BTreeSet};

use pathway::Running;
use pathway::prelude::*;
use pathway::reducers::{Count, Max, Sum};
use pathway::windows::{Windows, session};

use super::check::{Commits, assert_agrees, label, same_by_commit, to_changes, with_all_workers};
use super::event_time::{EventTime, Second, clock, ticks};
use super::history::seeds;
use super::windows::{Closing, Event, Line, Shows, history};

#[derive(Schema)]
struct Row {
    city: String,
    start: i64,
    end: i64,
    n: i64,
    quantity: i64,
    most: i64,
}

type Output = (String, i64, i64, i64, i64, i64);

#[derive(Clone, Copy)]
struct Case {
    gap: i64,
    closing: Closing,
}

impl Case {
    fn windows(self, clock: &Table<Second>) -> Windows<i64> {
        self.closing.apply(session(self.gap), clock)
    }

    fn has_closed(self, end: i64, now: Option<i64>) -> bool {
        self.closing.has_closed(end + self.gap, now)
    }

    /// The expected net changes of each commit.
    fn expected(self, history: &Commits<Line>, ticks: &[Option<i64>]) -> Commits<Output> {
        let mut cities = BTreeMap::<String, BTreeMap<(i64, i64), i64>>::new();
        let mut event_time = EventTime::new(self.closing.idle_timeout);
        let mut frozen = BTreeMap::<Output, i64>::new();
        let mut shown = BTreeMap::<Output, i64>::new();
        let commits = history.iter().zip(ticks).map(|(commit, tick)| {
            let now = event_time.now;
            let mut net = BTreeMap::<(bool, &Line), i64>::new();
            let mut total = BTreeMap::<&Line, i64>::new();
            commit.iter().for_each(|(line, diff)| *total.entry(line).or_default() += diff);
            total.into_iter().filter(|(_, diff)| *diff != 0).for_each(|(line, diff)| {
                net.insert((diff < 0, line), diff);
            });
            for ((_, (city, at, quantity)), diff) in net {
                let rows = cities.entry(city.clone()).or_default();
                let touches = rows.keys().any(|(other, _)| (other - at).abs() <= self.gap);
                let copies = rows.get(&(*at, *quantity)).copied().unwrap_or(0);
                // A row that was ignored as late cannot be removed.
                let diff = diff.max(-copies);
                if diff < 0 || touches || !self.has_closed(*at, now) {
                    *rows.entry((*at, *quantity)).or_default() += diff;
                    rows.retain(|_, copies| *copies != 0);
                }
            }
            let comes = commit.iter().filter(|(_, diff)| *diff > 0);
            let now = event_time.commit(comes.map(|((_, at, _), _)| *at), *tick);
            let mut open = BTreeMap::<Output, i64>::new();
            for (city, rows) in &mut cities {
                for (start, end) in sessions(rows, self.gap) {
                    let mut row = (city.clone(), start, end, 0, 0, i64::MIN);
                    for ((_, quantity), copies) in rows.range((start, i64::MIN)..=(end, i64::MAX)) {
                        row = (row.0, start, end, row.3 + copies, row.4 + quantity * copies, row.5.max(*quantity));
                    }
                    if self.has_closed(end, now) {
                        *frozen.entry(row).or_default() += 1;
                        rows.retain(|(at, _), _| *at < start || *at > end);
                    } else {
                        *open.entry(row).or_default() += 1;
                    }
                }
            }
            let mut table = if self.closing.shows == Shows::WhileOpen { BTreeMap::new() } else { frozen.clone() };
            if self.closing.shows != Shows::OnClose {
                open.into_iter().for_each(|(row, copies)| *table.entry(row).or_default() += copies);
            }
            let rows: BTreeSet<_> = table.keys().chain(shown.keys()).cloned().collect();
            let copies = |table: &BTreeMap<Output, i64>, row: &Output| table.get(row).copied().unwrap_or(0);
            let changes = rows.into_iter().map(|row| (row.clone(), copies(&table, &row) - copies(&shown, &row)));
            let changes = changes.filter(|(_, diff)| *diff != 0).collect();
            shown = table;
            changes
        });
        commits.collect()
    }

    fn check(self, case: &str) {
        for seed in seeds() {
            let case = label(case, seed);
            let history = history(seed);
            let ticks = ticks(seed, history.len());
            let seen = with_all_workers(&case, |workers| {
                let pipeline = Pipeline::new();
                let clock = clock(&pipeline, &ticks);
                let sessions = pipeline
                    .commits(to_changes(&history, |(city, at, quantity)| Event { city, at, quantity }))
                    .window(|e| e.at, self.windows(&clock))
                    .group_by(|e| e.city.clone())
                    .reduce(
                        (Count, Sum, Max),
                        |e| ((), e.quantity, e.quantity),
                        |city, w, (n, quantity, most)| Row {
                            city: city.clone(),
                            start: w.start,
                            end: w.end,
                            n,
                            quantity,
                            most,
                        },
                    );
                let seen = sessions.collect();
                pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
                let view = |r: &Row| (r.city.clone(), r.start, r.end, r.n, r.quantity, r.most);
                same_by_commit(&case, &[seen], history.len(), view)
            });
            assert_agrees(&case, &seen, self.expected(&history, &ticks), &history);
        }
    }
}

/// The first and the last time of each session.
fn sessions(rows: &BTreeMap<(i64, i64), i64>, gap: i64) -> Vec<(i64, i64)> {
    let mut sessions = Vec::<(i64, i64)>::new();
    for (at, _) in rows.keys() {
        match sessions.last_mut() {
            Some((_, end)) if at - *end <= gap => *end = *at,
            _ => sessions.push((*at, *at)),
        }
    }
    sessions
}

#[test]
fn sessions_that_stay_open() {
    for gap in [0, 1, 3, 8] {
        Case { gap, closing: Closing::NEVER }.check(&format!("sessions with a gap of {gap}"));
    }
}

/// The first copy of a row came too late, the second joined a session. Removing both removes only the second.
#[test]
fn only_one_of_two_copies_came_too_late() {
    let pipeline = Pipeline::new();
    let event = |at| Event { city: "Oslo".into(), at, quantity: 1 };
    let insert = |at| vec![Change::insert(event(at))];
    let both = Change { row: event(80), diff: -2 };
    let events = pipeline.commits([insert(100), insert(80), insert(95), insert(88), insert(80), vec![both]]);
    let seen = events
        .window(|e| e.at, session(10).allowed_lateness(0))
        .reduce(Count, |_| (), |w, n| Row { city: String::new(), start: w.start, end: w.end, n, quantity: 0, most: 0 })
        .collect();
    pipeline.run().unwrap();
    let sizes: Vec<_> =
        seen.changes().iter().filter(|(.., diff)| *diff > 0).map(|(at, r, _)| (*at, r.start, r.n)).collect();
    assert_eq!(sizes, [(0, 100, 1), (2, 95, 2), (3, 88, 3), (4, 80, 4), (5, 88, 3)]);
}

#[test]
fn sessions_that_close() {
    for shows in [Shows::Always, Shows::OnClose, Shows::WhileOpen] {
        for (gap, allowed_lateness) in [(3, 0), (1, 5), (6, 2)] {
            let closing = Closing { allowed_lateness: Some(allowed_lateness), shows, idle_timeout: None };
            let case = Case { gap, closing };
            case.check(&format!("sessions that close, {shows:?}, gap {gap}, late {allowed_lateness}"));
            let case = Case { closing: Closing { idle_timeout: Some(4), ..closing }, ..case };
            case.check(&format!("sessions that close by a clock, {shows:?}, gap {gap}, late {allowed_lateness}"));
        }
    }
}
