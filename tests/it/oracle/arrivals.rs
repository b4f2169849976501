//! Reducers that depend on the order of arrival, against plain lists.

use std::collections::BTreeMap;

use pathway::prelude::*;
use pathway::reducers::ReduceError;
use pathway::windows::session;

use super::check::{Commits, Setting, all_workers, assert_agrees, label, play, to_changes, with_all_workers};
use super::history::{Removals, seeds};
use super::orders::{self, Line, Order};
use super::windows::{self, Event};
use crate::support::random::Random;

/// An accumulator: each day with the number of days before it.
struct Places;

impl Accumulator for Places {
    type Argument = i64;
    type State = (i64, i64);
    type Output = i64;

    fn add(&self, (n, sum): &mut (i64, i64), value: i64) {
        *sum += *n * value;
        *n += 1;
    }

    fn output(&self, (_, sum): &(i64, i64)) -> Result<i64, ReduceError> {
        Ok(*sum)
    }
}

fn places(values: &[i64]) -> i64 {
    values.iter().enumerate().map(|(place, value)| place as i64 * value).sum()
}

/// City, quantities in order, the first and the last shop, days joined, days accumulated.
type Listed = (String, Vec<i64>, Option<i64>, Option<i64>, String, i64);

#[derive(Schema)]
struct List {
    city: String,
    quantities: Vec<i64>,
    first: Option<i64>,
    last: Option<i64>,
    days: String,
    places: i64,
}

fn list(orders: &Table<Order>) -> Table<List> {
    reduce!(o in orders by o.city => List {
        city: o.city,
        quantities: tuple(o.quantity),
        first: earliest(o.shop),
        last: latest(o.shop),
        days: string_join(o.day.to_string(), "+"),
        places: Places(o.day),
    })
}

/// Like [`list`], in a window that contains all orders of a city.
fn list_in_one_window(orders: &Table<Order>) -> Table<List> {
    reduce!(o in orders by o.city window tumbling(o.day, 100) => List {
        city: o.city,
        quantities: tuple(o.quantity),
        first: earliest(o.shop),
        last: latest(o.shop),
        days: string_join(o.day.to_string(), "+"),
        places: Places(o.day),
    })
}

fn view(list: &List) -> Listed {
    (list.city.clone(), list.quantities.clone(), list.first, list.last, list.days.clone(), list.places)
}

/// The expected row for a city's orders, in their order.
fn listed(city: &str, lines: &[Line]) -> Listed {
    let days: Vec<_> = lines.iter().map(|line| line.1).collect();
    let texts: Vec<_> = days.iter().map(i64::to_string).collect();
    let quantities = lines.iter().map(|line| line.3).collect();
    let (first, last) = (lines[0].2, lines[lines.len() - 1].2);
    (city.to_owned(), quantities, first, last, texts.join("+"), places(&days))
}

/// The order of the rows of one commit.
#[derive(Clone, Copy, PartialEq)]
enum Within {
    Arrival,
    Rows,
}

/// The expected net changes of each commit, from lists of orders. A removal removes the last of several equal orders.
fn expected(history: &Commits<Line>, within: Within) -> Commits<Listed> {
    let mut lists = BTreeMap::<String, Vec<Line>>::new();
    let commits = history.iter().map(|commit| {
        let before = lists.clone();
        let mut fresh = Vec::<Line>::new();
        let mut gone = Vec::<Line>::new();
        for (line, diff) in commit {
            for _ in 0..diff.abs() {
                let debt = gone.iter().position(|other| other == line);
                let (stock, come) = (fresh.iter().rposition(|other| other == line), *diff > 0);
                match (come, debt, stock) {
                    (true, Some(debt), _) => drop(gone.remove(debt)),
                    (true, None, _) => fresh.push(line.clone()),
                    (false, _, Some(stock)) => drop(fresh.remove(stock)),
                    (false, _, None) => gone.push(line.clone()),
                }
            }
        }
        for line in gone {
            let list = lists.get_mut(&line.0).unwrap();
            list.remove(list.iter().rposition(|other| *other == line).unwrap());
        }
        if within == Within::Rows {
            fresh.sort_by(|a, b| (&a.0, a.1, a.2, a.3, a.4).cmp(&(&b.0, b.1, b.2, b.3, b.4)));
        }
        for line in fresh {
            lists.entry(line.0.clone()).or_default().push(line);
        }
        lists.retain(|_, list| !list.is_empty());
        net(&before, &lists)
    });
    commits.collect()
}

