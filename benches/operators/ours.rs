//! The crate's operators.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pathway::io::Update;
use pathway::prelude::*;
use pathway::reducers::{Count, Max};
use pathway::testing::Broker;
use pathway::windows::{Windows, session, tumbling};

use super::{Commits, History, Operator};

#[derive(Schema)]
pub(super) struct Numbered {
    pub(super) key: i64,
    pub(super) number: i64,
}

#[derive(Schema)]
struct Counted {
    key: i64,
    n: i64,
}

#[derive(Schema)]
struct ByKey {
    #[schema(primary_key)]
    key: i64,
    number: i64,
}

/// Runs a pipeline over the commits, whose output nobody reads.
pub(super) fn play(operator: Operator, history: History, commits: Commits) -> Duration {
    let begin = run(operator, history, commits, drop);
    begin.elapsed()
}

/// The time from the end of the first commit to that of the last one, with a subscriber.
pub(super) fn play_behind_the_first(operator: Operator, commits: Commits) -> Duration {
    between(|seen| {
        run(operator, History::Changes, commits, |made| (made.subscribe)(seen));
    })
}

/// The time from the end of the first commit that is seen to that of the last one.
pub(super) fn between(play: impl FnOnce(Seen)) -> Duration {
    let seen = Arc::new(Mutex::new((None, None)));
    play(Arc::clone(&seen));
    let seen = seen.lock().expect("no panic");
    let (first, last): (Option<Instant>, Option<Instant>) = *seen;
    first.zip(last).map_or(Duration::ZERO, |(first, last)| last - first)
}

/// When the first commit ended, and the last one.
pub(super) type Seen = Arc<Mutex<(Option<Instant>, Option<Instant>)>>;

/// A table whose rows are of any type, and what can be done with it.
pub(super) struct Made {
    _table: Box<dyn std::any::Any>,
    pub(super) subscribe: Box<dyn FnOnce(Seen)>,
    /// Its changes leave as messages.
    pub(super) write: Box<dyn FnOnce(&Broker)>,
}

fn made<R: Schema>(table: Table<R>) -> Made {
    let (read, written) = (table.clone(), table.clone());
    let subscribe = move |seen: Seen| {
        let mut changes = 0_u64;
        read.subscribe(move |update| match update {
            Update::Change { .. } => changes = std::hint::black_box(changes + 1),
            Update::Committed { .. } => {
                let mut seen = seen.lock().expect("no panic");
                let now = Some(Instant::now());
                *seen = (seen.0.or(now), now);
            }
            _ => {}
        });
    };
    let write = move |broker: &Broker| nats::write(&written, broker, "out").json();
    Made { _table: Box::new(table), subscribe: Box::new(subscribe), write: Box::new(write) }
}

/// Says when the pipeline began.
fn run(operator: Operator, history: History, commits: Commits, end: impl FnOnce(Made)) -> Instant {
    let change = |((key, number), diff)| Change { row: Numbered { key, number }, diff };
    let commits: Vec<Vec<_>> = commits.into_iter().map(|commit| commit.into_iter().map(change).collect()).collect();
    let pipeline = Pipeline::new();
    let rows = pipeline.commits(commits);
    end(operate(operator, history, &rows));
    let begin = Instant::now();
    pipeline.start_with(1).and_then(pathway::Running::join).unwrap_or_else(|error| panic!("{error}"));
    begin
}

/// The operator on a table.
pub(super) fn operate(operator: Operator, history: History, rows: &Table<Numbered>) -> Made {
    let sides = || (rows.filter(|r| r.number % 2 == 0), rows.filter(|r| r.number % 2 == 1));
    let joined = || {
        let (even, odd) = sides();
        even.join(&odd).on(|e| e.key, |o| o.key)
    };
    let pair = |key: i64, number: i64| Numbered { key, number };
    let closed = |windows: Windows<i64>| match history {
        History::Changes => windows,
        History::Arrivals => windows.allowed_lateness(2).emit_on_close(),
    };
    match operator {
        Operator::Reduce => made(rows.group_by(|r| r.key).reduce(Count, |_| (), |key, n| Counted { key: *key, n })),
        Operator::Max => made(rows.group_by(|r| r.key).reduce(Max, |r| r.number, |key, n| Counted { key: *key, n })),
        Operator::Distinct => made(rows.distinct()),
        Operator::Join => made(joined().inner(move |e, o| pair(e.key, o.number))),
        Operator::Left => made(joined().left(move |e, o| pair(e.key, o.map_or(0, |o| o.number)))),
        Operator::Semi => made(joined().semi()),
        Operator::Within => {
            made(joined().within(|e| e.number, |o| o.number, -5..=5).inner(move |e, o| pair(e.key, o.number)))
        }
        Operator::Asof => {
            made(joined().asof(|e| e.number, |o| o.number).left(move |e, o| pair(e.key, o.map_or(0, |o| o.number))))
        }
        Operator::Window => {
            let windows = rows.window(|r| r.number, closed(tumbling(5))).group_by(|r| r.key);
            made(windows.reduce(Count, |_| (), |key, _, n| Counted { key: *key, n }))
        }
        Operator::Session => {
            let windows = rows.window(|r| r.number, closed(session(2))).group_by(|r| r.key);
            made(windows.reduce(Count, |_| (), |key, _, n| Counted { key: *key, n }))
        }
        Operator::Deduplicate => made(rows.deduplicate(|r| r.key).last()),
        Operator::Update => {
            let (left, right) = sides();
            let by_key = |rows: &Table<Numbered>| rows.select(|r| ByKey { key: r.key, number: r.number });
            made(by_key(&left).update_rows(&by_key(&right)))
        }
    }
}
