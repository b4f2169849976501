//! Joins with a condition beside their keys, against a plain recomputation.

use std::cell::Cell;
use std::collections::BTreeMap;

use pathway::Running;
use pathway::operators::Join;
use pathway::prelude::*;

use super::check::{
    Commits, Setting, assert_agrees, few_workers, label, play, same_by_commit, to_changes, with_all_workers,
};
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

/// Few different values, so that some rows meet the condition with several others, and some with none.
fn history(seed: u64) -> Commits<Line> {
    let now = Cell::new(0);
    history::history(&mut Random::new(seed), Removals::OfWhatIsThere, |random| {
        now.set(now.get() + random.pick(&[0, 0, 0, 1]));
        let at = now.get() + random.pick(&[0, 0, -1, -2, -6, 3]);
        (random.pick(&["Oslo", "Rome"]).to_owned(), random.below(2) == 0, at, random.pick(&[1, 2, 3, 5]))
    })
}

fn event((city, is_left, at, quantity): Line) -> Event {
    Event { city, is_left, at, quantity }
}

/// Of both rows.
fn meets(left: i64, right: i64) -> bool {
    left <= right && left + right != 6
}

fn sides(events: &Table<Event>) -> Join<Event, Event, String> {
    let left = filter!(e in events => e.is_left);
    let right = filter!(e in events => !e.is_left);
    on(&left, &right)
}

