//! Joins by event time (`within` and `asof`), against a plain recomputation.

use std::cell::Cell;

use pathway::operators::Join;
use pathway::prelude::*;

use super::check::{Commits, assert_agrees, label, play, to_changes, with_all_workers};
use super::history::{self, Removals, seeds};
use super::recompute::{Rows, recompute};
use crate::support::random::Random;

#[derive(Schema)]
struct Event {
    city: String,
    is_left: bool,
    at: i64,
    quantity: i64,
}

/// City, whether the row is on the left side, time, quantity.
type Line = (String, bool, i64, i64);

/// Few different times, so that rows share them, and some that are far away.
fn history(seed: u64) -> Commits<Line> {
    let now = Cell::new(0);
    history::history(&mut Random::new(seed), Removals::OfWhatIsThere, |random| {
        now.set(now.get() + random.pick(&[0, 0, 0, 1, 2]));
        let at = now.get() + random.pick(&[0, 0, 0, -1, -2, -6, -11, 3, 8]);
        (random.pick(&["Oslo", "Rome"]).to_owned(), random.below(2) == 0, at, random.pick(&[1, 2, 5]))
    })
}

fn event((city, is_left, at, quantity): Line) -> Event {
    Event { city, is_left, at, quantity }
}

fn sides(events: &Table<Event>) -> Join<Event, Event, String> {
    let left = filter!(e in events => e.is_left);
    let right = filter!(e in events => !e.is_left);
    left.join(&right).on(|e| e.city.clone(), |e| e.city.clone())
}

#[derive(Schema)]
struct Joined {
    city: String,
    left: Option<(i64, i64)>,
    right: Option<(i64, i64)>,
}

type Output = (String, Option<(i64, i64)>, Option<(i64, i64)>);

fn joined(left: Option<&Event>, right: Option<&Event>) -> Joined {
    let city = left.or(right).map(|e| e.city.clone()).unwrap_or_default();
    Joined { city, left: left.map(|e| (e.at, e.quantity)), right: right.map(|e| (e.at, e.quantity)) }
}

fn check(case: &str, shape: impl Fn(&Table<Event>) -> Table<Joined>, table: impl Fn(&Rows<Line>) -> Rows<Output>) {
    for seed in seeds() {
        let case = label(case, seed);
        let history = history(seed);
        let view = |row: &Joined| (row.city.clone(), row.left, row.right);
        let seen = with_all_workers(&case, |workers| play(&case, to_changes(&history, event), workers, &shape, view));
        assert_agrees(&case, &seen, recompute(&history, |_, rows| table(rows)), &history);
    }
}

/// The rows of one side, with their number of copies.
fn side(rows: &Rows<Line>, left: bool) -> impl Iterator<Item = (&str, (i64, i64), i64)> + Clone {
    let of_side = rows.iter().filter(move |((_, is_left, ..), _)| *is_left == left);
    of_side.map(|((city, _, at, quantity), copies)| (city.as_str(), (*at, *quantity), *copies))
}

fn within(rows: &Rows<Line>, (from, to): (i64, i64), left_alone: bool, right_alone: bool) -> Rows<Output> {
    let mut table = Rows::new();
    let is_pair = |city: &str, left: (i64, i64), other: &str, right: (i64, i64)| {
        city == other && (from..=to).contains(&(right.0 - left.0))
    };
    for (city, left, copies) in side(rows, true) {
        let pairs = side(rows, false).filter(|(other, right, _)| is_pair(city, left, other, *right));
        for (_, right, others) in pairs.clone() {
            *table.entry((city.to_owned(), Some(left), Some(right))).or_default() += copies * others;
        }
        if left_alone && pairs.count() == 0 {
            table.insert((city.to_owned(), Some(left), None), copies);
        }
    }
    for (city, right, copies) in side(rows, false).filter(|_| right_alone) {
        if !side(rows, true).any(|(other, left, _)| is_pair(other, left, city, right)) {
            table.insert((city.to_owned(), None, Some(right)), copies);
        }
    }
    table
}

