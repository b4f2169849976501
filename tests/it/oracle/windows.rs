//! Windows of event time against a plain recomputation: rows are late, early and far apart, and are removed again.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use pathway::Running;
use pathway::prelude::*;
use pathway::reducers::{Count, Sum};
use pathway::windows::{Windows, sliding, tumbling};

use super::check::{Commits, assert_agrees, label, same_by_commit, to_changes, with_all_workers};
use super::event_time::{EventTime, Second, clock, ticks};
use super::history::{self, Removals, seeds};
use crate::support::random::Random;

#[derive(Schema)]
pub(super) struct Event {
    pub(super) city: String,
    pub(super) at: i64,
    pub(super) quantity: i64,
}

#[derive(Schema)]
struct Row {
    city: String,
    start: i64,
    end: i64,
    n: i64,
    quantity: i64,
}

pub(super) type Line = (String, i64, i64);
type Output = (String, i64, i64, i64, i64);

/// Times advance from row to row. Some are far behind, and few are far ahead.
pub(super) fn history(seed: u64) -> Commits<Line> {
    let now = Cell::new(0);
    history::history(&mut Random::new(seed), Removals::OfWhatIsThere, |random| {
        now.set(now.get() + random.pick(&[0, 0, 1, 3]));
        let off = random.pick(&[0, 0, 0, -1, -4, -15, -40, 6]);
        (random.pick(&["Oslo", "Rome"]).to_owned(), now.get() + off, random.pick(&[1, 2, 5]))
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Shows {
    Always,
    OnClose,
    WhileOpen,
}

/// When windows close, and when they are shown.
#[derive(Clone, Copy)]
pub(super) struct Closing {
    pub(super) allowed_lateness: Option<i64>,
    pub(super) shows: Shows,
    pub(super) idle_timeout: Option<i64>,
}

impl Closing {
    pub(super) const NEVER: Closing = Closing { allowed_lateness: None, shows: Shows::Always, idle_timeout: None };

    pub(super) fn apply(self, windows: Windows<i64>, clock: &Table<Second>) -> Windows<i64> {
        let windows = if let Some(late) = self.allowed_lateness { windows.allowed_lateness(late) } else { windows };
        let windows = match self.idle_timeout {
            Some(silence) => windows.idle_timeout(silence, clock, |second| second.at),
            None => windows,
        };
        match self.shows {
            Shows::Always => windows,
            Shows::OnClose => windows.emit_on_close(),
            Shows::WhileOpen => windows.remove_on_close(),
        }
    }

    /// Whether a window has closed that rows before `end` belong to.
    pub(super) fn has_closed(self, end: i64, now: Option<i64>) -> bool {
        self.allowed_lateness.is_some_and(|late| now.is_some_and(|now| now >= end + late))
    }
}

#[derive(Clone, Copy)]
struct Case {
    length: i64,
    hop: i64,
    origin: i64,
    closing: Closing,
}

impl Case {
    fn windows(self, clock: &Table<Second>) -> Windows<i64> {
        let windows = if self.hop == self.length { tumbling(self.length) } else { sliding(self.length, self.hop) };
        self.closing.apply(windows.origin(self.origin), clock)
    }

    fn has_closed(self, start: i64, now: Option<i64>) -> bool {
        self.closing.has_closed(start + self.length, now)
    }

    /// The expected net changes of each commit.
    fn expected(self, history: &Commits<Line>, ticks: &[Option<i64>]) -> Commits<Output> {
        let mut rows = BTreeMap::<(i64, String), BTreeMap<i64, i64>>::new();
        let mut event_time = EventTime::new(self.closing.idle_timeout);
        let mut frozen = BTreeSet::<Output>::new();
        let mut shown = BTreeSet::<Output>::new();
        let commits = history.iter().zip(ticks).map(|(commit, tick)| {
            let now = event_time.now;
            for ((city, at, quantity), diff) in commit {
                let starts = (at - self.length + 1..=*at).filter(|start| (start - self.origin) % self.hop == 0);
                for start in starts.filter(|start| !self.has_closed(*start, now)) {
                    *rows.entry((start, city.clone())).or_default().entry(*quantity).or_default() += diff;
                }
            }
            let comes = commit.iter().filter(|(_, diff)| *diff > 0);
            let now = event_time.commit(comes.map(|((_, at, _), _)| *at), *tick);
            let mut open = BTreeSet::new();
            rows.retain(|(start, city), quantities| {
                let n: i64 = quantities.values().sum();
                let quantity = quantities.iter().map(|(quantity, copies)| quantity * copies).sum();
                let row = (city.clone(), *start, start + self.length, n, quantity);
                let closed = self.has_closed(*start, now);
                if n > 0 {
                    if closed {
                        frozen.insert(row)
                    } else {
                        open.insert(row)
                    };
                }
                !closed
            });
            let table: BTreeSet<Output> = match self.closing.shows {
                Shows::Always => &open | &frozen,
                Shows::OnClose => frozen.clone(),
                Shows::WhileOpen => open,
            };
            let gone = shown.difference(&table).map(|row| (row.clone(), -1));
            let come = table.difference(&shown).map(|row| (row.clone(), 1));
            let changes = gone.chain(come).collect();
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
                let events = pipeline
                    .commits(to_changes(&history, |(city, at, quantity)| Event { city, at, quantity }))
                    .window(|e| e.at, self.windows(&clock))
                    .group_by(|e| e.city.clone());
                let row = |city: &String, w: pathway::windows::Window<i64>, (n, quantity)| Row {
                    city: city.clone(),
                    start: w.start,
                    end: w.end,
                    n,
                    quantity,
                };
                let seen = events.reduce((Count, Sum), |e| ((), e.quantity), row).collect();
                pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
                same_by_commit(&case, &[seen], history.len(), |r| (r.city.clone(), r.start, r.end, r.n, r.quantity))
            });
            assert_agrees(&case, &seen, self.expected(&history, &ticks), &history);
            if self.closing.shows == Shows::OnClose {
                assert!(seen.iter().flatten().all(|(_, diff)| *diff > 0), "{case}: a closed window changes");
            }
        }
    }
}

const TUMBLING: Case = Case { length: 10, hop: 10, origin: 0, closing: Closing::NEVER };

#[test]
fn windows_that_stay_open() {
    TUMBLING.check("tumbling");
    Case { origin: 3, length: 7, hop: 7, ..TUMBLING }.check("tumbling from an origin");
    Case { hop: 5, ..TUMBLING }.check("sliding");
    Case { hop: 3, origin: -1, ..TUMBLING }.check("sliding, with a hop that is no part of the length");
    Case { hop: 15, ..TUMBLING }.check("sliding, with gaps");
}

#[test]
fn windows_that_close() {
    for shows in [Shows::Always, Shows::OnClose, Shows::WhileOpen] {
        for (hop, allowed_lateness) in [(10, 0), (10, 5), (4, 3)] {
            let closing = Closing { allowed_lateness: Some(allowed_lateness), shows, idle_timeout: None };
            let case = Case { hop, closing, ..TUMBLING };
            case.check(&format!("windows that close, {shows:?}, hop {hop}, late {allowed_lateness}"));
            let case = Case { closing: Closing { idle_timeout: Some(4), ..closing }, ..case };
            case.check(&format!("windows that close by a clock, {shows:?}, hop {hop}, late {allowed_lateness}"));
        }
    }
}

/// At the smallest and largest times, a row is once in each window that exists.
#[test]
fn windows_at_the_limits_of_the_time_type() {
    let seen = |windows: Windows<i64>| {
        let pipeline = Pipeline::new();
        let event = |at| Event { city: String::new(), at, quantity: 1 };
        let events = pipeline.rows([i64::MIN, i64::MIN + 9, i64::MAX].map(event));
        let row = |w: pathway::windows::Window<i64>, n| Row {
            city: String::new(),
            start: w.start,
            end: w.end,
            n,
            quantity: 0,
        };
        let seen = events.window(|e| e.at, windows).reduce(Count, |_| (), row).collect();
        pipeline.run().unwrap();
        seen.rows().iter().map(|r| (r.start, r.end, r.n)).collect::<Vec<_>>()
    };
    // MIN is a multiple of 8, and MAX + 1 would be.
    let (first, last) = (i64::MIN, i64::MAX);
    assert_eq!(seen(tumbling(8)), [(first, first + 8, 1), (first + 8, first + 16, 1), (last - 7, last, 1)]);
    let tumbling = tumbling(8).origin(5);
    assert_eq!(seen(tumbling), [(first, first + 5, 1), (first + 5, first + 13, 1), (last - 2, last, 1)]);
    let sliding = sliding(8, 3).origin(first + 1);
    assert_eq!(
        seen(sliding),
        [
            // Of the windows that would begin before the smallest time, only the last one exists.
            (first, first + 6, 1),
            (first + 4, first + 12, 1),
            (first + 7, first + 15, 1),
            (last - 5, last, 1),
            (last - 2, last, 1),
        ]
    );
}
