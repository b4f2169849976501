//! [`Table::update_rows`](pathway::Table::update_rows) and `update_cells`.

use pathway::prelude::*;

use super::check::check;
use super::differential::Rows;
use super::orders::{Line, Order, line};

#[derive(Clone, Schema)]
struct Stock {
    #[schema(primary_key)]
    city: String,
    #[schema(primary_key)]
    day: i64,
    quantity: i64,
}

/// Rows keyed by city and day.
fn keyed(rows: Rows<'_, Line>) -> Rows<'_, ((String, i64), Line)> {
    rows.map(|line| ((line.0.clone(), line.1), line))
}

#[test]
fn rows_by_the_primary_key() {
    check(
        "update_rows",
        |orders| {
            let stock = |o: &Order| Stock { city: o.city.clone(), day: o.day, quantity: o.quantity };
            let right = orders.filter(|o| o.shop == Some(1)).select(stock);
            orders.select(stock).update_rows(&right)
        },
        |row| (row.city.clone(), row.day, row.quantity),
        |rows| {
            let right = keyed(rows.clone().filter(|line| line.2 == Some(1)));
            let left = keyed(rows).antijoin(right.clone().map(|(key, _)| key).distinct());
            left.concat(right).map(|((city, day), line)| (city, day, line.3))
        },
    );
}

#[test]
fn rows_by_another_key() {
    check(
        "update_rows_by",
        |orders| {
            let right = filter!(o in orders => o.quantity > 1);
            filter!(o in orders => o.day == 1).update_rows_by(&right, |o| o.city.clone())
        },
        line,
        |rows| {
            let right = rows.clone().filter(|line| line.3 > 1);
            let left = rows.filter(|line| line.1 == 1).map(|line| (line.0.clone(), line));
            let left = left.antijoin(right.clone().map(|line| line.0).distinct());
            left.map(|(_, line)| line).concat(right)
        },
    );
}

#[test]
fn cells() {
    check(
        "update_cells",
        |orders| {
            let right = filter!(o in orders => o.quantity > 1);
            filter!(o in orders => o.quantity <= 1).update_cells(&right).on(
                |o| (o.city.clone(), o.day),
                |o| (o.city.clone(), o.day),
                |o, r| Order { quantity: r.quantity, shop: r.shop, ..o.clone() },
            )
        },
        line,
        |rows| {
            let right = keyed(rows.clone().filter(|line| line.3 > 1));
            let left = keyed(rows.filter(|line| line.3 <= 1));
            let same = left.clone().antijoin(right.clone().map(|(key, _)| key).distinct()).map(|(_, line)| line);
            let changed = left.join(right).map(|(_, (left, right))| (left.0, left.1, right.2, right.3, left.4));
            same.concat(changed)
        },
    );
}

#[test]
fn tables_of_two_pipelines_cannot_be_combined() {
    let (one, two) = (Pipeline::new(), Pipeline::new());
    let row = || Stock { city: "Oslo".into(), day: 1, quantity: 1 };
    let _ = one.rows([row()]).update_rows(&two.rows([row()])).collect();
    let error = one.run().unwrap_err().to_string();
    assert!(error.contains("of tables of two pipelines"), "{error}");
    drop(two.run());
}
