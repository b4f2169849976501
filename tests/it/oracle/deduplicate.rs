//! [`Table::deduplicate`](pathway::Table::deduplicate), against lists of each key's rows in arrival order.

use std::collections::BTreeMap;

use pathway::prelude::*;
use pathway::{ErrorKind, Running};

use super::check::{Commits, assert_agrees, collect, label, play, same_by_commit, to_changes, with_all_workers};
use super::history::{Removals, seeds};
use super::orders::{Line, Order, history, line, order};
use crate::support::assert_error;

/// Which row of each key is kept.
#[derive(Clone, Copy)]
enum Kept {
    First,
    Last,
    /// The last row whose price is higher than that of the kept row.
    Dearer,
}

#[test]
fn the_first_and_the_last_of_changing_rows() {
    check("deduplicate, first", |orders| orders.deduplicate(|o| o.city.clone()).first(), commits, Kept::First);
    check("deduplicate, last", |orders| orders.deduplicate(|o| o.city.clone()).last(), commits, Kept::Last);
}

/// After an operator that collects rows, the rows of a commit are ordered by value.
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
fn rows_of_an_append_only_table() {
    grow("first", |orders| orders.deduplicate(|o| o.city.clone()).first(), commits, Kept::First);
    grow("last", |orders| orders.deduplicate(|o| o.city.clone()).last(), commits, Kept::Last);
    let dearer = |new: &Order, standing: &Order| new.price > standing.price;
    grow("accept", move |orders| orders.deduplicate(|o| o.city.clone()).accept(dearer), commits, Kept::Dearer);
    let twice = |orders: &Table<Order>| orders.concat(&filter!(o in orders => o.day == 1)).concat(orders);
    grow(
        "concat, accept",
        move |orders| twice(orders).deduplicate(|o| o.city.clone()).accept(dearer),
        commits,
        Kept::Dearer,
    );
}

#[test]
fn accept_needs_an_append_only_table() {
    let pipeline = Pipeline::new();
    let orders =
        pipeline.commits([to_changes(&vec![vec![(("Oslo".to_owned(), 1, None, 1, 16), -1)]], order).remove(0)]);
    let _ = orders.deduplicate(|o| o.city.clone()).accept(|_, _| true).collect();
    let error = pipeline.run().unwrap_err();
    assert_error(&error, ErrorKind::Config, &["it needs a table that only grows"]);
}

/// The changes of a commit in arrival order.
fn commits(commit: &[(Line, i64)]) -> Vec<(Line, i64)> {
    commit.to_vec()
}

/// The changes of a commit when three tables are concatenated.
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

/// Like [`check`], for the insertions of a history.
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

/// The expected changes of each commit.
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
    /// Rows that were removed before their insertion.
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
