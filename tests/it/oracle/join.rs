//! Joins of a table with itself: the orders of the first day on the left, those of the second day on the right.

use std::collections::BTreeMap;

use pathway::Running;
use pathway::operators::Join;
use pathway::prelude::*;

use super::check::{
    self, Commits, Setting, assert_agrees, check, few_workers, label, play, same_by_commit, to_changes,
    with_all_workers,
};
use super::differential::Rows;
use super::history::{Removals, seeds};
use super::orders::{self, Line, Order};

type Key = (String, Option<i64>);

/// Both sides have several rows with one key, and several copies of a row.
fn sides(orders: &Table<Order>) -> Join<Order, Order, Key> {
    let first = filter!(o in orders => o.day == 1);
    let second = filter!(o in orders => o.day == 2);
    first.join(&second).on(|o| (o.city.clone(), o.shop), |o| (o.city.clone(), o.shop))
}

#[derive(Schema)]
struct Joined {
    left: Option<i64>,
    right: Option<i64>,
    city: String,
}

fn joined(left: Option<&Order>, right: Option<&Order>) -> Joined {
    let city = left.or(right).map(|o| o.city.clone()).unwrap_or_default();
    Joined { left: left.map(|o| o.quantity), right: right.map(|o| o.quantity), city }
}

fn view(row: &Joined) -> (Option<i64>, Option<i64>, String) {
    (row.left, row.right, row.city.clone())
}