fn net(before: &BTreeMap<String, Vec<Line>>, after: &BTreeMap<String, Vec<Line>>) -> Vec<(Listed, i64)> {
    let seen = |lists: &BTreeMap<String, Vec<Line>>| -> Vec<Listed> {
        lists.iter().map(|(city, lines)| listed(city, lines)).collect()
    };
    let (before, after) = (seen(before), seen(after));
    let gone = before.iter().filter(|row| !after.contains(row)).map(|row| (row.clone(), -1));
    gone.chain(after.iter().filter(|row| !before.contains(row)).map(|row| (row.clone(), 1))).collect()
}

fn check(case: &str, within: Within, shape: impl Fn(&Table<Order>) -> Table<List>) {
    for seed in seeds() {
        let label = label(case, seed);
        let history = orders::history(seed, Removals::OfWhatIsThere);
        let run = |workers| play(&label, to_changes(&history, orders::order), workers, &shape, view);
        let seen = with_all_workers(&label, run);
        assert_agrees(&label, &seen, expected(&history, within), &history);
    }
}

#[test]
fn rows_are_in_arrival_order() {
    check("reduce by arrival", Within::Arrival, list);
}

/// After a projection that keeps all columns, the order is still that of the source.
#[test]
fn selected_rows_keep_their_order() {
    check("reduce by arrival behind select and filter", Within::Arrival, |orders| {
        let copy = select!(o in orders => Order { o.city, o.day, o.shop, o.quantity, o.price });
        list(&filter!(o in copy => o.day > 0))
    });
}

/// Where two tables are combined, arrival within a commit means nothing, so rows are ordered by value.
#[test]
fn gathered_rows_are_ordered_by_value() {
    check("reduce by arrival behind concat", Within::Rows, |orders| {
        let (first, second) = (filter!(o in orders => o.day == 1), filter!(o in orders => o.day != 1));
        list(&first.concat(&second))
    });
}

/// A window of fixed length keeps the order of its input.
#[test]
fn rows_of_one_large_window_keep_their_order() {
    check("reduce by arrival in a window", Within::Arrival, list_in_one_window);
    check("reduce by arrival in a window behind concat", Within::Rows, |orders| {
        let (first, second) = (filter!(o in orders => o.day == 1), filter!(o in orders => o.day != 1));
        list_in_one_window(&first.concat(&second))
    });
}

#[derive(Schema)]
struct Session {
    city: String,
    start: i64,
    all: Vec<(i64, i64)>,
}

/// City, start, and the rows by time and then by value.
type Sessions = Vec<(String, i64, Vec<(i64, i64)>)>;

fn sessions(rows: &BTreeMap<windows::Line, i64>, gap: i64) -> Sessions {
    let mut sessions = Sessions::new();
    for ((city, at, quantity), copies) in rows {
        let joins = sessions.last().is_some_and(|(last, _, all)| last == city && all[all.len() - 1].0 + gap >= *at);
        if !joins {
            sessions.push((city.clone(), *at, Vec::new()));
        }
        let all = &mut sessions.last_mut().unwrap().2;
        all.extend((0..*copies).map(|_| (*at, *quantity)));
    }
    sessions
}

