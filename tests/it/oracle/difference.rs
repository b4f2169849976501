//! [`Table::difference`](pathway::Table::difference) and `intersect`, of whole rows.

use pathway::prelude::*;

use super::check::check;
use super::differential::{Rows, Value};
use super::orders::{Line, line};

type Counted = fn(isize, isize) -> isize;

/// The oracle: `copies` computes a row's copies from its copies on each side.
fn against<'scope, D: Value>(one: Rows<'scope, D>, two: Rows<'scope, D>, copies: Counted) -> Rows<'scope, D> {
    let sides = one.map(|row| (row, false)).concat(two.map(|row| (row, true)));
    let counted = sides.reduce(move |_, sides, output| {
        let count = |side| sides.iter().find(|(found, _)| **found == side).map_or(0, |(_, copies)| *copies);
        let copies = copies(count(false), count(true));
        if copies != 0 {
            output.push(((), copies));
        }
    });
    counted.map(|(row, ())| row)
}

/// Rows without shop and price, so that many are equal. Some are on both sides.
fn sides(rows: Rows<'_, Line>) -> [Rows<'_, (String, i64)>; 2] {
    fn cities(rows: Rows<'_, Line>) -> Rows<'_, (String, i64)> {
        rows.map(|line| (line.0, line.1))
    }
    let twice = rows.clone().filter(|line| line.3 > 0);
    [cities(rows.clone().concat(twice)), cities(rows.filter(|line| line.2.is_some()))]
}

#[derive(Schema)]
struct City {
    city: String,
    day: i64,
}

fn tables(orders: &Table<super::orders::Order>) -> [Table<City>; 2] {
    let cities = |orders: &Table<super::orders::Order>| select!(o in orders => City { o.city, o.day });
    let twice = orders.concat(&filter!(o in orders => o.quantity > 0));
    [cities(&twice), cities(&filter!(o in orders => o.shop.is_some()))]
}

#[test]
fn difference() {
    check(
        "difference",
        |orders| {
            let [one, two] = tables(orders);
            one.difference(&two)
        },
        |row| (row.city.clone(), row.day),
        |rows| {
            let [one, two] = sides(rows);
            against(one, two, |one, two| (one - two).max(0))
        },
    );
}

#[test]
fn intersection() {
    check(
        "intersect",
        |orders| {
            let [one, two] = tables(orders);
            one.intersect(&two)
        },
        |row| (row.city.clone(), row.day),
        |rows| {
            let [one, two] = sides(rows);
            against(one, two, isize::min)
        },
    );
}

/// The difference and the intersection together are the left table.
#[test]
fn difference_and_intersection_make_the_whole() {
    check(
        "difference and intersect",
        |orders| {
            let few = filter!(o in orders => o.day == 1);
            orders.difference(&few).concat(&orders.intersect(&few))
        },
        line,
        |rows| rows,
    );
}