fn keyed(rows: Rows<'_, Line>, day: i64) -> Rows<'_, (Key, i64)> {
    rows.flat_map(move |(city, found, shop, quantity, _)| (found == day).then_some(((city, shop), quantity)))
}

fn inner(rows: Rows<'_, Line>) -> Rows<'_, (Option<i64>, Option<i64>, String)> {
    let (left, right) = (keyed(rows.clone(), 1), keyed(rows, 2));
    left.join_map(right, |(city, _), left, right| (Some(*left), Some(*right), city.clone()))
}

fn alone(rows: Rows<'_, Line>, day: i64) -> Rows<'_, (Key, i64)> {
    let others = keyed(rows.clone(), 3 - day).map(|(key, _)| key).distinct();
    keyed(rows, day).antijoin(others)
}

fn left_alone(rows: Rows<'_, Line>) -> Rows<'_, (Option<i64>, Option<i64>, String)> {
    alone(rows, 1).map(|((city, _), quantity)| (Some(quantity), None, city))
}

fn right_alone(rows: Rows<'_, Line>) -> Rows<'_, (Option<i64>, Option<i64>, String)> {
    alone(rows, 2).map(|((city, _), quantity)| (None, Some(quantity), city))
}

#[test]
fn inner_joins() {
    check("inner join", |orders| sides(orders).inner(|l, r| joined(Some(l), Some(r))), view, inner);
}

#[test]
fn left_joins() {
    let shape = |orders: &Table<Order>| sides(orders).left(|l, r| joined(Some(l), r));
    check("left join", shape, view, |rows| inner(rows.clone()).concat(left_alone(rows)));
}

#[test]
fn right_joins() {
    let shape = |orders: &Table<Order>| sides(orders).right(|l, r| joined(l, Some(r)));
    check("right join", shape, view, |rows| inner(rows.clone()).concat(right_alone(rows)));
}

#[test]
fn full_joins() {
    check(
        "full join",
        |orders| sides(orders).full(joined),
        view,
        |rows| inner(rows.clone()).concat(left_alone(rows.clone())).concat(right_alone(rows)),
    );
}

fn lines(rows: Rows<'_, Line>, day: i64) -> Rows<'_, (Key, Line)> {
    rows.filter(move |(_, found, ..)| *found == day).map(|line| ((line.0.clone(), line.2), line))
}

fn keys(rows: Rows<'_, Line>) -> Rows<'_, Key> {
    keyed(rows, 2).map(|(key, _)| key).distinct()
}

#[test]
fn semi_and_anti_joins() {
    check(
        "semi join",
        |orders| sides(orders).semi(),
        orders::line,
        |rows| lines(rows.clone(), 1).semijoin(keys(rows)).map(|(_, line)| line),
    );
    check(
        "anti join",
        |orders| sides(orders).anti(),
        orders::line,
        |rows| lines(rows.clone(), 1).antijoin(keys(rows)).map(|(_, line)| line),
    );
}

/// The output of an operator is joined with that of another one, and with itself.
#[test]
fn joins_of_reductions_and_of_joins() {
    check(
        "join of a table with its own reduction",
        |orders| {
            let cities = reduce!(o in orders by o.city => { city: o.city, n: count() });
            let counted = orders.join(&cities).on(|o| o.city.clone(), |c| c.city.clone()).left(|o, c| Joined {
                left: Some(o.quantity),
                right: c.map(|c| c.n),
                city: o.city.clone(),
            });
            counted.join(&counted).on(|c| c.left, |c| c.right).inner(|a, b| Joined {
                left: a.left,
                right: b.left,
                city: b.city.clone(),
            })
        },
        view,
        |rows| {
            let pairs = rows.map(|(city, _, _, quantity, _)| (city, quantity));
            let cities = super::differential::reduce(pairs.clone(), |city, group| (city.clone(), group.count()));
            let counted = pairs.join_map(cities, |city, quantity, n| (*quantity, *n, city.clone()));
            let left = counted.clone().map(|(quantity, _, _)| (quantity, ()));
            let right = counted.map(|(quantity, n, city)| (n, (quantity, city)));
            left.join_map(right, |key, (), (quantity, city)| (Some(*key), Some(*quantity), city.clone()))
        },
    );
}

/// The answers to the events of the first day, by plain recomputation. A removed event retracts its newest answer.
fn answers(history: &Commits<Line>, alone: bool) -> Commits<(Option<i64>, Option<i64>, String)> {
    type Answers = Vec<Vec<((Option<i64>, Option<i64>, String), i64)>>;
    let mut right = BTreeMap::<(Key, i64), i64>::new();
    let mut answered = BTreeMap::<Line, Answers>::new();
    let commits = history.iter().map(|commit| {
        let mut net = BTreeMap::<Line, i64>::new();
        commit.iter().for_each(|(line, diff)| *net.entry(line.clone()).or_default() += diff);
        for ((city, day, shop, quantity, _), diff) in &net {
            if *day == 2 {
                *right.entry(((city.clone(), *shop), *quantity)).or_default() += diff;
            }
        }
        right.retain(|_, copies| *copies != 0);
        let mut changes = BTreeMap::new();
        for (event, diff) in net.iter().filter(|((_, day, ..), _)| *day == 1) {
            let (city, _, shop, quantity, _) = event;
            let found = right.iter().filter(|((key, _), _)| *key == (city.clone(), *shop));
            let mut answer: Vec<_> =
                found.map(|((_, other), copies)| ((Some(*quantity), Some(*other), city.clone()), *copies)).collect();
            if answer.is_empty() && alone {
                answer.push(((Some(*quantity), None, city.clone()), 1));
            }
            let answers = answered.entry(event.clone()).or_default();
            for _ in 0..*diff {
                answer.iter().for_each(|(row, copies)| *changes.entry(row.clone()).or_default() += copies);
                answers.push(answer.clone());
            }
            for _ in *diff..0 {
                let gone = answers.pop().unwrap();
                gone.into_iter().for_each(|(row, copies)| *changes.entry(row).or_default() -= copies);
            }
        }
        changes.into_iter().filter(|(_, diff): &(_, i64)| *diff != 0).collect()
    });
    commits.collect()
}

#[test]
fn asof_now_joins() {
    let inner = |orders: &Table<Order>| sides(orders).asof_now().inner(|l, r| joined(Some(l), Some(r)));
    let left = |orders: &Table<Order>| sides(orders).asof_now().left(|l, r| joined(Some(l), r));
    for seed in seeds() {
        let history = orders::history(seed, Removals::OfWhatIsThere);
        let changes = || to_changes(&history, orders::order);
        let case = label("asof_now inner join", seed);
        let seen = with_all_workers(&case, |workers| play(&case, changes(), workers, inner, view));
        assert_agrees(&case, &seen, answers(&history, false), &history);
        let case = label("asof_now left join", seed);
        let seen = with_all_workers(&case, |workers| play(&case, changes(), workers, left, view));
        assert_agrees(&case, &seen, answers(&history, true), &history);

        // An append-only table needs no state for its events, and gives the same answers.
        let events: Commits<Line> = history
            .iter()
            .map(|commit| commit.iter().filter(|((_, day, ..), diff)| *day == 2 || *diff > 0).cloned().collect())
            .collect();
        let case = label("asof_now join of events that stay", seed);
        let seen = with_all_workers(&case, |workers| play_events(&case, &events, workers));
        assert_agrees(&case, &seen, answers(&events, true), &events);
    }
}

/// The events come from an append-only table.
fn play_events(
    case: &str,
    history: &Commits<Line>,
    workers: Setting,
) -> check::Commits<(Option<i64>, Option<i64>, String)> {
    let of_day = |day: i64| {
        let changes = to_changes(history, orders::order).into_iter();
        changes.map(move |commit| commit.into_iter().filter(|change| change.row.day == day).collect::<Vec<_>>())
    };
    let pipeline = Pipeline::new();
    let (events, others) = (pipeline.commits(of_day(1)), pipeline.commits(of_day(2)));
    let key = |o: &Order| (o.city.clone(), o.shop);
    let seen = events.join(&others).on(key, key).asof_now().left(|l, r| joined(Some(l), r)).collect();
    pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{case}: {error}"));
    same_by_commit(case, &[seen], history.len(), view)
}

/// Both sides change in the same commits. A removed row is never joined with a row inserted in that commit.
#[test]
fn rows_that_never_exist_together_are_not_joined() {
    let version = |quantity| orders::order(("Oslo".into(), 1, None, quantity, 0));
    let changes = || {
        let goes = |n: i64| (n > 0).then(|| Change::remove(version(n - 1)));
        (0..8).map(move |n| [Change::insert(version(n))].into_iter().chain(goes(n)).collect::<Vec<_>>())
    };
    let together = |left: &Order, right: &Order| {
        assert_eq!(left.quantity, right.quantity);
        joined(Some(left), Some(right))
    };
    let either = move |left: Option<&Order>, right: Option<&Order>| match (left, right) {
        (Some(left), Some(right)) => together(left, right),
        (left, right) => joined(left, right),
    };
    for workers in few_workers() {
        let pipeline = Pipeline::new();
        let (left, right) = (pipeline.commits(changes()), pipeline.commits(changes()));
        let on = || left.join(&right).on(|o| o.city.clone(), |o| o.city.clone());
        let seen = [
            on().inner(together).collect(),
            on().full(either).collect(),
            on().within(|o| o.day, |o| o.day, 0..=0).inner(together).collect(),
            on().within(|o| o.day, |o| o.day, -1..=1).full(either).collect(),
            on().asof(|o| o.day, |o| o.day).inner(together).collect(),
            on().asof_now().inner(together).collect(),
        ];
        pipeline.start_with(workers).and_then(Running::join).unwrap();
        for (shape, seen) in seen.iter().enumerate() {
            assert_eq!(seen.changes().len(), 15, "shape {shape}");
        }
    }
}

#[test]
fn tables_of_two_pipelines_cannot_be_joined() {
    let (one, two) = (Pipeline::new(), Pipeline::new());
    let (left, right) = (one.rows::<Order>([]), two.rows::<Order>([]));
    let both = left.join(&right).on(|o| o.day, |o| o.day).full(joined).collect();
    for pipeline in [one, two] {
        let error = pipeline.run().unwrap_err().to_string();
        assert!(error.contains("`join` of tables of two pipelines"), "{error}");
    }
    assert!(both.rows().is_empty());
}
