//! `reduce!` makes one row of each group, and updates it.

use pathway::Change;
use pathway::prelude::*;

use super::{column, rows};

#[derive(Clone, Debug, PartialEq, Schema)]
struct Input {
    value: i64,
}

#[derive(Clone, Debug, PartialEq, Schema)]
struct Total {
    sum: i64,
}

#[derive(Debug, PartialEq, Schema)]
struct CityTotals {
    city: String,
    total: f64,
    mean: f64,
    n: i64,
}

#[test]
fn without_keys_the_table_is_one_group() {
    assert_eq!(column(|orders| reduce!(row in orders => { sum: sum(row.quantity) }), |row| row.sum), [10]);
}

#[test]
fn expressions_over_reducers_and_keys() {
    let cities = rows(|orders| {
        reduce!(o in orders by o.city => CityTotals {
            city: o.city,
            total: sum(o.price * o.quantity as f64),
            mean: sum(o.price) / count() as f64,
            n: count(),
        })
    });
    let row = |city: &str, total, mean, n| CityTotals { city: city.to_owned(), total, mean, n };
    assert_eq!(cities, [row("Oslo", 140.0, 20.0, 3), row("Rome", 160.0, 40.0, 1)]);
}

#[test]
fn changes_are_retractions_and_insertions() {
    let pipeline = Pipeline::new();
    let row = |value| Input { value };
    let input = pipeline.commits(vec![
        vec![Change::insert(row(1)), Change::insert(row(2))],
        vec![Change::insert(row(4))],
        vec![Change::remove(row(1)), Change::remove(row(2)), Change::remove(row(4))],
    ]);
    let seen = reduce!(row in input => Total { sum: sum(row.value) }).collect();
    pipeline.run().unwrap();
    let total = |sum| Total { sum };
    assert_eq!(seen.changes(), [(0, total(3), 1), (1, total(3), -1), (1, total(7), 1), (2, total(7), -1)]);
}

#[test]
fn reducers_can_be_used_anywhere_in_an_output() {
    fn round(value: f64, digits: i32) -> f64 {
        let unit = 10_f64.powi(digits);
        (value * unit).round() / unit
    }
    let rows = rows(|orders| {
        reduce!(o in orders => {
            method: avg(o.price).round() as i64,
            argument: round(sum(o.price) / 3.0, 2),
            cast: count() as f64,
            nested: i64::max(min(o.id), count()),
            text: format!("{} of {n}", max(o.city), n = count()),
            constructor: Some(max(o.id)),
            closure: Some(1).map(|one| one + count()),
            choice: if count() > 3 { max(o.city) } else { min(o.city) },
            list: vec![min(o.id), max(o.id)],
            constant: sum(1),
        })
    });
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.method, row.argument, row.cast, row.nested), (25, 33.33, 4.0, 4));
    assert_eq!((&*row.text, row.constructor, row.closure), ("Rome of 4", Some(4), Some(5)));
    assert_eq!((&*row.choice, &row.list, row.constant), ("Rome", &vec![1, 4], 4));
}

#[test]
fn a_result_can_be_used_twice() {
    let rows =
        rows(|orders| reduce!(o in orders => { first: max(o.city), second: max(o.city), o: max(o.city).len() as i64 }));
    assert_eq!(rows.iter().map(|row| (&*row.first, &*row.second, row.o)).collect::<Vec<_>>(), [("Rome", "Rome", 4)]);
}

#[test]
fn more_reducers_than_the_longest_tuple_has() {
    let rows = rows(|orders| {
        reduce!(o in orders => {
            a: sum(o.id), b: sum(o.id + 1), c: sum(o.id + 2), d: sum(o.id + 3), e: sum(o.id + 4),
            f: sum(o.id + 5), g: sum(o.id + 6), h: sum(o.id + 7), i: sum(o.id + 8), j: sum(o.id + 9),
            k: sum(o.id + 10), l: sum(o.id + 11), m: sum(o.id + 12), n: count(),
        })
    });
    let [row] = rows.as_slice() else { panic!("{rows:?}") };
    assert_eq!((row.a, row.b, row.l, row.m, row.n), (10, 14, 54, 58, 4));
}

#[test]
fn no_reducer_at_all_leaves_the_keys() {
    assert_eq!(column(|orders| reduce!(o in orders by o.city => { o.city }), |row| row.city), ["Oslo", "Rome"]);
}