#[test]
fn interval_joins() {
    for (from, to) in [(-2, 3), (0, 0), (1, 4), (-7, -1)] {
        let near = |events: &Table<Event>| sides(events).within(|e| e.at, |e| e.at, from..=to);
        let case = |kind: &str| format!("{kind} join within {from}..={to}");
        check(
            &case("inner"),
            |e| near(e).inner(|l, r| joined(Some(l), Some(r))),
            |rows| within(rows, (from, to), false, false),
        );
        check(&case("left"), |e| near(e).left(|l, r| joined(Some(l), r)), |rows| within(rows, (from, to), true, false));
        check(
            &case("right"),
            |e| near(e).right(|l, r| joined(l, Some(r))),
            |rows| within(rows, (from, to), false, true),
        );
        check(&case("full"), |e| near(e).full(joined), |rows| within(rows, (from, to), true, true));
    }
}

#[derive(Clone, Copy, Debug)]
enum Direction {
    Backward,
    Forward,
    Nearest,
}

fn asof(rows: &Rows<Line>, direction: Direction, alone: bool) -> Rows<Output> {
    let mut table = Rows::new();
    for (city, left, copies) in side(rows, true) {
        let others = side(rows, false).filter(|(other, ..)| *other == city).map(|(_, right, _)| right);
        let before = others.clone().filter(|right| right.0 <= left.0).max();
        let found = match direction {
            Direction::Backward => before,
            Direction::Forward => others.filter(|right| right.0 >= left.0).min(),
            // The nearest; of several, the earlier; of several of these, the last.
            Direction::Nearest => others.min_by_key(|right| ((right.0 - left.0).abs(), right.0 > left.0, -right.1)),
        };
        if found.is_some() || alone {
            *table.entry((city.to_owned(), Some(left), found)).or_default() += copies;
        }
    }
    table
}

#[test]
fn asof_joins() {
    for direction in [Direction::Backward, Direction::Forward, Direction::Nearest] {
        let found = |events: &Table<Event>| {
            let join = sides(events).asof(|e| e.at, |e| e.at);
            match direction {
                Direction::Backward => join,
                Direction::Forward => join.forward(),
                Direction::Nearest => join.nearest(),
            }
        };
        check(
            &format!("inner asof join, {direction:?}"),
            |e| found(e).inner(|l, r| joined(Some(l), Some(r))),
            |rows| asof(rows, direction, false),
        );
        check(
            &format!("left asof join, {direction:?}"),
            |e| found(e).left(|l, r| joined(Some(l), r)),
            |rows| asof(rows, direction, true),
        );
    }
}

/// At the smallest and largest times nothing overflows, and equal times match.
#[test]
fn joins_at_the_limits_of_the_time_type() {
    let pipeline = Pipeline::new();
    let rows = |is_left| [i64::MIN, -1, i64::MAX].map(|at| event(("Oslo".into(), is_left, at, 1)));
    let events = pipeline.rows(rows(true).into_iter().chain(rows(false)));
    let times = |row: &Joined| (row.left.map(|(at, _)| at), row.right.map(|(at, _)| at));
    let near = sides(&events).within(|e| e.at, |e| e.at, i64::MIN..=0).full(joined).collect();
    let nearest = sides(&events).asof(|e| e.at, |e| e.at).nearest().left(|l, r| joined(Some(l), r)).collect();
    let forward = sides(&events).asof(|e| e.at, |e| e.at).forward().left(|l, r| joined(Some(l), r)).collect();
    pipeline.run().unwrap();
    let all = [i64::MIN, -1, i64::MAX];
    let pairs: Vec<_> = near.rows().iter().map(times).collect();
    // The distance from MAX to MIN is larger than MIN.
    assert_eq!(pairs.len(), 5, "{pairs:?}");
    for found in [nearest, forward] {
        assert_eq!(found.rows().iter().map(times).collect::<Vec<_>>(), all.map(|at| (Some(at), Some(at))));
    }
}

#[test]
fn an_invalid_interval_is_an_error() {
    let pipeline = Pipeline::new();
    let events = pipeline.rows::<Event>([]);
    let empty = std::ops::RangeInclusive::new(2, 1);
    let seen = sides(&events).within(|e| e.at, |e| e.at, empty).inner(|l, r| joined(Some(l), Some(r))).collect();
    let error = pipeline.run().unwrap_err().to_string();
    assert!(error.contains("the end of the interval is before its start"), "{error}");
    assert!(seen.rows().is_empty());
}
