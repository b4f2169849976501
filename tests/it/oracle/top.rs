//! `top!`, against sorted lists of each group's rows.

use std::collections::BTreeMap;

use pathway::Running;
use pathway::prelude::*;

use super::check::{Commits, assert_agrees, collect, label, play, to_changes, with_all_workers};
use super::history::{Removals, seeds};
use super::orders::{Line, Order, history, line, order};
use super::recompute::{Rows, recompute};

/// An order and its rank.
type Ranked = (Line, i64);

/// The first `n` rows of each group, with their ranks.
fn first<K: Ord, V: Ord>(
    rows: &Rows<Line>,
    n: usize,
    key: impl Fn(&Line) -> K,
    order: impl Fn(&Line) -> V,
) -> Vec<Ranked> {
    let mut groups = BTreeMap::<K, Vec<Line>>::new();
    for (line, copies) in rows {
        groups.entry(key(line)).or_default().extend((0..*copies).map(|_| line.clone()));
    }
    let ranked = groups.into_values().flat_map(|mut lines| {
        // Rows that are alike stay in the order of their columns.
        lines.sort_by_key(|line| order(line));
        lines.into_iter().zip(1..).take(n)
    });
    ranked.collect()
}

fn counted<O: Ord>(rows: impl IntoIterator<Item = O>) -> Rows<O> {
    let mut counted = Rows::new();
    rows.into_iter().for_each(|row| *counted.entry(row).or_default() += 1);
    counted
}

#[test]
fn rows_with_their_ranks() {
    for n in [1, 2, 5] {
        check(
            "top with ranks",
            |orders| top!(n of o in orders by o.city, o.day order o.price desc, o.shop => { ..o, rank }),
            |row| (line(row), row.rank),
            |rows| {
                let order = |line: &Line| (-line.4, line.2);
                counted(first(rows, n, |line| (line.0.clone(), line.1), order))
            },
        );
    }
}

#[test]
fn rows_with_the_names_of_their_keys() {
    check(
        "top with named keys",
        |orders| {
            top!(2 of o in orders by is_large: o.quantity > 0, o.city order o.price => {
                is_large,
                o.day,
                label: format!("{rank} {city}"),
            })
        },
        |row| (row.is_large, row.day, row.label.clone()),
        |rows| {
            let first = first(rows, 2, |line| (line.3 > 0, line.0.clone()), |line| line.4);
            let shown = |(line, rank): Ranked| (line.3 > 0, line.1, format!("{rank} {}", line.0));
            counted(first.into_iter().map(shown))
        },
    );
}

#[test]
fn rows_as_they_are() {
    check(
        "top of whole rows",
        |orders| top!(2 of o in orders by o.city order o.quantity desc),
        line,
        |rows| counted(first(rows, 2, |line| line.0.clone(), |line| -line.3).into_iter().map(|(line, _)| line)),
    );
}

#[test]
fn rows_without_their_ranks() {
    check(
        "top without ranks",
        |orders| top!(3 of o in orders by o.city order o.quantity => Order { ..o }),
        line,
        |rows| counted(first(rows, 3, |line| line.0.clone(), |line| line.3).into_iter().map(|(line, _)| line)),
    );
}

#[test]
fn rows_of_the_whole_table() {
    check(
        "top of all",
        |orders| top!(4 of o in orders order o.shop desc, o.quantity => { o.shop, o.quantity, rank }),
        |row| (row.shop, row.quantity, row.rank),
        |rows| {
            let first = first(rows, 4, |_| (), |line| (std::cmp::Reverse(line.2), line.3));
            counted(first.into_iter().map(|(line, rank)| (line.2, line.3, rank)))
        },
    );
}

#[test]
fn rows_of_a_table_without_an_order_of_arrival() {
    check(
        "concat, top",
        |orders| {
            let twice = orders.concat(&filter!(o in orders => o.day == 1));
            top!(2 of o in twice by o.city order o.price => { ..o, rank })
        },
        |row| (line(row), row.rank),
        |rows| {
            let twice =
                rows.iter().map(|(line, copies)| (line.clone(), if line.1 == 1 { 2 * copies } else { *copies }));
            counted(first(&twice.collect(), 2, |line| line.0.clone(), |line| line.4))
        },
    );
}

/// Where rows are never removed, only the first ones are kept.
#[test]
fn rows_of_an_append_only_table() {
    for seed in seeds() {
        let label = label("top of a table that grows", seed);
        let mut history = history(seed, Removals::OfWhatIsThere);
        history.iter_mut().for_each(|commit| commit.retain(|(_, diff)| *diff > 0));
        let seen = with_all_workers(&label, |workers| {
            let pipeline = Pipeline::new();
            let input = pipeline.commits(to_changes(&history, order));
            let seen = collect(&input, |orders| {
                let orders = filter!(o in orders => o.quantity > 0);
                top!(2 of o in orders by o.city order o.price desc => { ..o, rank })
            });
            pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{label}: {error}"));
            super::check::same_by_commit(&label, &seen, history.len(), |row| (line(row), row.rank))
        });
        let expected = recompute(&history, |_, rows| {
            let positive = rows.iter().filter(|(line, _)| line.3 > 0).map(|(line, copies)| (line.clone(), *copies));
            counted(first(&positive.collect(), 2, |line| line.0.clone(), |line| -line.4))
        });
        assert_agrees(&label, &seen, expected, &history);
    }
}

fn check<R: Schema, O: super::differential::Value>(
    case: &str,
    shape: impl Fn(&Table<Order>) -> Table<R>,
    view: impl Fn(&R) -> O,
    oracle: impl Fn(&Rows<Line>) -> Rows<O>,
) {
    for seed in seeds() {
        let label = label(case, seed);
        let history: Commits<Line> = history(seed, Removals::OfWhatIsThere);
        let seen =
            with_all_workers(&label, |workers| play(&label, to_changes(&history, order), workers, &shape, &view));
        assert_agrees(&label, &seen, recompute(&history, |_, rows| oracle(rows)), &history);
    }
}
