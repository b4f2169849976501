//! [`Table::deduplicate`](pathway::Table::deduplicate), against lists of the rows of each key in the order of arrival.

use std::collections::BTreeMap;

use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::check::{Commits, assert_agrees, collect, label, play, same_by_commit, to_changes, with_all_workers};
use super::orders::{Line, Order, history, line, order};
use super::random::{Removals, seeds};

/// Which row of each key stands.
#[derive(Clone, Copy)]
enum Kept {
    First,
    Last,
    /// The last that has a higher price than the one that stands.
    Dearer,
}

#[test]
fn the_first_and_the_last_of_rows_that_come_and_go() {
    check("deduplicate, first", |orders| orders.deduplicate(|o| o.city.clone()).first(), commits, Kept::First);
    check("deduplicate, last", |orders| orders.deduplicate(|o| o.city.clone()).last(), commits, Kept::Last);
}

/// Behind an operator that gathers rows, those of a commit arrive in their own order.
#[test]
fn rows_without_an_order_of_arrival() {
    let twice = |orders: &Table<Order>| orders.concat(&filter!(o in orders => o.day == 1)).concat(orders);
    check(
        "concat, deduplicate, first",
        move |orders| twice(orders).deduplicate(|o| o.city.clone()).first(),
        thrice_in_order,
        Kept::First,
    );
    check(
        "concat, deduplicate, last",
        move |orders| twice(orders).deduplicate(|o| o.city.clone()).last(),
        thrice_in_order,
        Kept::Last,
    );
}

#[test]
fn a_table_that_only_grows() {
    grow("first", |orders| orders.deduplicate(|o| o.city.clone()).first(), commits, Kept::First);
    grow("last", |orders| orders.deduplicate(|o| o.city.clone()).last(), commits, Kept::Last);
    let dearer = |new: &Order, standing: &Order| new.price > standing.price;
    grow("accept", move |orders| orders.deduplicate(|o| o.city.clone()).accept(dearer), commits, Kept::Dearer);
    let twice = |orders: &Table<Order>| orders.concat(&filter!(o in orders => o.day == 1)).concat(orders);
    grow(
        "concat, accept",
        move |orders| twice(orders).deduplicate(|o| o.city.clone()).accept(dearer),
        thrice_in_order,
        Kept::Dearer,
    );
}

#[test]
fn accept_needs_a_table_that_only_grows() {
    let pipeline = Pipeline::new();
    let orders =
        pipeline.commits([to_changes(&vec![vec![(("Oslo".to_owned(), 1, None, 1, 16), -1)]], order).remove(0)]);
    let _ = orders.deduplicate(|o| o.city.clone()).accept(|_, _| true).collect();
    let error = pipeline.run().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("it needs a table that only grows"), "{error}");
}

/// The changes of a commit as they arrive.
fn commits(commit: &[(Line, i64)]) -> Vec<(Line, i64)> {
    commit.to_vec()
}

/// What three tables that are put together make of them.
fn thrice_in_order(commit: &[(Line, i64)]) -> Vec<(Line, i64)> {
    let mut sums = BTreeMap::<Line, i64>::new();
    for (line, diff) in commit {
        *sums.entry(line.clone()).or_default() += if line.1 == 1 { 3 * diff } else { 2 * diff };
    }
    sums.into_iter().collect()
}

fn check(
    case: &str,
    shape: impl Fn(&Table<Order>) -> Table<Order>,
    arrive: impl Fn(&[(Line, i64)]) -> Vec<(Line, i64)>,
    kept: Kept,
) {
    for seed in seeds() {
        let label = label(case, seed);
        let history = history(seed, Removals::OfWhatIsThere);
        let seen = with_all_workers(&label, |workers| play(&label, to_changes(&history, order), workers, &shape, line));
        assert_agrees(&label, &seen, expected(&history, &arrive, kept), &history);
    }
}

/// The same for the insertions of a history.
fn grow(
    case: &str,
    shape: impl Fn(&Table<Order>) -> Table<Order>,
    arrive: impl Fn(&[(Line, i64)]) -> Vec<(Line, i64)>,
    kept: Kept,
) {
    for seed in seeds() {
        let label = label(case, seed);
        let mut history = history(seed, Removals::OfWhatIsThere);
        history.iter_mut().for_each(|commit| commit.retain(|(_, diff)| *diff > 0));
        let seen = with_all_workers(&label, |workers| {
            let pipeline = Pipeline::new();
            let seen = collect(&pipeline.commits(to_changes(&history, order)), &shape);
            pipeline.start_with(workers).and_then(Running::join).unwrap_or_else(|error| panic!("{label}: {error}"));
            same_by_commit(&label, &seen, history.len(), line)
        });
        assert_agrees(&label, &seen, expected(&history, &arrive, kept), &history);
    }
}

/// What stands after each commit, and what that changes.
fn expected(history: &Commits<Line>, arrive: impl Fn(&[(Line, i64)]) -> Vec<(Line, i64)>, kept: Kept) -> Commits<Line> {
    let mut cities = BTreeMap::<String, City>::new();
    let mut standing = BTreeMap::<String, Line>::new();
    let mut commit = |changes: &Vec<(Line, i64)>| {
        for (line, diff) in arrive(changes) {
            let city = cities.entry(line.0.clone()).or_default();
            (0..diff).for_each(|_| city.comes(&line));
            (diff..0).for_each(|_| city.goes(&line));
        }
        let now = cities.iter().filter_map(|(name, city)| Some((name.clone(), city.standing(kept)?)));
        let now: BTreeMap<String, Line> = now.collect();
        let before = std::mem::replace(&mut standing, now.clone());
        let gone =
            before.iter().filter(|(city, line)| now.get(*city) != Some(line)).map(|(_, line)| (line.clone(), -1));
        let come = now.iter().filter(|(city, line)| before.get(*city) != Some(line)).map(|(_, line)| (line.clone(), 1));
        gone.chain(come).collect()
    };
    history.iter().map(&mut commit).collect()
}

#[derive(Default)]
struct City {
    rows: Vec<Line>,
    /// What went before it came.
    owed: Vec<Line>,
}

impl City {
    fn comes(&mut self, line: &Line) {
        match self.owed.iter().position(|owed| owed == line) {
            Some(place) => drop(self.owed.remove(place)),
            None => self.rows.push(line.clone()),
        }
    }

    fn goes(&mut self, line: &Line) {
        match self.rows.iter().rposition(|row| row == line) {
            Some(place) => drop(self.rows.remove(place)),
            None => self.owed.push(line.clone()),
        }
    }

    fn standing(&self, kept: Kept) -> Option<Line> {
        let mut rows = self.rows.iter();
        match kept {
            Kept::First => rows.next(),
            Kept::Last => rows.last(),
            Kept::Dearer => rows.reduce(|standing, new| if new.4 > standing.4 { new } else { standing }),
        }
        .cloned()
    }
}