fn on(left: &Table<Event>, right: &Table<Event>) -> Join<Event, Event, String> {
    let join = left.join(right).on(|e| e.city.clone(), |e| e.city.clone());
    join.and(|l, r| l.quantity <= r.quantity).and(|l, r| l.quantity + r.quantity != 6)
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

fn view(row: &Joined) -> Output {
    (row.city.clone(), row.left, row.right)
}

fn check(case: &str, shape: impl Fn(&Table<Event>) -> Table<Joined>, table: impl Fn(&Rows<Line>) -> Rows<Output>) {
    for seed in seeds() {
        let case = label(case, seed);
        let history = history(seed);
        let seen = with_all_workers(&case, |workers| play(&case, to_changes(&history, event), workers, &shape, view));
        assert_agrees(&case, &seen, recompute(&history, |_, rows| table(rows)), &history);
    }
}

/// The rows of one side, with their number of copies.
fn side(rows: &Rows<Line>, left: bool) -> impl Iterator<Item = (&str, (i64, i64), i64)> + Clone {
    let of_side = rows.iter().filter(move |((_, is_left, ..), _)| *is_left == left);
    of_side.map(|((city, _, at, quantity), copies)| (city.as_str(), (*at, *quantity), *copies))
}

/// What a join emits.
#[derive(Clone, Copy)]
struct Emits {
    pairs: bool,
    left_matched: bool,
    left_unmatched: bool,
    right_unmatched: bool,
}

const INNER: Emits = Emits { pairs: true, left_matched: false, left_unmatched: false, right_unmatched: false };
const LEFT: Emits = Emits { left_unmatched: true, ..INNER };
const RIGHT: Emits = Emits { right_unmatched: true, ..INNER };
const FULL: Emits = Emits { left_unmatched: true, ..RIGHT };
const SEMI: Emits = Emits { pairs: false, left_matched: true, ..INNER };
const ANTI: Emits = Emits { pairs: false, ..LEFT };

fn expected(rows: &Rows<Line>, (from, to): (i64, i64), emits: Emits) -> Rows<Output> {
    let mut table = Rows::new();
    let is_pair = |city: &str, left: (i64, i64), other: &str, right: (i64, i64)| {
        city == other && (from..=to).contains(&(right.0 - left.0)) && meets(left.1, right.1)
    };
    for (city, left, copies) in side(rows, true) {
        let pairs = side(rows, false).filter(|(other, right, _)| is_pair(city, left, other, *right));
        for (_, right, others) in pairs.clone().filter(|_| emits.pairs) {
            *table.entry((city.to_owned(), Some(left), Some(right))).or_default() += copies * others;
        }
        let is_matched = pairs.count() > 0;
        if if is_matched { emits.left_matched } else { emits.left_unmatched } {
            table.insert((city.to_owned(), Some(left), None), copies);
        }
    }
    for (city, right, copies) in side(rows, false).filter(|_| emits.right_unmatched) {
        if !side(rows, true).any(|(other, left, _)| is_pair(other, left, city, right)) {
            table.insert((city.to_owned(), None, Some(right)), copies);
        }
    }
    table
}

const ALWAYS: (i64, i64) = (-1_000, 1_000);

#[test]
fn live_joins() {
    check(
        "inner join with a condition",
        |e| sides(e).inner(|l, r| joined(Some(l), Some(r))),
        |rows| expected(rows, ALWAYS, INNER),
    );
    check(
        "left join with a condition",
        |e| sides(e).left(|l, r| joined(Some(l), r)),
        |rows| expected(rows, ALWAYS, LEFT),
    );
    check(
        "right join with a condition",
        |e| sides(e).right(|l, r| joined(l, Some(r))),
        |rows| expected(rows, ALWAYS, RIGHT),
    );
    check("full join with a condition", |e| sides(e).full(joined), |rows| expected(rows, ALWAYS, FULL));
}

#[test]
fn semi_and_anti_joins() {
    let alone = |table: Table<Event>| table.select(|e| joined(Some(e), None));
    check("semi join with a condition", |e| alone(sides(e).semi()), |rows| expected(rows, ALWAYS, SEMI));
    check("anti join with a condition", |e| alone(sides(e).anti()), |rows| expected(rows, ALWAYS, ANTI));
}

#[test]
fn interval_joins() {
    for (from, to) in [(-2, 3), (0, 0), (-7, -1)] {
        let near = |events: &Table<Event>| sides(events).within(|e| e.at, |e| e.at, from..=to);
        let case = |kind: &str| format!("{kind} join with a condition within {from}..={to}");
        let of = |emits| move |rows: &Rows<Line>| expected(rows, (from, to), emits);
        check(&case("inner"), |e| near(e).inner(|l, r| joined(Some(l), Some(r))), of(INNER));
        check(&case("left"), |e| near(e).left(|l, r| joined(Some(l), r)), of(LEFT));
        check(&case("right"), |e| near(e).right(|l, r| joined(l, Some(r))), of(RIGHT));
        check(&case("full"), |e| near(e).full(joined), of(FULL));
    }
}

/// `join!` keeps the columns that are mentioned: rows that differ in others are copies of one.
#[test]
fn joins_of_the_columns_that_are_mentioned() {
    check(
        "join! with a condition",
        |events| {
            let left = filter!(e in events => e.is_left);
            let right = filter!(e in events => !e.is_left);
            join!(l? in left, r? in right on l.city == r.city && l.quantity <= r.quantity && l.quantity + r.quantity != 6 => Joined {
                city: String::new(),
                left: l.map(|l| (0, l.quantity)),
                right: r.map(|r| (0, r.quantity)),
            })
        },
        |rows| {
            let mut table = Rows::new();
            for ((_, left, right), copies) in expected(rows, ALWAYS, FULL) {
                let quantity = |row: Option<(i64, i64)>| row.map(|(_, quantity)| (0, quantity));
                *table.entry((String::new(), quantity(left), quantity(right))).or_default() += copies;
            }
            table
        },
    );
}

/// The answers to left rows, by plain recomputation. A removed row retracts its newest answer.
fn answers(history: &Commits<Line>, alone: bool) -> Commits<Output> {
    let mut rows = Rows::new();
    let mut answered = BTreeMap::<Line, Vec<Rows<Output>>>::new();
    let commits = history.iter().map(|commit| {
        let mut net = Rows::new();
        commit.iter().for_each(|(line, diff)| *net.entry(line.clone()).or_default() += diff);
        net.iter()
            .filter(|((_, is_left, ..), _)| !is_left)
            .for_each(|(line, diff)| *rows.entry(line.clone()).or_default() += diff);
        rows.retain(|_, copies: &mut i64| *copies != 0);
        let mut changes = Rows::new();
        for (line, diff) in net.iter().filter(|((_, is_left, ..), _)| *is_left) {
            let mut all = rows.clone();
            all.insert(line.clone(), 1);
            let answer = expected(&all, ALWAYS, if alone { LEFT } else { INNER });
            let answers = answered.entry(line.clone()).or_default();
            for _ in 0..*diff {
                answer.iter().for_each(|(row, copies)| *changes.entry(row.clone()).or_default() += copies);
                answers.push(answer.clone());
            }
            for _ in *diff..0 {
                let gone = answers.pop().unwrap();
                gone.into_iter().for_each(|(row, copies)| *changes.entry(row).or_default() -= copies);
            }
        }
        changes.into_iter().filter(|(_, diff)| *diff != 0).collect()
    });
    commits.collect()
}

#[test]
fn asof_now_joins() {
    let inner = |events: &Table<Event>| sides(events).asof_now().inner(|l, r| joined(Some(l), Some(r)));
    let left = |events: &Table<Event>| sides(events).asof_now().left(|l, r| joined(Some(l), r));
    for seed in seeds() {
        let history = history(seed);
        let changes = || to_changes(&history, event);
        let case = label("asof_now inner join with a condition", seed);
        let seen = with_all_workers(&case, |workers| play(&case, changes(), workers, inner, view));
        assert_agrees(&case, &seen, answers(&history, false), &history);
        let case = label("asof_now left join with a condition", seed);
        let seen = with_all_workers(&case, |workers| play(&case, changes(), workers, left, view));
        assert_agrees(&case, &seen, answers(&history, true), &history);

        let stay: Commits<Line> = history
            .iter()
            .map(|commit| commit.iter().filter(|((_, is_left, ..), diff)| !is_left || *diff > 0).cloned().collect())
            .collect();
        let case = label("asof_now join with a condition, of rows that stay", seed);
        let seen = with_all_workers(&case, |workers| play_rows_that_stay(&case, &stay, workers));
        assert_agrees(&case, &seen, answers(&stay, true), &stay);
    }
}

/// The left rows come from an append-only table.
fn play_rows_that_stay(case: &str, history: &Commits<Line>, workers: Setting) -> Commits<Output> {
    let of_side = |is_left: bool| {
        let changes = to_changes(history, event).into_iter();
        changes.map(move |commit| commit.into_iter().filter(|change| change.row.is_left == is_left).collect::<Vec<_>>())
    };
    let pipeline = Pipeline::new();
    let (left, right) = (pipeline.commits(of_side(true)), pipeline.commits(of_side(false)));
    let seen = on(&left, &right).asof_now().left(|l, r| joined(Some(l), r)).collect();
    pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
    same_by_commit(case, &[seen], history.len(), view)
}

/// A removed row is never compared with a row inserted in that commit.
#[test]
fn rows_that_never_exist_together_are_not_compared() {
    let version = |at| event(("Oslo".into(), true, at, 1));
    let changes = || {
        let goes = |n: i64| (n > 0).then(|| Change::remove(version(n - 1)));
        (0..8).map(move |n| [Change::insert(version(n))].into_iter().chain(goes(n)).collect::<Vec<_>>())
    };
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let (left, right) = (pipeline.commits(changes()), pipeline.commits(changes()));
        let on = || {
            let join = left.join(&right).on(|e| e.city.clone(), |e| e.city.clone());
            join.and(|l, r| {
                assert_eq!(l.at, r.at);
                l.at % 2 == 0
            })
        };
        let seen = [
            on().full(joined).collect(),
            on().within(|e| e.quantity, |e| e.quantity, -1..=1).full(joined).collect(),
            on().asof_now().left(|l, r| joined(Some(l), r)).collect(),
        ];
        pipeline.start_with(workers).and_then(Running::join).unwrap();
        assert_eq!(seen.map(|seen| seen.changes().len()), [22, 22, 15]);
    }
}

#[test]
fn asof_takes_no_condition() {
    let pipeline = Pipeline::new();
    let events = pipeline.rows::<Event>([]);
    let seen = sides(&events).asof(|e| e.at, |e| e.at).left(|l, r| joined(Some(l), r)).collect();
    let error = pipeline.run().unwrap_err().to_string();
    assert!(error.contains("`asof` takes no condition"), "{error}");
    assert!(seen.rows().is_empty());
}