/// A session orders its rows by event time, however they arrived, merged and split.
#[test]
fn rows_of_sessions_are_ordered_by_event_time() {
    for seed in seeds() {
        let label = label("sessions in order", seed);
        let history = windows::history(seed);
        let mut rows = BTreeMap::new();
        let expected = history.iter().map(|commit| {
            let before = sessions(&rows, 4);
            for (line, diff) in commit {
                *rows.entry(line.clone()).or_default() += diff;
            }
            rows.retain(|_, copies| *copies != 0);
            let after = sessions(&rows, 4);
            let gone = before.iter().filter(|row| !after.contains(row)).map(|row| (row.clone(), -1));
            gone.chain(after.iter().filter(|row| !before.contains(row)).map(|row| (row.clone(), 1))).collect()
        });
        let expected: Commits<_> = expected.collect();
        let changes = || to_changes(&history, |(city, at, quantity)| Event { city, at, quantity });
        let seen = with_all_workers(&label, |workers| {
            play(
                &label,
                changes(),
                workers,
                |events| {
                    events.window(|e| e.at, session(4)).group_by(|e| e.city.clone()).reduce(
                        pathway::reducers::Tuple,
                        |e| (e.at, e.quantity),
                        |city, w, all| Session { city: city.clone(), start: w.start, all },
                    )
                },
                |row| (row.city.clone(), row.start, row.all.clone()),
            )
        });
        assert_agrees(&label, &seen, expected, &history);
    }
}

/// For an append-only table a reducer keeps less state and gives the same output.
#[test]
fn append_only_rows_keep_their_order() {
    for seed in seeds() {
        let label = label("reduce by arrival of rows that never go", seed);
        let history = orders::history(seed, Removals::OfWhatIsThere);
        let lines: Vec<Line> =
            history.into_iter().flatten().filter(|(_, diff)| *diff > 0).map(|(line, _)| line).collect();
        let mut lists = BTreeMap::<String, Vec<Line>>::new();
        lines.iter().for_each(|line| lists.entry(line.0.clone()).or_default().push(line.clone()));
        let expected: Vec<_> = lists.iter().map(|(city, lines)| listed(city, lines)).collect();
        for workers in [Setting::Threads(1), Setting::Threads(3), Setting::Encoding] {
            let pipeline = Pipeline::new();
            let seen = list(&pipeline.rows(lines.iter().cloned().map(orders::order))).collect();
            pipeline.start_with(workers).and_then(pathway::Running::join).unwrap();
            assert_eq!(seen.rows().iter().map(view).collect::<Vec<_>>(), expected, "{label}, {workers} workers");
        }
    }
}

/// More rows than one batch, in commits of different sizes: each worker receives the rows of its keys in arrival order.
#[test]
fn many_rows_keep_their_order() {
    for seed in seeds() {
        let label = label("many rows in order", seed);
        let mut random = Random::new(seed);
        let commits: Vec<Vec<(i64, i64)>> = (0..6)
            .map(|_| (0..random.below(4_000)).map(|_| (random.below(7) as i64, random.below(1_000) as i64)).collect())
            .collect();
        let mut expected = BTreeMap::<i64, Vec<i64>>::new();
        commits.iter().flatten().for_each(|(key, value)| expected.entry(*key).or_default().push(*value));
        for workers in all_workers() {
            let pipeline = Pipeline::new();
            let row = |(day, quantity): &(i64, i64)| {
                Change::insert(Order { city: String::new(), day: *day, shop: None, quantity: *quantity, price: 0.0 })
            };
            let orders = pipeline.commits(commits.iter().map(|commit| commit.iter().map(row).collect()));
            let seen = reduce!(o in orders by o.day => {
                o.day,
                all: tuple(o.quantity),
                first: earliest(o.quantity),
                last: latest(o.quantity),
                places: Places(o.quantity),
            });
            let seen = seen.collect();
            pipeline.start_with(workers).and_then(pathway::Running::join).unwrap();
            for row in seen.rows() {
                let all = &expected[&row.day];
                assert_eq!(&row.all, all, "{label}, {workers} workers");
                assert_eq!((row.first, row.last, row.places), (all[0], all[all.len() - 1], places(all)), "{label}");
            }
        }
    }
}
